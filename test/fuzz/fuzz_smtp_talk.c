/* SPDX-License-Identifier: ISC */
/*
 * fuzz_smtp_talk.c - what an SMTP server says, hostile or not. The first byte is how much it says at a
 * time. However that is cut, the talk comes to the same end, says no line of its own accord, and takes
 * a mail for delivered only when it has said all of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/smtp_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const to[] = {"a@example.org", "b@example.org", NULL};
static const char message[] = "Subject: x\r\n\r\n.\r\n";
static const char *const commands[] = {"MAIL FROM:<me@example.org>\r\n",
	"RCPT TO:<a@example.org>\r\n", "RCPT TO:<b@example.org>\r\n", "DATA\r\n",
	"Subject: x\r\n\r\n..\r\n.\r\n"};

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

/* Says what it has to; how many of the commands that makes. */
static size_t speak(struct smtp_talk *talk, size_t told)
{
	size_t len = 0;
	const char *text = smtp_talk_says(talk, &len);

	if (!text)
		return told;
	if (talk->state == SMTP_TALK_QUIT) {
		must(len == 6 && memcmp(text, "QUIT\r\n", len) == 0);
	} else {
		must(told < 5 && len == strlen(commands[told]));
		must(memcmp(text, commands[told], len) == 0);
		told++;
	}
	smtp_talk_said(talk, len);
	must(!smtp_talk_says(talk, &len));
	return told;
}

/* One line of the server at a time, in pieces of that size. */
static enum smtp_talk_outcome run(const char *text, size_t len, size_t piece)
{
	struct smtp_talk *talk = malloc(sizeof(*talk));
	enum smtp_talk_outcome outcome;
	size_t told;

	if (!talk)
		return SMTP_TALK_OPEN;
	smtp_talk_begin(talk, "me@example.org", to, message, sizeof(message) - 1);
	told = speak(talk, 0);
	while (len > 0) {
		const char *end = memchr(text, '\n', len);
		size_t part = end ? (size_t)(end - text) + 1 : len;

		part = part < piece ? part : piece;
		smtp_talk_hears(talk, text, part);
		told = speak(talk, told);
		text += part;
		len -= part;
	}
	outcome = talk->outcome;
	must(outcome != SMTP_TALK_TAKEN || told == 5);
	must(outcome != SMTP_TALK_REFUSED || talk->err.message[0]);
	must(talk->state != SMTP_TALK_OVER || outcome != SMTP_TALK_OPEN);
	smtp_talk_break(talk, ACMEMS_TIMEOUT, "over");
	must(talk->outcome == (outcome == SMTP_TALK_OPEN ? SMTP_TALK_REFUSED : outcome));
	free(talk);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size > 1)
		must(run(text, size - 1, data[0] + 1u) == run(text, size - 1, SIZE_MAX));
	return 0;
}
