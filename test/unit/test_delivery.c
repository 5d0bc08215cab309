/* SPDX-License-Identifier: ISC */
/* test_delivery.c - queues, their receivers and their journals, with time that is ours. */
#include "temp_dir.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/op_core.h"
#include "notify/delivery.h"
#include "notify/delivery_decide.h"
#include "notify/journal.h"
#include "virtual_loop.h"

/* ---- a receiver on paper ---- */

#define HOUR_MS INT64_C(3600000)

enum mood { TAKES, FAILS, REFUSES, STALLS };

static struct {
	enum mood mood;
	unsigned calls;
	unsigned calls_of_several;
	size_t largest; /* of those */
	unsigned taken_of_several;
	bool one_by_one; /* refuses several for good */
	const char *never; /* fails when it is about this name */
	unsigned taken;
	uint64_t total; /* events that those stand for */
	char last[600]; /* summary */
	uint64_t ids[2000];
	uint64_t op;
} receiver;

static struct generation generation;
static struct module module = {.owner = "notify-paper"};
static struct instance instance = {.module = &module};
static struct settings_instance settings;

void generation_hold(struct generation *held)
{
	held->holds++;
}

void generation_drop(struct generation *held)
{
	held->holds--;
}

static void take(const struct acmems_event *event)
{
	if (receiver.taken < 2000)
		receiver.ids[receiver.taken] = event->id;
	receiver.taken++;
	receiver.total += strcmp(event->name, "summary") == 0
				  ? strtoul(event->fields[0].text, NULL, 10)
				  : event->count;
	snprintf(receiver.last, sizeof(receiver.last), "%s", event->summary);
}

static bool on_send(
	void *data, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	struct acmems_error no = {0};

	(void)data;
	receiver.calls++;
	receiver.op = op;
	if (receiver.never && strcmp(event->fields[0].text, receiver.never) == 0)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE, "looks like spam");
	switch (receiver.mood) {
	case TAKES:
		take(event);
		acmems_op_finish_with(op, "fine", 4);
		break;
	case FAILS:
		return acmems_error_set(err, ACMEMS_UNAVAILABLE, "is down");
	case REFUSES:
		acmems_error_set(&no, ACMEMS_BAD_REQUEST, "no such thing");
		acmems_op_finish(op, &no);
		break;
	case STALLS:
		break;
	}
	return true;
}

static bool on_send_several(void *data, uint64_t op, const struct acmems_event *const *events,
	size_t count, struct acmems_error *err)
{
	struct acmems_error no = {0};

	(void)data;
	assert_in_range(count, 2, 100);
	receiver.calls_of_several++;
	receiver.op = op;
	if (count > receiver.largest)
		receiver.largest = count;
	for (size_t i = 1; i < count; i++)
		assert_true(events[i]->id > events[i - 1]->id);
	if (receiver.one_by_one) {
		acmems_error_set(&no, ACMEMS_BAD_REQUEST, "too much");
		acmems_op_finish(op, &no);
		return true;
	}
	switch (receiver.mood) {
	case TAKES:
		for (size_t i = 0; i < count; i++)
			take(events[i]);
		receiver.taken_of_several += (unsigned)count;
		acmems_op_finish_with(op, "fine", 4);
		break;
	case FAILS:
		return acmems_error_set(err, ACMEMS_UNAVAILABLE, "is down");
	case REFUSES:
		acmems_error_set(&no, ACMEMS_BAD_REQUEST, "no such thing");
		acmems_op_finish(op, &no);
		break;
	case STALLS:
		break;
	}
	return true;
}

static int setup(void **state)
{
	virtual_reset();
	memset(&receiver, 0, sizeof(receiver));
	generation = (struct generation){0};
	instance.ops.notify.send = on_send;
	instance.ops.notify.send_several = on_send_several;
	settings = (struct settings_instance){
		.events = ~(notice_mask)0, .fold = 300000, .at_most = 60, .queue = 1000};
	return temp_dir_setup(state);
}

