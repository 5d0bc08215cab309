/* SPDX-License-Identifier: ISC */
/*
 * dns01-rfc2136_record.h - the TXT record of one challenge: where it has to be, who takes the update,
 * adding it, waiting until it is seen; and taking it away.
 *
 * Life: present makes it. It goes through the states of its table, each of which waits for one thing,
 * and then stays as it is until cleanup, whatever became of present. Cleanup takes away what may have
 * been added, and frees it; what can not be taken away becomes a leftover.
 */
#ifndef DNS01_RFC2136_RECORD_H
#define DNS01_RFC2136_RECORD_H

#include <acmems/validator.h>

#include "dns01-rfc2136.h"

struct rfc2136_primary;

enum rfc2136_state {
	RECORD_FIND, /* where the name leads, and the zone there */
	RECORD_PRIMARY, /* the addresses of the zone's primary server */
	RECORD_JOURNAL, /* writing down what will be added */
	RECORD_ADD, /* the update */
	RECORD_WAIT, /* until it is seen */
	RECORD_SHOWN,
	RECORD_FAILED,
	RECORD_REMOVE, /* taking it away */
};

struct rfc2136_record {
	struct rfc2136_record *next;
	struct rfc2136 *rfc2136;
	uint64_t challenge; /* its id */
	uint64_t op; /* under way; 0: none */
	enum rfc2136_state state;
	int64_t end_ms; /* of the operation */
	/* what is waited for */
	uint64_t find;
	struct rfc2136_primary *primary;
	uint64_t update;
	uint64_t wait;
	struct rfc2136_entry *entry; /* NULL before the place is known */
	bool written; /* in the journal; from then on it may be at the server */
	bool untouched; /* every server has refused it */
	bool unsure; /* a server may have got the update and said nothing of it */
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	char name[ACMEMS_DNS_NAME_MAX];
	char primary_name[ACMEMS_DNS_NAME_MAX]; /* "": the zone names none */
};

/* Finishes op when the record is seen. */
bool rfc2136_record_present(struct rfc2136 *rfc2136, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Finishes op when the record is gone. */
bool rfc2136_record_cleanup(struct rfc2136 *rfc2136, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/*
 * The same value is published anew, by an entry that is in the journal already: removals of it that are
 * under way are done with, as they could come to the server later, and it has stood there before.
 */
void rfc2136_record_take(struct rfc2136 *rfc2136, struct rfc2136_entry *entry);

/* Drops all, silently; their entries stay in the journal. */
void rfc2136_record_drop_all(struct rfc2136 *rfc2136);

/* ---- between the files of a record ---- */

/* Stops whatever is waited for, silently. */
void rfc2136_record_stop(struct rfc2136_record *record);

/* Finishes the operation under way; err NULL: well. */
void rfc2136_record_finish(struct rfc2136_record *record, const struct acmems_error *err);

/* Until the deadline of the operation, milliseconds, at least 1. */
int64_t rfc2136_record_left_ms(const struct rfc2136_record *record);

/* Warns of a clock (skew in seconds, 0: none), once an instance: it is the same for every update. */
void rfc2136_record_tell_skew(struct rfc2136 *rfc2136, int64_t skew);

/* Sends the record's update; its id is kept in the record. False and *err on failure to start. */
bool rfc2136_record_update(struct rfc2136_record *record, bool remove, acmems_dns_update_done *done,
	struct acmems_error *err);

#endif
