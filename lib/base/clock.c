/* SPDX-License-Identifier: ISC */
/* clock.c - the one clock. Tests replace this file to move time. */
#include <acmems/loop.h>

#include <time.h>

int64_t acmems_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t acmems_clock_wall(void)
{
	return (int64_t)time(NULL);
}
