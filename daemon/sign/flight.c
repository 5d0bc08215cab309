/* SPDX-License-Identifier: ISC */
/*
 * flight.c - flights and those who wait for them.
 *
 * A flight waits for its order, then for the storage to keep the chain, then lands: it leaves the
 * table, tells its waiters one after the other and is gone. Waiters are known by number; one stands
 * in exactly one flight's list, once.
 */
#include "sign/flight.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include "acme/order.h"
#include "base/op_core.h"
#include "sign/answer.h"
#include "notify/events.h"
#include "sign/flight_waiter.h"
#include "sign/log_text.h"
#include "sign/solver.h"

/* A slow storage may not keep a good chain from those who wait for it. */
#define PUT_DEADLINE_MS 5000
#define PEEK_DEADLINE_MS 2000
/* About the time in which some of what is pending has been dealt with. */
#define FULL_RETRY 30

#define uthash_nonfatal_oom(added) ((added)->joinable = false)
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct flight_key {
	char digest[64]; /* of the CSR's DER, hex */
	const struct account *account;
	const struct instance *validator;
	const struct instance *storage;
};

struct flight {
	struct flight_key key;
	bool joinable; /* is in the table */
	bool aborted;
	char id[24]; /* "f3", for the log */
	char *names; /* for the log */
	struct block *block;
	void *body;
	size_t body_len;
	struct solver solver;
	struct acme_order *order; /* NULL once it has ended */
	char *chain; /* what the order brought, while it is put */
	size_t chain_len;
	struct flight_waiters waiters;
	struct acmems_task given_up;
	int64_t started;
	struct acmems_address peer;
	bool has_peer;
	char *all_names; /* for events */
	struct acmems_cert old; /* what the storage had */
	bool has_old;
	struct flight *next;
	struct flight *previous;
	UT_hash_handle hh;
};

static struct {
	struct flight *table; /* those that can be joined */
	struct flight *all;
	size_t count;
	uint64_t last;
} flights;

static struct flight_key key_of(const struct block *block, const struct acmems_csr *csr)
{
	struct flight_key key;

	/* compared byte by byte, so padding has to be zero */
	memset(&key, 0, sizeof(key));
	memcpy(key.digest, csr->digest, sizeof(key.digest));
	key.account = block->account;
	key.validator = block->validator;
	key.storage = block->storage;
	return key;
}

static struct flight *find(const struct block *block, const struct acmems_csr *csr)
{
	struct flight_key key;
	struct flight *flight;

	if (!flights.table)
		return NULL;
	key = key_of(block, csr);
	HASH_FIND(hh, flights.table, &key, sizeof(key), flight);
	return flight;
}

bool flight_under_way(const struct block *block, const struct acmems_csr *csr)
{
	return find(block, csr) != NULL;
}

size_t flight_count(void)
{
	return flights.count;
}

/* Both are work at the CA: requests that wait, and flights, which go on when everybody has left. */
static bool has_room(
	const struct block *block, const struct flight *flight, struct acmems_error *err)
{
	size_t max = (size_t)block->generation->settings->mgmt.max_pending;

	if (flight_waiters_count() < max && (flight || flights.count < max))
		return true;
	acmems_error_set(err, ACMEMS_UNAVAILABLE, "too many requests are waiting for the CA");
	err->retry_after = FULL_RETRY;
	return false;
}

static void link_flight(struct flight *flight)
{
	flight->next = flights.all;
	if (flights.all)
		flights.all->previous = flight;
	flights.all = flight;
	flights.count++;
	flight->joinable = true;
	HASH_ADD(hh, flights.table, key, sizeof(flight->key), flight);
}

static void close_flight(struct flight *flight)
{
	if (flight->joinable)
		HASH_DEL(flights.table, flight);
	flight->joinable = false;
}

static void unlink_flight(struct flight *flight)
{
	close_flight(flight);
	if (flight->next)
		flight->next->previous = flight->previous;
	if (flight->previous)
		flight->previous->next = flight->next;
	else
		flights.all = flight->next;
	flights.count--;
}

/* Frees what is on no list any more, and lets its generation go. */
static void free_flight(struct flight *flight)
{
	struct generation *generation = flight->block->generation;

	acmems_task_cancel(&flight->given_up);
	solver_fini(&flight->solver);
	free(flight->names);
	free(flight->all_names);
	free(flight->body);
	free(flight->chain);
	free(flight);
	generation_drop(generation);
}

