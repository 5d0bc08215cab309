/* SPDX-License-Identifier: ISC */
/* expiry_decide.c - dates compared. */
#include "notify/expiry_decide.h"

#define DAY 86400

int64_t expiry_near_at(const struct acmems_cert *cert, int64_t within)
{
	int64_t third = (cert->not_after - cert->not_before) / 3;

	return cert->not_after - (within < third ? within : third);
}

enum expiry_stage expiry_stage(
	const struct acmems_cert *cert, int64_t within, int64_t last, int64_t now)
{
	int64_t near_at = expiry_near_at(cert, within);

	if (now >= cert->not_after)
		return last > 0 && cert->not_after > last ? EXPIRY_OVER : EXPIRY_QUIET;
	return now >= near_at && near_at > last ? EXPIRY_NEAR : EXPIRY_QUIET;
}

int64_t expiry_days_left(int64_t not_after, int64_t now)
{
	return not_after > now ? (not_after - now) / DAY : 0;
}
