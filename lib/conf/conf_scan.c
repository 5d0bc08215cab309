/* SPDX-License-Identifier: ISC */
/* conf_scan.c - a small lexer of libconfig's syntax: comments, texts, numbers, includes. */
#include "conf/conf_scan.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/file.h>

#define INCLUDE_MAX (1u << 20)
#define INCLUDE_DEPTH 8
#define BRACKETS_MAX 64

/* One that is open. */
struct bracket {
	char sign;
	unsigned line;
};

struct scan {
	const char *at;
	const char *file;
	const char *folder;
	unsigned line;
	int depth;
	struct conf_faults *faults;
	struct bracket open[BRACKETS_MAX]; /* innermost last; deeper ones are left to libconfig */
	size_t depth_open;
	unsigned long_text; /* line where the first text began that went on into the next, or 0 */
	bool after_text; /* nothing but space and comments since the last one */
	bool ok;
};

static bool scan_text(const char *text, const char *file, const char *folder, int depth,
	struct conf_faults *faults);

static void skip_line(struct scan *scan)
{
	while (*scan->at && *scan->at != '\n')
		scan->at++;
}

static void skip_comment(struct scan *scan)
{
	scan->at += 2;
	while (*scan->at && !(scan->at[0] == '*' && scan->at[1] == '/')) {
		if (*scan->at == '\n')
			scan->line++;
		scan->at++;
	}
	if (*scan->at)
		scan->at += 2;
}

/* What does not part two texts: space, comments, and the quote of the second. */
static bool is_between(char c)
{
	return isspace((unsigned char)c) || strchr("#/\"", c);
}

/* libconfig makes one of them, as C does; in a list that is a comma forgotten. */
static void check_side_by_side(struct scan *scan)
{
	if (!scan->after_text || scan->depth_open == 0 || scan->depth_open > BRACKETS_MAX ||
		scan->open[scan->depth_open - 1].sign == '{')
		return;
	conf_fault_at(scan->faults, scan->file, scan->line,
		"two texts side by side in a list: is a comma missing?");
	scan->ok = false;
}

static void skip_string(struct scan *scan)
{
	unsigned begin = scan->line;

	check_side_by_side(scan);
	scan->at++;
	while (*scan->at && *scan->at != '"') {
		if (strncmp(scan->at, "\\x00", 4) == 0) {
			conf_fault_at(scan->faults, scan->file, scan->line,
				"\\x00 would end the text here without a word");
			scan->ok = false;
		}
		if (*scan->at == '\\' && scan->at[1])
			scan->at++;
		if (*scan->at == '\n')
			scan->line++;
		scan->at++;
	}
	if (scan->line > begin && scan->long_text == 0)
		scan->long_text = begin;
	if (*scan->at) {
		scan->at++;
		scan->after_text = true;
		return;
	}
	/* with a quote missing, the first text to go beyond its line is the likely one */
	conf_fault_at(scan->faults, scan->file, scan->long_text ? scan->long_text : begin,
		"a text that begins here has no end: is a quote missing?");
	scan->ok = false;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*' || c == '.';
}

/* "0600", "-01"; not "0", "0.5". */
static bool has_idle_zero(const char *word)
{
	word += *word == '-' || *word == '+';
	return word[0] == '0' && isdigit((unsigned char)word[1]) &&
	       word[strspn(word, "0123456789L")] == '\0';
}

/* A number, or a name that begins like one; only whole numbers out of range are of interest. */
static void check_word(struct scan *scan)
{
	const char *begin = scan->at;
	char word[48];
	size_t len;
	char *end;

	while (in_word(*scan->at) || (*scan->at == '+' && scan->at == begin))
		scan->at++;
	len = (size_t)(scan->at - begin);
	if (!isdigit((unsigned char)begin[*begin == '-' || *begin == '+']))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)len, begin);
	errno = 0;
	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
		unsigned long long value = strtoull(word, &end, 16);

		if (errno == 0 && value <= (*end == 'L' ? (unsigned long long)INT64_MAX : INT_MAX))
			return;
	} else if (has_idle_zero(word)) {
		conf_fault_at(scan->faults, scan->file, scan->line,
			"%s begins with a zero, which some read as octal: write it without, or in "
			"quotes",
			word);
		scan->ok = false;
		return;
	} else {
		long long value = strtoll(word, &end, 10);

		if (errno == 0 && (*end != '\0' || (value >= INT_MIN && value <= INT_MAX)))
			return;
	}
	conf_fault_at(scan->faults, scan->file, scan->line,
		"%s is too large for a number: write it with a unit, in quotes (\"4k\", \"30s\")",
		word);
	scan->ok = false;
}

