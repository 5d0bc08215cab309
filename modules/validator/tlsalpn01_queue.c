/* SPDX-License-Identifier: ISC */
/* tlsalpn01_queue.c - answers by server name, one at a time. */
#include "tlsalpn01_queue.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "tlsalpn01_turn.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(name) ((void)(name))
#include <uthash.h>

/* One key authorization. */
struct answer {
	char *key_authorization;
	struct acmems_tls_identity *identity;
	struct tlsalpn01_turn *turns; /* of the challenges it answers */
	struct answer *next; /* whose turn is later */
};

struct name {
	char *text;
	struct answer *first; /* the one that is shown; never NULL */
	UT_hash_handle hh;
};

struct tlsalpn01_queue {
	struct name *names;
	size_t count; /* of challenges */
	unsigned char hash_key[16];
};

struct tlsalpn01_queue *tlsalpn01_queue_new(void)
{
	struct tlsalpn01_queue *queue = calloc(1, sizeof(*queue));

	if (queue && !acmems_random(queue->hash_key, sizeof(queue->hash_key))) {
		free(queue);
		return NULL;
	}
	return queue;
}

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to present a certificate");
}

/* Keyed, so that nobody can choose names that end in one bucket. */
static bool hash_name(const struct tlsalpn01_queue *queue, const char *text, unsigned *ret_hash)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];

	if (acmems_hmac("sha256", queue->hash_key, sizeof(queue->hash_key), text, strlen(text),
		    digest) < sizeof(*ret_hash))
		return false;
	memcpy(ret_hash, digest, sizeof(*ret_hash));
	return true;
}

static struct name *find_name(struct tlsalpn01_queue *queue, const char *text, unsigned hash)
{
	struct name *name;

	HASH_FIND_BYHASHVALUE(hh, queue->names, text, strlen(text), hash, name);
	return name;
}

static void free_answer(struct answer *answer)
{
	if (!answer)
		return;
	while (answer->turns) {
		struct tlsalpn01_turn *turn = answer->turns;

		answer->turns = turn->next;
		tlsalpn01_turn_free(turn);
	}
	acmems_tls_identity_free(answer->identity);
	free(answer->key_authorization);
	free(answer);
}

static void free_name(struct tlsalpn01_queue *queue, struct name *name)
{
	HASH_DEL(queue->names, name);
	free(name->text);
	free(name);
}

void tlsalpn01_queue_free(struct tlsalpn01_queue *queue)
{
	struct name *name, *next;

	if (!queue)
		return;
	HASH_ITER(hh, queue->names, name, next)
	{
		while (name->first) {
			struct answer *answer = name->first;

			name->first = answer->next;
			free_answer(answer);
		}
		free_name(queue, name);
	}
	free(queue);
}

/* ---- adding ---- */

static struct answer *new_answer(const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer)
		answer->key_authorization = strdup(challenge->key_authorization);
	if (!answer || !answer->key_authorization) {
		free(answer);
		no_memory(err);
		return NULL;
	}
	answer->identity =
		acmems_tls_identity_new(challenge->identifier, challenge->key_authorization, err);
	if (!answer->identity) {
		free_answer(answer);
		return NULL;
	}
	return answer;
}

/* With its first answer, so that none is ever without. */
static struct name *add_name(struct tlsalpn01_queue *queue, const char *text, unsigned hash,
	struct answer *first, struct acmems_error *err)
{
	struct name *name = calloc(1, sizeof(*name));

	if (name)
		name->text = strdup(text);
	if (name && name->text) {
		HASH_ADD_KEYPTR_BYHASHVALUE(
			hh, queue->names, name->text, strlen(name->text), hash, name);
		if (name->hh.tbl) {
			name->first = first;
			return name;
		}
	}
	if (name)
		free(name->text);
	free(name);
	no_memory(err);
	return NULL;
}

static struct answer **find_answer(struct name *name, const char *key_authorization)
{
	struct answer **link = &name->first;