static int teardown(void **state)
{
	size_t ops = op_count();

	op_fini();
	return temp_dir_teardown(state) == 0 && virtual_timers() == 0 && generation.holds == 0 &&
			       ops == 0
		       ? 0
		       : -1;
}

static struct delivery *begin(void)
{
	struct delivery *delivery = delivery_new("paper", temp_dir);

	assert_non_null(delivery);
	delivery_attach(delivery, &generation, &instance, &settings);
	return delivery;
}

static void reject(struct delivery *delivery, const char *names)
{
	struct notice *event = notice_new(NOTICE_REJECTED);

	assert_non_null(event);
	notice_add(event, "names", names);
	notice_add(event, "peer", "192.0.2.1");
	notice_summary(event, "rejected %s", names);
	delivery_put(delivery, event);
	notice_drop(event);
}

static void reject_many(struct delivery *delivery, unsigned count)
{
	char names[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(names, sizeof(names), "n%u.example", i);
		reject(delivery, names);
	}
}

/* ---- tests ---- */

static void test_folds(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	for (int i = 0; i < 412; i++) {
		reject(delivery, "a.example");
		virtual_pass(10);
	}
	assert_int_equal(receiver.taken, 1);
	assert_string_equal(receiver.last, "rejected a.example");
	virtual_pass(300000);
	assert_int_equal(receiver.taken, 2);
	assert_int_equal(receiver.total, 412);
	assert_non_null(strstr(receiver.last, "rejected a.example (411 times since 20"));
	/* after a quiet while the next is a first one again */
	virtual_pass(300001);
	reject(delivery, "a.example");
	virtual_pass(1);
	assert_int_equal(receiver.total, 413);
	delivery_free(delivery);
}

static void test_budget(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.at_most = 5;
	delivery = begin();
	reject_many(delivery, 200);
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 5);
	assert_int_equal(delivery_counts(delivery).held_back, 195);
	assert_int_equal(delivery_counts(delivery).queued, 1);
	virtual_pass(3600000);
	assert_int_equal(receiver.taken, 6);
	assert_int_equal(receiver.total, 200);
	assert_non_null(strstr(receiver.last, "195 more were held back since"));
	delivery_free(delivery);
}

static void put_error(struct delivery *delivery, const char *names)
{
	struct notice *event = notice_new(NOTICE_FAILED);

	assert_non_null(event);
	notice_add(event, "names", names);
	notice_summary(event, "failed");
	delivery_put(delivery, event);
	notice_drop(event);
}

static void put_errors(struct delivery *delivery, unsigned count)
{
	char names[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(names, sizeof(names), "e%u.example", i);
		put_error(delivery, names);
	}
}

/* Whoever is refused often does not keep errors from being told of. */
static void test_budget_of_errors(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.at_most = 5;
	delivery = begin();
	reject_many(delivery, 200);
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 5);
	put_errors(delivery, 3);
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 8);
	assert_string_equal(receiver.last, "failed");
	reject(delivery, "late.example");
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 8);
	/* they have a budget, too */
	virtual_pass(settings.fold);
	put_errors(delivery, 10);
	virtual_pass(settings.fold);
	assert_int_equal(receiver.taken, 10);
	assert_int_equal(delivery_counts(delivery).queued, 1);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.taken, 11);
	assert_int_equal(receiver.total, 214);
	delivery_free(delivery);
	/* and room, when nobody takes anything */
	memset(&receiver, 0, sizeof(receiver));
	receiver.mood = FAILS;
	settings.at_most = 100;
	settings.queue = 10;
	delivery = begin();
	reject_many(delivery, 100);
	put_errors(delivery, 30);
	virtual_pass(1);
	assert_int_equal(delivery_counts(delivery).queued, 20);
	receiver.mood = TAKES;
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.total, 130);
	delivery_free(delivery);
}

static void test_full(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.queue = 10;
	receiver.mood = FAILS;
	delivery = begin();
	reject_many(delivery, 100);
	virtual_pass(1000);
	assert_int_equal(delivery_counts(delivery).queued, 11);
	receiver.mood = TAKES;
	virtual_pass(700000);
	assert_int_equal(receiver.taken, 11);
	assert_int_equal(receiver.total, 100);
	delivery_free(delivery);
}

