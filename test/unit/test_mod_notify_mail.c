/* SPDX-License-Identifier: ISC */
/* test_mod_notify_mail.c - what is taken as options, and how a mail looks. */
#include "temp_dir.h"
#include "unit.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "../../modules/notify/mail.c"

#define TEXT(text) ((char *)(text))

static char *to[] = {TEXT("root@example.org"), TEXT("ops@example.org"), NULL};

static struct mail good(void)
{
	return (struct mail){.self = {"mail", "admins"},
		.server = TEXT("smtp://mail.example.org:587"),
		.from = TEXT("acmems@example.org"),
		.to = {.items = to, .count = 2, .given = true},
		.prefix = TEXT("[acmems]"),
		.timeout = 30000,
		.host = "ca.example.org"};
}

static void test_check(void **state)
{
	struct acmems_error err = {0};
	struct mail mail = good();

	(void)state;
	assert_true(mail_check(&mail, &err));
	mail.user = TEXT("me");
	assert_false(mail_check(&mail, &err));
	mail.password_file = TEXT("/password");
	assert_false(mail_check(&mail, &err));
	assert_non_null(strstr(err.message, "only sent over TLS"));
	mail.tls = MAIL_STARTTLS;
	assert_false(mail_check(&mail, &err));
	assert_non_null(strstr(err.message, "password-file"));
	mail.password_file = (char *)temp_file("password", "geheim\n");
	assert_int_equal(chmod(mail.password_file, 0604), 0);
	assert_false(mail_check(&mail, &err));
	assert_non_null(strstr(err.message, "0604"));
	assert_int_equal(chmod(mail.password_file, 0640), 0);
	assert_true(mail_check(&mail, &err));
	mail.tls = MAIL_TLS;
	assert_false(mail_check(&mail, &err));
	mail.server = TEXT("smtps://[2001:db8::1]:1465");
	assert_true(mail_check(&mail, &err));
	mail.prefix = TEXT("a\r\nBcc: x@example.org");
	assert_false(mail_check(&mail, &err));
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {"root", "", "a b@example.org", "a@b>\r\nDATA",
		"<a@example.org>", "@example.org", "caf\xc3\xa9@example.org"};
	static const char *const bad_urls[] = {"http://x", "smtp://", "smtp://a b", "smtp://x:0",
		"smtp://x:99999", "smtp://u:p@x", "smtp://x/path", "smtp://[::1", "smtp://x:"};
	struct acmems_error err = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mail mail = good();

		mail.from = (char *)bad[i];
		assert_false(mail_check(&mail, &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
	}
	for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++) {
		struct mail mail = good();

		mail.server = (char *)bad_urls[i];
		assert_false(mail_check(&mail, &err));
	}
}

static struct mail_head head_of(void)
{
	return (struct mail_head){"acmems@example.org", (const char *const *)to, "[acmems]",
		"ca.example.org", "admins"};
}

static char *text_of(const char *summary, const char *detail)
{
	static char copy[65536];
	const struct acmems_field fields[] = {{"names", "a.example"}, {"detail", detail}};
	struct acmems_event event = {.name = "failed",
		.when = 1780000000,
		.summary = summary,
		.fields = fields,
		.field_count = 2,
		.id = 77,
		.count = 412,
		.first = 1779990000};
	struct mail_head head = head_of();
	size_t len = 0;
	const struct acmems_event *one = &event;
	char *text = mail_text(&head, &one, 1, &len);

	if (!text)
		return NULL;
	assert_int_equal(strlen(text), len);
	for (const char *line = text; *line; line = strstr(line, "\r\n") + 2) {
		assert_non_null(strstr(line, "\r\n"));
		assert_true(strcspn(line, "\n") == strcspn(line, "\r") + 1);
		assert_true(strcspn(line, "\r") <= 76);
	}
	snprintf(copy, sizeof(copy), "%s", text);
	free(text);
	return copy;
}

static void test_text(void **state)
{
	char *text = text_of("failed: a.example", "one\ntwo");

	(void)state;
	assert_non_null(text);
	assert_non_null(strstr(text, "Subject: [acmems] failed: a.example\r\n"));
	assert_non_null(strstr(text, "To: root@example.org,\r\n ops@example.org\r\n"));
	assert_non_null(strstr(text, "Date: Thu, 28 May 2026 20:26:40 +0000\r\n"));
	assert_non_null(strstr(text, "Message-ID: <77.admins.acmems@ca.example.org>\r\n"));
	assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
}

