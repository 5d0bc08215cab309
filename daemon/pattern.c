/* SPDX-License-Identifier: ISC */
/* pattern.c - what may stand in a domain. Knows no configuration and no policy. */
#include "pattern.h"

#include <string.h>

/* Not tolower(): names are ASCII whatever the locale says. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool usable(char c)
{
	c = fold(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '*' || c == '?';
}

bool pattern_valid(const char *pattern, struct acmems_error *err)
{
	size_t len = strlen(pattern);

	if (len == 0)
		return acmems_error_set(err, ACMEMS_CONFIG, "an empty domain fits no name");
	if (len > PATTERN_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"a domain of %zu characters is longer than any name (%d)", len,
			PATTERN_MAX);
	for (const char *c = pattern; *c; c++) {
		if (*c == '[' || *c == ']')
			return acmems_error_set(err, ACMEMS_CONFIG,
				"domain \"%s\": sets like [ab] are not known, only * and ?",
				pattern);
		if (!usable(*c))
			return acmems_error_set(err, ACMEMS_CONFIG,
				"domain \"%s\" has a character that no name has at position %zu",
				pattern, (size_t)(c - pattern) + 1);
	}
	return true;
}
