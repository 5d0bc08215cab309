/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "reload/life_decide.h"

static const struct {
	const char *what;
	struct life_view view;
	enum life_state state;
} rows[] = {
	{"new", {0}, LIFE_BUILT},
	{"asked to start", {.wanted = true}, LIFE_STARTING},
	{"starts under way", {.wanted = true, .launched = true, .starting = 2}, LIFE_STARTING},
	{"all started", {.wanted = true, .launched = true}, LIFE_READY},
	{"opened", {.wanted = true, .launched = true, .opened = true}, LIFE_OPEN},
	{"opened, in use", {.wanted = true, .launched = true, .opened = true, .holds = 3},
		LIFE_OPEN},
	{"failed, others still start",
		{.wanted = true, .launched = true, .starting = 1, .failed = true}, LIFE_STARTING},
	{"failed while asking", {.wanted = true, .failed = true}, LIFE_STARTING},
	{"failed, all known", {.wanted = true, .launched = true, .failed = true}, LIFE_STOPPING},
	{"failed, stops under way",
		{.wanted = true,
			.launched = true,
			.failed = true,
			.stop_launched = true,
			.stopping = 1},
		LIFE_STOPPING},
	{"failed and down",
		{.wanted = true, .launched = true, .failed = true, .stop_launched = true},
		LIFE_STOPPED},
	{"retired before it began", {.retired = true}, LIFE_STOPPING},
	{"retired while it starts",
		{.wanted = true, .launched = true, .starting = 2, .retired = true}, LIFE_STOPPING},
	{"retired, in use",
		{.wanted = true, .launched = true, .opened = true, .retired = true, .holds = 1},
		LIFE_DRAINING},
	{"retired, in use for too long",
		{.wanted = true,
			.launched = true,
			.opened = true,
			.retired = true,
			.out_of_time = true,
			.holds = 1},
		LIFE_ABORTING},
	{"retired, in use for ever",
		{.retired = true, .out_of_time = true, .stuck = true, .holds = 1}, LIFE_STUCK},
	{"stuck no more", {.retired = true, .out_of_time = true, .stuck = true}, LIFE_STOPPING},
	{"retired, not in use", {.wanted = true, .launched = true, .opened = true, .retired = true},
		LIFE_STOPPING},
	{"retired, all stopped", {.retired = true, .stop_launched = true}, LIFE_STOPPED},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum life_state got = life_decide(&rows[i].view);

		if (got != rows[i].state)
			fail_msg("%s: %d, not %d", rows[i].what, got, rows[i].state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
