/* SPDX-License-Identifier: ISC */
/* units.c - durations and sizes. */
#include "conf/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A hundred years: longer than anything here is meant to wait, and far from overflow. */
#define DURATION_MAX (INT64_C(100) * 366 * 86400 * 1000)
#define SIZE_MAX_BYTES (INT64_C(1) << 40)

static const struct {
	const char *name;
	int64_t ms;
} durations[] = {
	{"w", INT64_C(7) * 86400000},
	{"d", 86400000},
	{"h", 3600000},
	{"m", 60000},
	{"s", 1000},
	{"ms", 1},
};

static int64_t duration_unit(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (strlen(durations[i].name) == len && strncmp(durations[i].name, name, len) == 0)
			return durations[i].ms;
	}
	return 0;
}

/* Digits at *text, at most max; advances behind them. */
static bool number(const char **text, int64_t max, int64_t *value)
{
	if (!isdigit((unsigned char)**text))
		return false;
	*value = 0;
	while (isdigit((unsigned char)**text)) {
		*value = *value * 10 + (**text - '0');
		if (*value > max)
			return false;
		++*text;
	}
	return true;
}

bool units_duration(const char *text, const char *unit, int64_t *ms)
{
	int64_t total = 0, value, factor;

	do {
		size_t len;

		if (!number(&text, DURATION_MAX, &value))
			return false;
		len = strspn(text, "abcdefghijklmnopqrstuvwxyz");
		if (len == 0 && total == 0 && *text == '\0')
			factor = duration_unit(unit, strlen(unit));
		else
			factor = duration_unit(text, len);
		if (factor == 0 || value > (DURATION_MAX - total) / factor)
			return false;
		total += value * factor;
		text += len;
	} while (*text);
	*ms = total;
	return true;
}

bool units_size(const char *text, int64_t *bytes)
{
	int64_t value, factor = 1;

	if (!number(&text, SIZE_MAX_BYTES, &value))
		return false;
	if (strcasecmp(text, "k") == 0)
		factor = 1 << 10;
	else if (strcasecmp(text, "m") == 0)
		factor = 1 << 20;
	else if (strcasecmp(text, "g") == 0)
		factor = 1 << 30;
	else if (*text)
		return false;
	if (value > SIZE_MAX_BYTES / factor)
		return false;
	*bytes = value * factor;
	return true;
}

const char *units_duration_text(int64_t ms, char out[32])
{
	for (size_t i = 1; i < sizeof(durations) / sizeof(durations[0]); i++) {
		if (ms != 0 && ms % durations[i].ms == 0) {
			snprintf(out, 32, "%" PRId64 "%s", ms / durations[i].ms, durations[i].name);
			return out;
		}
	}
	snprintf(out, 32, "0s");
	return out;
}

const char *units_size_text(int64_t bytes, char out[32])
{
	static const char names[] = "gmk";

	for (unsigned i = 0; i < 3; i++) {
		int64_t factor = INT64_C(1) << (30 - 10 * i);

		if (bytes != 0 && bytes % factor == 0) {
			snprintf(out, 32, "%" PRId64 "%c", bytes / factor, names[i]);
			return out;
		}
	}
	snprintf(out, 32, "%" PRId64, bytes);
	return out;
}
