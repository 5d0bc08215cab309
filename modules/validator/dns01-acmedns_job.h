/* SPDX-License-Identifier: ISC */
/*
 * dns01-acmedns_job.h - one challenge from the look into the accounts until it is cleaned up. Part of
 * validator-dns01-acmedns.
 *
 * Life: account (or registration, and an error that says which CNAME to set) -> find where
 * _acme-challenge.NAME leads -> line -> update -> wait until it is seen -> cleanup.
 *
 * The line is in dns01-acmedns_line.c.
 */
#ifndef DNS01_ACMEDNS_JOB_H
#define DNS01_ACMEDNS_JOB_H

#include <acmems/dns_look.h>
#include <acmems/http.h>
#include <acmems/json.h>
#include <acmems/loop.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#include "dns01-acmedns_account.h"

struct acmedns {
	struct acmems_instance self;
	char *server;
	char *accounts;
	char *ca_file;
	bool registers;
	struct acmems_list allow_from;
	bool check_cname;
	int challenge;
	int64_t timeout_ms;
	struct acmems_dns_look look;

	struct acmedns_job *jobs; /* in the order in which they came */
	struct acmems_task task; /* a place in the line may be free */
};

enum acmedns_step {
	ACMEDNS_LOOKING, /* for an account, and where the name leads */
	ACMEDNS_LINE,
	ACMEDNS_SENT, /* the server may have the value */
	ACMEDNS_OVER, /* present has ended before anything was sent */
};

struct acmedns_job {
	struct acmedns_job *next;
	struct acmedns *acmedns;
	uint64_t challenge; /* its id */
	uint64_t op; /* under way; 0: none */
	enum acmedns_step step;
	unsigned later; /* values sent for the account after this one */
	uint64_t find;
	uint64_t call;
	uint64_t wait;
	int64_t end_ms;
	struct acmedns_account account;
	char *identifier;
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	char last[ACMEMS_CHALLENGE_TXT_MAX]; /* value that it has sent last */
	char name[ACMEMS_DNS_NAME_MAX]; /* of the challenge's record */
	char zone[ACMEMS_DNS_NAME_MAX];
};

bool acmedns_job_present(struct acmedns *acmedns, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Drops the job of a challenge, if there is one; who waits behind it goes on. */
void acmedns_job_cleanup(struct acmedns *acmedns, uint64_t challenge);

/* Drops all, silently. */
void acmedns_job_drop_all(struct acmedns *acmedns);

/* ---- for the parts ---- */

/* Ends present. */
void acmedns_job_finish(struct acmedns_job *job, const struct acmems_error *err);
int64_t acmedns_job_left_ms(const struct acmedns_job *job);

/*
 * dns01-acmedns_ask.c: asks the server with what the writer has written, which is NULL when there is no
 * memory, and which is finished; fills job->call.
 */
bool acmedns_ask(struct acmedns_job *job, const char *what, struct acmems_json_writer *out,
	acmems_http_done *done, struct acmems_error *err);

/* Whether the server has done it; if not, *err says what it said. */
bool acmedns_accepted(const struct acmedns_job *job, const char *what,
	const struct acmems_http_answer *answer, const struct acmems_error *why,
	struct acmems_error *err);

/* dns01-acmedns_line.c: puts a job that knows its account and place into the line. */
void acmedns_line_join(struct acmedns_job *job);

/* Has the line looked at again, from the loop. */
void acmedns_line_look(struct acmedns *acmedns);

#endif
