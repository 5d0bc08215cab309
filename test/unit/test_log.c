/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log_line.h"

static char buffer[LOG_LINE_MAX];

static const char *text(const char *subject, const char *message)
{
	struct log_line line = {ACMEMS_LOG_INFO, "order", subject, message, NULL};

	log_line_format(&line, LOG_FORMAT_TEXT, buffer, sizeof(buffer));
	return buffer;
}

static const char *json(const char *message)
{
	struct log_line line = {ACMEMS_LOG_WARNING, "order", "o7", message, "2026-01-02T03:04:05Z"};

	log_line_format(&line, LOG_FORMAT_JSON, buffer, sizeof(buffer));
	return buffer;
}

static void plain_text_stays(void **state)
{
	(void)state;
	assert_string_equal(text(NULL, "hello"), "order: hello");
	assert_string_equal(text("o7", "gr\xc3\xbc\xc3\x9f"), "order o7: gr\xc3\xbc\xc3\x9f");
}

static void whatever_could_forge_a_line_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(
		text("a\nb", "x\r\ny\x1b[31m\x7f"), "order a\\x0ab: x\\x0d\\x0ay\\x1b[31m\\x7f");
	/* invalid, overlong, surrogate, beyond the end, cut off */
	assert_string_equal(text(NULL, "\xff"), "order: \\xff");
	assert_string_equal(text(NULL, "\xc0\xaf"), "order: \\xc0\\xaf");
	assert_string_equal(text(NULL, "\xe0\x80\xaf"), "order: \\xe0\\x80\\xaf");
	assert_string_equal(text(NULL, "\xed\xa0\x80"), "order: \\xed\\xa0\\x80");
	assert_string_equal(text(NULL, "\xf4\x90\x80\x80"), "order: \\xf4\\x90\\x80\\x80");
	assert_string_equal(text(NULL, "a\xe2\x82"), "order: a\\xe2\\x82");
	/* C1 control, line separator, right-to-left override */
	assert_string_equal(text(NULL, "\xc2\x85"), "order: \\xc2\\x85");
	assert_string_equal(text(NULL, "\xe2\x80\xa8"), "order: \\xe2\\x80\\xa8");
	assert_string_equal(text(NULL, "\xe2\x80\xae"), "order: \\xe2\\x80\\xae");
}

static void json_is_json(void **state)
{
	(void)state;
	assert_string_equal(json("say \"a\\b\"\n"),
		"{\"time\":\"2026-01-02T03:04:05Z\",\"level\":\"warning\",\"room\":\"order\","
		"\"subject\":\"o7\",\"message\":\"say \\\"a\\\\b\\\"\\\\x0a\"}");
}

static void long_lines_are_cut_and_stay_whole(void **state)
{
	char message[2 * LOG_LINE_MAX];

	(void)state;
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	text(NULL, message);
	assert_true(strlen(buffer) < LOG_LINE_MAX);
	assert_string_equal(buffer + strlen(buffer) - 3, "...");
	json(message);
	assert_true(strlen(buffer) < LOG_LINE_MAX);
	assert_string_equal(buffer + strlen(buffer) - 2, "\"}");
	memset(message, '\n', sizeof(message) - 1);
	json(message);
	assert_string_equal(buffer + strlen(buffer) - 2, "\"}");
}

/* Wherever a line of JSON is full, also between a backslash and what it belongs to. */
static void full_json_is_json(void **state)
{
	char message[LOG_LINE_MAX + 100];

	(void)state;
	for (size_t plain = LOG_LINE_MAX - 200; plain < LOG_LINE_MAX; plain++) {
		struct acmems_error err = {0};
		struct acmems_json *read;

		memset(message, 'x', plain);
		memset(message + plain, plain % 2 ? '"' : '\\', sizeof(message) - plain - 1);
		message[sizeof(message) - 1] = '\0';
		json(message);
		read = acmems_json_read(buffer, strlen(buffer), sizeof(buffer), &err);
		if (!read)
			fail_msg(
				"%zu: %s: ...%s", plain, err.message, buffer + strlen(buffer) - 20);
		acmems_json_free(read);
	}
}

static char last_line[LOG_LINE_MAX];

static void on_tap(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	snprintf(last_line, sizeof(last_line), "%s", line);
}