static void test_tries_again(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = FAILS;
	reject(delivery, "a.example");
	virtual_pass(4999);
	assert_int_equal(receiver.calls, 1);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	virtual_pass(10000);
	assert_int_equal(receiver.calls, 3);
	receiver.mood = STALLS;
	virtual_pass(20000);
	assert_int_equal(receiver.calls, 4);
	assert_int_equal(generation.holds, 1);
	virtual_pass(60000);
	assert_int_equal(generation.holds, 0);
	receiver.mood = TAKES;
	virtual_pass(600000);
	assert_int_equal(receiver.taken, 1);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

/* One that the receiver does not like, say for names that a client has chosen, is not in the way of others. */
static void test_one_fails(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	settings.at_most = 1000;
	receiver.never = "bad.example";
	reject(delivery, "bad.example");
	reject_many(delivery, 3);
	virtual_pass(5001);
	assert_int_equal(receiver.taken, 3);
	assert_int_equal(receiver.calls, 5);
	for (int i = 0; i < 70; i++) {
		char names[32];

		snprintf(names, sizeof(names), "late%d.example", i);
		reject(delivery, names);
		virtual_pass(HOUR_MS);
	}
	assert_int_equal(receiver.taken, 73);
	/* and is tried as seldom as if it were the only one */
	assert_in_range(receiver.calls, 73 + 300, 73 + 500);
	virtual_pass(3 * HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 1);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

static void test_gives_up(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = REFUSES;
	reject(delivery, "a.example");
	virtual_pass(1);
	assert_int_equal(delivery_counts(delivery).dropped, 1);
	receiver.mood = FAILS;
	reject(delivery, "b.example");
	virtual_pass(INT64_C(72) * 3600 * 1000);
	assert_int_equal(delivery_counts(delivery).queued, 1);
	virtual_pass(1200000);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	assert_int_equal(delivery_counts(delivery).dropped, 2);
	delivery_free(delivery);
}

static void copy_journal(const char *to)
{
	unlink(temp_path(to));
	temp_copy(temp_path("notify-paper.journal"), to);
}

static void no_record(void *arg, unsigned char type, const char *data, size_t len)
{
	(void)arg;
	(void)type;
	(void)data;
	(void)len;
}

/* What a killed process leaves is its journal as it is. */
static struct delivery *after_kill(struct delivery *delivery)
{
	copy_journal("killed");
	delivery_free(delivery);
	assert_int_equal(rename(temp_path("killed"), temp_path("notify-paper.journal")), 0);
	return begin();
}

static void test_killed(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.at_most = 1000;
	receiver.mood = STALLS;
	delivery = begin();
	reject_many(delivery, 500);
	reject(delivery, "n7.example");
	virtual_pass(200);
	assert_int_equal(receiver.calls, 1);
	delivery = after_kill(delivery);
	assert_int_equal(delivery_counts(delivery).queued, 500);
	receiver.mood = TAKES;
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 500);
	assert_int_equal(receiver.total, 501);
	for (unsigned i = 1; i < 500; i++)
		assert_true(receiver.ids[i] > receiver.ids[i - 1]);
	delivery = after_kill(delivery);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

static void test_cut_off_twice(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = STALLS;
	reject(delivery, "a.example");
	virtual_pass(1);
	delivery = after_kill(delivery);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	delivery = after_kill(delivery);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	assert_int_equal(delivery_counts(delivery).dropped, 1);
	delivery_free(delivery);
}

/* That a new file takes the place of the old one changes nothing of what is known of a send. */
static void test_cut_off_after_rewrite(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = STALLS;
	reject(delivery, "a.example");
	virtual_pass(1);
	for (int i = 0; i < 30000; i++) {
		reject(delivery, "b.example");
		if (i % 100 == 0)
			virtual_pass(100);
	}
	assert_int_equal(receiver.calls, 1);
	delivery = after_kill(delivery);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	receiver.mood = TAKES;
	delivery = after_kill(delivery);
	assert_int_equal(delivery_counts(delivery).dropped, 1);
	virtual_pass(1);
	assert_int_equal(receiver.taken, 1);
	assert_int_equal(receiver.total, 30000);
	delivery_free(delivery);
}

/* To stop in good order is no crash: what is given up has failed, as often as it may be. */
static void test_stopped_often(void **state)
{
	(void)state;
	receiver.mood = STALLS;
	for (unsigned i = 0; i < 4; i++) {
		struct delivery *delivery = begin();

		if (i == 0)
			reject(delivery, "a.example");
		virtual_pass(1);
		assert_int_equal(receiver.calls, i + 1);
		delivery_free(delivery);
	}
}

/* It is delivered, and the daemon ends before that is in the books. */
static void test_stopped_when_delivered(void **state)
{
	struct delivery *delivery = begin();
	struct acmems_error no = {0};

	(void)state;
	receiver.mood = STALLS;
	reject(delivery, "a.example");
	virtual_run_tasks();
	acmems_op_finish(receiver.op, NULL);
	virtual_run_one();
	delivery_free(delivery);
	delivery = begin();
	assert_int_equal(delivery_counts(delivery).queued, 0);
	/* and one that is not */
	reject(delivery, "b.example");
	virtual_run_tasks();
	acmems_error_set(&no, ACMEMS_UNAVAILABLE, "is down");
	acmems_op_finish(receiver.op, &no);
	virtual_run_one();
	delivery_free(delivery);
	delivery = begin();
	assert_int_equal(delivery_counts(delivery).queued, 1);
	delivery_free(delivery);
}

/* What was counted is counted still, however soon the crash comes. */
static void test_killed_at_once(void **state)
{
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = STALLS;
	for (int i = 0; i < 50; i++) {
		reject(delivery, "a.example");
		virtual_run_tasks();
	}
	delivery = after_kill(delivery);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(receiver.total, 50);
	delivery_free(delivery);
	/* one is sent, nine become the summary */
	settings.at_most = 1;
	memset(&receiver, 0, sizeof(receiver));
	delivery = begin();
	reject_many(delivery, 10);
	virtual_run_tasks();
	assert_int_equal(receiver.taken, 1);
	assert_int_equal(delivery_counts(delivery).held_back, 9);
	delivery = after_kill(delivery);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.total, 10);
	delivery_free(delivery);
}

static void test_torn_tail(void **state)
{
	const char *path = temp_path("notify-paper.journal");
	struct delivery *delivery = begin();
	struct stat info;

	(void)state;
	receiver.mood = FAILS;
	reject_many(delivery, 3);
	delivery_free(delivery);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(truncate(path, info.st_size - 5), 0);
	delivery = begin();
	assert_true(delivery_counts(delivery).queued >= 2);
	receiver.mood = TAKES;
	virtual_pass(10000);
	assert_true(receiver.taken >= 2);
	delivery_free(delivery);
	temp_file("notify-paper.journal", "something else");
	delivery = begin();
	reject(delivery, "c.example");
	virtual_pass(1);
	delivery_free(delivery);
}

static void test_handed_over(void **state)
{
	struct generation next = {0};
	struct delivery *delivery = begin();

	(void)state;
	receiver.mood = STALLS;
	reject_many(delivery, 2);
	virtual_pass(1);
	delivery_attach(delivery, &next, &instance, &settings);
	assert_false(delivery_detach(delivery, &generation));
	assert_int_equal(generation.holds, 1);
	delivery_abort(delivery, &generation);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(generation.holds, 0);
	assert_int_equal(receiver.taken, 2);
	assert_true(delivery_detach(delivery, &next));
	reject(delivery, "late.example");
	virtual_pass(1000);
	assert_int_equal(receiver.taken, 2);
	delivery_free(delivery);
	delivery = begin();
	virtual_pass(1);
	assert_int_equal(receiver.taken, 3);
	delivery_free(delivery);
}

static void test_rewrites(void **state)
{
	struct delivery *delivery;
	struct stat info;

	(void)state;
	settings.at_most = 100000;
	settings.fold = 0;
	delivery = begin();
	for (int i = 0; i < 40; i++) {
		reject_many(delivery, 250);
		virtual_pass(200);
	}
	assert_int_equal(receiver.taken, 10000);
	assert_int_equal(stat(temp_path("notify-paper.journal"), &info), 0);
	assert_true(info.st_size < 200000);
	receiver.mood = FAILS;
	for (int i = 0; i < 20000; i++) {
		reject(delivery, "a.example");
		if (i % 10 == 0)
			virtual_pass(100);
	}
	assert_int_equal(stat(temp_path("notify-paper.journal"), &info), 0);
	assert_true(info.st_size < (2 << 20));
	receiver.mood = TAKES;
	virtual_pass(700000);
	assert_int_equal(receiver.total, 30000);
	delivery_free(delivery);
}

/* Many names, and many of those: the file is not written anew each time somebody looks at it. */
static void test_large_events(void **state)
{
	const char *path = temp_path("notify-paper.journal");
	struct delivery *delivery;
	struct stat before, after;
	char names[7000];

	(void)state;
	receiver.mood = FAILS;
	delivery = begin();
	for (int i = 0; i < 600; i++) {
		memset(names, 'x', sizeof(names) - 1);
		names[sizeof(names) - 1] = '\0';
		names[snprintf(names, 16, "n%d", i)] = '.';
		reject(delivery, names);
		virtual_pass(1);
	}
	virtual_pass(1000);
	assert_int_equal(stat(path, &before), 0);
	assert_in_range(before.st_size, 600 * 7000, 3 * 600 * 7000);
	for (int i = 0; i < 100; i++) {
		reject(delivery, "late.example");
		virtual_pass(200);
	}
	assert_int_equal(stat(path, &after), 0);
	assert_true(after.st_ino == before.st_ino);
	assert_true(after.st_size > before.st_size);
	delivery_free(delivery);
}

/* Sets how large a file may become; 0: as it was. */
static void limit_files(off_t most)
{
	static struct rlimit usual;
	struct rlimit limit;

	if (usual.rlim_max == 0)
		assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
	limit = usual;
	if (most > 0)
		limit.rlim_cur = (rlim_t)most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What could not be written for a while is written when it can be. */
static void test_full_disk(void **state)
{
	struct delivery *delivery;
	struct stat info;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	receiver.mood = FAILS;
	delivery = begin();
	reject(delivery, "a.example");
	virtual_pass(1);
	assert_int_equal(stat(temp_path("notify-paper.journal"), &info), 0);
	limit_files(info.st_size);
	for (int i = 0; i < 30; i++) {
		reject(delivery, "b.example");
		virtual_pass(10000);
	}
	limit_files(0);
	virtual_pass(700000);
	assert_int_equal(access(temp_path("notify-paper.journal.new"), F_OK), -1);
	delivery = after_kill(delivery);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(receiver.total, 31);
	delivery_free(delivery);
}

/* The daemon before this one has not quite ended. What it leaves is ours when it has. */
static void test_journal_in_use(void **state)
{
	const char *path = temp_path("notify-paper.journal");
	struct acmems_error err = {0};
	struct delivery *delivery = begin();
	struct journal *other;

	(void)state;
	receiver.mood = FAILS;
	reject(delivery, "old.example");
	virtual_pass(1);
	delivery_free(delivery);
	other = journal_open(path, no_record, NULL, &err);
	assert_non_null(other);
	delivery = begin();
	reject(delivery, "new.example");
	virtual_pass(HOUR_MS / 10);
	assert_int_equal(delivery_counts(delivery).queued, 1);
	journal_close(other);
	virtual_pass(HOUR_MS);
	assert_int_equal(delivery_counts(delivery).queued, 2);
	delivery = after_kill(delivery);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(receiver.taken, 2);
	delivery_free(delivery);
}

/* ---- old ones ---- */

/* A machine without a battery learns late what time it is. */
static void test_clock_is_set(void **state)
{
	struct delivery *delivery;

	(void)state;
	receiver.mood = FAILS;
	delivery = begin();
	reject(delivery, "a.example");
	virtual_pass(1);
	virtual_set_wall(INT64_C(20000) * 86400);
	virtual_pass(HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 0);
	virtual_set_wall(INT64_C(-20000) * 86400);
	virtual_pass(72 * HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 1);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

/* An old one that many have been folded into is as young as the last of them, after a restart too. */
static void test_young_of_old(void **state)
{
	struct delivery *delivery;

	(void)state;
	receiver.mood = FAILS;
	delivery = begin();
	for (int i = 0; i < 100; i++) {
		reject(delivery, "a.example");
		virtual_pass(HOUR_MS);
	}
	assert_int_equal(delivery_counts(delivery).dropped, 0);
	delivery_free(delivery);
	delivery = begin();
	virtual_pass(60 * HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 0);
	virtual_pass(20 * HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 100);
	delivery_free(delivery);
}

/* ---- strange journals ---- */

#define RECORD(text)                                                                               \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
#define EVENT                                                                                      \
	"rejected\0"                                                                               \
	"7\0"                                                                                      \
	"1780000000\0"                                                                             \
	"rejected a.example\0"                                                                     \
	"names\0"                                                                                  \
	"a.example\0"
#define NUMBERS                                                                                    \
	"7\0"                                                                                      \
	"1\0"                                                                                      \
	"1780000000\0"                                                                             \
	"1780000000\0"                                                                             \
	"0\0"

/* Records that are whole, and still nothing that this program has written. */
static void test_strange_records(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
		RECORD(""),
		RECORD("\0\0\0\0\0"),
		RECORD("7"),
		RECORD(NUMBERS),
		RECORD("0\0"
		       "1\0"
		       "1780000000\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("8\0"
		       "1\0"
		       "1780000000\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "0\0"
		       "1780000000\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "4294967296\0"
		       "1780000000\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "-9223372036854775808\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "9223372036854775807\0"
		       "1780000000\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "1780000000\0"
		       "-9223372036854775808\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "1780000000\0"
		       "9223372036854775808\0"
		       "0\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "1780000000\0"
		       "1780000000\0"
		       "-1\0" EVENT),
		RECORD("7\0"
		       "1\0"
		       "1780000000\0"
		       "1780000000\0"
		       "x\0" EVENT),
		RECORD(NUMBERS EVENT "names"),
		RECORD(NUMBERS EVENT "names\0"),
		RECORD(NUMBERS EVENT "colour\0"
				     "red\0"),
		RECORD(NUMBERS "issue\0"
			       "7\0"
			       "1\0"
			       "x\0"),
		RECORD(NUMBERS "issued\0"
			       "7\0"
			       "-9223372036854775808\0"
			       "x\0"),
		/* and one that it has */
		RECORD(NUMBERS EVENT),
	};
	struct acmems_error err = {0};
	struct journal *journal =
		journal_open(temp_path("notify-paper.journal"), no_record, NULL, &err);
	struct delivery *delivery;

	(void)state;
	assert_non_null(journal);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(journal_append(journal, 1, rows[i].data, rows[i].len, &err));
	assert_true(journal_append(journal, 77, rows[3].data, rows[3].len, &err));
	journal_close(journal);
	settings.digest = HOUR_MS;
	delivery = begin();
	virtual_pass(2 * HOUR_MS);
	assert_int_equal(receiver.taken, 1);
	assert_int_equal(receiver.total, 1);
	delivery_free(delivery);
}

/* ---- digests ---- */

static void put_account(struct delivery *delivery, const char *what)
{
	struct notice *event = notice_new(NOTICE_ACCOUNT);

	assert_non_null(event);
	notice_add(event, "account", "ca");
	notice_add(event, "what", what);
	notice_summary(event, "%s", what);
	delivery_put(delivery, event);
	notice_drop(event);
}

static void test_digest(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	for (int i = 0; i < 3; i++) {
		reject_many(delivery, 4);
		virtual_pass(HOUR_MS / 4);
	}
	/* errors go at once, and do not take the others along */
	put_error(delivery, "bad.example");
	virtual_pass(1);
	assert_int_equal(receiver.calls, 1);
	assert_string_equal(receiver.last, "failed");
	put_account(delivery, "deactivated");
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	assert_string_equal(receiver.last, "deactivated");
	put_account(delivery, "terms-changed");
	virtual_pass(HOUR_MS / 4 - 3);
	assert_int_equal(receiver.calls, 2);
	assert_int_equal(receiver.calls_of_several, 0);
	virtual_pass(1);
	assert_int_equal(receiver.calls_of_several, 1);
	assert_int_equal(receiver.largest, 5);
	assert_int_equal(receiver.total, 15);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	assert_int_equal(delivery_counts(delivery).delivered, 3);
	/* the next one is collected anew, and one alone is sent as ever */
	virtual_pass(5 * HOUR_MS);
	reject(delivery, "z.example");
	virtual_pass(HOUR_MS - 1);
	assert_int_equal(receiver.calls, 2);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 3);
	assert_int_equal(receiver.calls_of_several, 1);
	delivery_free(delivery);
}

static void test_large_digest(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	reject_many(delivery, 250);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.calls_of_several, 3);
	assert_int_equal(receiver.largest, 100);
	assert_int_equal(receiver.taken, 250);
	for (unsigned i = 1; i < 250; i++)
		assert_true(receiver.ids[i] > receiver.ids[i - 1]);
	/* without budget they become a summary as ever */
	settings.at_most = 1;
	delivery_attach(delivery, &generation, &instance, &settings);
	reject_many(delivery, 150);
	virtual_pass(HOUR_MS + 1);
	assert_int_equal(receiver.calls_of_several, 4);
	assert_int_equal(delivery_counts(delivery).held_back, 50);
	virtual_pass(HOUR_MS + 1);
	assert_int_equal(receiver.total, 400);
	delivery_free(delivery);
}

