/* SPDX-License-Identifier: ISC */
/* glob.c - matches texts against globs of `*` and `?`, and says which of them are domains. */
#include <acmems/glob.h>

#include <stddef.h>
#include <string.h>

/* Not tolower(): names are ASCII whatever the locale says. */
static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same(char one, char other, bool fold)
{
	return one == other || (fold && lower(one) == lower(other));
}

/*
 * Only the last `*` ever has to be reconsidered: a longer run for an earlier one can not reach
 * anything that the later one does not reach, too.
 */
bool acmems_glob_match(const char *pattern, const char *text, bool fold)
{
	const char *star = NULL;
	const char *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == '?' || (*pattern && is_same(*pattern, *text, fold))) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static bool is_usable(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._*?", c));
}

bool acmems_glob_domain(const char *pattern, struct acmems_error *err)
{
	size_t len = strlen(pattern);

	if (len == 0)
		return acmems_error_set(err, ACMEMS_CONFIG, "an empty domain fits no name");
	if (len > ACMEMS_GLOB_DOMAIN_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"a domain of %zu characters is longer than any name (%d)", len,
			ACMEMS_GLOB_DOMAIN_MAX);
	for (const char *c = pattern; *c; c++) {
		if (*c == '[' || *c == ']')
			return acmems_error_set(err, ACMEMS_CONFIG,
				"domain \"%s\": sets like [ab] are not known, only * and ?",
				pattern);
		if (!is_usable(*c))
			return acmems_error_set(err, ACMEMS_CONFIG,
				"domain \"%s\" has a character that no name has at position %zu",
				pattern, (size_t)(c - pattern) + 1);
	}
	return true;
}