static void a_file_gets_lines_of_its_level(void **state)
{
	char path[] = "/tmp/acmems-log-XXXXXX";
	int fd = mkstemp(path);
	struct log_config config = {ACMEMS_LOG_NOTICE, LOG_FORMAT_TEXT, path};
	struct acmems_error err = {0};
	char content[200] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_true(log_configure(&config, &err));
	log_tap(on_tap, NULL);
	acmems_log(ACMEMS_LOG_INFO, "room", NULL, "not this");
	acmems_log(ACMEMS_LOG_NOTICE, "room", "s", "this %d", 1);
	assert_true(read(fd, content, sizeof(content) - 1) > 0);
	assert_null(strstr(content, "not this"));
	assert_non_null(strstr(content, "Z notice room s: this 1\n"));
	assert_non_null(strstr(last_line, "room s: this 1"));
	log_reset();
	close(fd);
	unlink(path);
}

static void a_bad_target_changes_nothing(void **state)
{
	struct log_config config = {ACMEMS_LOG_ERROR, LOG_FORMAT_JSON, "nowhere"};
	struct acmems_error err = {0};

	(void)state;
	assert_false(log_configure(&config, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	config.target = "/nonexistent/folder/file";
	assert_false(log_configure(&config, &err));
	assert_int_equal(err.code, ACMEMS_SYSTEM);
	assert_true(acmems_log_enabled(ACMEMS_LOG_INFO));
}

static void a_full_pipe_costs_the_line_and_no_time(void **state)
{
	int pipe_fds[2], saved = dup(STDERR_FILENO);
	unsigned long before = log_dropped();
	char block[4096] = "";

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	while (write(pipe_fds[1], block, sizeof(block)) > 0)
		continue;
	assert_int_equal(fcntl(pipe_fds[1], F_SETFL, 0), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
	acmems_log(ACMEMS_LOG_ERROR, "room", NULL, "would block");
	dup2(saved, STDERR_FILENO);
	assert_int_equal(log_dropped(), before + 1);
	close(saved);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* What has been written to the file so far. */
static const char *written(int fd)
{
	static char content[4 * LOG_LINE_MAX];
	ssize_t len = pread(fd, content, sizeof(content) - 1, 0);

	content[len > 0 ? len : 0] = '\0';
	return content;
}

static void lines_of_a_round_are_written_together(void **state)
{
	char path[] = "/tmp/acmems-log-XXXXXX", fill[LOG_LINE_MAX / 2];
	int fd = mkstemp(path);
	struct log_config config = {ACMEMS_LOG_INFO, LOG_FORMAT_TEXT, path};
	struct acmems_error err = {0};

	(void)state;
	memset(fill, 'x', sizeof(fill) - 1);
	fill[sizeof(fill) - 1] = '\0';
	assert_true(log_configure(&config, &err));
	log_batch(true);
	acmems_log(ACMEMS_LOG_INFO, "room", NULL, "first");
	assert_string_equal(written(fd), "");
	/* what is graver takes them along, in order */
	acmems_log(ACMEMS_LOG_NOTICE, "room", NULL, "second");
	assert_non_null(strstr(written(fd), "first\n"));
	assert_true(strstr(written(fd), "first\n") < strstr(written(fd), "second\n"));
	/* so does a block that is full */
	acmems_log(ACMEMS_LOG_INFO, "room", NULL, "third %s", fill);
	acmems_log(ACMEMS_LOG_INFO, "room", NULL, "fourth %s", fill);
	acmems_log(ACMEMS_LOG_INFO, "room", NULL, "fifth %s", fill);
	assert_non_null(strstr(written(fd), "third"));
	assert_null(strstr(written(fd), "fifth"));
	/* and the end */
	log_batch(false);
	assert_non_null(strstr(written(fd), "fifth"));
	log_reset();
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(whatever_could_forge_a_line_is_escaped),
		cmocka_unit_test(json_is_json),
		cmocka_unit_test(long_lines_are_cut_and_stay_whole),
		cmocka_unit_test(full_json_is_json),
		cmocka_unit_test(a_file_gets_lines_of_its_level),
		cmocka_unit_test(a_bad_target_changes_nothing),
		cmocka_unit_test(a_full_pipe_costs_the_line_and_no_time),
		cmocka_unit_test(lines_of_a_round_are_written_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
