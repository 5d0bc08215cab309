/* SPDX-License-Identifier: ISC */
#include "child_world.h"

#include <acmems/file.h>

#include "base/op_core.h"

#include "../../modules/auth/exec.c"

static struct acmems_error err;
static struct exec instance;
static struct acmems_name names[] = {
	{.kind = ACMEMS_NAME_DNS, .text = (char *)"www.example.org"},
	{.kind = ACMEMS_NAME_DNS, .text = (char *)"*.example.org", .wildcard = true},
};
static const struct acmems_csr csr = {
	.digest = "00ff", .names = names, .name_count = 2, .key_type = "ec", .key_bits = 256};
static struct acmems_sign_request request = {
	.peer = {.family = ACMEMS_IPV4, .bytes = {192, 0, 2, 7}},
	.body = "-----BEGIN CERTIFICATE REQUEST-----\n\"\x01\xff\n and more",
	.body_len = 40,
	.csr = &csr,
};

struct answer {
	int done;
	enum acmems_code code;
	char message[256];
};

static char *command[4];
static char *environment[] = {(char *)"COLOUR=red", (char *)"ACMEMS_PEER=forged", NULL};

static bool start_instance(void *ctx, uint64_t op, struct acmems_error *error)
{
	(void)ctx;
	return exec_start(&instance, op, error);
}

static bool ask(void *ctx, uint64_t op, struct acmems_error *error)
{
	(void)ctx;
	return exec_judge(&instance, op, &request, error);
}

static void on_answer(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct answer *answer = arg;

	(void)data;
	(void)len;
	answer->done++;
	if (!error)
		return;
	answer->code = error->code;
	snprintf(answer->message, sizeof(answer->message), "%s", error->message);
}

static uint64_t begin(op_start_fn *start, struct answer *answer)
{
	struct op_spec spec = {.owner = "auth-exec",
		.what = "check",
		.deadline_ms = 20000,
		.start = start,
		.done = on_answer,
		.arg = answer};

	return op_run(&spec, &err);
}

static int setup(void **state)
{
	struct answer answer = {0};

	if (child_world_setup(state) != 0)
		return -1;
	command[0] = (char *)"/bin/sh";
	command[1] = (char *)"-c";
	instance = (struct exec){.self = {"exec", "office"},
		.command = {command, 3, true},
		.environment = {environment, 2, true},
		.timeout_ms = 10000,
		.at_most = 2};
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
	if (!begin(ask, &answer)) {
		answer.code = err.code;
		return answer;
	}
	run_until(answer.done);
	assert_true(LIST_EMPTY(&instance.questions));
	return answer;
}

static void its_status_is_the_answer(void **state)
{
	struct answer answer;

	(void)state;
	assert_int_equal(answer_of("exit 0").code, ACMEMS_OK);
	answer = answer_of("echo not in office hours; exit 1");
	assert_int_equal(answer.code, ACMEMS_REFUSED);
	assert_string_equal(answer.message, "/bin/sh says no: not in office hours");
	answer = answer_of("echo oops >&2; exit 2");
	assert_int_equal(answer.code, ACMEMS_SYSTEM);
	assert_non_null(strstr(answer.message, "status 2"));
	assert_non_null(strstr(answer.message, ": oops"));
	assert_int_equal(answer_of("kill -9 $$").code, ACMEMS_SYSTEM);
}

static void what_can_not_be_run_is_no_yes(void **state)
{
	(void)state;
	command[0] = (char *)"/nonexistent";
	assert_int_equal(answer_of("exit 0").code, ACMEMS_SYSTEM);
	command[0] = (char *)"nonexistent";
	assert_int_equal(answer_of("exit 0").code, ACMEMS_CONFIG);
}

static void who_is_too_slow_says_no_yes(void **state)
{
	(void)state;
	instance.timeout_ms = 100;
	assert_int_equal(answer_of("sleep 30").code, ACMEMS_TIMEOUT);
}

static void facts_are_in_the_environment(void **state)
{
	(void)state;
	assert_int_equal(
		answer_of("[ \"$ACMEMS_BLOCK/$ACMEMS_PEER/$ACMEMS_NAMES/$ACMEMS_KEY_TYPE\" = "
			  "'office/192.0.2.7/www.example.org *.example.org/ec' ] && "
			  "[ \"$ACMEMS_KEY_BITS/$ACMEMS_CSR_SHA256/$COLOUR\" = 256/00ff/red ]")
			.code,
		ACMEMS_OK);
}

