/* SPDX-License-Identifier: ISC */
/* test_mod_notify_mail.c - what is taken as options, and how a mail looks. */
#include "unit.h"

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
	struct mail_head head = {"acmems@example.org", (const char *const *)to, "[acmems]",
		"ca.example.org", "admins"};
	size_t len = 0;
	char *text = mail_text(&head, &event, &len);

	if (!text)
		return NULL;
	assert_int_equal(strlen(text), len);
	for (const char *line = text; *line; line = strstr(line, "\r\n") + 2) {
		assert_non_null(strstr(line, "\r\n"));
		assert_true(strcspn(line, "\n") == strcspn(line, "\r") + 1);
		assert_true(strcspn(line, "\r") <= 78);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_no_header_of_theirs),
	};

	return cmocka_run_group_tests_name("mail", tests, NULL, NULL);
}
