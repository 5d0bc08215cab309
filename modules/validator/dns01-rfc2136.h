/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136.h - what the parts of validator-dns01-rfc2136 share: an instance with its options, and
 * what it has published.
 *
 * Before a value is sent to a name server it is written down in the journal (dns01-rfc2136_journal.h),
 * as an entry, and it stays there until the server has taken it away again. An entry is held by the
 * record of a challenge (_record.h), or is a leftover that is tried again and again (_leftover.h).
 */
#ifndef DNS01_RFC2136_H
#define DNS01_RFC2136_H

#include <acmems/dns_look.h>
#include <acmems/dns_update.h>
#include <acmems/loop.h>
#include <acmems/module.h>

/* The servers of an update, 32 at most. */
#define RFC2136_SERVERS_MAX 32

/* A value that is, or may be, at a name server. */
struct rfc2136_entry {
	struct rfc2136_entry *next;
	unsigned long number; /* in the journal */
	char *owner;
	char *zone;
	char *value;
	char *servers[RFC2136_SERVERS_MAX + 1]; /* NULL at the end */
	bool stood; /* somebody before may have put it there already */
	/* as a leftover: */
	bool leftover;
	struct rfc2136 *rfc2136; /* whose it is, for the answer to the update */
	uint64_t update; /* under way; 0: none */
	unsigned failures;
	enum acmems_code why; /* of the last */
	int64_t due_ms; /* by acmems_clock_ms() */
};

struct rfc2136_journal;
struct rfc2136_record;

struct rfc2136 {
	struct acmems_instance self;
	/* options */
	struct acmems_list server;
	char *tsig_name;
	char *tsig_algorithm;
	char *tsig_secret;
	char *tsig_secret_file;
	char *tsig_key_file;
	char *zone;
	int64_t ttl_ms;
	int64_t timeout_ms;
	int challenge;
	struct acmems_dns_look look;
	char *state_dir;

	struct acmems_tsig_key *key; /* NULL: updates are not signed */
	struct rfc2136_journal *journal;
	struct rfc2136_entry *entries;
	struct rfc2136_record *records;
	struct acmems_task sync; /* writes the journal for all that wait for it */
	struct acmems_timer *retry; /* for the next leftover, or to look for some */
	bool skew_told;
};

/* NULL: the system's. */
char *const *rfc2136_resolvers(const struct rfc2136 *rfc2136);

/* Whether two are about the same value at the same place. */
bool rfc2136_is_same(const struct rfc2136_entry *one, const struct rfc2136_entry *other);

/*
 * Whether somebody else has the same value there on purpose, so that it has to stay; then it is that
 * one's to take away, whatever became of its own update.
 */
bool rfc2136_hand_over(struct rfc2136 *rfc2136, const struct rfc2136_entry *entry);

/* Takes an entry out of list and journal, and frees it. */
void rfc2136_forget(struct rfc2136 *rfc2136, struct rfc2136_entry *entry);

#endif
