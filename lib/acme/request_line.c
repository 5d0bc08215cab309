/* SPDX-License-Identifier: ISC */
/*
 * request_line.c - the line of those who wait for a place on the wire and for a nonce. In order, at
 * most 32 at once, and no more nonces are fetched than there are requests that could go with them.
 */
#include "acme/request_core.h"

#define ON_WIRE_MAX 32
#define PER_ROUND 4 /* signatures (RSA: ms each) before the loop gets its turn */

/* Gets those in line going, as far as places and nonces reach. */
static void pump(void *arg)
{
	struct acme_client *client = arg;
	struct request_line *line = &client->line;
	size_t places;
	size_t waiting = 0;
	struct request *one;

	for (int i = 0; i < PER_ROUND && line->on_wire < ON_WIRE_MAX; i++) {
		char *nonce;

		if (TAILQ_EMPTY(&line->waiting))
			return;
		nonce = nonce_take(&line->nonces.pool, acmems_clock_ms());
		if (nonce == NULL)
			break;
		request_send(TAILQ_FIRST(&line->waiting), nonce);
	}
	places = ON_WIRE_MAX - line->on_wire;
	TAILQ_FOREACH(one, &line->waiting, link)
	{
		if (++waiting >= places)
			break;
	}
	if (places == 0 || waiting == 0)
		return;
	if (line->nonces.pool.count > 0)
		request_line_pump(client);
	else
		nonce_source_want(&line->nonces, client->directory.current->new_nonce,
			waiting < places ? waiting : places);
}

void request_line_pump(struct acme_client *client)
{
	acmems_task_post(&client->line.pump, pump, client);
}

static void nonces_changed(void *arg)
{
	request_line_pump(arg);
}

static void nonces_failed(void *arg, const struct acmems_error *err)
{
	struct acme_client *client = arg;
	struct request *one;

	directory_keeper_suspect(&client->directory);
	while (!TAILQ_EMPTY(&client->line.waiting)) {
		one = TAILQ_FIRST(&client->line.waiting);
		one->last = *err;
		request_fail_soon(one);
	}
}

bool request_line_init(struct acme_client *client)
{
	struct request_line *line = &client->line;

	TAILQ_INIT(&line->waiting);
	TAILQ_INIT(&line->busy);
	line->nonces.transport = client->config.transport;
	line->nonces.ca_file = client->config.ca_file;
	line->nonces.changed = nonces_changed;
	line->nonces.failed = nonces_failed;
	line->nonces.arg = client;
	return nonce_source_init(&line->nonces);
}

static void drop_all(struct request_list *list)
{
	while (!TAILQ_EMPTY(list))
		request_drop(TAILQ_FIRST(list));
}

void request_line_fini(struct acme_client *client)
{
	drop_all(&client->line.waiting);
	drop_all(&client->line.busy);
	acmems_task_cancel(&client->line.pump);
	nonce_source_fini(&client->line.nonces);
}
