/* SPDX-License-Identifier: ISC */
/*
 * dns.h - the DNS for modules: questions. Where a record has to be and waiting until it is seen are in
 * dns_find.h, updates in dns_update.h, an authoritative responder in dns_server.h, options that validators
 * share in dns_look.h.
 *
 * Names are texts in presentation form, absolute with or without the last dot; those in answers are
 * in lower case with it. Servers are texts, "192.0.2.53", "[2001:db8::53]:5353" or "ns1.example.net";
 * without a port it is 53. Nothing is cached. Everything that takes time is started, returns a
 * number, and calls back exactly once from the loop unless it is cancelled; cancelling is silent and
 * harmless for a number that is done.
 */
#ifndef ACMEMS_DNS_H
#define ACMEMS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>

#define ACMEMS_DNS_NAME_MAX 1024 /* room for any name in presentation form, with NUL */

/* Whether a text is a domain name, or names a server; if not, *err (ACMEMS_CONFIG) says so. */
bool acmems_dns_name_check(const char *name, struct acmems_error *err);
bool acmems_dns_server_check(const char *text, struct acmems_error *err);

/* Types of records that are understood (RFC 1035, RFC 3596). */
enum acmems_dns_type {
	ACMEMS_DNS_A = 1,
	ACMEMS_DNS_NS = 2,
	ACMEMS_DNS_CNAME = 5,
	ACMEMS_DNS_SOA = 6,
	ACMEMS_DNS_TXT = 16,
	ACMEMS_DNS_AAAA = 28,
};

/* Where in a message a record stands (RFC 1035, 4.1). */
enum acmems_dns_section { ACMEMS_DNS_ANSWER, ACMEMS_DNS_AUTHORITY, ACMEMS_DNS_ADDITIONAL };

struct acmems_dns_record {
	enum acmems_dns_section section;
	uint16_t type; /* enum acmems_dns_type */
	uint32_t ttl; /* seconds */
	const char *name; /* its owner */
	const char *target; /* NS, CNAME; SOA: the primary (MNAME); else NULL */
	const char *
		text; /* TXT: its strings joined, NUL-terminated behind len bytes, which may be any; else NULL */
	size_t len; /* bytes of text; else 0 */
	struct acmems_address address; /* A, AAAA; port 0 */
	uint32_t minimum; /* SOA: for how long an absence may be cached, seconds */
};

/* Valid during the callback. */
struct acmems_dns_answer {
	unsigned rcode; /* 0 NOERROR or 3 NXDOMAIN (RFC 1035, 4.1.1): an answer, not a fault */
	bool authoritative; /* its AA bit */
	const struct acmems_dns_record *records; /* of the types above only */
	size_t count;
	const char *server; /* who said so, "192.0.2.53:53" */
};

/* Either answer or err, valid during the call. */
typedef void acmems_dns_done(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err);

/* All of it is copied. */
struct acmems_dns_question {
	const char *name; /* absolute, with or without the last dot */
	enum acmems_dns_type type; /* of the records that are wanted */
	char *const *servers; /* tried in turn, 32 at most, NULL at the end; NULL: the system's */
	bool recursive; /* have the server ask others */
	int64_t timeout_ms; /* for all of it; > 0 */
};

/*
 * Asks: over UDP, again when nothing comes, over TCP when the answer was cut, the next server when
 * one does not answer, or answers anything but NOERROR and NXDOMAIN. The error of a question
 * that nobody answered names every server and what it did; its code is the last server's, mostly
 * ACMEMS_TIMEOUT or ACMEMS_UNAVAILABLE. 0 and *err on failure to start: ACMEMS_CONFIG for what is no name or no
 * server, ACMEMS_NO_MEMORY.
 */
uint64_t acmems_dns_ask(const struct acmems_dns_question *question, acmems_dns_done *done,
	void *arg, struct acmems_error *err);
void acmems_dns_ask_cancel(uint64_t id);

#endif
