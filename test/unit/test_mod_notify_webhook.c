/* SPDX-License-Identifier: ISC */
#include "fake_net.h"

#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>

#include "../../modules/notify/webhook.c"

#define EVIL "x\", \"y\": \"\n<!channel> @all `*_ \xc3\xa4\xff & [a](http://b)"

static struct webhook webhook;
static struct acmems_error err;
static char folder[64];
static char paths[4][128];

static const struct acmems_field fields[] = {
	{"names", "a.example.org, b.example.org"}, {"detail", EVIL}};

static struct acmems_event event(void)
{
	return (struct acmems_event){.name = "rejected",
		.when = 1795512600,
		.summary = "rejected a.example.org",
		.fields = fields,
		.field_count = 2,
		.id = 18446744073709551615u,
		.count = 1,
		.first = 1795512600,
		.severity = ACMEMS_EVENT_WARNING};
}

/* A file in the folder, with the number of its place. */
static char *put_file(int place, const char *text, unsigned mode)
{
	snprintf(paths[place], sizeof(paths[place]), "%s/%d", folder, place);
	if (!acmems_file_write(paths[place], text, strlen(text), mode, &err))
		fail_msg("%s", err.message);
	return paths[place];
}

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "%s/acmems-webhook-XXXXXX", unit_tmp());
	if (!mkdtemp(folder))
		return -1;
	memset(paths, 0, sizeof(paths));
	webhook = (struct webhook){.self = {"webhook", "chat"},
		.url = (char *)"https://chat.example/hook/secret?x",
		.content_type = (char *)"application/json",
		.timeout_ms = 30000};
	fake_net_reset();
	err = (struct acmems_error){0};
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	webhook_release(&webhook);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		unlink(paths[i]);
	rmdir(folder);
	assert_int_equal(fake_open(&fake_calls), 0);
	assert_int_equal(op_count(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

struct run {
	const struct acmems_event *event;
	uint64_t op;
	int done;
	struct acmems_error err;
	char said[300];
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct run *run = ctx;

	return ops.send(&webhook, op, run->event, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct run *run = arg;

	run->done += error ? 100 : 1;
	snprintf(run->said, sizeof(run->said), "%.*s", (int)len, data ? (const char *)data : "");
	if (error)
		run->err = *error;
}

static bool start(struct run *run, const struct acmems_event *what)
{
	struct op_spec spec = {.owner = "notify-webhook",
		.what = "send",
		.deadline_ms = 60000,
		.start = on_start,
		.ctx = run,
		.done = on_done,
		.arg = run};

	*run = (struct run){.event = what};
	run->op = op_run(&spec, &run->err);
	return run->op != 0;
}

/* Sends the event, and has it accepted; what was sent is still there to be looked at. */
static const struct fake_ask *sent(const struct acmems_event *what)
{
	const struct fake_ask *ask;
	struct run run;

	if (!start(&run, what))
		fail_msg("%s", run.err.message);
	ask = fake_last(&fake_calls);
	fake_answer(200, "thank you\n");
	run_until(run.done);
	assert_int_equal(run.done, 1);
	assert_string_equal(run.said, "status 200, \"thank you\"");
	return ask;
}

static bool check(void)
{
	err = (struct acmems_error){0};
	return webhook_check(&webhook, &err);
}

static void expect_refused(const char *what)
{
	assert_false(check());
	assert_int_equal(err.code, ACMEMS_CONFIG);
	if (!strstr(err.message, what))
		fail_msg("%s", err.message);
}

/* Strict JSON, in which nothing has left its quotes: the only members are ours. */
static struct acmems_json *parsed(const char *body, size_t members)
{
	struct acmems_json *json = acmems_json_read(body, strlen(body), 1 << 20, &err);

	if (!json)
		fail_msg("%s", err.message);
	assert_int_equal(acmems_json_count(json), members);
	return json;
}

static void json_of_ours(void **state)
{
	struct acmems_event what = event();
	const struct fake_ask *ask = sent(&what);
	const struct acmems_json *inner;
	struct acmems_json *json;
	const char *text;

	(void)state;
	assert_string_equal(ask->method, "POST");
	assert_string_equal(ask->url, "https://chat.example/hook/secret?x");
	assert_string_equal(ask->headers, "Content-Type: application/json\n"
					  "X-Acmems-Event: rejected\n"
					  "X-Acmems-Id: 18446744073709551615\n");
	json = parsed(ask->body, 8);
	assert_true(acmems_json_need_text(json, "id", 30, &text, &err));
	assert_string_equal(text, "18446744073709551615");
	assert_true(acmems_json_need_text(json, "time", 30, &text, &err));
	assert_string_equal(text, "2026-11-24T09:30:00Z");
	assert_true(acmems_json_need_text(json, "severity", 30, &text, &err));
	assert_string_equal(text, "warning");
	assert_true(acmems_json_object(json, "fields", &inner, &err));
	assert_int_equal(acmems_json_count(inner), 2);
	assert_true(acmems_json_need_text(inner, "detail", 300, &text, &err));
	assert_non_null(strstr(text, "x\", \"y\": \"\n<!channel>"));
	acmems_json_free(json);
}

static void chats(void **state)
{
	static const struct {
		enum webhook_format format;
		size_t members;
		const char *has;
	} cases[] = {
		{WEBHOOK_SLACK, 2,
			"\\u000adetail: x\\\", \\\"y\\\": \\\" &lt;!channel&gt; @all `*_ "},
		{WEBHOOK_MATTERMOST, 1, "{\"text\":\"```\\u000arejected a.example.org\\u000a"},
		{WEBHOOK_MATTERMOST, 1, " @all '*_ "},
		{WEBHOOK_MATRIX, 3, "\"m.mentions\":{}"},
		{WEBHOOK_TEAMS, 2, "{\"type\":\"TextRun\",\"text\":\"rejected a.example.org\"}"},
		{WEBHOOK_TEAMS, 2, "\"text\":\"detail: x\\\", \\\"y\\\": \\\" <!channel>"},
		{WEBHOOK_NTFY, 4, "\"topic\":\"acme\",\"title\":\"acmems: rejected\""},
		{WEBHOOK_NTFY, 4, "\"priority\":4}"},
		{WEBHOOK_GOTIFY, 3, "\"priority\":6}"},
	};
	struct acmems_event what = event();

	(void)state;
	webhook.topic = (char *)"acme";
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_ask *ask;

		webhook.format = (int)cases[i].format;
		ask = sent(&what);
		acmems_json_free(parsed(ask->body, cases[i].members));
		if (!strstr(ask->body, cases[i].has))
			fail_msg("%s", ask->body);
		assert_null(strchr(ask->body, '\n'));
	}
}

static void matrix_has_transactions(void **state)
{
	struct acmems_event what = event();
	const struct fake_ask *ask;

	(void)state;
	webhook.url =
		(char *)"https://matrix.example/_matrix/client/v3/rooms/!r/send/m.room.message";
	webhook.format = WEBHOOK_MATRIX;
	ask = sent(&what);
	assert_string_equal(ask->method, "PUT");
	assert_string_equal(ask->url, "https://matrix.example/_matrix/client/v3/rooms/!r/send/"
				      "m.room.message/acmems-18446744073709551615");
}

static void texts_are_cut_between_characters(void **state)
{
	static char names[20000];
	struct acmems_field many[20];
	struct acmems_event what = event();
	const struct fake_ask *ask;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(names); i += 3)
		memcpy(names + i, "\xe2\x82\xac", 4);
	for (size_t i = 0; i < 20; i++)
		many[i] = (struct acmems_field){"names", names};
	what.fields = many;
	for (what.field_count = 1; what.field_count <= 20; what.field_count++) {
		webhook.format = what.field_count % 2 ? WEBHOOK_SLACK : WEBHOOK_MATTERMOST;
		fake_net_reset();
		ask = sent(&what);
		acmems_json_free(parsed(ask->body, what.field_count % 2 ? 2 : 1));
		assert_non_null(strstr(ask->body, "..."));
		assert_null(strstr(ask->body, "\xef\xbf\xbd"));
		assert_true(strlen(ask->body) < 3700);
	}
}

static void signed_bodies(void **state)
{
	struct acmems_event what = event();
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char text[9000], hex[ACMEMS_DIGEST_HEX_MAX], line[200];
	const char *timestamp;
	const struct fake_ask *ask;

	(void)state;
	webhook.secret_file = put_file(0, "a secret\n", 0600);
	webhook.token_file = put_file(1, "tok", 0600);
	assert_true(check());
	ask = sent(&what);
	assert_non_null(strstr(ask->headers, "\nAuthorization: Bearer tok\n"));
	timestamp = strstr(ask->headers, "\nX-Acmems-Timestamp: ");
	assert_non_null(timestamp);
	timestamp += 21;
	snprintf(
		text, sizeof(text), "%.*s.%s", (int)strcspn(timestamp, "\n"), timestamp, ask->body);
	assert_int_equal(acmems_hmac("sha256", "a secret", 8, text, strlen(text), digest), 32);
	acmems_hex(digest, 32, hex);
	snprintf(line, sizeof(line), "\nX-Acmems-Signature: sha256=%s\n", hex);
	assert_non_null(strstr(ask->headers, line));
	webhook.format = WEBHOOK_GOTIFY;
	assert_non_null(strstr(sent(&what)->headers, "\nX-Gotify-Key: tok\n"));
}

static void own_headers(void **state)
{
	static char *good[] = {(char *)"X-One: 1", (char *)"X-Two:two words", NULL};
	static char *bad[][2] = {{(char *)"nothing", NULL}, {(char *)": x", NULL},
		{(char *)"A b: c", NULL}, {(char *)"A: b\r\nC: d", NULL},
		{(char *)"A: \x7f", NULL}};
	struct acmems_event what = event();

	(void)state;
	webhook.headers = (struct acmems_list){good, 2, true};
	webhook.headers_file = put_file(0, "Authorization: Basic x\r\n\nX-Three: 3\n", 0600);
	assert_true(check());
	assert_true(check());
	assert_non_null(strstr(sent(&what)->headers,
		"\nX-One: 1\nX-Two: two words\nAuthorization: Basic x\nX-Three: 3\n"));
	webhook.headers.count = 1;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		webhook.headers.items = bad[i];
		expect_refused("header");
	}
	webhook.headers.count = 0;
	webhook.headers_file = put_file(0, "x\n", 0600);
	expect_refused("headers-file");
	webhook.headers_file = put_file(0, "X: y\n", 0644);
	expect_refused("0644");
}