static void certificates_of_clients_are_told(void **state)
{
	static const struct acmems_name name = {
		.kind = ACMEMS_NAME_URI, .text = (char *)"spiffe://example/x"};
	/* it outlives a failure, after which the request still points to it */
	static const struct acmems_client_cert cert = {.subject = "CN=www,O=Example",
		.issuer = "CN=CA",
		.serial = "0a",
		.digest = "00ff",
		.names = &name,
		.name_count = 1};

	(void)state;
	request.client = &cert;
	assert_int_equal(answer_of("[ \"$ACMEMS_CLIENT_SUBJECT\" = 'CN=www,O=Example' ] && "
				   "[ \"$ACMEMS_CLIENT_SHA256\" = 00ff ] && "
				   "grep -q 'client.*subject.*CN=www,O=Example.*spiffe'")
				 .code,
		ACMEMS_OK);
	request.client = NULL;
	assert_int_equal(answer_of("[ -z \"${ACMEMS_CLIENT_SUBJECT+x}${ACMEMS_CLIENT_SHA256+x}\" ] "
				   "&& ! grep -q '\"client\"'")
				 .code,
		ACMEMS_OK);
}

static void facts_are_json_on_the_input(void **state)
{
	char script[200], *text = NULL;
	size_t len = 0;
	struct acmems_json *json;
	const struct acmems_json *list, *one, *key;
	const char *value;
	int64_t bits;

	(void)state;
	snprintf(script, sizeof(script), "cat > %s/input", temp_dir);
	assert_int_equal(answer_of(script).code, ACMEMS_OK);
	assert_true(acmems_file_read(temp_path("input"), 65536, &text, &len, &err));
	json = acmems_json_read(text, len, 65536, &err);
	assert_non_null(json);
	assert_true(acmems_json_need_text(json, "block", 64, &value, &err));
	assert_string_equal(value, "office");
	assert_true(acmems_json_need_text(json, "peer", 64, &value, &err));
	assert_string_equal(value, "192.0.2.7");
	assert_true(acmems_json_array(json, "names", 10, &list, &err));
	assert_int_equal(acmems_json_count(list), 2);
	one = acmems_json_next(acmems_json_first(list));
	assert_true(acmems_json_need_text(one, "name", 64, &value, &err));
	assert_string_equal(value, "*.example.org");
	assert_true(acmems_json_need_text(one, "kind", 64, &value, &err));
	assert_string_equal(value, "dns");
	assert_true(acmems_json_object(json, "key", &key, &err));
	assert_true(acmems_json_int(key, "bits", 0, 9999, &bits, &err));
	assert_int_equal(bits, 256);
	assert_true(acmems_json_need_text(json, "csr", 200, &value, &err));
	assert_string_equal(value, "-----BEGIN CERTIFICATE REQUEST-----\n\"\x01\xef\xbf\xbd\n");
	acmems_json_free(json);
	free(text);
}

static void nobody_waits_for_a_cancelled_question(void **state)
{
	struct answer answer = {0};
	uint64_t op;

	(void)state;
	command[2] = (char *)"sleep 30";
	op = begin(ask, &answer);
	assert_int_not_equal(op, 0);
	loop_run_once(20);
	op_cancel(op);
	assert_true(LIST_EMPTY(&instance.questions));
	run_until(child_count() == 0);
	assert_int_equal(answer.done, 0);
}

static void names_of_every_kind_have_a_word(void **state)
{
	(void)state;
	assert_string_equal(kind_text(ACMEMS_NAME_IP), "ip");
	assert_string_equal(kind_text(ACMEMS_NAME_EMAIL), "email");
	assert_string_equal(kind_text(ACMEMS_NAME_URI), "uri");
	assert_string_equal(kind_text(ACMEMS_NAME_OTHER), "other");
}

static void commands_are_checked_with_the_configuration(void **state)
{
	(void)state;
	environment[1] = (char *)"ACMEMS_PEER=forged";
	assert_true(exec_check(&instance, &err));
	command[0] = (char *)"sh";
	assert_false(exec_check(&instance, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
}

#define with_module(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_module(its_status_is_the_answer),
		with_module(what_can_not_be_run_is_no_yes),
		with_module(who_is_too_slow_says_no_yes),
		with_module(facts_are_in_the_environment),
		with_module(certificates_of_clients_are_told),
		with_module(facts_are_json_on_the_input),
		with_module(nobody_waits_for_a_cancelled_question),
		with_module(names_of_every_kind_have_a_word),
		with_module(commands_are_checked_with_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
