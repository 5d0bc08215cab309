/* SPDX-License-Identifier: ISC */
/*
 * clock_shift.c - a server's clock that is wrong by CLOCK_SHIFT seconds, by LD_PRELOAD: what it takes
 * for the time of day, and nothing else. Timers and waits are left alone.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift(void)
{
	const char *text = getenv("CLOCK_SHIFT");

	return text ? (time_t)strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	long failed = syscall(SYS_clock_gettime, clock, now);

	if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		now->tv_sec += shift();
	return (int)failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;
	int failed = clock_gettime(CLOCK_REALTIME, &exact);

	(void)zone;
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return failed;
}

time_t time(time_t *ret)
{
	struct timespec exact = {0};

	clock_gettime(CLOCK_REALTIME, &exact);
	if (ret)
		*ret = exact.tv_sec;
	return exact.tv_sec;
}
