/* SPDX-License-Identifier: ISC */
/*
 * dns/wait_view.h - what is known while a record is waited for: which servers there are, and what
 * each of them said last. Picks the state; asking is in dns/wait.c.
 */
#ifndef DNS_WAIT_VIEW_H
#define DNS_WAIT_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/address.h>
#include <acmems/dns.h>
#include <acmems/error.h>

#include "dns/server_name.h"

#define WAIT_NAMES_MAX 32
#define WAIT_TARGETS_MAX 64
#define WAIT_SAID_MAX 160

enum wait_state {
	WAIT_NAME_SERVERS, /* which the zone has */
	WAIT_ADDRESSES, /* of the name servers */
	WAIT_ASK, /* those that have not shown it yet */
	WAIT_PAUSE,
	WAIT_SEEN,
	WAIT_FAILED, /* view->why says why */
	WAIT_STATES,
};

/* How often name servers are looked for whose addresses no resolver can tell, when others are known. */
#define WAIT_LOOKUPS_MAX 4

/* A name server of the zone. */
struct wait_name {
	char *text; /* owned */
	bool found; /* has an address */
	bool failed; /* a question for its addresses did, the last time */
};

/* One server to be asked. */
struct wait_target {
	struct acmems_address address; /* unless it is one that was given */
	char server[SERVER_NAME_MAX + 8]; /* as a question wants it */
	const char *name; /* of the name server; NULL for one that was given */
	bool met; /* it shows what is waited for */
	bool answered; /* the last time it was asked */
	char said[WAIT_SAID_MAX]; /* otherwise */
};

struct wait_view {
	const char *owner; /* normal (dns/name.h) */
	const char *value;
	bool (*shows)(void *arg, const char *text, size_t len); /* NULL: compare to value */
	void *shows_arg;
	bool absent;
	bool once; /* an answer is final */
	bool given; /* the servers are: they may be resolvers as well */
	struct wait_name names[WAIT_NAMES_MAX];
	size_t name_count;
	unsigned lookups; /* of their addresses, so far */
	bool complete; /* no more targets will come */
	struct wait_target targets[WAIT_TARGETS_MAX];
	size_t target_count;
	bool resting; /* the pause before the next try is not over */
	struct acmems_error fault; /* the last one of a question before any target is known */
	struct acmems_error why;
};

enum wait_state wait_decide(const struct wait_view *view);
void wait_view_fini(struct wait_view *view);

/* The zone's name servers from an answer; none is a failure. */
void wait_take_names(struct wait_view *view, const char *zone,
	const struct acmems_dns_answer *answer, const struct acmems_error *err);

/* Addresses of the name server with that index; what an error says is kept as fault. */
void wait_take_addresses(struct wait_view *view, size_t name, uint16_t port,
	const struct acmems_dns_answer *answer, const struct acmems_error *err);

/*
 * All addresses have come, or not: those that failed are looked for again. Leaves out those without a
 * route as long as there are others.
 */
void wait_addresses_taken(struct wait_view *view, const char *zone);

/* What a target has answered. */
void wait_take_answer(struct wait_view *view, struct wait_target *target,
	const struct acmems_dns_answer *answer, const struct acmems_error *err);

/* All that were asked have answered, or not: ends it if nothing more will come, else has it rest. */
void wait_round_over(struct wait_view *view);

/* The deadline has passed: fills why. */
void wait_out_of_time(struct wait_view *view, const char *zone);

#endif
