/* SPDX-License-Identifier: ISC */
/*
 * expiry_decide.h - when somebody has to be told of a kept certificate, as pure functions.
 *
 * Twice in its life, if nobody renews it: when `within` is left of it, or a third of its life if that
 * is shorter, and when it has ended. Who looks remembers only when it looked last: what became due
 * since then is told now, and never again.
 */
#ifndef EXPIRY_DECIDE_H
#define EXPIRY_DECIDE_H

#include <stdint.h>

#include <acmems/x509.h>

enum expiry_stage {
	EXPIRY_QUIET, /* nothing to tell, or it has been told */
	EXPIRY_NEAR,
	EXPIRY_OVER,
};

/* When it is near its end; all are seconds. */
int64_t expiry_near_at(const struct acmems_cert *cert, int64_t within);

/*
 * last: when it was looked last, 0: never. Of what had ended before the first look nobody is told: a
 * storage may well have grown for years.
 */
enum expiry_stage expiry_stage(
	const struct acmems_cert *cert, int64_t within, int64_t last, int64_t now);

/* Whole days that are left, 0 when it has ended. */
int64_t expiry_days_left(int64_t not_after, int64_t now);

#endif
