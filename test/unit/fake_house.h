/* SPDX-License-Identifier: ISC */
/*
 * fake_house.h - a generation on paper for tests of the request path: auth, storage and validator
 * modules that do as they are told, a CSR reader that believes everything, and a CA whose orders end
 * when the test says so. Linked ahead of the libraries it stands in for.
 */
#ifndef FAKE_HOUSE_H
#define FAKE_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "acme/order.h"
#include "generation/generation.h"

/* What a fake module does when an operation is started. */
enum fake_mode {
	FAKE_YES, /* finishes well at once */
	FAKE_NO, /* finishes with ACMEMS_REFUSED */
	FAKE_BROKEN, /* finishes with ACMEMS_SYSTEM */
	FAKE_UNABLE, /* does not even start */
	FAKE_LATER, /* is finished by the test, through `op` */
};

struct fake_module {
	enum fake_mode mode; /* of check, get, present */
	enum fake_mode second; /* of put, cleanup */
	bool impossible; /* auth: what possible() says */
	enum acmems_code why; /* auth: with which code; 0: ACMEMS_REFUSED */
	bool saw_body; /* auth: possible() was shown body or CSR */
	uint64_t op; /* the last one that was started */
	unsigned cancelled;
	unsigned calls; /* of check, get, present */
	unsigned second_calls; /* of put, cleanup */
	const char *chain; /* storage: what get finds, NULL for nothing */
	char kept[512]; /* storage: the chain of the last put */
	char kept_csr[512];
};

#define FAKE_BLOCKS 4
#define FAKE_METHODS 2

struct fake_house {
	struct settings settings;
	struct generation generation;
	struct block blocks[FAKE_BLOCKS];
	struct account account;
	struct instance *methods[FAKE_BLOCKS][FAKE_METHODS];
	struct instance method[FAKE_BLOCKS][FAKE_METHODS];
	struct fake_module auth[FAKE_BLOCKS][FAKE_METHODS];
	struct instance storage_instance;
	struct fake_module storage;
	struct instance validator_instance;
	struct fake_module validator;
};

/* Group teardown: ends operations and loop, unless a failed test has left operations behind. */
int fake_house_end(void **state);

/* A block "b0", "b1" ... with one method that says yes and one domain; the caller changes it. */
void fake_house_init(struct fake_house *house, size_t blocks);

/* The domains of a block, NULL at the end; they must stay. */
void fake_house_domains(struct fake_house *house, size_t block, const char *const *domains);

/* A CSR as the fake csr_read() makes it of "NAME NAME ...": names with ':' are IP addresses, with
 * '@' e-mail addresses; "bad" alone is ACMEMS_BAD_CSR. */
struct acmems_csr *fake_csr(const char *names);
extern unsigned fake_csr_reads;
extern unsigned fake_csrs_alive;

/* An order that was started. */
struct acme_order {
	acme_order_done *done;
	void *arg;
	struct acme_solver solver;
	bool aborted;
	bool over;
};

#define FAKE_ORDERS 256
extern struct acme_order fake_orders[FAKE_ORDERS];
extern size_t fake_order_count;
extern bool fake_order_refuse; /* have the next one fail to start */

/* Ends an order from the loop; chain NULL: with an error of this code. */
void fake_order_end(size_t order, const char *chain, enum acmems_code code);

/* A leaf and an issuer that look like PEM, and the ETag of the leaf. */
extern const char fake_chain[];
extern const char fake_etag[];

#endif
