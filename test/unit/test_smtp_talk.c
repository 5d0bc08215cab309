/* SPDX-License-Identifier: ISC */
/* test_smtp_talk.c - what is said to servers, good and bad ones. */
#include "unit.h"

#include <stdio.h>

#include "net/smtp_talk.h"

static const char *const both[] = {"a@example.org", "b@example.org", NULL};
static const char *const one[] = {"a@example.org", NULL};
static struct smtp_talk talk;
static char said[300000];
static size_t said_len;

/* All that it has to say now, in pieces of that size. */
static void listen_to(size_t piece)
{
	const char *data;
	size_t len = 0;

	for (data = smtp_talk_says(&talk, &len); data; data = smtp_talk_says(&talk, &len)) {
		assert_in_range(len, 1, SMTP_TALK_PIECE);
		if (len > piece)
			len = piece;
		assert_true(said_len + len < sizeof(said));
		memcpy(said + said_len, data, len);
		said_len += len;
		smtp_talk_said(&talk, len);
	}
	said[said_len] = '\0';
}

static void hears(const char *text)
{
	smtp_talk_hears(&talk, text, strlen(text));
}

static void begin(const char *const *to, const char *message)
{
	said_len = 0;
	smtp_talk_begin(&talk, "me@example.org", to, message, strlen(message));
	listen_to(SIZE_MAX);
}

/* Says it, and what it is answered with has to be this. */
static void exchange(const char *reply, const char *command)
{
	said_len = 0;
	hears(reply);
	listen_to(SIZE_MAX);
	assert_string_equal(said, command);
}

static void until_message(const char *message)
{
	begin(one, message);
	hears("250 ok\r\n");
	listen_to(SIZE_MAX);
	hears("250 ok\r\n");
	listen_to(SIZE_MAX);
	said_len = 0;
	hears("354 go on\r\n");
}

