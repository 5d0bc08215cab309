/* SPDX-License-Identifier: ISC */
/*
 * paper_ca.h - a CA on paper behind struct acme_transport: directory, newNonce, newAccount, and POSTs
 * that answer what the test has put into the script. It is strict about nonces: each is good for one
 * POST. Needs virtual_loop.c.
 */
#ifndef PAPER_CA_H
#define PAPER_CA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include "acme/transport.h"

#define PAPER_DIRECTORY "https://ca.example/dir"
#define PAPER_NEW_NONCE "https://ca.example/nonce"
#define PAPER_NEW_ACCOUNT "https://ca.example/new-acct"
#define PAPER_NEW_ORDER "https://ca.example/new-order"
#define PAPER_ACCOUNT "https://ca.example/acct/1"
#define PAPER_TERMS "https://ca.example/terms-1"

#define PAPER_SCRIPT_MAX 300
#define PAPER_LOG_MAX 600

/* One answer to a POST. Zeroed members: 200, application/json, {"status":"valid"}, with a nonce. */
struct paper_reply {
	int status;
	const char *type;
	const char *body;
	const char *location;
	const char *retry_after;
	bool no_nonce;
	bool bad_nonce; /* badNonce, whatever was sent */
	enum acmems_code lost; /* no answer at all, but this */
	bool never; /* not even that */
};

struct paper_post {
	char url[128];
	char payload[4096];
	char protected[4096];
	int64_t at;
};

struct paper_call;

struct paper_ca {
	struct acme_transport transport;
	bool down; /* every call is lost */
	bool refuse; /* no call can be started */
	bool no_new_nonce; /* newNonce answers without one */
	int nonce_status; /* of newNonce, 0: 200 */
	const char *nonce_retry_after;
	const char *directory_type; /* NULL: application/json */
	const char *terms;
	bool external; /* externalAccountRequired */
	int64_t latency_ms;

	struct paper_reply
		script[PAPER_SCRIPT_MAX]; /* for POSTs, in order; behind it the default */
	size_t script_len;
	size_t script_at;

	struct paper_post posts[PAPER_LOG_MAX];
	size_t post_count;
	int directory_calls;
	int nonce_calls;
	size_t on_wire; /* POSTs */
	size_t peak; /* POSTs and HEADs at once */
	size_t open;

	uint64_t last_id;
	unsigned nonces_given;
	bool nonce_used[4096];
	struct paper_call *calls;
};

void paper_ca_init(struct paper_ca *ca);

/* Fails the test when calls are still under way. */
void paper_ca_fini(struct paper_ca *ca);

/* Appends to the script, `times` times. */
void paper_ca_will(struct paper_ca *ca, struct paper_reply reply, int times);

#endif
