/* SPDX-License-Identifier: ISC */
/*
 * dns/find_view.h - what answers have told about a name on the way to its zone, and the pure function
 * that says what to ask next. Asking is in dns/find.c.
 */
#ifndef DNS_FIND_VIEW_H
#define DNS_FIND_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/dns.h>
#include <acmems/error.h>

#define FIND_CNAMES_MAX 8

enum find_step {
	FIND_FOLLOW, /* ask whether there is a CNAME at the owner */
	FIND_CLIMB, /* ask for the SOA of view->asked */
	FIND_DONE,
	FIND_FAILED, /* view->why says why */
};

/* Names are normal (dns/name.h). */
struct find_view {
	char owner[ACMEMS_DNS_NAME_MAX]; /* where the CNAMEs have led so far */
	char chain[FIND_CNAMES_MAX][ACMEMS_DNS_NAME_MAX]; /* where they were */
	unsigned hops;
	bool followed; /* the owner has no CNAME, as far as anybody says */
	bool zone_known; /* it was given */
	char asked[ACMEMS_DNS_NAME_MAX]; /* whose SOA is wanted */
	char zone[ACMEMS_DNS_NAME_MAX];
	bool has_soa; /* zone, primary and minimum are known */
	bool climbed; /* nothing is left to be asked */
	char primary[ACMEMS_DNS_NAME_MAX];
	uint32_t minimum;
	struct acmems_error fault; /* the first question that failed; code ACMEMS_OK: none did */
	struct acmems_error why;
};

/* False and *err for names that are none. zone may be NULL. */
bool find_view_init(
	struct find_view *view, const char *name, const char *zone, struct acmems_error *err);

enum find_step find_decide(const struct find_view *view);

/* Takes what came of the step's question: answer or err. */
void find_take_cname(struct find_view *view, const struct acmems_dns_answer *answer,
	const struct acmems_error *err);
void find_take_soa(struct find_view *view, const struct acmems_dns_answer *answer,
	const struct acmems_error *err);

#endif