/* libconfig puts the folder in front of whatever name it finds, so that is what is read here. */
static void check_include(struct scan *scan)
{
	char name[PATH_MAX], path[PATH_MAX];
	const char *quote = strchr(scan->at, '"');
	const char *end = quote ? strchr(quote + 1, '"') : NULL;
	struct acmems_error err = {0};
	char *text = NULL;
	size_t len = 0;

	if (!end || memchr(scan->at, '\n', (size_t)(end - scan->at))) {
		skip_line(scan);
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(end - quote - 1), quote + 1);
	if (snprintf(path, sizeof(path), "%s/%s", scan->folder, name) >= (int)sizeof(path) ||
		scan->depth >= INCLUDE_DEPTH) {
		conf_fault_at(
			scan->faults, scan->file, scan->line, "cannot include \"%.200s\"", name);
		scan->ok = false;
	} else if (!acmems_file_read(path, INCLUDE_MAX, &text, &len, &err)) {
		conf_fault_at(scan->faults, scan->file, scan->line, "%s", err.message);
		scan->ok = false;
	} else if (memchr(text, '\0', len)) {
		conf_fault_at(scan->faults, path, 0, "has a NUL byte: not a configuration file");
		scan->ok = false;
	} else if (!scan_text(text, path, scan->folder, scan->depth + 1, scan->faults)) {
		scan->ok = false;
	}
	free(text);
	skip_line(scan);
}

static void open_bracket(struct scan *scan)
{
	if (scan->depth_open < BRACKETS_MAX)
		scan->open[scan->depth_open] = (struct bracket){*scan->at, scan->line};
	scan->depth_open++;
	scan->at++;
}

/* libconfig would only notice much later, and name the line where it does. */
static void close_bracket(struct scan *scan)
{
	char sign = *scan->at++;
	char partner = sign == '}' ? '{' : sign == ')' ? '(' : '[';
	const struct bracket *last;

	if (!scan->ok || scan->depth_open > BRACKETS_MAX) {
		scan->depth_open -= scan->depth_open > 0;
		return;
	}
	if (scan->depth_open == 0) {
		conf_fault_at(scan->faults, scan->file, scan->line,
			"there is no %c that this %c could close", partner, sign);
		scan->ok = false;
		return;
	}
	last = &scan->open[--scan->depth_open];
	if (last->sign == partner)
		return;
	conf_fault_at(scan->faults, scan->file, scan->line,
		"%c comes before the %c of line %u is closed", sign, last->sign, last->line);
	scan->ok = false;
}

static void check_all_closed(struct scan *scan)
{
	const struct bracket *last;

	if (!scan->ok || scan->depth_open == 0 || scan->depth_open > BRACKETS_MAX)
		return;
	last = &scan->open[scan->depth_open - 1];
	conf_fault_at(scan->faults, scan->file, last->line, "this %c is never closed", last->sign);
	scan->ok = false;
}

static bool scan_text(const char *text, const char *file, const char *folder, int depth,
	struct conf_faults *faults)
{
	struct scan scan = {.at = text,
		.file = file,
		.folder = folder,
		.line = 1,
		.depth = depth,
		.faults = faults,
		.ok = true};

	while (*scan.at) {
		if (*scan.at == '\n')
			scan.line++;
		scan.after_text = scan.after_text && is_between(*scan.at);
		if (*scan.at == '#' || (scan.at[0] == '/' && scan.at[1] == '/'))
			skip_line(&scan);
		else if (scan.at[0] == '/' && scan.at[1] == '*')
			skip_comment(&scan);
		else if (*scan.at == '"')
			skip_string(&scan);
		else if (strncmp(scan.at, "@include", 8) == 0)
			check_include(&scan);
		else if (in_word(*scan.at) || *scan.at == '+')
			check_word(&scan);
		else if (*scan.at == '{' || *scan.at == '[' || *scan.at == '(')
			open_bracket(&scan);
		else if (*scan.at == '}' || *scan.at == ']' || *scan.at == ')')
			close_bracket(&scan);
		else
			scan.at++;
	}
	check_all_closed(&scan);
	return scan.ok;
}

bool conf_scan(const char *text, const char *file, const char *folder, struct conf_faults *faults)
{
	return scan_text(text, file, folder, 0, faults);
}
