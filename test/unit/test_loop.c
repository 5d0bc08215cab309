/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <unistd.h>

static char order[64];

static void note(void *arg)
{
	size_t len = strlen(order);

	order[len] = *(const char *)arg;
	order[len + 1] = '\0';
}

static void tasks_run_later_in_order_and_once(void **state)
{
	struct acmems_task a = {0}, b = {0}, c = {0};

	(void)state;
	order[0] = '\0';
	acmems_task_post(&a, note, (void *)"a");
	acmems_task_post(&b, note, (void *)"b");
	acmems_task_post(&c, note, (void *)"c");
	acmems_task_post(&a, note, (void *)"a");
	assert_string_equal(order, "");
	acmems_task_cancel(&b);
	acmems_task_cancel(&b);
	run_due();
	assert_string_equal(order, "ac");
	acmems_task_post(&b, note, (void *)"b");
	run_due();
	assert_string_equal(order, "acb");
}

struct chain {
	struct acmems_task task;
	int left;
};

static void next_in_chain(void *arg)
{
	struct chain *chain = arg;

	if (--chain->left > 0)
		acmems_task_post(&chain->task, next_in_chain, chain);
}

static void a_chain_of_tasks_ends(void **state)
{
	struct chain chain = {.left = 5000};

	(void)state;
	acmems_task_post(&chain.task, next_in_chain, &chain);
	run_until(chain.left == 0);
}

static void timers_fire_once(void **state)
{
	struct acmems_timer *timer = acmems_timer_new(note, (void *)"t");

	(void)state;
	order[0] = '\0';
	assert_non_null(timer);
	assert_false(acmems_timer_running(timer));
	acmems_timer_start(timer, 1);
	assert_true(acmems_timer_running(timer));
	run_until(order[0]);
	run_due();
	assert_string_equal(order, "t");
	acmems_timer_start(timer, -5);
	run_until(order[1]);
	acmems_timer_start(timer, 0);
	acmems_timer_stop(timer);
	run_due();
	assert_string_equal(order, "tt");
	acmems_timer_free(timer);
	acmems_timer_free(NULL);
}

static struct acmems_timer *suicidal;

static void free_self(void *arg)
{
	(void)arg;
	acmems_timer_free(suicidal);
	suicidal = NULL;
}

static void a_timer_may_free_itself(void **state)
{
	(void)state;
	suicidal = acmems_timer_new(free_self, NULL);
	assert_non_null(suicidal);
	acmems_timer_start(suicidal, 0);
	run_until(!suicidal);
}

struct seen_io {
	struct acmems_watch *watch;
	unsigned ready;
};

static void on_ready(void *arg, int fd, unsigned ready)
{
	struct seen_io *io = arg;

	(void)fd;
	io->ready |= ready;
	acmems_watch_free(io->watch);
	io->watch = NULL;
}

static void watches_tell_what_is_ready(void **state)
{
	int fds[2];
	struct seen_io reader = {0}, writer = {0};
	struct acmems_error err = {0};

	(void)state;
	assert_int_equal(pipe(fds), 0);
	reader.watch = acmems_watch_new(fds[0], ACMEMS_READ, on_ready, &reader, &err);
	writer.watch = acmems_watch_new(fds[1], ACMEMS_WRITE, on_ready, &writer, &err);
	assert_non_null(reader.watch);
	assert_non_null(writer.watch);
	run_until(writer.ready);
	assert_int_equal(writer.ready, ACMEMS_WRITE);
	run_due();
	assert_int_equal(reader.ready, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	run_until(reader.ready);
	assert_int_equal(reader.ready, ACMEMS_READ);
	close(fds[0]);
	close(fds[1]);
	acmems_watch_free(NULL);
}

static void stop_now(void *arg)
{
	(void)arg;
	loop_stop();
}

static void the_loop_runs_until_stopped(void **state)
{
	struct acmems_task task = {0};

	(void)state;
	acmems_task_post(&task, stop_now, NULL);
	loop_run();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_run_later_in_order_and_once),
		cmocka_unit_test(a_chain_of_tasks_ends),
		cmocka_unit_test(timers_fire_once),
		cmocka_unit_test(a_timer_may_free_itself),
		cmocka_unit_test(watches_tell_what_is_ready),
		cmocka_unit_test(the_loop_runs_until_stopped),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, unit_loop_teardown);
}