static void test_taken(void **state)
{
	(void)state;
	begin(both, "Subject: x\r\n\r\nHello\r\n");
	assert_string_equal(said, "MAIL FROM:<me@example.org>\r\n");
	exchange("250 2.1.0 Sender ok\r\n", "RCPT TO:<a@example.org>\r\n");
	exchange("250 2.1.5 ok\r\n", "RCPT TO:<b@example.org>\r\n");
	exchange("251 will forward\r\n", "DATA\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_OPEN);
	exchange("354 go on\r\n", "Subject: x\r\n\r\nHello\r\n.\r\n");
	exchange("250 2.0.0 Ok: queued\r\n", "QUIT\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_TAKEN);
	assert_string_equal(talk.reply, "250 2.0.0 Ok: queued");
	exchange("221 bye\r\n", "");
	assert_int_equal(talk.state, SMTP_TALK_OVER);
	assert_int_equal(talk.outcome, SMTP_TALK_TAKEN);
}

/* Whatever the farewell is like, the message was taken. */
static void test_bad_farewells(void **state)
{
	static const char *const words[] = {"500 what?\r\n", "nonsense\r\n", "250-\r\n100 x\r\n"};

	(void)state;
	for (size_t i = 0; i <= 3; i++) {
		until_message("x\r\n");
		listen_to(SIZE_MAX);
		hears("250 queued\r\n");
		if (i < 3) {
			listen_to(SIZE_MAX);
			hears(words[i]);
		} else {
			smtp_talk_break(&talk, ACMEMS_TIMEOUT, "it took too long");
		}
		assert_int_equal(talk.state, SMTP_TALK_OVER);
		assert_int_equal(talk.outcome, SMTP_TALK_TAKEN);
	}
}

/* Both kinds of no, at each step: a QUIT, and nobody gets it. */
static void test_refused(void **state)
{
	static const char *const yes[] = {
		"250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"};
	static const char *const step[] = {
		"the sender", "a@example.org", "b@example.org", "the wish to send", "the message"};

	(void)state;
	for (size_t at = 0; at < 5; at++) {
		for (int class = 4; class <= 5; class ++) {
			char no[100], want[100];

			begin(both, "x\r\n");
			for (size_t i = 0; i < at; i++) {
				hears(yes[i]);
				listen_to(SIZE_MAX);
			}
			snprintf(no, sizeof(no), "%d51-%d.3.0 not\r\n%d51 now\r\n", class, class,
				class);
			exchange(no, "QUIT\r\n");
			assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
			assert_int_equal(talk.err.code, ACMEMS_UNAVAILABLE);
			snprintf(want, sizeof(want), "%s: %d51 %d.3.0 not now", step[at], class,
				class);
			assert_non_null(strstr(talk.err.message, want));
		}
	}
}

static void stuffed(const char *message, const char *want, size_t piece)
{
	until_message(message);
	listen_to(piece);
	assert_string_equal(said, want);
	assert_int_equal(talk.state, SMTP_TALK_MESSAGE);
}

static void test_dots(void **state)
{
	static const char *const rows[][2] = {
		{"", ".\r\n"},
		{".", "..\r\n.\r\n"},
		{".\r\n", "..\r\n.\r\n"},
		{"a.b\r\n..c\r\n.\r\nd\r\n", "a.b\r\n...c\r\n..\r\nd\r\n.\r\n"},
		/* what lax servers take for line ends */
		{"a\n.\nMAIL FROM:<x>\r\n", "a\n..\nMAIL FROM:<x>\r\n.\r\n"},
		{"a\r.\rb\r\n", "a\r..\rb\r\n.\r\n"},
		{"a\n.\r\n", "a\n..\r\n.\r\n"},
		{"a\n", "a\n\r\n.\r\n"},
		{"a", "a\r\n.\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stuffed(rows[i][0], rows[i][1], SIZE_MAX);
		stuffed(rows[i][0], rows[i][1], 1);
	}
}

/* Pieces end anywhere in a stuffed dot, a line end, the end. */
static void test_large(void **state)
{
	static char message[120001], want[150000];

	(void)state;
	for (size_t len = 3 * SMTP_TALK_PIECE - 6; len < 3 * SMTP_TALK_PIECE + 6; len++) {
		size_t to = 0;

		for (size_t i = 0; i < len; i++) {
			message[i] = ".\r\n"[i % 3];
			if (i % 3 == 0)
				want[to++] = '.';
			want[to++] = message[i];
		}
		message[len] = '\0';
		snprintf(want + to, sizeof(want) - to, "%s.\r\n", len % 3 ? "\r\n" : "");
		stuffed(message, want, 1000);
	}
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	until_message(message);
	listen_to(SIZE_MAX);
	assert_int_equal(said_len, sizeof(message) - 1 + 5);
}

static void test_out_of_turn(void **state)
{
	(void)state;
	/* two replies to one command */
	begin(both, "x\r\n");
	hears("250 ok\r\n250 ok\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
	assert_int_equal(talk.state, SMTP_TALK_OVER);
	assert_int_equal(talk.err.code, ACMEMS_BAD_ANSWER);
	/* before it has heard all of a command */
	smtp_talk_begin(&talk, "me@example.org", one, "x", 1);
	smtp_talk_said(&talk, 5);
	hears("250 ok\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
	/* amid the message */
	until_message("x\r\n");
	smtp_talk_said(&talk, 0);
	hears("250 2.0.0 Ok: queued\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
	until_message("x\r\n");
	hears("421 4.3.2 shutting down\r\n");
	assert_non_null(strstr(talk.err.message, "421 4.3.2 shutting down"));
	/* in one go with its yes: that counts */
	until_message("x\r\n");
	listen_to(SIZE_MAX);
	hears("250 queued\r\n221 bye\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_TAKEN);
	assert_int_equal(talk.state, SMTP_TALK_OVER);
}

static void test_nonsense(void **state)
{
	static const char *const words[] = {"\r\n", "2\r\n", "25\r\n", "abc\r\n", "250ok\r\n",
		"2500 ok\r\n", "150 wait\r\n", "650 ok\r\n", "250-a\r\n251 b\r\n", "354 go\r\n",
		"250-\r\nHello\r\n", "\xff\xff\xff\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		begin(one, "x\r\n");
		hears(words[i]);
		assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
		assert_int_equal(talk.state, SMTP_TALK_OVER);
		assert_int_equal(talk.err.code, ACMEMS_BAD_ANSWER);
	}
	/* a message is begun with 354 only */
	begin(one, "x\r\n");
	hears("250 ok\r\n");
	listen_to(SIZE_MAX);
	hears("250 ok\r\n");
	listen_to(SIZE_MAX);
	hears("250 ok\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
}

static void test_endless(void **state)
{
	unsigned count = 0;

	(void)state;
	begin(one, "x\r\n");
	for (; count < 100000 && talk.state != SMTP_TALK_OVER; count++)
		hears("x");
	assert_int_equal(count, SMTP_TALK_LINE_MAX);
	begin(one, "x\r\n");
	for (count = 0; count < 100000 && talk.state != SMTP_TALK_OVER; count++)
		hears("250-and so on and so on and so on and so on\r\n");
	assert_in_range(count, 1, SMTP_TALK_HEARD_MAX / 40);
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
	assert_true(strlen(talk.reply) < SMTP_TALK_REPLY_MAX);
	hears("250 ok\r\n");
	assert_int_equal(talk.outcome, SMTP_TALK_REFUSED);
	assert_null(smtp_talk_says(&talk, &(size_t){0}));
}

static void test_pieces(void **state)
{
	static const char replies[] = "250-one\n250-two \x1b[31m\xc3\xa9\r\n250\n";

	(void)state;
	begin(one, "x\r\n");
	said_len = 0;
	for (const char *at = replies; *at; at++)
		smtp_talk_hears(&talk, at, 1);
	assert_string_equal(talk.reply, "250 one two ?[31m?? ");
	listen_to(3);
	assert_string_equal(said, "RCPT TO:<a@example.org>\r\n");
}

static void test_broken(void **state)
{
	(void)state;
	begin(one, "x\r\n");
	smtp_talk_break(&talk, ACMEMS_UNAVAILABLE, "it closed the connection");
	assert_string_equal(talk.err.message, "it closed the connection, at the sender");
	smtp_talk_break(&talk, ACMEMS_TIMEOUT, "it took too long");
	assert_int_equal(talk.err.code, ACMEMS_UNAVAILABLE);
	until_message("x\r\n");
	listen_to(SIZE_MAX);
	smtp_talk_break(&talk, ACMEMS_TIMEOUT, "it took too long");
	assert_string_equal(
		talk.err.message, "it took too long, at the message; it said last: 354 go on");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_bad_farewells),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_out_of_turn),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests_name("smtp_talk", tests, NULL, NULL);
}