	while (*link && strcmp((*link)->key_authorization, key_authorization) != 0)
		link = &(*link)->next;
	return link;
}

/* The answer in its name's queue, put at its end if it is new. */
static struct answer *get_answer(struct tlsalpn01_queue *queue, const char *server_name,
	const struct acmems_challenge *challenge, struct name **ret_name, struct acmems_error *err)
{
	struct answer **link;
	struct answer *answer;
	unsigned hash;

	if (!hash_name(queue, server_name, &hash)) {
		no_memory(err);
		return NULL;
	}
	*ret_name = find_name(queue, server_name, hash);
	link = *ret_name ? find_answer(*ret_name, challenge->key_authorization) : NULL;
	answer = link ? *link : NULL;
	if (answer)
		return answer;
	answer = new_answer(challenge, err);
	if (!answer)
		return NULL;
	if (link)
		*link = answer;
	else
		*ret_name = add_name(queue, server_name, hash, answer, err);
	if (*ret_name)
		return answer;
	free_answer(answer);
	return NULL;
}

bool tlsalpn01_queue_add(struct tlsalpn01_queue *queue, const char *server_name,
	const struct acmems_challenge *challenge, uint64_t op, struct acmems_error *err)
{
	struct tlsalpn01_turn *turn;
	struct answer *answer;
	struct name *name;

	if (queue->count >= TLSALPN01_CHALLENGES_MAX)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"more than %d challenges are presented", TLSALPN01_CHALLENGES_MAX);
	turn = tlsalpn01_turn_new(challenge->id, op);
	if (!turn)
		return no_memory(err);
	answer = get_answer(queue, server_name, challenge, &name, err);
	if (!answer) {
		tlsalpn01_turn_free(turn);
		return false;
	}
	turn->name = challenge->identifier;
	turn->next = answer->turns;
	answer->turns = turn;
	queue->count++;
	if (answer == name->first)
		tlsalpn01_turn_come(turn);
	else
		tlsalpn01_turn_wait(turn);
	return true;
}

/* ---- the rest ---- */

static void next_turn(struct tlsalpn01_queue *queue, struct name *name)
{
	if (!name->first) {
		free_name(queue, name);
		return;
	}
	for (struct tlsalpn01_turn *turn = name->first->turns; turn; turn = turn->next)
		tlsalpn01_turn_come(turn);
}

static void remove_turn(struct tlsalpn01_queue *queue, struct answer *answer, uint64_t id)
{
	struct tlsalpn01_turn **link = &answer->turns;

	while (*link) {
		struct tlsalpn01_turn *turn = *link;

		if (turn->id != id) {
			link = &turn->next;
			continue;
		}
		*link = turn->next;
		tlsalpn01_turn_free(turn);
		queue->count--;
	}
}

bool tlsalpn01_queue_remove(struct tlsalpn01_queue *queue, const char *server_name, uint64_t id)
{
	bool first_went = false;
	struct answer **link;
	struct name *name;
	unsigned hash;

	if (!hash_name(queue, server_name, &hash))
		return false;
	name = find_name(queue, server_name, hash);
	if (!name)
		return true;
	link = &name->first;
	while (*link) {
		struct answer *answer = *link;

		remove_turn(queue, answer, id);
		if (answer->turns) {
			link = &answer->next;
			continue;
		}
		first_went = first_went || link == &name->first;
		*link = answer->next;
		free_answer(answer);
	}
	if (first_went)
		next_turn(queue, name);
	return true;
}

const struct acmems_tls_identity *tlsalpn01_queue_show(
	struct tlsalpn01_queue *queue, const char *server_name, void (*shown)(uint64_t id))
{
	const struct name *name;
	unsigned hash;

	if (!queue->names || !hash_name(queue, server_name, &hash))
		return NULL;
	name = find_name(queue, server_name, hash);
	if (!name)
		return NULL;
	for (const struct tlsalpn01_turn *turn = name->first->turns; turn; turn = turn->next)
		shown(turn->id);
	return name->first->identity;
}
