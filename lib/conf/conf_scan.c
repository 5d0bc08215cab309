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

static void skip_string(struct scan *scan)
{
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
	if (*scan->at)
		scan->at++;
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

/* The line with that number, without leading space; *len is its length. */
static const char *find_line(const char *text, unsigned line, size_t *len)
{
	while (line > 1) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
		line--;
	}
	text += strspn(text, " \t");
	*len = strcspn(text, "\n");
	return text;
}

static bool ends_like(const char *line, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	while (len > 0 && strchr("; \t,}\r", line[len - 1]))
		len--;
	return len > word_len && strncmp(line + len - word_len, word, word_len) == 0 &&
	       strchr("= \t:[,", line[len - word_len - 1]);
}

static bool trailing_comma(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (line[i] != ',')
			continue;
		i += 1 + strspn(line + i + 1, " \t");
		if (i < len && (line[i] == ']' || line[i] == ')'))
			return true;
	}
	return false;
}

const char *conf_scan_hint(const char *text, unsigned line)
{
	static const char *const not_bools[] = {"yes", "no", "on", "off", "Yes", "No"};
	size_t len = 0;
	const char *found = find_line(text, line, &len);

	if (!found || line == 0)
		return "";
	for (size_t i = 0; i < sizeof(not_bools) / sizeof(not_bools[0]); i++) {
		if (ends_like(found, len, not_bools[i]))
			return ": write true or false, other words in quotes";
	}
	if (trailing_comma(found, len) || *found == ']' || *found == ')')
		return ": a list must not end in a comma";
	return " (on this line or the one before: is a quote or a semicolon missing?)";
}