static void templates(void **state)
{
	static const char template[] =
		"{\"t\": \"${event} ${names}: ${detail}${serial} $5 $\", "
		"\"c\": ${count}, \"i\": \"${id} ${time} ${first} ${severity} "
		"${summary}\"}";
	struct acmems_event what = event();
	const struct fake_ask *ask;

	(void)state;
	webhook.template_file = put_file(0, template, 0644);
	assert_true(check());
	webhook.content_type = (char *)"application/x-test+json";
	ask = sent(&what);
	assert_non_null(strstr(ask->headers, "Content-Type: application/x-test+json\n"));
	acmems_json_free(parsed(ask->body, 3));
	assert_non_null(strstr(ask->body, "{\"t\": \"rejected a.example.org, b.example.org: x\\\", "
					  "\\\"y\\\": \\\"\\u000a<!channel>"));
	assert_non_null(
		strstr(ask->body, "http://b) $5 $\", \"c\": 1, \"i\": "
				  "\"18446744073709551615 2026-11-24T09:30:00Z "
				  "2026-11-24T09:30:00Z warning rejected a.example.org\"}"));
	webhook.template_file = put_file(0, "${nmaes}", 0644);
	expect_refused("${nmaes}");
	webhook.template_file = put_file(0, "x ${names", 0644);
	expect_refused("small letters");
	webhook.template_file = put_file(0, "${names}", 0644);
	webhook.format = WEBHOOK_SLACK;
	expect_refused("either format or template");
	webhook.format = WEBHOOK_JSON;
	webhook.template_file = (char *)"/nonexistent";
	assert_false(check());
}

