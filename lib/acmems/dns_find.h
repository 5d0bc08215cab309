/* SPDX-License-Identifier: ISC */
/*
 * dns_find.h - where a record has to be, and waiting until it is seen. Names, servers and numbers as
 * in dns.h.
 */
#ifndef ACMEMS_DNS_FIND_H
#define ACMEMS_DNS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/dns.h>
#include <acmems/error.h>

/* ---- where a record has to be ---- */

/* Valid during the callback. Names are in lower case with the last dot. */
struct acmems_dns_place {
	/* where the CNAMEs (RFC 1034, 3.6.2) lead: the name the record goes to */
	const char *owner;
	const char *zone; /* in which it lies, by its SOA */
	const char *primary; /* the SOA's MNAME; NULL if the zone was given and has none */
	/* of the SOA, seconds: how long resolvers may remember that it is absent */
	uint32_t minimum;
};

/* Either place or err, valid during the call. */
typedef void acmems_dns_place_done(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *err);

/* All of it is copied. */
struct acmems_dns_find {
	const char *name; /* the record's, before any CNAME */
	/* if it is known: CNAMEs are followed, and have to lead to a name in it; NULL: looked for */
	const char *zone;
	char *const *resolvers; /* as the servers of a question; they have to recurse */
	int64_t timeout_ms; /* for all of it; > 0 */
};

/*
 * Follows CNAMEs at the name (8 at most, a loop is an error) over zones and servers, then finds the
 * zone: the SOA of the name itself, of the authority section, or of the labels above. Servers that
 * fail at one label are passed over as long as one above answers. What is wrong with the zones
 * themselves is ACMEMS_VALIDATION, a zone that was given and does not fit ACMEMS_CONFIG. 0 and *err
 * on failure to start.
 */
uint64_t acmems_dns_find(const struct acmems_dns_find *find, acmems_dns_place_done *done, void *arg,
	struct acmems_error *err);
void acmems_dns_find_cancel(uint64_t id);

/* ---- until it is seen ---- */

/* All of it is copied. */
struct acmems_dns_wait {
	const char *owner; /* of the TXT record; CNAMEs are not followed */
	const char *zone; /* whose name servers are asked */
	const char *value; /* the TXT value that all of them have to show beside whatever else */
	bool absent; /* wait until none shows it any more instead */
	/* exactly these, 64 at most, instead of the zone's name servers; NULL: the zone's */
	char *const *servers;
	uint16_t port; /* of the zone's name servers; 0: 53 */
	char *const *resolvers; /* to find the name servers' addresses with; NULL: the system's */
	int64_t timeout_ms; /* > 0 */
	/*
	 * Says of every TXT value that is there whether it is what is waited for, instead of comparing
	 * it to value, which is not used then. With the arg of acmems_dns_wait(); NUL-terminated.
	 */
	bool (*shows)(void *arg, const char *text, size_t len);
	bool once; /* do not wait for servers that have answered: take their first word */
};

/* err NULL: it is so; else valid during the call. */
typedef void acmems_dns_wait_done(void *arg, const struct acmems_error *err);

/*
 * Asks every name server of the zone, at every address it has, again and again (after 0.1 s at
 * first, 5 s at most) until each shows the value; without recursion, so that no cache is asked. An
 * address family that this machine has no route for is left out as long as another one is left, and so
 * is a name server whose addresses the resolvers fail to tell, when they were asked four times.
 * Servers that are given may be resolvers: they are asked with recursion, and may remember for a
 * while that the value was not there. The error at the deadline (ACMEMS_TIMEOUT) says which servers
 * lagged, and what they said last; with `once` it comes (ACMEMS_NOT_FOUND) as soon as no server is
 * silent any more. 0 and *err on failure to start.
 */
uint64_t acmems_dns_wait(const struct acmems_dns_wait *wait, acmems_dns_wait_done *done, void *arg,
	struct acmems_error *err);
void acmems_dns_wait_cancel(uint64_t id);

#endif
