/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_attempt.h - one challenge, from its name being looked up to its answer being
 * taken away.
 */
#ifndef DNS01_EXEC_ATTEMPT_H
#define DNS01_EXEC_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <acmems/child.h>
#include <acmems/dns_look.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#include "dns01-exec_words.h"
#include "dns01_notes.h"

#define DNS01_EXEC_ROOM "dns01-exec"

struct dns01_exec {
	struct acmems_instance self;
	int convention; /* enum dns01_exec_convention */
	int challenge; /* index into the option's choices */
	bool http; /* http-01 */
	struct acmems_list command;
	struct acmems_list cleanup_command;
	struct acmems_list environment;
	int64_t timeout_ms;
	int64_t at_most;
	bool follow_cname;
	struct acmems_dns_look look;
	char *state_dir;
	struct dns01_notes *notes;
	struct acmems_child_pool *pool;
	uint64_t stopping; /* operation that waits for the programs to be done, or 0 */
	LIST_HEAD(dns01_exec_attempts, dns01_exec_attempt) attempts;
};

struct dns01_exec_attempt {
	struct dns01_exec *exec;
	uint64_t challenge;
	uint64_t op; /* that waits; 0: none */
	int64_t end_ms;
	char *domain;
	char *token;
	char *key_authorization;
	char value[ACMEMS_CHALLENGE_TXT_MAX]; /* of the TXT record */
	char name[ACMEMS_DNS_NAME_MAX]; /* that the program is told, with a dot at its end */
	char owner[ACMEMS_DNS_NAME_MAX]; /* where the record is looked for */
	char zone[ACMEMS_DNS_NAME_MAX];
	char *output; /* of present's program, without white space at its ends */
	bool started; /* so there may be something to take away */
	bool leftover; /* of a process that is no more */
	bool owed; /* to be taken away with the last that is the same */
	bool going; /* it is being taken away */
	unsigned long note; /* of what is to be taken away; 0: none */
	uint64_t find, child, wait; /* under way, or 0; child: the last one started */
	bool running; /* the child */
	LIST_ENTRY(dns01_exec_attempt) entry;
};

/* The operations of validator.h: dns01-exec_present.c, dns01-exec_cleanup.c. */
bool dns01_exec_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);
bool dns01_exec_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err);

/* Takes away what processes that are no more have left; later, and whether or not that works. */
void dns01_exec_inherit(struct dns01_exec *exec);

/* The program that takes the same answer away just now, so that it is waited for; or 0. */
uint64_t dns01_exec_going_child(const struct dns01_exec_attempt *attempt);

/* Runs the program that takes it away, which ends the attempt. */
bool dns01_exec_take_away(struct dns01_exec_attempt *attempt, struct acmems_error *err);

/* Whether there is a program that takes away. */
bool dns01_exec_takes_away(const struct dns01_exec *exec);

/* Writes down, or anew, all that is needed for that. */
bool dns01_exec_note(struct dns01_exec_attempt *attempt, struct acmems_error *err);

struct dns01_exec_attempt *dns01_exec_find(const struct dns01_exec *exec, uint64_t challenge);
void dns01_exec_drop(struct dns01_exec_attempt *attempt);

/* Cancels what is asked of name servers. */
void dns01_exec_stop_looking(struct dns01_exec_attempt *attempt);

/* Finishes the operation that waits, if one does. */
void dns01_exec_finish(struct dns01_exec_attempt *attempt, const struct acmems_error *err);

/* Starts present's program or cleanup's, when the last one of the attempt is gone. */
bool dns01_exec_run(struct dns01_exec_attempt *attempt, bool cleanup, acmems_child_done *done,
	struct acmems_error *err);

/* It has ended, or nobody cares any more. */
void dns01_exec_set_running(struct dns01_exec_attempt *attempt, bool running);

/* Whether the program at path did what it was asked to; if not, *err says why. */
bool dns01_exec_succeeded(const struct dns01_exec_attempt *attempt, const char *path,
	const struct acmems_child_result *result, const struct acmems_error *why,
	struct acmems_error *err);
bool dns01_exec_no_memory(struct acmems_error *err);

/* Whether a program runs, or waits for its turn. */
bool dns01_exec_busy(const struct dns01_exec *exec);

/* Gives everything up. Programs are ended with the pool. */
void dns01_exec_drop_all(struct dns01_exec *exec);

#endif