static void test_digest_fails(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	receiver.mood = FAILS;
	reject_many(delivery, 5);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.calls_of_several, 1);
	receiver.mood = STALLS;
	virtual_pass(5000);
	assert_int_equal(receiver.calls_of_several, 2);
	/* an error that comes meanwhile is not behind it */
	put_error(delivery, "bad.example");
	virtual_pass(60000);
	receiver.mood = TAKES;
	virtual_pass(10000);
	assert_int_equal(receiver.ids[0], receiver.ids[1] + 5);
	assert_int_equal(receiver.taken, 6);
	assert_int_equal(receiver.taken_of_several, 5);
	/* three days later it has had its time */
	receiver.mood = FAILS;
	reject_many(delivery, 2);
	virtual_pass(74 * HOUR_MS);
	assert_int_equal(delivery_counts(delivery).dropped, 2);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

static void test_digest_refused(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	receiver.one_by_one = true;
	reject_many(delivery, 5);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.calls_of_several, 1);
	assert_int_equal(receiver.calls, 5);
	assert_int_equal(receiver.taken, 5);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	assert_int_equal(delivery_counts(delivery).dropped, 0);
	delivery_free(delivery);
}

static void test_digest_killed(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	reject_many(delivery, 3);
	virtual_pass(HOUR_MS / 2);
	put_error(delivery, "bad.example");
	reject(delivery, "late.example");
	receiver.mood = STALLS;
	virtual_pass(200);
	assert_int_equal(receiver.calls, 1);
	/* the time that has passed is not waited for again */
	delivery = after_kill(delivery);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(receiver.calls, 2);
	assert_string_equal(receiver.last, "failed");
	virtual_pass(HOUR_MS / 2 - 3000);
	assert_int_equal(receiver.taken, 1);
	receiver.mood = STALLS;
	virtual_pass(6000);
	assert_int_equal(receiver.calls_of_several, 1);
	delivery = after_kill(delivery);
	receiver.mood = TAKES;
	virtual_pass(1);
	assert_int_equal(receiver.taken_of_several, 4);
	delivery = after_kill(delivery);
	assert_int_equal(delivery_counts(delivery).queued, 0);
	delivery_free(delivery);
}

