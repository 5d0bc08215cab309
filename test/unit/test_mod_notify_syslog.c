/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>

#include "base/op_core.h"

#include "../../modules/notify/syslog.c"

static struct syslog syslog_;
static struct acmems_error err;
static char folder[64];
static char path[100];
static char received[LINE_MAX + 100];
static int logger = -1;

static const struct acmems_field fields[] = {
	{"names", "a.example.org, b.example.org"}, {"peer", "192.0.2.1"}, {"status", "403"}};

static struct acmems_event event(void)
{
	return (struct acmems_event){.name = "rejected",
		.when = 1795512600,
		.summary = "rejected a.example.org from 192.0.2.1",
		.fields = fields,
		.field_count = 3,
		.id = 18446744073709551615u,
		.count = 1,
		.first = 1795512600,
		.severity = ACMEMS_EVENT_WARNING};
}

static void listen_there(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	logger = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(logger >= 0);
	assert_int_equal(bind(logger, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void go_away(void)
{
	close(logger);
	logger = -1;
	unlink(path);
}

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "%s/acmems-syslog-XXXXXX", unit_tmp());
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	syslog_ = (struct syslog){.self = {"syslog", "audit"},
		.ident = (char *)"acmems",
		.facility = 10,
		.socket = path};
	err = (struct acmems_error){0};
	listen_there();
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	syslog_release(&syslog_);
	go_away();
	rmdir(folder);
	assert_int_equal(op_count(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

struct run {
	const struct acmems_event *event;
	int done;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct run *run = ctx;

	return ops.send(&syslog_, op, run->event, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct run *run = arg;

	(void)data;
	(void)len;
	run->done += error ? 100 : 1;
}

/* Whether the event was sent; what the logger got is in `received`. */
static bool sent(const struct acmems_event *what)
{
	struct run run = {.event = what};
	struct op_spec spec = {.owner = "notify-syslog",
		.what = "send",
		.deadline_ms = 1000,
		.start = on_start,
		.ctx = &run,
		.done = on_done,
		.arg = &run};
	ssize_t len;

	err = (struct acmems_error){0};
	received[0] = '\0';
	if (op_run(&spec, &err) == 0)
		return false;
	run_until(run.done);
	len = recv(logger, received, sizeof(received) - 1, 0);
	received[len > 0 ? len : 0] = '\0';
	return run.done == 1;
}

static void one_line_an_event(void **state)
{
	struct acmems_event what = event();
	char want[600];

	(void)state;
	assert_true(sent(&what));
	snprintf(want, sizeof(want),
		"<84>acmems[%ld]: event=rejected id=18446744073709551615 "
		"time=2026-11-24T09:30:00Z count=1 names=\"a.example.org, b.example.org\" "
		"peer=192.0.2.1 status=403 summary=\"rejected a.example.org from 192.0.2.1\"",
		(long)getpid());
	assert_string_equal(received, want);
	what.count = 412;
	what.first = 1795512000;
	what.severity = ACMEMS_EVENT_ERROR;
	assert_true(sent(&what));
	assert_non_null(strstr(received, " count=412 first=2026-11-24T09:20:00Z "));
	assert_int_equal(strncmp(received, "<83>", 4), 0);
	what.severity = ACMEMS_EVENT_INFO;
	assert_true(sent(&what));
	assert_int_equal(strncmp(received, "<86>", 4), 0);
}

static void nothing_forges_a_line(void **state)
{
	static const struct acmems_field evil[] = {
		{"detail", "x\n<0>kernel: panic\r\t\"\\ id=7 \x7f\xc3\xa4\xff"}, {"empty", ""}};
	struct acmems_event what = event();

	(void)state;
	what.fields = evil;
	what.field_count = 2;
	assert_true(sent(&what));
	assert_non_null(strstr(received,
		" detail=\"x\\x0a<0>kernel: panic\\x0d\\x09\\\"\\\\ id=7 \\x7f\\xc3\\xa4\\xff\""
		" empty=\"\" summary="));
	for (const char *c = received; *c; c++)
		assert_true(*c >= ' ' && *c < 0x7f);
}

static void lines_are_bounded(void **state)
{
	static char names[30000];
	const struct acmems_field many[] = {{"a", names}, {"b", names}, {"c", names}, {"d", names},
		{"e", names}, {"status", "200"}};
	struct acmems_event what = event();

	(void)state;
	memset(names, 'x', sizeof(names) - 1);
	what.fields = many;
	what.field_count = 6;
	assert_true(sent(&what));
	assert_true(strlen(received) <= LINE_MAX);
	assert_non_null(strstr(received, "xxx...\" b=\""));
	assert_null(strstr(received, " e="));
	assert_non_null(strstr(received, " status=200 summary="));
}

static void a_logger_that_comes_back(void **state)
{
	struct acmems_event what = event();

	(void)state;
	assert_true(sent(&what));
	go_away();
	assert_false(sent(&what));
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(strstr(err.message, path));
	listen_there();
	assert_true(sent(&what));
	assert_int_not_equal(received[0], '\0');
	/* another one at the same place, without a failure between */
	go_away();
	listen_there();
	assert_true(sent(&what));
	assert_int_not_equal(received[0], '\0');
}

static void a_full_logger_is_not_waited_for(void **state)
{
	struct acmems_event what = event();
	struct run run = {.event = &what};
	int lines = 0;

	(void)state;
	while (lines < 100000) {
		struct line line;

		write_line(&syslog_, &what, &line);
		if (!send_line(&syslog_, &line, &err))
			break;
		lines++;
	}
	assert_true(lines > 0 && lines < 100000);
	assert_int_equal(err.code, ACMEMS_UNAVAILABLE);
	assert_true(recv(logger, received, sizeof(received), 0) > 0);
	assert_true(sent(run.event));
}

static void options_are_checked(void **state)
{
	(void)state;
	assert_true(syslog_check(&syslog_, &err));
	syslog_.ident = (char *)"a b";
	assert_false(syslog_check(&syslog_, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

#define with_logger(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_logger(one_line_an_event),
		with_logger(nothing_forges_a_line),
		with_logger(lines_are_bounded),
		with_logger(a_logger_that_comes_back),
		with_logger(a_full_logger_is_not_waited_for),
		with_logger(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
