/* SPDX-License-Identifier: ISC */
/* generation_account.c - an account's settings handed to the client library, and what that tells
 * handed to the log. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/log.h>
#include <acmems/loop.h>

#include "acme/config.h"
#include "acme/transport.h"
#include "events.h"
#include "generation_life.h"

#define KEY_FILE_MAX 4096

static void on_told(void *arg, enum acmems_log_level level, const char *text)
{
	(void)arg;
	acmems_log(level, "account", NULL, "%s", text);
}

/* Editors and echo put a line end behind what they write. */
static void trim(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

static bool read_key(
	const struct settings_account *account, char **ret_key, struct acmems_error *err)
{
	size_t len = 0;

	*ret_key = NULL;
	if (!account->eab_key_file) {
		if (!account->eab_key)
			return true;
		*ret_key = strdup(account->eab_key);
		return *ret_key || acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a key");
	}
	if (!acmems_file_read_secret(account->eab_key_file, KEY_FILE_MAX, ret_key, &len, err))
		return acmems_error_context(err, "eab: key-file");
	trim(*ret_key);
	return true;
}

static void free_key(char *key)
{
	if (key)
		acmems_wipe(key, strlen(key));
	free(key);
}

bool generation_account_config(const struct settings_account *account, struct acme_config *config,
	char **ret_eab_key, struct acmems_error *err)
{
	static const char *const algorithms[] = {"HS256", "HS384", "HS512"};

	*config = (struct acme_config){
		.name = account->name,
		.directory = account->directory,
		.dir = account->dir,
		.ca_file = account->ca_file,
		.contact = account->contact,
		.accept_any_terms = account->accept_any_terms,
		.accept_terms = account->accept_terms,
		.eab_kid = account->eab_kid,
		.eab_algorithm = account->eab_kid ? algorithms[account->eab_algorithm] : NULL,
		.transport = &acme_transport_http,
		.told = on_told,
	};
	if (!read_key(account, ret_eab_key, err))
		return false;
	config->eab_key = *ret_eab_key;
	return true;
}

bool generation_account_check(const struct settings_account *account, struct acmems_error *err)
{
	struct acme_config config, copy;
	char *key = NULL;
	bool ok;

	if (!generation_account_config(account, &config, &key, err))
		return false;
	ok = acme_config_copy(&copy, &config, err);
	if (ok)
		acme_config_free(&copy);
	free_key(key);
	return ok;
}

/* A generation that is going says nothing that its successor would not say. */
static void on_happened(void *arg, const char *name, enum acme_happening what, const char *detail)
{
	struct generation *generation = arg;

	for (size_t i = 0; i < generation->account_count && !generation->draining; i++) {
		struct account *account = &generation->accounts[i];

		if (strcmp(account->name, name) != 0)
			continue;
		if (what == ACME_CA_UNREACHABLE && account->down_since == 0)
			account->down_since = acmems_clock_wall();
		events_account(generation, &generation->settings->accounts[i], what, detail,
			account->down_since);
		if (what == ACME_CA_RECOVERED)
			account->down_since = 0;
	}
}

struct acme_client *generation_account_new(struct generation *generation,
	const struct settings_account *account, struct acmems_error *err)
{
	struct acme_client *client;
	struct acme_config config;
	char *key = NULL;

	if (!generation_account_config(account, &config, &key, err))
		return NULL;
	config.happened = on_happened;
	config.told_arg = generation;
	client = acme_client_new(&config, err);
	free_key(key);
	return client;
}
