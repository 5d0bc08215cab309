/* SPDX-License-Identifier: ISC */
/* validator/dns-persist01_record.c - see dns-persist01_record.h. */
#include "dns-persist01_record.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TEXT_MAX 4096

/* What a record says; texts point into its copy. */
struct said {
	const char *issuer;
	const char *account;
	const char *until;
	const char *policy;
	const char *wrong; /* the parameter that makes no sense */
};

/* ---- reading ---- */

static char *trim(char *text)
{
	size_t len;

	while (*text == ' ' || *text == '\t')
		text++;
	len = strlen(text);
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		text[--len] = '\0';
	return text;
}

/* Printable ASCII without blanks. */
static bool is_value(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* Says it once; twice is wrong. */
static bool take_once(const char **place, const char *value)
{
	bool first = *place == NULL;

	*place = value;
	return first;
}

/* Tags are compared without case; those that nobody knows are passed over. */
static bool take_parameter(struct said *said, char *parameter)
{
	char *value = strchr(parameter, '=');
	const char *tag;

	if (!value)
		return false;
	*value++ = '\0';
	tag = trim(parameter);
	value = trim(value);
	if (*tag == '\0' || !is_value(value))
		return false;
	if (strcasecmp(tag, "accounturi") == 0)
		return take_once(&said->account, value) && *value != '\0';
	if (strcasecmp(tag, "persistUntil") == 0)
		return take_once(&said->until, value) && *value != '\0' && strlen(value) <= 18 &&
		       value[strspn(value, "0123456789")] == '\0';
	if (strcasecmp(tag, "policy") == 0)
		return take_once(&said->policy, value);
	return true;
}

static void read_record(struct said *said, char *text)
{
	char *next = strchr(text, ';');

	*said = (struct said){0};
	if (next)
		*next++ = '\0';
	said->issuer = trim(text);
	while (next) {
		char *parameter = next;

		next = strchr(next, ';');
		if (next)
			*next++ = '\0';
		parameter = trim(parameter);
		if (!take_parameter(said, parameter) && !said->wrong)
			said->wrong = *parameter != '\0' ? parameter : ";";
	}
}

/* ---- judging ---- */

static bool same_name(const char *a, const char *b)
{
	size_t len = strlen(a);

	if (len > 0 && a[len - 1] == '.')
		len--;
	return strlen(b) == len && strncasecmp(a, b, len) == 0;
}

static bool is_ours(const struct acmems_challenge *challenge, const char *issuer)
{
	const char *const *at = challenge->issuer_domain_names;

	if (!at || !*at)
		return *issuer != '\0'; /* nobody has told whose it should be */
	while (*at && !same_name(issuer, *at))
		at++;
	return *at != NULL;
}

static bool is_account(const struct acmems_challenge *challenge, const char *account)
{
	const char *const *at = challenge->account_uris;

	while (at && *at && strcmp(*at, account) != 0)
		at++;
	return at && *at;
}

static int64_t number(const char *digits)
{
	int64_t value = 0;

	for (; *digits != '\0'; digits++)
		value = value * 10 + (*digits - '0');
	return value;
}

/* Other policies count as none. */
static bool covers_wildcards(const struct said *said)
{
	return said->policy && strcasecmp(said->policy, "wildcard") == 0;
}

static enum record_fault judge(const struct acmems_challenge *challenge, int64_t now,
	const struct said *said, const char **word)
{
	*word = said->issuer;
	if (!is_ours(challenge, said->issuer))
		return RECORD_OTHER_CA;
	*word = said->wrong;
	if (said->wrong)
		return RECORD_MALFORMED;
	if (!said->account)
		return RECORD_NO_ACCOUNT;
	*word = said->account;
	if (!is_account(challenge, said->account))
		return RECORD_OTHER_ACCOUNT;
	if (challenge->wildcard && !covers_wildcards(said))
		return RECORD_NO_WILDCARD;
	*word = said->until;
	return said->until && number(said->until) < now ? RECORD_EXPIRED : RECORD_GOOD;
}

/* Foreign text goes into logs and to clients. */
static void put_word(struct record_verdict *verdict, const char *word)
{
	snprintf(verdict->word, sizeof(verdict->word), "%s", word ? word : "");
	for (char *at = verdict->word; *at != '\0'; at++)
		if (!isprint((unsigned char)*at) || *at == '"')
			*at = '?';
}

void record_judge(const struct acmems_challenge *challenge, int64_t now, const char *text,
	size_t len, struct record_verdict *verdict)
{
	char copy[TEXT_MAX];
	struct said said;
	const char *word;

	snprintf(copy, sizeof(copy), "%s", text);
	read_record(&said, copy);
	if ((len >= sizeof(copy) || strlen(text) != len) && !said.wrong)
		said.wrong = "its length";
	verdict->fault = judge(challenge, now, &said, &word);
	put_word(verdict, word);
}

/* ---- telling ---- */

static const char *date(const char *digits, char out[32])
{
	time_t when = (time_t)number(digits);
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(out, 32, "long ago");
	return out;
}

void record_explain(const struct record_verdict *verdict, const char *name,
	const struct acmems_challenge *challenge, char *out, size_t room)
{
	const char *word = verdict->word;
	const char *issuer = challenge->issuer_domain_names && challenge->issuer_domain_names[0]
				     ? challenge->issuer_domain_names[0]
				     : "the CA";
	char text[32];

	switch (verdict->fault) {
	case RECORD_ABSENT:
		snprintf(out, room, "there is no TXT record at %s", name);
		return;
	case RECORD_OTHER_CA:
		snprintf(out, room, "the record at %s is for \"%s\", not for %s", name, word,
			issuer);
		return;
	case RECORD_MALFORMED:
		snprintf(out, room, "the record at %s is malformed at \"%s\"", name, word);
		return;
	case RECORD_NO_ACCOUNT:
		snprintf(out, room, "the record at %s names no accounturi", name);
		return;
	case RECORD_OTHER_ACCOUNT:
		snprintf(out, room, "the record at %s is for another account, %s", name, word);
		return;
	case RECORD_NO_WILDCARD:
		snprintf(out, room, "the record at %s has no policy=wildcard", name);
		return;
	case RECORD_EXPIRED:
		snprintf(out, room, "the record at %s has expired on %s (persistUntil=%s)", name,
			date(word, text), word);
		return;
	case RECORD_GOOD:
		snprintf(out, room, "the record at %s is right", name);
		return;
	}
}

bool record_wanted(const struct acmems_challenge *challenge, char *out, size_t room)
{
	if (!challenge->issuer_domain_names || !challenge->issuer_domain_names[0] ||
		!challenge->account_uris || !challenge->account_uris[0])
		return false;
	snprintf(out, room, "%s; accounturi=%s%s", challenge->issuer_domain_names[0],
		challenge->account_uris[0], challenge->wildcard ? "; policy=wildcard" : "");
	return true;
}
