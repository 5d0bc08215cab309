/* SPDX-License-Identifier: ISC */
/*
 * retry_after.c - the Retry-After header (RFC 9110, 10.2.3): seconds, or a date in one of the three
 * forms of RFC 9110, 5.6.7. Own parser, because the C library's knows locales and lets much through.
 */
#include "acme/request.h"

#include <string.h>

#define DAY_S 86400
#define NUMBER_MAX 1000000000

struct date {
	int64_t year;
	int64_t month; /* 1..12 */
	int64_t day;
	int64_t hour;
	int64_t minute;
	int64_t second;
};

static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char short_days[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const long_days[7] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

/* Exactly `digits` digits at *at, which moves on. */
static bool take_number(const char **at, int digits, int64_t *ret)
{
	*ret = 0;
	for (int i = 0; i < digits; i++) {
		char c = **at;

		if (c < '0' || c > '9')
			return false;
		*ret = *ret * 10 + (c - '0');
		(*at)++;
	}
	return true;
}

static bool take(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

static bool take_month(const char **at, int64_t *month)
{
	for (int i = 0; i < 12; i++) {
		if (take(at, months[i])) {
			*month = i + 1;
			return true;
		}
	}
	return false;
}

static bool take_short_day(const char **at)
{
	for (int i = 0; i < 7; i++) {
		if (take(at, short_days[i]))
			return true;
	}
	return false;
}

static bool take_long_day(const char **at)
{
	for (int i = 0; i < 7; i++) {
		if (take(at, long_days[i]))
			return true;
	}
	return false;
}

static bool take_time(const char **at, struct date *date)
{
	return take_number(at, 2, &date->hour) && take(at, ":") &&
	       take_number(at, 2, &date->minute) && take(at, ":") &&
	       take_number(at, 2, &date->second);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool imf_date(const char *at, struct date *date)
{
	return take_short_day(&at) && take(&at, ", ") && take_number(&at, 2, &date->day) &&
	       take(&at, " ") && take_month(&at, &date->month) && take(&at, " ") &&
	       take_number(&at, 4, &date->year) && take(&at, " ") && take_time(&at, date) &&
	       take(&at, " GMT") && *at == '\0';
}

/* Sunday, 06-Nov-94 08:49:37 GMT; two digits of a year mean the nearest such year around 2000 */
static bool rfc850_date(const char *at, struct date *date)
{
	bool ok = take_long_day(&at) && take(&at, ", ") && take_number(&at, 2, &date->day) &&
		  take(&at, "-") && take_month(&at, &date->month) && take(&at, "-") &&
		  take_number(&at, 2, &date->year) && take(&at, " ") && take_time(&at, date) &&
		  take(&at, " GMT") && *at == '\0';

	date->year += date->year < 70 ? 2000 : 1900;
	return ok;
}

/* Sun Nov  6 08:49:37 1994 */
static bool asctime_date(const char *at, struct date *date)
{
	return take_short_day(&at) && take(&at, " ") && take_month(&at, &date->month) &&
	       take(&at, " ") &&
	       (take(&at, " ") ? take_number(&at, 1, &date->day)
			       : take_number(&at, 2, &date->day)) &&
	       take(&at, " ") && take_time(&at, date) && take(&at, " ") &&
	       take_number(&at, 4, &date->year) && *at == '\0';
}

static bool sane(const struct date *date)
{
	return date->year >= 1970 && date->year <= 9999 && date->day >= 1 && date->day <= 31 &&
	       date->hour <= 23 && date->minute <= 59 && date->second <= 60;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar, counted in years from March. */
static int64_t days_of(const struct date *date)
{
	int64_t year = date->month <= 2 ? date->year - 1 : date->year;
	int64_t month = (date->month + 9) % 12;

	return 365 * year + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 +
	       date->day - 1 - 719468;
}

static int64_t bounded_ms(int64_t seconds)
{
	if (seconds < 0)
		return 0;
	return (seconds > DAY_S ? DAY_S : seconds) * 1000;
}

static int64_t parse_seconds(const char *value)
{
	int64_t seconds = 0;

	if (*value == '\0')
		return -1;
	for (; *value != '\0'; value++) {
		if (*value < '0' || *value > '9')
			return -1;
		if (seconds < NUMBER_MAX)
			seconds = seconds * 10 + (*value - '0');
	}
	return bounded_ms(seconds);
}

int64_t acme_retry_after(const char *value, int64_t wall_now)
{
	struct date date = {0};

	if (*value >= '0' && *value <= '9')
		return parse_seconds(value);
	if (!imf_date(value, &date) && !rfc850_date(value, &date) && !asctime_date(value, &date))
		return -1;
	if (!sane(&date))
		return -1;
	return bounded_ms(days_of(&date) * DAY_S + date.hour * 3600 + date.minute * 60 +
			  date.second - wall_now);
}
