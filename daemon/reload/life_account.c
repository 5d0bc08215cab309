/* SPDX-License-Identifier: ISC */
/* life_account.c - accounts come to life, and what they tell is logged and made into events. */
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "notify/events.h"
#include "reload/life_core.h"

static void on_told(void *arg, enum acmems_log_level level, const char *text)
{
	(void)arg;
	acmems_log(level, "account", NULL, "%s", text);
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

struct acme_client *life_account_new(struct generation *generation,
	const struct settings_account *account, struct acmems_error *err)
{
	struct acme_client *client;
	struct acme_config config;
	char *key = NULL;

	if (!generation_account_config(account, &config, &key, err))
		return NULL;
	config.told = on_told;
	config.happened = on_happened;
	config.told_arg = generation;
	client = acme_client_new(&config, err);
	generation_account_key_free(key);
	return client;
}