static void test_digest_changed(void **state)
{
	struct delivery *delivery;

	(void)state;
	settings.digest = HOUR_MS;
	delivery = begin();
	reject_many(delivery, 3);
	virtual_pass(1000);
	settings.digest = 0;
	delivery_attach(delivery, &generation, &instance, &settings);
	virtual_pass(1);
	assert_int_equal(receiver.calls, 3);
	/* cut off under way, by the end of its generation */
	settings.digest = HOUR_MS;
	delivery_attach(delivery, &generation, &instance, &settings);
	receiver.mood = STALLS;
	reject_many(delivery, 3);
	virtual_pass(HOUR_MS);
	assert_int_equal(receiver.calls_of_several, 1);
	delivery_abort(delivery, &generation);
	receiver.mood = TAKES;
	delivery_attach(delivery, &generation, &instance, &settings);
	virtual_pass(1);
	assert_int_equal(receiver.calls_of_several, 2);
	assert_int_equal(receiver.taken, 6);
	/* a module that can not do it any more */
	reject_many(delivery, 2);
	instance.ops.notify.send_several = NULL;
	delivery_attach(delivery, &generation, &instance, &settings);
	virtual_pass(300000);
	assert_int_equal(receiver.taken, 8);
	delivery_free(delivery);
}

static void test_decide(void **state)
{
	static const struct {
		struct delivery_view view;
		enum delivery_state state;
		int64_t wake;
	} rows[] = {
		{{.attached = true, .now = 5, .next_due = INT64_MAX}, DELIVERY_IDLE, INT64_MAX},
		{{.attached = true, .now = 5, .next_due = 9}, DELIVERY_IDLE, 9},
		{{.attached = true, .now = 5, .next_due = 5}, DELIVERY_SENDING, 0},
		{{.attached = true, .over_budget = true, .now = 5, .next_due = 5}, DELIVERY_HOLDING,
			0},
		{{.attached = true, .now = 5, .next_due = 5, .rest_until = 8}, DELIVERY_RESTING, 8},
		{{.attached = false, .now = 5, .next_due = 5}, DELIVERY_OFF, INT64_MAX},
		{{.attached = false, .sending = true, .now = 5, .next_due = 5}, DELIVERY_SENDING,
			INT64_MAX},
		{{.attached = true, .outcome = DELIVERY_AGAIN, .now = 5, .next_due = 5},
			DELIVERY_SETTLING, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(delivery_decide(&rows[i].view), rows[i].state);
		if (rows[i].wake > 0)
			assert_int_equal(delivery_wake_at(&rows[i].view), rows[i].wake);
	}
}

#define PAPER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PAPER(test_folds),
		PAPER(test_budget),
		PAPER(test_budget_of_errors),
		PAPER(test_full),
		PAPER(test_tries_again),
		PAPER(test_one_fails),
		PAPER(test_gives_up),
		PAPER(test_killed),
		PAPER(test_cut_off_twice),
		PAPER(test_cut_off_after_rewrite),
		PAPER(test_stopped_often),
		PAPER(test_stopped_when_delivered),
		PAPER(test_killed_at_once),
		PAPER(test_torn_tail),
		PAPER(test_handed_over),
		PAPER(test_rewrites),
		PAPER(test_large_events),
		PAPER(test_full_disk),
		PAPER(test_journal_in_use),
		PAPER(test_clock_is_set),
		PAPER(test_young_of_old),
		PAPER(test_strange_records),
		PAPER(test_digest),
		PAPER(test_large_digest),
		PAPER(test_digest_fails),
		PAPER(test_digest_refused),
		PAPER(test_digest_killed),
		PAPER(test_digest_changed),
		cmocka_unit_test(test_decide),
	};
	return cmocka_run_group_tests_name("delivery", tests, NULL, NULL);
}
