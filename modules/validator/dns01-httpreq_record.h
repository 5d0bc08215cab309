/* SPDX-License-Identifier: ISC */
/*
 * dns01-httpreq_record.h - one TXT record at the server that keeps the zone, from the question where it
 * belongs to its removal. Part of validator-dns01-httpreq.
 *
 * Life: present makes it; it finds the name, asks the server to publish it, waits until it is seen,
 * and finishes the operation. cleanup asks the server to remove it and drops it. A record that the
 * server can not have is dropped without asking. Before the server is asked the record is written down,
 * and what a process has left that is no more is taken away at the next start.
 */
#ifndef DNS01_HTTPREQ_RECORD_H
#define DNS01_HTTPREQ_RECORD_H

#include <acmems/dns_look.h>
#include <acmems/http.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#include "dns01_notes.h"

struct httpreq_record;

struct httpreq {
	struct acmems_instance self;
	char *endpoint;
	int mode;
	char *username;
	char *password_file;
	char *ca_file;
	bool follow_cname;
	int challenge;
	int64_t timeout_ms;
	struct acmems_dns_look look;
	char *state_dir;

	char *authorization; /* value of the header; NULL: none */
	struct httpreq_record *records;
	struct dns01_notes *notes;
};

enum httpreq_mode { HTTPREQ_DEFAULT, HTTPREQ_RAW };

struct httpreq_record {
	struct httpreq_record *next;
	struct httpreq *httpreq;
	uint64_t challenge; /* its id */
	uint64_t op; /* under way; 0: none */
	uint64_t find;
	uint64_t call;
	uint64_t wait;
	int64_t end_ms; /* of the operation */
	bool sent; /* the server may have it */
	bool held; /* until the same is taken away */
	bool leftover; /* of a process that is no more */
	bool going; /* the server is asked to take it away */
	unsigned long note; /* of what is to be taken away; 0: none */
	char *body; /* of both requests; NULL before the name is found */
	char *domain;
	char *token; /* for the raw mode */
	char *key_authorization;
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	char fqdn[ACMEMS_DNS_NAME_MAX + 1]; /* as the server is told, with a dot at the end */
	char owner[ACMEMS_DNS_NAME_MAX]; /* where it will be seen */
	char zone[ACMEMS_DNS_NAME_MAX];
};

/* Finishes op when the record is seen. */
bool httpreq_record_present(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Finishes op when the record is gone. */
bool httpreq_record_cleanup(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Drops all, silently. */
void httpreq_record_drop_all(struct httpreq *httpreq);

/* Asks the server to take away what processes have left that are no more; later, and whether or not it can. */
void httpreq_record_inherit(struct httpreq *httpreq);

/* ---- between the files of a record ---- */

struct httpreq_record *httpreq_record_find(const struct httpreq *httpreq, uint64_t challenge);

/* Stops whatever is waited for, silently. */
void httpreq_record_stop(struct httpreq_record *record);
void httpreq_record_drop(struct httpreq_record *record);

/* Finishes the operation under way, if one is; err NULL: well. */
void httpreq_record_finish(struct httpreq_record *record, const struct acmems_error *err);

/* Asks the server, insisting until the record's deadline. False and *err on failure to start. */
bool httpreq_record_ask(struct httpreq_record *record, const char *what, acmems_http_done *done,
	struct acmems_error *err);

/* Whether the server has done it; if not, *err says what it said. */
bool httpreq_record_accepted(const struct httpreq_record *record, const char *what,
	const struct acmems_http_answer *answer, const struct acmems_error *why,
	struct acmems_error *err);

/* Whether the same is just being taken away. */
bool httpreq_record_is_going(const struct httpreq_record *record);

/* Forgets the same, left over, which is now the record's to take away. */
void httpreq_record_take_over(const struct httpreq_record *record);

/* Has the server publish it. */
bool httpreq_record_publish(struct httpreq_record *record, struct acmems_error *err);

#endif