static void test_no_header_of_theirs(void **state)
{
	char *text = text_of("x\r\nBcc: evil@example.org\r\n\r\nHello", ".\r\nMAIL FROM:<a@b>");
	char large[400];

	(void)state;
	assert_non_null(text);
	assert_null(strstr(text, "Bcc"));
	assert_null(strstr(text, "MAIL"));
	assert_non_null(strstr(text, "Subject: =?UTF-8?B?"));
	for (size_t i = 0; i + 1 < sizeof(large); i += 2)
		memcpy(large + i, "\xc3\xa9", 2);
	large[398] = '\0';
	text = text_of(large, "caf\xc3\xa9");
	assert_non_null(text);
	text = text_of("=?UTF-8?B?eA==?=", "x");
	assert_non_null(text);
	assert_null(strstr(text, "eA==?="));
}

/* The body of a mail, decoded; the caller's to free. */
static char *body_of(const char *text)
{
	const char *at = strstr(text, "\r\n\r\n");
	char *body = calloc(1, strlen(text) + 4);
	size_t len = 0;

	assert_non_null(at);
	if (!body)
		return NULL;
	for (at += 4; *at; at += strspn(at, "\r\n")) {
		size_t line = strcspn(at, "\r\n");
		int got = EVP_DecodeBlock(
			(unsigned char *)body + len, (const unsigned char *)at, (int)line);

		assert_true(got >= 0);
		len += (size_t)got;
		at += line;
	}
	return body;
}

static struct acmems_event event_of(const char *name, uint64_t id, uint32_t count)
{
	static const struct acmems_field fields[] = {
		{"names", "a.example"}, {"detail", "one\ntwo\nthree"}};

	return (struct acmems_event){.name = name,
		.when = 1780000000 + (int64_t)id,
		.summary = name,
		.fields = fields,
		.field_count = 2,
		.id = id,
		.count = count,
		.first = 1779990000};
}

static void test_digest(void **state)
{
	struct acmems_event list[] = {
		event_of("issued", 7, 1), event_of("rejected", 8, 5), event_of("issued", 9, 6)};
	const struct acmems_event *events[] = {&list[0], &list[1], &list[2]};
	struct mail_head head = head_of();
	size_t len = 0;
	char *text = mail_text(&head, events, 3, &len), *body;

	(void)state;
	assert_non_null(text);
	assert_non_null(
		strstr(text, "Subject: [acmems] 12 events: 7 issued, 5 rejected\r\nDate: Thu, 28 "
			     "May 2026 20:26:49 +0000\r\n"));
	assert_non_null(strstr(text, "Message-ID: <7-9-3.admins.acmems@ca.example.org>\r\n"));
	body = body_of(text);
	free(text);
	assert_non_null(body);
	assert_non_null(strstr(body,
		"12 events: 7 issued, 5 rejected\r\n\r\nissued\r\n  event          issued\r\n"
		"  time           2026-05-28T20:26:47Z\r\n  names          a.example\r\n"
		"  detail         one ...\r\n\r\nrejected\r\n"));
	assert_non_null(strstr(body, "  count          5\r\n  first          2026-05-28T17"));
	free(body);
}

/* A hundred of the largest that there can be are still one mail. */
static void test_largest_digest(void **state)
{
	static char wide[8193];
	struct acmems_field fields[16];
	struct acmems_event event = event_of("rejected", 1, UINT32_MAX);
	const struct acmems_event *events[100];
	struct mail_head head = head_of();
	size_t len = 0;
	char *text, *body;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(wide); i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	for (size_t i = 0; i < 16; i++)
		fields[i] = (struct acmems_field){"names", wide};
	event.fields = fields;
	event.field_count = 16;
	for (size_t i = 0; i < 100; i++)
		events[i] = &event;
	text = mail_text(&head, events, 100, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	body = body_of(text);
	free(text);
	assert_non_null(body);
	assert_non_null(strstr(body, "429496729500 events: 429496729500 rejected\r\n"));
	assert_non_null(strstr(body, "\xc3\xa9 ...\r\n"));
	free(body);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_check, temp_dir_setup, temp_dir_teardown),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_header_of_theirs),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_largest_digest),
	};

	return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
