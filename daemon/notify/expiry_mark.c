/* SPDX-License-Identifier: ISC */
/* expiry_mark.c - two numbers in a line: when, and with which `within`. */
#include "notify/expiry_mark.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <acmems/file.h>

#define LINE_MAX_LEN 64

static bool path_of(char out[PATH_MAX], const char *dir, const char *name, struct acmems_error *err)
{
	int len = snprintf(out, PATH_MAX, "%s/expiring-%s", dir, name);

	return (len > 0 && len < PATH_MAX) ||
	       acmems_error_set(err, ACMEMS_CONFIG, "the path \"%.100s...\" is too long", out);
}

int64_t expiry_mark_read(const char *dir, const char *name, int64_t within, int64_t now)
{
	struct acmems_error ignored = {0};
	char path[PATH_MAX];
	char *text = NULL, *rest = NULL;
	size_t len = 0;
	int64_t last = 0;

	if (!path_of(path, dir, name, &ignored) ||
		!acmems_file_read(path, LINE_MAX_LEN, &text, &len, &ignored))
		return 0;
	last = strtoll(text, &rest, 10);
	if (*rest != ' ' || strtoll(rest, NULL, 10) != within || last < 0 || last > now)
		last = 0;
	free(text);
	return last;
}

bool expiry_mark_write(
	const char *dir, const char *name, int64_t within, int64_t now, struct acmems_error *err)
{
	char path[PATH_MAX];
	char line[LINE_MAX_LEN];
	int len = snprintf(line, sizeof(line), "%" PRId64 " %" PRId64 "\n", now, within);

	return path_of(path, dir, name, err) &&
	       acmems_file_write(path, line, (size_t)len, 0600, err);
}