static void servers_that_say_no(void **state)
{
	struct acmems_event what = event();
	struct run run;

	(void)state;
	assert_true(start(&run, &what));
	fake_answer(503, "busy");
	run_until(run.done);
	assert_int_equal(run.err.code, ACMEMS_UNAVAILABLE);
	assert_string_equal(run.err.message, "https://chat.example: status 503, \"busy\"");
	assert_true(start(&run, &what));
	fake_answer_with(429, "slow down", &(struct acmems_http_header){"Retry-After", "90"});
	run_until(run.done);
	assert_int_equal(run.err.code, ACMEMS_UNAVAILABLE);
	assert_int_equal(run.err.retry_after, 90);
	assert_true(start(&run, &what));
	fake_answer(404, "");
	run_until(run.done);
	assert_int_equal(run.err.code, ACMEMS_BAD_ANSWER);
	assert_true(start(&run, &what));
	fake_answer(422, "");
	run_until(run.done);
	assert_int_equal(run.err.code, ACMEMS_BAD_REQUEST);
	assert_int_equal(run.err.retry_after, 0);
	assert_true(start(&run, &what));
	fake_no_answer();
	run_until(run.done);
	assert_string_equal(run.err.message, "https://chat.example: connection refused");
	fake_calls.refuse = true;
	assert_false(start(&run, &what));
	assert_null(webhook.sends);
	assert_true(start(&run, &what));
	op_cancel(run.op);
	assert_int_equal(fake_open(&fake_calls), 0);
	assert_null(webhook.sends);
}

static void options_are_checked(void **state)
{
	(void)state;
	assert_true(check());
	webhook.url_file = put_file(0, "https://chat.example/other\n", 0600);
	expect_refused("either url or url-file");
	webhook.url = NULL;
	assert_true(check());
	assert_string_equal(url_of(&webhook), "https://chat.example/other");
	webhook.url_file = put_file(0, "https://chat.example/\nx", 0600);
	expect_refused("more than one line");
	webhook.url_file = put_file(0, "chat.example", 0600);
	expect_refused("https://");
	webhook.url_file = put_file(0, "https://chat.example/ x", 0600);
	expect_refused("do not belong");
	webhook.url_file = put_file(0, "https://chat.example/x", 0604);
	expect_refused("0604");
	webhook.url_file = NULL;
	webhook.url = (char *)"http://chat.example";
	webhook.topic = (char *)"x";
	expect_refused("topic");
	webhook.format = WEBHOOK_NTFY;
	assert_true(check());
	webhook.topic = NULL;
	expect_refused("topic");
}

#define with_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_loop(json_of_ours),
		with_loop(chats),
		with_loop(matrix_has_transactions),
		with_loop(texts_are_cut_between_characters),
		with_loop(signed_bodies),
		with_loop(own_headers),
		with_loop(templates),
		with_loop(servers_that_say_no),
		with_loop(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
