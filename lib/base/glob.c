/* SPDX-License-Identifier: ISC */
/* glob.c - matches texts against globs of `*` and `?`. */
#include <acmems/glob.h>

#include <stddef.h>

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
