/* SPDX-License-Identifier: ISC */
/* order_effect.c - see order_effect.h. */
#include "acme/order_effect.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "acme/persist.h"
#include "base/seen.h"

#define KEY_AUTHORIZATION_MAX (CHALLENGE_TOKEN_MAX + 64)

struct effect {
	struct effect *next;
	struct effect_list *list;
	struct acmems_challenge challenge;
	char *url; /* of the authorization */
	char *type;
	char *name;
	char *token;
	char *account;
	struct persist_offer *offer; /* of a type that wants one */
	char key_authorization[KEY_AUTHORIZATION_MAX];
	uint64_t seen_id;
	uint64_t op; /* present or cleanup under way */
	bool cleaning;
	effect_published *published;
	effect_seen *seen;
	struct acmems_task task;
};

static void release(struct effect *effect)
{
	acmems_task_cancel(&effect->task);
	seen_forget(effect->seen_id);
	free(effect->url);
	free(effect->type);
	free(effect->name);
	free(effect->token);
	free(effect->account);
	persist_offer_free(effect->offer);
	free(effect);
}

static void detach(struct effect *effect)
{
	struct effect **at = &effect->list->first;

	while (*at != effect)
		at = &(*at)->next;
	*at = effect->next;
}

static void on_published(void *arg, const struct acmems_error *err)
{
	struct effect *effect = arg;

	effect->op = 0;
	effect->published(effect->list->arg, effect->url, err);
}

static void on_seen(void *arg)
{
	struct effect *effect = arg;

	effect->seen_id = 0;
	effect->seen(effect->list->arg, effect->url);
}

static bool fill_offer(struct effect *effect, struct acme_client *client, const struct authz *authz,
	struct acmems_error *err)
{
	static const char *const none[] = {NULL};

	if (strcmp(effect->type, PERSIST_TYPE) != 0)
		return true;
	effect->offer = persist_offer_new(client, &authz->challenge, effect->name, err);
	if (!effect->offer)
		return false;
	effect->challenge.account_uris = effect->offer->uris;
	effect->challenge.issuer_domain_names =
		effect->offer->issuers ? (const char *const *)effect->offer->issuers : none;
	return true;
}

static bool fill(struct effect *effect, struct acme_client *client, const struct authz *authz,
	struct acmems_error *err)
{
	const char *account = acme_client_account_url(client);

	effect->url = strdup(authz->url);
	effect->type = strdup(authz->challenge.type);
	effect->name = strdup(authz->name);
	effect->token = strdup(authz->challenge.token);
	effect->account = strdup(account ? account : "");
	effect->seen_id = seen_register(on_seen, effect);
	if (!effect->url || !effect->type || !effect->name || !effect->token || !effect->account ||
		effect->seen_id == 0)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to solve a challenge");
	if (effect->token[0] != '\0' &&
		!acme_client_key_authorization(client, effect->token, effect->key_authorization,
			sizeof(effect->key_authorization)))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the token of a challenge is too long");
	effect->challenge = (struct acmems_challenge){
		.id = effect->seen_id,
		.type = effect->type,
		.identifier = effect->name,
		.wildcard = authz->wildcard,
		.token = effect->token,
		.key_authorization = effect->key_authorization,
		.account_url = effect->account,
	};
	return fill_offer(effect, client, authz, err);
}

bool effect_publish(struct effect_list *list, struct acme_client *client, const struct authz *authz,
	effect_published *published, effect_seen *seen, struct acmems_error *err)
{
	struct effect *effect = calloc(1, sizeof(*effect));

	if (!effect)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to solve a challenge");
	effect->list = list;
	effect->published = published;
	effect->seen = seen;
	if (!fill(effect, client, authz, err)) {
		release(effect);
		return false;
	}
	effect->op = list->solver->present(
		list->solver->ctx, &effect->challenge, on_published, effect, err);
	if (effect->op == 0) {
		release(effect);
		return false;
	}
	effect->next = list->first;
	list->first = effect;
	return true;
}

bool effect_is_known(const struct effect_list *list, const char *url)
{
	const struct effect *effect = list->first;

	while (effect && strcmp(effect->url, url) != 0)
		effect = effect->next;
	return effect != NULL;
}

void effect_orphan(struct effect_list *list)
{
	for (struct effect *effect = list->first; effect; effect = effect->next)
		effect->url[0] = '\0';
}

static void on_cleaned(void *arg, const struct acmems_error *err)
{
	struct effect *effect = arg;
	struct effect_list *list = effect->list;

	effect->op = 0;
	if (err) {
		list->failures++;
		acmems_log(ACMEMS_LOG_DEBUG, "order", list->id,
			"%s of \"%s\" could not be taken away: %s", effect->type, effect->name,
			err->message);
	}
	detach(effect);
	release(effect);
	if (!list->first)
		list->cleaned(list->arg);
}

static void never_started(void *arg)
{
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_FAULT, "the validator did not even begin");
	on_cleaned(arg, &err);
}

static void clean_up_one(struct effect_list *list, struct effect *effect)
{
	struct acmems_error err = {0};

	if (effect->cleaning)
		return;
	effect->cleaning = true;
	if (effect->op != 0)
		list->solver->cancel(list->solver->ctx, effect->op);
	seen_forget(effect->seen_id);
	effect->seen_id = 0;
	effect->op = list->solver->cleanup(
		list->solver->ctx, &effect->challenge, on_cleaned, effect, &err);
	if (effect->op == 0) {
		acmems_log(ACMEMS_LOG_DEBUG, "order", list->id, "%s", err.message);
		acmems_task_post(&effect->task, never_started, effect);
	}
}

bool effect_clean_up(struct effect_list *list)
{
	for (struct effect *effect = list->first; effect; effect = effect->next)
		clean_up_one(list, effect);
	return list->first != NULL;
}

void effect_give_up(struct effect_list *list)
{
	while (list->first) {
		struct effect *effect = list->first;

		list->first = effect->next;
		list->failures++;
		if (effect->op != 0)
			list->solver->cancel(list->solver->ctx, effect->op);
		acmems_log(ACMEMS_LOG_DEBUG, "order", list->id,
			"%s of \"%s\" was not taken away in time", effect->type, effect->name);
		release(effect);
	}
}
