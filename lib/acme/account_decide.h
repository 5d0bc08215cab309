/* SPDX-License-Identifier: ISC */
/* acme/account_decide.h - what an account's flow knows, and which state follows from it. Pure. */
#ifndef ACME_ACCOUNT_DECIDE_H
#define ACME_ACCOUNT_DECIDE_H

#include <stdbool.h>

enum account_state {
	ACCOUNT_DIRECTORY, /* the directory is being fetched */
	ACCOUNT_REFUSED, /* the CA has terms of service that the operator has not accepted */
	ACCOUNT_REGISTER, /* newAccount is under way: finds or makes it */
	ACCOUNT_CHECK, /* the CA is asked what has become of the account */
	ACCOUNT_CLOSED, /* the CA has deactivated or revoked it */
	ACCOUNT_READY,
	ACCOUNT_WAITING, /* an attempt has failed; the next one comes when the time is up */
	ACCOUNT_STATES,
};

struct account_view {
	bool has_directory;
	bool has_url; /* the account's URL at this CA is known */
	bool terms_open; /* the directory names terms that are not accepted */
	bool doubted; /* the CA has turned an order away, perhaps because of the account */
	bool closed; /* the account is of no use any more */
	bool failed; /* the present attempt has failed, and its pause is not over */
};

enum account_state account_decide(const struct account_view *view);

#endif
