/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "base/flow.h"

/* A subject whose view is two facts; what happened is written down in `trace`. */
struct subject {
	struct flow flow;
	bool asked;
	bool answered;
	bool late;
	bool answer_on_entry;
	char trace[128];
};

enum { IDLE, ASK, DONE, LATE };

static int decide(const void *arg)
{
	const struct subject *subject = arg;

	if (subject->late)
		return LATE;
	if (subject->answered)
		return DONE;
	return subject->asked ? ASK : IDLE;
}

static void write_down(struct subject *subject, const char *what)
{
	size_t len = strlen(subject->trace);

	snprintf(subject->trace + len, sizeof(subject->trace) - len, "%s ", what);
}

static void enter_ask(void *arg)
{
	struct subject *subject = arg;

	write_down(subject, "ask");
	if (subject->answer_on_entry) {
		subject->answered = true;
		flow_step(&subject->flow);
		write_down(subject, "end-of-ask");
	}
}

static void enter_done(void *arg)
{
	struct subject *subject = arg;

	write_down(subject, "done");
	flow_fini(&subject->flow);
}

static void enter_late(void *arg)
{
	write_down(arg, "late");
}

static void expired(void *arg, int state)
{
	struct subject *subject = arg;

	assert_int_equal(state, ASK);
	subject->late = true;
}

static const struct flow_state states[] = {
	[IDLE] = {.name = "idle"},
	[ASK] = {.name = "ask", .enter = enter_ask, .deadline_ms = 5},
	[DONE] = {.name = "done", .enter = enter_done},
	[LATE] = {.name = "late", .enter = enter_late},
};

static const struct flow_table table = {
	.room = "test", .states = states, .count = 4, .decide = decide, .expired = expired};

static void states_follow_the_view(void **state)
{
	struct subject subject = {0};

	(void)state;
	assert_true(flow_init(&subject.flow, &table, &subject, "t1"));
	assert_string_equal(flow_state_name(&subject.flow), "new");
	flow_step(&subject.flow);
	assert_string_equal(flow_state_name(&subject.flow), "idle");
	subject.asked = true;
	flow_step(&subject.flow);
	assert_string_equal(flow_state_name(&subject.flow), "ask");
	assert_string_equal(subject.trace, "");
	flow_step(&subject.flow);
	run_due();
	assert_string_equal(subject.trace, "ask ");
	subject.answered = true;
	flow_step(&subject.flow);
	run_due();
	assert_string_equal(subject.trace, "ask done ");
	flow_fini(&subject.flow);
}

static void an_effect_that_completes_at_once_does_not_recurse(void **state)
{
	struct subject subject = {.asked = true, .answer_on_entry = true};

	(void)state;
	assert_true(flow_init(&subject.flow, &table, &subject, "t2"));
	flow_step(&subject.flow);
	run_due();
	assert_string_equal(subject.trace, "ask end-of-ask done ");
}

static void a_state_out_of_time_is_a_fact_in_the_view(void **state)
{
	struct subject subject = {.asked = true};

	(void)state;
	assert_true(flow_init(&subject.flow, &table, &subject, "t3"));
	flow_step(&subject.flow);
	run_until(strstr(subject.trace, "late"));
	assert_string_equal(subject.trace, "ask late ");
	flow_fini(&subject.flow);
	flow_fini(&subject.flow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_the_view),
		cmocka_unit_test(an_effect_that_completes_at_once_does_not_recurse),
		cmocka_unit_test(a_state_out_of_time_is_a_fact_in_the_view),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, unit_loop_teardown);
}
