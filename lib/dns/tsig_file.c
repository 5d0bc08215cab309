/* SPDX-License-Identifier: ISC */
/*
 * tsig_file.c - the key files that tsig-keygen, rndc-confgen and keymgr write: a BIND "key" statement,
 * or Knot's YAML. Exactly one key has to be in it, so that nobody signs with a key by accident.
 */
#include <acmems/crypto.h>
#include <acmems/dns_update.h>

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 1024

struct found {
	char name[WORD_MAX];
	char algorithm[WORD_MAX];
	char secret[WORD_MAX];
	unsigned keys;
};

struct text {
	const char *at;
	const char *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool copy_word(char out[WORD_MAX], const char *from, size_t len)
{
	if (len >= WORD_MAX || memchr(from, '\0', len))
		return false;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/* ---- BIND ---- */

/* Steps over "# ...", "// ..." and a comment as this one; false if there is none here. */
static bool skip_comment(struct text *text)
{
	size_t left = (size_t)(text->end - text->at);

	if (left >= 2 && text->at[0] == '/' && text->at[1] == '*') {
		const char *close = memmem(text->at + 2, left - 2, "*/", 2);

		text->at = close ? close + 2 : text->end;
		return true;
	}
	if (text->at[0] != '#' && !(left >= 2 && text->at[0] == '/' && text->at[1] == '/'))
		return false;
	text->at = memchr(text->at, '\n', left);
	if (!text->at)
		text->at = text->end;
	return true;
}

/* The next word, quoted text, or one of "{};"; false at the end or for a word that is too long. */
static bool next_token(struct text *text, char token[WORD_MAX])
{
	const char *start, *close;

	while (text->at < text->end && (is_blank(*text->at) || skip_comment(text)))
		text->at += text->at < text->end && is_blank(*text->at);
	start = text->at;
	if (start == text->end)
		return false;
	if (*start == '"') {
		close = memchr(start + 1, '"', (size_t)(text->end - start - 1));
		if (!close)
			return false;
		text->at = close + 1;
		return copy_word(token, start + 1, (size_t)(close - start - 1));
	}
	text->at++;
	if (!strchr("{};", *start))
		while (text->at < text->end && !is_blank(*text->at) && !strchr("{};\"", *text->at))
			text->at++;
	return copy_word(token, start, (size_t)(text->at - start));
}

/* Behind "key NAME {", up to its "}". */
static bool read_statement(struct text *text, struct found *found)
{
	char token[WORD_MAX];
	bool ok = true;

	while (ok && next_token(text, token) && strcmp(token, "}") != 0) {
		if (strcasecmp(token, "algorithm") == 0)
			ok = next_token(text, found->algorithm);
		else if (strcasecmp(token, "secret") == 0)
			ok = next_token(text, found->secret);
		else
			ok = strcmp(token, ";") == 0;
	}
	acmems_wipe(token, sizeof(token));
	return ok;
}

/* Other statements may stand beside the key. */
static bool read_bind(struct text text, struct found *found)
{
	char token[WORD_MAX];
	unsigned depth = 0;
	bool at_start = true;

	while (next_token(&text, token)) {
		bool key = depth == 0 && at_start && strcasecmp(token, "key") == 0;

		at_start = *token == ';';
		if (key) {
			found->keys++;
			if (!next_token(&text, found->name) || !next_token(&text, token) ||
				strcmp(token, "{") != 0 || !read_statement(&text, found))
				return false;
		} else if (*token == '{') {
			depth++;
		} else if (*token == '}' && depth > 0) {
			depth--;
		}
	}
	return true;
}

/* ---- Knot ---- */

/* The value of "NAME: VALUE" at a line's start, without quotes; NULL if it is not NAME's line. */
static bool take_value(
	const char *line, size_t len, const char *name, char value[WORD_MAX], bool *ok)
{
	size_t name_len = strlen(name);
	char quote;

	if (len <= name_len || memcmp(line, name, name_len) != 0 || line[name_len] != ':')
		return false;
	line += name_len + 1;
	len -= name_len + 1;
	while (len > 0 && is_blank(*line))
		line++, len--;
	while (len > 0 && is_blank(line[len - 1]))
		len--;
	quote = len >= 2 ? *line : '\0';
	if ((quote == '"' || quote == '\'') && line[len - 1] == quote)
		line++, len -= 2;
	*ok = copy_word(value, line, len);
	return true;
}

/* One line of the section "key:". */
static bool read_line(const char *line, size_t len, struct found *found)
{
	bool ok = true;

	while (len > 0 && (is_blank(*line) || *line == '-'))
		line++, len--;
	if (take_value(line, len, "id", found->name, &ok))
		found->keys++;
	else if (!take_value(line, len, "algorithm", found->algorithm, &ok))
		take_value(line, len, "secret", found->secret, &ok);
	return ok;
}

static bool read_knot(struct text text, struct found *found)
{
	bool inside = false;

	while (text.at < text.end) {
		const char *line = text.at;
		const char *newline = memchr(line, '\n', (size_t)(text.end - line));
		size_t len = (size_t)((newline ? newline : text.end) - line);

		text.at = newline ? newline + 1 : text.end;
		if (len == 0 || *line == '#')
			continue;
		if (!is_blank(*line) && *line != '-')
			inside = len >= 4 && memcmp(line, "key:", 4) == 0;
		else if (inside && !read_line(line, len, found))
			return false;
	}
	return true;
}

/* Whether a line begins with "key:". */
static bool is_knot(struct text text)
{
	while (text.end - text.at >= 4) {
		if (memcmp(text.at, "key:", 4) == 0)
			return true;
		text.at = memchr(text.at, '\n', (size_t)(text.end - text.at));
		if (!text.at)
			return false;
		text.at++;
	}
	return false;
}

struct acmems_tsig_key *acmems_tsig_key_read(const char *text, size_t len, struct acmems_error *err)
{
	struct text all = {.at = text, .end = text + len};
	struct found found = {0};
	struct acmems_tsig_key *key = NULL;
	bool ok = is_knot(all) ? read_knot(all, &found) : read_bind(all, &found);

	if (found.keys > 1)
		acmems_error_set(err, ACMEMS_CONFIG,
			"more than one TSIG key is in the file; it has to have just the one to "
			"use");
	else if (!ok || found.keys == 0 || !*found.algorithm || !*found.secret)
		acmems_error_set(err, ACMEMS_CONFIG,
			"no TSIG key is in the file; write: key \"NAME\" { algorithm hmac-sha256; "
			"secret \"BASE64\"; }; as tsig-keygen does, or the YAML of keymgr");
	else
		key = acmems_tsig_key_new(found.name, found.algorithm, found.secret, err);
	acmems_wipe(&found, sizeof(found));
	return key;
}
