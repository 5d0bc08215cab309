/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "generation_decide.h"

static const struct {
	const char *what;
	struct generation_view view;
	enum generation_state state;
} rows[] = {
	{"new", {0}, GENERATION_BUILT},
	{"asked to start", {.wanted = true}, GENERATION_STARTING},
	{"starts under way", {.wanted = true, .launched = true, .starting = 2},
		GENERATION_STARTING},
	{"all started", {.wanted = true, .launched = true}, GENERATION_READY},
	{"opened", {.wanted = true, .launched = true, .opened = true}, GENERATION_OPEN},
	{"opened, in use", {.wanted = true, .launched = true, .opened = true, .holds = 3},
		GENERATION_OPEN},
	{"failed, others still start",
		{.wanted = true, .launched = true, .starting = 1, .failed = true},
		GENERATION_STARTING},
	{"failed while asking", {.wanted = true, .failed = true}, GENERATION_STARTING},
	{"failed, all known", {.wanted = true, .launched = true, .failed = true},
		GENERATION_STOPPING},
	{"failed, stops under way",
		{.wanted = true,
			.launched = true,
			.failed = true,
			.stop_launched = true,
			.stopping = 1},
		GENERATION_STOPPING},
	{"failed and down",
		{.wanted = true, .launched = true, .failed = true, .stop_launched = true},
		GENERATION_STOPPED},
	{"retired before it began", {.retired = true}, GENERATION_STOPPING},
	{"retired while it starts",
		{.wanted = true, .launched = true, .starting = 2, .retired = true},
		GENERATION_STOPPING},
	{"retired, in use",
		{.wanted = true, .launched = true, .opened = true, .retired = true, .holds = 1},
		GENERATION_DRAINING},
	{"retired, in use for too long",
		{.wanted = true,
			.launched = true,
			.opened = true,
			.retired = true,
			.out_of_time = true,
			.holds = 1},
		GENERATION_ABORTING},
	{"retired, in use for ever",
		{.retired = true, .out_of_time = true, .stuck = true, .holds = 1},
		GENERATION_STUCK},
	{"stuck no more", {.retired = true, .out_of_time = true, .stuck = true},
		GENERATION_STOPPING},
	{"retired, not in use", {.wanted = true, .launched = true, .opened = true, .retired = true},
		GENERATION_STOPPING},
	{"retired, all stopped", {.retired = true, .stop_launched = true}, GENERATION_STOPPED},
};

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum generation_state got = generation_decide(&rows[i].view);

		if (got != rows[i].state)
			fail_msg("%s: %d, not %d", rows[i].what, got, rows[i].state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
