/* SPDX-License-Identifier: ISC */
/* token_entry.c - one line of a list of tokens: its name, its digest, its end, its domains. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/crypto.h>
#include <acmems/glob.h>

#include "token_list.h"

#define LINE_MAX_LEN 16384
/* less than a token has, so that none is taken for a name */
#define NAME_MAX_LEN 31
#define BLANK " \t\r"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

/* ---- dates (RFC 3339, 5.6) ---- */

/* `digits` decimal digits within bounds, and what follows if that is fixed. */
static bool take_number(
	const char **at, size_t digits, char behind, int lowest, int highest, int *number)
{
	*number = 0;
	for (size_t i = 0; i < digits; i++, ++*at) {
		if (**at < '0' || **at > '9')
			return false;
		*number = *number * 10 + (**at - '0');
	}
	if (behind && *(*at)++ != behind)
		return false;
	return *number >= lowest && *number <= highest;
}

/* Parts of a second are dropped. */
static bool skip_fraction(const char **at)
{
	size_t digits;

	if (**at != '.')
		return true;
	digits = strspn(++*at, "0123456789");
	*at += digits;
	return digits > 0;
}

/* "Z" or "+01:00": how far the clock it was written by is ahead of UTC. */
static bool take_offset(const char **at, int *seconds)
{
	int hours, minutes;
	char sign = *(*at)++;

	*seconds = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !take_number(at, 2, ':', 0, 23, &hours) ||
		!take_number(at, 2, '\0', 0, 59, &minutes))
		return false;
	*seconds = (hours * 60 + minutes) * (sign == '-' ? -60 : 60);
	return true;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool read_date(const char *at, int64_t *ret)
{
	struct tm parts = {0};
	int offset;

	if (!take_number(&at, 4, '-', 1970, 9999, &parts.tm_year) ||
		!take_number(&at, 2, '-', 1, 12, &parts.tm_mon) ||
		!take_number(
			&at, 2, '\0', 1, days_of(parts.tm_year, parts.tm_mon), &parts.tm_mday) ||
		(*at != 'T' && *at != 't'))
		return false;
	at++;
	/* a leap second is the first of the next minute */
	if (!take_number(&at, 2, ':', 0, 23, &parts.tm_hour) ||
		!take_number(&at, 2, ':', 0, 59, &parts.tm_min) ||
		!take_number(&at, 2, '\0', 0, 60, &parts.tm_sec) || !skip_fraction(&at))
		return false;
	if (!take_offset(&at, &offset) || *at)
		return false;
	parts.tm_year -= 1900;
	parts.tm_mon--;
	*ret = (int64_t)timegm(&parts) - offset;
	return true;
}

/* ---- the parts of a line ---- */

/* The next word, ended with a NUL, or NULL; *at is behind it then. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, BLANK);
	char *end = word + strcspn(word, BLANK);

	*at = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

static bool read_name(struct token_entry *entry, const char *word, struct acmems_error *err)
{
	size_t len = word ? strspn(word, NAME_LETTERS) : 0;

	if (len == 0 || word[len] || len > NAME_MAX_LEN)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"the token's name has to be of letters, digits, '.', '_' and '-', "
			"%d at most",
			NAME_MAX_LEN);
	entry->name = word;
	return true;
}

/* Words are not repeated: one may be the token itself. */
static bool read_digest(struct token_entry *entry, const char *word, struct acmems_error *err)
{
	if (word && acmems_unhex(word, strlen(word), entry->digest, TOKEN_DIGEST_LEN))
		return true;
	return acmems_error_set(err, ACMEMS_CONFIG,
		"behind the name \"%s\" has to come the SHA-256 digest of the token, %d hex digits",
		entry->name, 2 * TOKEN_DIGEST_LEN);
}

static bool read_expiry(struct token_entry *entry, const char *word, struct acmems_error *err)
{
	entry->expires = INT64_MAX;
	if (!word || strcmp(word, "-") == 0 || read_date(word, &entry->expires))
		return true;
	return acmems_error_set(err, ACMEMS_CONFIG,
		"token \"%s\": behind the digest comes a date like 2027-01-31T12:00:00Z, or \"-\" "
		"for "
		"none, and only then domains",
		entry->name);
}

static bool read_domains(struct token_entry *entry, char *at, struct acmems_error *err)
{
	/* each has a blank in front */
	size_t most = (strlen(at) + 1) / 2 + 1;

	entry->domains = calloc(most, sizeof(*entry->domains));
	if (!entry->domains)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a token's domains");
	for (char *word = next_word(&at); word; word = next_word(&at)) {
		if (!acmems_glob_domain(word, err))
			return acmems_error_context(err, "token \"%s\"", entry->name);
		entry->domains[entry->domain_count++] = word;
	}
	return true;
}

bool token_entry_read(
	struct token_entry *entry, const char *line, size_t len, struct acmems_error *err)
{
	char *at;

	*entry = (struct token_entry){0};
	if (len > LINE_MAX_LEN)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"%zu characters in a line, more than %d", len, LINE_MAX_LEN);
	entry->line = strndup(line, len);
	if (!entry->line)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a token");
	entry->line_len = len;
	at = entry->line;
	if (read_name(entry, next_word(&at), err) && read_digest(entry, next_word(&at), err) &&
		read_expiry(entry, next_word(&at), err) && read_domains(entry, at, err))
		return true;
	token_entry_fini(entry);
	return false;
}

bool token_entry_fits(const struct token_entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->domain_count; i++) {
		if (acmems_glob_match(entry->domains[i], name, true))
			return true;
	}
	return entry->domain_count == 0;
}

void token_entry_fini(struct token_entry *entry)
{
	/* somebody may have written down a token where its digest belongs */
	if (entry->line)
		acmems_wipe(entry->line, entry->line_len);
	free(entry->line);
	free(entry->domains);
	*entry = (struct token_entry){0};
}