static struct flight *new_flight(struct block *block, const struct acmems_csr *csr,
	const void *body, size_t len, struct acmems_error *err)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	char names[LOG_TEXT_NAMES_MAX];

	if (!flight) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order");
		return NULL;
	}
	generation_hold(block->generation);
	flight->key = key_of(block, csr);
	flight->block = block;
	flight->started = acmems_clock_ms();
	snprintf(flight->id, sizeof(flight->id), "f%" PRIu64, ++flights.last);
	solver_init(&flight->solver, block->validator);
	flight->names = strdup(log_text_names(csr, names));
	flight->all_names = events_names(csr);
	flight->body = malloc(len);
	if (!flight->names || !flight->all_names || !flight->body) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order");
		free_flight(flight);
		return NULL;
	}
	memcpy(flight->body, body, len);
	flight->body_len = len;
	return flight;
}

static enum acmems_log_level level_of(enum acmems_code code)
{
	switch (code) {
	case ACMEMS_OK:
	case ACMEMS_BAD_REQUEST:
	case ACMEMS_REFUSED:
	case ACMEMS_NOT_FOUND:
	case ACMEMS_BAD_METHOD:
	case ACMEMS_NO_LENGTH:
	case ACMEMS_TOO_LARGE:
	case ACMEMS_BAD_CSR:
	case ACMEMS_VALIDATION:
		return ACMEMS_LOG_INFO;
	case ACMEMS_RATE_LIMITED:
	case ACMEMS_BAD_ANSWER:
	case ACMEMS_UNAVAILABLE:
	case ACMEMS_TIMEOUT:
		return ACMEMS_LOG_WARNING;
	case ACMEMS_NO_MEMORY:
	case ACMEMS_SYSTEM:
	case ACMEMS_CONFIG:
	case ACMEMS_FAULT:
		break;
	}
	return ACMEMS_LOG_ERROR;
}

static void log_end(const struct flight *flight, const struct acmems_error *err)
{
	int64_t ms = acmems_clock_ms() - flight->started;
	const char *account = flight->block->account->name;
	char text[LOG_TEXT_ERROR_MAX];

	if (!err)
		acmems_log(ACMEMS_LOG_INFO, "flight", flight->id,
			"%s: issued by account \"%s\" in %" PRId64 " ms%s", flight->names, account,
			ms, flight->waiters.first ? "" : ", nobody waits for it any more");
	else
		acmems_log(level_of(err->code), "flight", flight->id,
			"%s: not issued by account \"%s\" in %" PRId64 " ms: %s", flight->names,
			account, ms, log_text_error(err, text));
}

static void tell(
	const struct flight *flight, const char *chain, size_t len, const struct acmems_error *err)
{
	struct events_issue issue = {
		.block = flight->block,
		.names = flight->all_names,
		.peer = flight->has_peer ? &flight->peer : NULL,
		.duration_ms = acmems_clock_ms() - flight->started,
	};

	if (err)
		events_failed(&issue, err, answer_status(err->code));
	else
		events_issued(&issue, chain, len, flight->has_old ? &flight->old : NULL);
}

static void land(
	struct flight *flight, const char *chain, size_t len, const struct acmems_error *err)
{
	unlink_flight(flight);
	if (!flight->aborted) {
		log_end(flight, err);
		tell(flight, chain, len, err);
	}
	flight_waiters_tell(&flight->waiters, chain, len, err);
	free_flight(flight);
}

static void warn_unkept(const struct flight *flight, const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_WARNING, "flight", flight->id,
		"%s: storage \"%s\" could not keep the chain: %s", flight->names,
		flight->block->storage->name, err->message);
}

static void on_put(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct flight *flight = arg;

	(void)data;
	(void)len;
	if (err)
		warn_unkept(flight, err);
	land(flight, flight->chain, flight->chain_len, NULL);
}

static bool start_put(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct flight *flight = ctx;
	const struct instance *storage = flight->block->storage;
	struct acmems_entry entry = {
		.csr = flight->body,
		.csr_len = flight->body_len,
		.chain = flight->chain,
		.chain_len = flight->chain_len,
	};

	return storage->ops.storage.put(storage->data, op, &entry, err);
}

/* Hands the chain to the storage. False: there is nothing to wait for. */
static bool put(struct flight *flight)
{
	const struct instance *storage = flight->block->storage;
	struct acmems_error err = {0};
	struct op_spec spec = {
		.what = "put",
		.deadline_ms = PUT_DEADLINE_MS,
		.start = start_put,
		.ctx = flight,
		.done = on_put,
		.arg = flight,
	};

	/* a storage that keeps nothing may be no module at all */
	if (!storage->ops.storage.put)
		return false;
	spec.owner = storage->module->owner;
	if (op_run(&spec, &err))
		return true;
	warn_unkept(flight, &err);
	return false;
}

