/* SPDX-License-Identifier: ISC */
/* client.c - the client object: beginning, end, those who wait for it, and what it answers. */
#include "acme/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/file.h>

#include "acme/account.h"
#include "acme/account_file.h"
#include "acme/client_core.h"
#include "acme/config.h"
#include "acme/json.h"
#include "acme/persist.h"
#include "x509/key.h"

struct waiter {
	TAILQ_ENTRY(waiter) link;
	uint64_t id;
	acme_ready_done *done;
	void *arg;
};

void client_tell(struct acme_client *client, enum acmems_log_level level, const char *format, ...)
{
	char text[ACMEMS_ERROR_MESSAGE_MAX + JSON_URL_MAX];
	va_list args;

	if (client->config.told == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	client->config.told(client->config.told_arg, level, text);
}

void client_happened(struct acme_client *client, enum acme_happening what, const char *detail)
{
	const struct acme_config *config = &client->config;

	if (config->happened != NULL)
		config->happened(config->told_arg, config->name, what, detail);
}

static void tell_origin(struct acme_client *client, enum account_key_origin origin)
{
	switch (origin) {
	case ACCOUNT_KEY_FOUND:
		break;
	case ACCOUNT_KEY_MADE:
		client_tell(client, ACMEMS_LOG_NOTICE, "account \"%s\": made a new key in %s",
			client->config.name, client->config.dir);
		break;
	case ACCOUNT_KEY_TIGHTENED:
		client_tell(client, ACMEMS_LOG_WARNING,
			"account \"%s\": others could read the key in %s; its mode is 0600 now",
			client->config.name, client->config.dir);
		break;
	}
}

/* A registration that can not be read is found again at the CA: the key is what counts. */
static char *load_registration(struct acme_client *client)
{
	struct acmems_error err = {0};
	char *url = NULL;

	if (!account_file_load(client->config.dir, &url, &client->account.terms, &err))
		client_tell(client, ACMEMS_LOG_WARNING,
			"account \"%s\": the kept registration is of no use (%s); asking the CA "
			"for it",
			client->config.name, err.message);
	return url;
}

static bool load(struct acme_client *client, struct acmems_error *err)
{
	enum account_key_origin origin = ACCOUNT_KEY_FOUND;

	client->key = account_file_key(client->config.dir, &origin, err);
	if (client->key == NULL)
		return false;
	tell_origin(client, origin);
	return acmems_directory_writable(client->config.dir, err) &&
	       jwk_thumbprint(client->key, client->thumbprint, err);
}

static bool set_up(struct acme_client *client, struct acmems_error *err)
{
	client->directory.url = client->config.directory;
	client->directory.ca_file = client->config.ca_file;
	client->directory.transport = client->config.transport;
	client->directory.done = account_on_directory;
	client->directory.arg = client;
	if (directory_keeper_init(&client->directory) && request_line_init(client) &&
		account_init(client, load_registration(client)))
		return true;
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an account");
}

struct acme_client *acme_client_new(const struct acme_config *config, struct acmems_error *err)
{
	struct acme_client *client = calloc(1, sizeof(*client));

	if (client == NULL) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an account");
		return NULL;
	}
	TAILQ_INIT(&client->waiters);
	TAILQ_INIT(&client->line.waiting);
	TAILQ_INIT(&client->line.busy);
	if (acme_config_copy(&client->config, config, err) && load(client, err) &&
		set_up(client, err))
		return client;
	acme_client_free(client);
	return NULL;
}

void acme_client_start(struct acme_client *client)
{
	account_start(client);
}

void acme_client_free(struct acme_client *client)
{
	if (client == NULL)
		return;
	acmems_task_cancel(&client->wake);
	while (!TAILQ_EMPTY(&client->waiters))
		acme_client_wait_cancel(client, TAILQ_FIRST(&client->waiters)->id);
	account_fini(client);
	request_line_fini(client);
	directory_keeper_fini(&client->directory);
	key_free(client->key);
	acme_config_free(&client->config);
	free(client);
}

bool acme_client_ready(const struct acme_client *client, struct acmems_error *err)
{
	return account_ready(client, err);
}

/* One waiter a time: its callback may do anything, even free the client. */
static void wake_one(void *arg)
{
	struct acme_client *client = arg;
	struct waiter *waiter = TAILQ_FIRST(&client->waiters);
	struct acmems_error err = {0};
	struct waiter copy;
	bool ready;

	if (waiter == NULL || account_trying(client))
		return;
	TAILQ_REMOVE(&client->waiters, waiter, link);
	copy = *waiter;
	free(waiter);
	ready = account_ready(client, &err);
	if (!TAILQ_EMPTY(&client->waiters))
		acmems_task_post(&client->wake, wake_one, client);
	copy.done(copy.arg, ready ? NULL : &err);
}

void client_settled(struct acme_client *client)
{
	acmems_task_post(&client->wake, wake_one, client);
}

uint64_t acme_client_wait(
	struct acme_client *client, acme_ready_done *done, void *arg, struct acmems_error *err)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (waiter == NULL) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to wait for an account");
		return 0;
	}
	waiter->id = ++client->last_waiter;
	waiter->done = done;
	waiter->arg = arg;
	TAILQ_INSERT_TAIL(&client->waiters, waiter, link);
	client_settled(client);
	return waiter->id;
}

void acme_client_wait_cancel(struct acme_client *client, uint64_t id)
{
	struct waiter *waiter;

	TAILQ_FOREACH(waiter, &client->waiters, link)
	{
		if (waiter->id == id)
			break;
	}
	if (waiter == NULL)
		return;
	TAILQ_REMOVE(&client->waiters, waiter, link);
	free(waiter);
}

void acme_client_lost(struct acme_client *client)
{
	account_lost(client);
}

bool acme_client_doubt(struct acme_client *client)
{
	return account_doubt(client);
}

void acme_client_action(struct acme_client *client, const struct acmems_error *err)
{
	account_action(client, err);
}

const char *acme_client_name(const struct acme_client *client)
{
	return client->config.name;
}

const char *acme_client_account_url(const struct acme_client *client)
{
	return client->account.url;
}

const char *acme_client_new_order_url(const struct acme_client *client)
{
	return client->directory.current != NULL ? client->directory.current->new_order : NULL;
}

char *const *acme_client_issuers(const struct acme_client *client)
{
	return client->directory.current ? client->directory.current->issuers : NULL;
}

bool acme_client_hashes_accounts(const struct acme_client *client)
{
	return client->directory.current && client->directory.current->account_hash_prefix &&
	       client->account.url;
}

bool acme_client_account_hash(const struct acme_client *client, const char *name, char *out)
{
	return acme_client_hashes_accounts(client) &&
	       persist_hash_uri(client->directory.current->account_hash_prefix, name,
		       client->thumbprint, client->account.url, out);
}

bool acme_client_key_authorization(
	const struct acme_client *client, const char *token, char *out, size_t room)
{
	int len = snprintf(out, room, "%s.%s", token, client->thumbprint);

	return len > 0 && (size_t)len < room;
}
