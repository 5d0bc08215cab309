/* SPDX-License-Identifier: ISC */
/*
 * tlsalpn01_queue.h - who is answered with what, and who waits: for each server name the answers that
 * challenges want to be given, in order of arrival. The first is shown; the others' operations wait.
 *
 * Life of a challenge here: add -> its operation is finished when its turn has come -> remove.
 */
#ifndef TLSALPN01_QUEUE_H
#define TLSALPN01_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/tls.h>
#include <acmems/validator.h>

#define TLSALPN01_CHALLENGES_MAX 8192

struct tlsalpn01_queue;

/* NULL without memory or random bytes. */
struct tlsalpn01_queue *tlsalpn01_queue_new(void);

/* NULL is allowed. */
void tlsalpn01_queue_free(struct tlsalpn01_queue *queue);

/*
 * Finishes operation `op` as soon as whoever asks for `server_name` is shown this challenge's
 * certificate, or with ACMEMS_UNAVAILABLE when that takes too long. False and *err: it is not added.
 */
bool tlsalpn01_queue_add(struct tlsalpn01_queue *queue, const char *server_name,
	const struct acmems_challenge *challenge, uint64_t op, struct acmems_error *err);

/* Harmless when it is not there. False without memory: it stays. */
bool tlsalpn01_queue_remove(struct tlsalpn01_queue *queue, const char *server_name, uint64_t id);

/* What is to be shown now, and shown(id) for every challenge it answers; NULL: nothing. */
const struct acmems_tls_identity *tlsalpn01_queue_show(
	struct tlsalpn01_queue *queue, const char *server_name, void (*shown)(uint64_t id));

#endif