static void put_or_land(struct flight *flight)
{
	if (!put(flight))
		land(flight, flight->chain, flight->chain_len, NULL);
}

/* ---- what is replaced, for those who are told ---- */

static void on_peek(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct flight *flight = arg;
	struct acmems_error ignored = {0};

	flight->has_old = !err && len > 0 && acmems_cert_read(data, len, &flight->old, &ignored);
	put_or_land(flight);
}

static bool start_peek(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct flight *flight = ctx;
	const struct instance *storage = flight->block->storage;
	struct acmems_entry entry = {.csr = flight->body, .csr_len = flight->body_len};

	return storage->ops.storage.peek(storage->data, op, &entry, err);
}

/* False: there is nothing to wait for. */
static bool peek(struct flight *flight)
{
	struct acmems_error ignored = {0};
	struct op_spec spec = {
		.owner = flight->block->storage->module ? flight->block->storage->module->owner
							: "storage",
		.what = "peek",
		.deadline_ms = PEEK_DEADLINE_MS,
		.start = start_peek,
		.ctx = flight,
		.done = on_peek,
		.arg = flight,
	};

	return flight->block->storage->ops.storage.peek &&
	       flight->block->generation->settings->notify_count > 0 && op_run(&spec, &ignored);
}

static void on_order(void *arg, const char *chain, size_t len, const struct acmems_error *err)
{
	struct flight *flight = arg;
	struct acmems_error lost = {0};

	flight->order = NULL;
	if (err) {
		land(flight, NULL, 0, err);
		return;
	}
	flight->chain = malloc(len + 1);
	if (!flight->chain) {
		acmems_error_set(&lost, ACMEMS_NO_MEMORY, "no memory for a copy");
		warn_unkept(flight, &lost);
		land(flight, chain, len, NULL);
		return;
	}
	memcpy(flight->chain, chain, len);
	flight->chain[len] = '\0';
	flight->chain_len = len;
	if (!peek(flight))
		put_or_land(flight);
}

static bool take_off(struct flight *flight, const struct acmems_csr *csr, struct acmems_error *err)
{
	struct acme_order_config config = {
		.csr = csr,
		.solver = solver_face(&flight->solver),
		.deadline_ms = flight->block->generation->settings->mgmt.timeout,
	};

	flight->order =
		acme_order_start(flight->block->account->client, &config, on_order, flight, err);
	if (!flight->order)
		return false;
	acmems_log(ACMEMS_LOG_DEBUG, "flight", flight->id, "%s: order %s through validator \"%s\"",
		flight->names, acme_order_id(flight->order), flight->block->validator->name);
	link_flight(flight);
	return true;
}

/* The first who asked is who is told of. */
static void note_peer(struct flight *flight, const struct acmems_address *peer)
{
	if (!flight || !peer)
		return;
	flight->peer = *peer;
	flight->has_peer = true;
}

uint64_t flight_join(struct block *block, const struct acmems_csr *csr, const void *body,
	size_t len, const struct acmems_address *peer, flight_done *done, void *arg,
	struct acmems_error *err)
{
	struct flight *flight = find(block, csr);
	struct flight_waiter *waiter;

	if (!has_room(block, flight, err))
		return 0;
	waiter = flight_waiter_new(done, arg, err);
	if (!waiter)
		return 0;
	if (!flight) {
		flight = new_flight(block, csr, body, len, err);
		note_peer(flight, peer);
		if (flight && !take_off(flight, csr, err)) {
			free_flight(flight);
			flight = NULL;
		}
	}
	if (!flight) {
		flight_waiter_free(waiter);
		return 0;
	}
	return flight_waiter_add(&flight->waiters, waiter);
}

static void on_given_up(void *arg)
{
	struct flight *flight = arg;
	struct acmems_error err = {0};

	acmems_error_set(
		&err, ACMEMS_UNAVAILABLE, "the server is stopping or was given another setting");
	/* the last waiter may let the generation go, but the flight still holds it */
	flight_waiters_tell(&flight->waiters, NULL, 0, &err);
}

void flight_abort(const struct generation *generation)
{
	for (struct flight *flight = flights.all; flight; flight = flight->next) {
		/* one with its chain in hand only waits for the storage, and not for long */
		if (flight->block->generation != generation || !flight->order || flight->aborted)
			continue;
		flight->aborted = true;
		close_flight(flight);
		acmems_log(ACMEMS_LOG_WARNING, "flight", flight->id, "%s: given up in state %s",
			flight->names, acme_order_state(flight->order));
		acme_order_abort(flight->order);
		acmems_task_post(&flight->given_up, on_given_up, flight);
	}
}
