/* SPDX-License-Identifier: ISC */
#include "child_world.h"

#include <acmems/file.h>

#include "base/op_core.h"

#include <acmems/json.h>

#include "../../modules/notify/exec.c"

static struct acmems_error failure;
static struct exec instance;
static char *command[] = {(char *)"/bin/sh", (char *)"-c", NULL, NULL};
static char *environment[] = {(char *)"COLOUR=red", (char *)"ACMEMS_EVENT=forged", NULL};
static const struct acmems_field fields[] = {
	{"names", "www.example.org, *.example.org"},
	{"old-not-after", "2026-11-24T00:00:00Z"},
	{"detail", "line one\nACMEMS_EVENT=forged \"quoted\" \xff"},
};
static struct acmems_event event = {
	.name = "renewed",
	.when = 1795478400, /* 2026-11-24T00:00:00Z */
	.summary = "renewed www.example.org",
	.fields = fields,
	.field_count = 3,
	.id = 18446744073709551615u,
	.count = 412,
	.first = 1795478340,
	.severity = ACMEMS_EVENT_WARNING,
};

struct answer {
	int done;
	enum acmems_code code;
	char message[256];
};

static bool start_instance(void *ctx, uint64_t op, struct acmems_error *err)
{
	(void)ctx;
	return exec_start(&instance, op, err);
}

static bool tell(void *ctx, uint64_t op, struct acmems_error *err)
{
	(void)ctx;
	return exec_send(&instance, op, &event, err);
}

static void on_answer(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct answer *answer = arg;

	answer->done++;
	if (!err) {
		snprintf(answer->message, sizeof(answer->message), "%.*s", (int)len,
			(const char *)data);
		return;
	}
	answer->code = err->code;
	snprintf(answer->message, sizeof(answer->message), "%s", err->message);
}

static uint64_t begin(op_start_fn *start, struct answer *answer)
{
	struct op_spec spec = {.owner = "notify-exec",
		.what = "send",
		.deadline_ms = 20000,
		.start = start,
		.done = on_answer,
		.arg = answer};

	return op_run(&spec, &failure);
}

static int setup(void **state)
{
	struct answer answer = {0};

	if (child_world_setup(state) != 0)
		return -1;
	command[0] = (char *)"/bin/sh";
	instance = (struct exec){.self = {"exec", "pager"},
		.command = {command, 3, true},
		.environment = {environment, 2, true},
		.timeout_ms = 10000};
	if (!begin(start_instance, &answer))
		return -1;
	run_until(answer.done);
	return answer.code == ACMEMS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	exec_release(&instance);
	assert_int_equal(op_count(), 0);
	op_fini();
	return child_world_teardown(state);
}

static struct answer answer_of(const char *script)
{
	struct answer answer = {0};

	command[2] = (char *)script;
	assert_int_not_equal(begin(tell, &answer), 0);
	run_until(answer.done);
	assert_true(LIST_EMPTY(&instance.deliveries));
	return answer;
}

static void status_0_means_delivered(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(answer_of("exit 0").code, ACMEMS_OK);
	answer = answer_of("echo first; echo queued as 17");
	assert_int_equal(answer.code, ACMEMS_OK);
	assert_string_equal(answer.message, "queued as 17");
	answer = answer_of("echo what is this >&2; exit 65");
	assert_int_equal(answer.code, ACMEMS_BAD_REQUEST);
	assert_string_equal(answer.message, "/bin/sh ended with status 65: what is this");
	answer = answer_of("echo no route; exit 3");
	assert_int_equal(answer.code, ACMEMS_UNAVAILABLE);
	assert_string_equal(answer.message, "/bin/sh ended with status 3: no route");
	assert_string_equal(answer_of("exit 1").message, "/bin/sh ended with status 1");
	instance.timeout_ms = 100;
	assert_int_equal(answer_of("sleep 30").code, ACMEMS_TIMEOUT);
}

static void what_can_not_be_run_is_not_delivered(void **state)
{
	struct answer answer = {0};

	(void)state;
	command[0] = (char *)"/nonexistent";
	assert_int_equal(answer_of("").code, ACMEMS_SYSTEM);
	command[0] = (char *)"nonexistent";
	assert_int_equal(begin(tell, &answer), 0);
	assert_int_equal(failure.code, ACMEMS_CONFIG);
	assert_false(exec_check(&instance, &failure));
	command[0] = (char *)"/bin/sh";
	assert_true(exec_check(&instance, &failure));
}

static void the_event_is_in_the_environment(void **state)
{
	(void)state;
	assert_int_equal(
		answer_of(
			"set -eu; [ \"$ACMEMS_EVENT/$ACMEMS_ID\" = renewed/18446744073709551615 ]; "
			"[ \"$ACMEMS_TIME/$ACMEMS_FIRST\" = "
			"2026-11-24T00:00:00Z/2026-11-23T23:59:00Z ]; "
			"[ \"$ACMEMS_COUNT/$ACMEMS_SEVERITY/$COLOUR\" = 412/warning/red ]; "
			"[ \"$ACMEMS_SUMMARY\" = 'renewed www.example.org' ]; "
			"[ \"$ACMEMS_FIELD_NAMES\" = 'www.example.org, *.example.org' ]; "
			"[ \"$ACMEMS_FIELD_OLD_NOT_AFTER\" = 2026-11-24T00:00:00Z ]; "
			"[ \"$(env | grep -c ^ACMEMS_EVENT=forged)\" = 1 ]")
			.code,
		ACMEMS_OK);
}

static void the_event_is_json_on_the_input(void **state)
{
	char script[200], *text = NULL;
	size_t len = 0;
	struct acmems_json *json;
	const struct acmems_json *object;
	const char *value;
	int64_t count;

	(void)state;
	snprintf(script, sizeof(script), "cat > %s/input", temp_dir);
	assert_int_equal(answer_of(script).code, ACMEMS_OK);
	assert_true(acmems_file_read(temp_path("input"), 65536, &text, &len, &failure));
	json = acmems_json_read(text, len, 65536, &failure);
	assert_non_null(json);
	assert_true(acmems_json_need_text(json, "id", 64, &value, &failure));
	assert_string_equal(value, "18446744073709551615");
	assert_true(acmems_json_need_text(json, "event", 64, &value, &failure));
	assert_string_equal(value, "renewed");
	assert_true(acmems_json_need_text(json, "severity", 64, &value, &failure));
	assert_string_equal(value, "warning");
	assert_true(acmems_json_int(json, "count", 0, 1000, &count, &failure));
	assert_int_equal(count, 412);
	assert_true(acmems_json_object(json, "fields", &object, &failure));
	assert_int_equal(acmems_json_count(object), 3);
	assert_true(acmems_json_need_text(object, "detail", 100, &value, &failure));
	assert_string_equal(value, "line one\nACMEMS_EVENT=forged \"quoted\" \xef\xbf\xbd");
	acmems_json_free(json);
	free(text);
}

static void nobody_hears_of_a_cancelled_delivery(void **state)
{
	struct answer answer = {0};
	uint64_t op;

	(void)state;
	command[2] = (char *)"sleep 30";
	op = begin(tell, &answer);
	assert_int_not_equal(op, 0);
	loop_run_once(20);
	op_cancel(op);
	assert_true(LIST_EMPTY(&instance.deliveries));
	run_until(child_count() == 0);
	assert_int_equal(answer.done, 0);
}

#define with_module(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_module(status_0_means_delivered),
		with_module(what_can_not_be_run_is_not_delivered),
		with_module(the_event_is_in_the_environment),
		with_module(the_event_is_json_on_the_input),
		with_module(nobody_hears_of_a_cancelled_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
