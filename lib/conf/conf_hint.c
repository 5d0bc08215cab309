/* SPDX-License-Identifier: ISC */
/* conf_hint.c - slips that can be told from one line, once its texts and comments are out of the way. */
#include "conf/conf_hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_LEN 512
#define WORD "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-*./:@?+"

/* The line with that number, without what stands in its texts and without its comment. */
static bool bare_line(const char *text, unsigned line, char out[LINE_MAX_LEN])
{
	bool quoted = false;
	size_t used = 0;

	for (; line > 1; line--) {
		text = strchr(text, '\n');
		if (!text)
			return false;
		text++;
	}
	text += strspn(text, " \t");
	for (; *text && *text != '\n' && used < LINE_MAX_LEN - 1; text++) {
		if (!quoted && (*text == '#' || (text[0] == '/' && text[1] == '/')))
			break;
		if (*text == '"')
			quoted = !quoted;
		else if (quoted && *text == '\\' && text[1] && text[1] != '\n')
			text++;
		if (!quoted || *text == '"')
			out[used++] = *text;
	}
	out[used] = '\0';
	return line == 1;
}

/* Single quotes, or those that a word processor makes. */
static bool other_quotes(const char *line)
{
	return strchr(line, '\'') || strstr(line, "\xe2\x80\x98") || strstr(line, "\xe2\x80\x99") ||
	       strstr(line, "\xe2\x80\x9c") || strstr(line, "\xe2\x80\x9d") ||
	       strstr(line, "\xe2\x80\x9e");
}

static bool is_one_of(const char *word, size_t len, const char *const words[])
{
	for (size_t i = 0; words[i]; i++) {
		if (strlen(words[i]) == len && strncasecmp(word, words[i], len) == 0)
			return true;
	}
	return false;
}

/* A value that stands there as it is: what is between its name, or its list's bracket, and its end. */
static const char *next_value(const char *at, size_t *ret_len)
{
	for (at = strpbrk(at, "=:[,("); at; at = strpbrk(at + 1, "=:[,(")) {
		const char *value = at + 1 + strspn(at + 1, " \t");

		*ret_len = strspn(value, WORD);
		if (*ret_len > 0)
			return value;
	}
	return NULL;
}

static bool is_number(const char *value, size_t len)
{
	char *end;

	strtod(value, &end);
	end += strspn(end, "Ll");
	return end >= value + len;
}

static bool bool_of_others(const char *line)
{
	static const char *const words[] = {"yes", "no", "on", "off", NULL};
	size_t len = 0;

	for (line = next_value(line, &len); line; line = next_value(line + len, &len)) {
		if (is_one_of(line, len, words))
			return true;
	}
	return false;
}

/* A path, an address, "30d" without quotes; and not the name of the next setting, as in { a = 1; }. */
static bool unquoted(const char *line)
{
	static const char *const words[] = {"true", "false", NULL};
	size_t len = 0;

	for (line = next_value(line, &len); line; line = next_value(line + len, &len)) {
		const char *behind = line + len + strspn(line + len, " \t");

		if (!is_one_of(line, len, words) && !is_number(line, len) &&
			(*behind == '\0' || strchr(";,])}", *behind)))
			return true;
	}
	return false;
}

/* A name with its value right behind it. */
static bool nothing_between(const char *line)
{
	while (*line) {
		size_t len = isalpha((unsigned char)*line) ? strspn(line, WORD) : 0;
		char behind;

		if (len == 0) {
			line++;
			continue;
		}
		line += len;
		behind = line[strspn(line, " \t")];
		if (line[-1] != ':' && behind && strchr("{[(\"", behind))
			return true;
	}
	return false;
}

static bool trailing_comma(const char *line)
{
	for (const char *at = strchr(line, ','); at; at = strchr(at + 1, ',')) {
		at += strspn(at + 1, " \t");
		if (at[1] == ']' || at[1] == ')')
			return true;
	}
	return *line == ']' || *line == ')';
}

const char *conf_hint(const char *text, unsigned line, const char *what)
{
	char bare[LINE_MAX_LEN];

	if (line == 0 || !bare_line(text, line, bare))
		return "";
	if (strncmp(what, "duplicate", 9) == 0)
		return ": this is set above already";
	if (other_quotes(bare))
		return ": texts stand in double quotes, \"like this\"";
	if (bool_of_others(bare))
		return ": write true or false, other words in quotes";
	if (unquoted(bare))
		return ": texts, and numbers with a unit, stand in double quotes";
	if (nothing_between(bare))
		return ": between a name and its value there is = or :";
	if (trailing_comma(bare))
		return ": a list must not end in a comma";
	if (*bare == '{')
		return ": groups of a list stand in ( ), with a comma between them";
	return " (on this line or the one before: is a quote, a comma or a semicolon missing?)";
}
