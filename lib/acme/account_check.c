/* SPDX-License-Identifier: ISC */
/* account_check.c - what becomes of an account once it is there: deactivated, or under new terms. */
#include <stdlib.h>
#include <string.h>

#include "acme/account.h"
#include "acme/account_core.h"
#include "acme/account_file.h"
#include "acme/account_payload.h"
#include "acme/json.h"
#include "acme/problem.h"
#include "acme/request.h"

/* A CA that turns every order away is not asked each time. */
#define AGAIN_MS 60000
#define STATUS_MAX 64
#define REMEDY "a new key is needed, or a word with the CA"

bool account_is_valid(const struct acmems_json *json, struct acmems_error *err)
{
	char text[STATUS_MAX + 8];
	const char *status;

	if (!acmems_json_text(json, "status", STATUS_MAX, &status, err))
		return false;
	if (status == NULL || strcmp(status, "valid") == 0)
		return true;
	return acmems_error_set(err, ACMEMS_CONFIG,
		"the CA has this account's key as \"%s\": " REMEDY,
		problem_printable(status, text, sizeof(text)));
}

/* ---- deactivated? ---- */

bool account_doubt(struct acme_client *client)
{
	struct account *account = &client->account;

	if (account->view.doubted)
		return true;
	if (account->url == NULL || account->view.closed ||
		(account->checked_at != 0 && acmems_clock_ms() - account->checked_at < AGAIN_MS))
		return false;
	account->view.doubted = true;
	flow_step(&account->flow);
	return true;
}

static void close_account(struct acme_client *client, const struct acmems_error *why)
{
	struct account *account = &client->account;

	account->view.closed = true;
	acmems_error_set(&account->error, ACMEMS_CONFIG, "account \"%s\": %s", client->config.name,
		why->message);
	client_tell(client, ACMEMS_LOG_ERROR, "%s", account->error.message);
	client_happened(client, ACME_ACCOUNT_DEACTIVATED, why->message);
}

static void on_checked(
	void *arg, const struct acme_answer *answer, const struct acmems_error *failure)
{
	struct acme_client *client = arg;
	struct account *account = &client->account;
	struct acmems_error err = {0};

	account->request = 0;
	account->view.doubted = false;
	account->checked_at = acmems_clock_ms();
	if (failure != NULL && problem_is(failure, "accountDoesNotExist")) {
		account_lost(client);
		return;
	}
	if (failure != NULL && problem_is(failure, "unauthorized")) {
		/* RFC 8555, 7.3.6: all that a deactivated account is told */
		err = *failure;
		acmems_error_context(&err, "the CA turns the account away: " REMEDY);
		close_account(client, &err);
	} else if (failure == NULL && !account_is_valid(answer->json, &err) &&
		   err.code == ACMEMS_CONFIG) {
		close_account(client, &err);
	}
	/* whatever else went wrong says nothing about the account */
	flow_step(&account->flow);
}

void account_enter_check(void *subject)
{
	struct acme_client *client = subject;
	struct acmems_error err = {0};

	client->account.request = acme_request_start(client,
		&(struct acme_request){.url = client->account.url,
			.expect = ACME_EXPECT_JSON,
			.repeatable = true,
			.timeout_ms = ACCOUNT_CHECK_MS},
		on_checked, client, &err);
	if (client->account.request == 0)
		on_checked(client, NULL, &err);
}

void account_enter_closed(void *subject)
{
	client_settled(subject);
}

/* ---- terms ---- */

void account_action(struct acme_client *client, const struct acmems_error *err)
{
	struct account *account = &client->account;

	if (strcmp(account->asked_for, err->message) == 0)
		return;
	memcpy(account->asked_for, err->message, sizeof(account->asked_for));
	client_tell(client, ACMEMS_LOG_ERROR, "account \"%s\": somebody has to act: %s",
		client->config.name, err->message);
	client_happened(client, ACME_ACCOUNT_TERMS_CHANGED, err->message);
}

static void tell_terms(struct acme_client *client, const char *old, const char *terms)
{
	bool accepted = account_accepts(&client->config, client->directory.current);
	struct acmems_error text = {0};

	acmems_error_set(&text, ACMEMS_CONFIG,
		"the CA's terms of service are %.200s now%s; they were %.200s", terms,
		accepted ? "" : ", which accept-terms-of-service does not have", old);
	client_tell(client, accepted ? ACMEMS_LOG_NOTICE : ACMEMS_LOG_WARNING, "account \"%s\": %s",
		client->config.name, text.message);
	client_happened(client, ACME_ACCOUNT_TERMS_CHANGED, text.message);
}

/* Of an account that others registered the first terms that we see are those known of. */
void account_look_at_terms(struct acme_client *client)
{
	struct account *account = &client->account;
	const char *terms = client->directory.current->terms;
	struct acmems_error err = {0};
	char *copy;

	if (account->url == NULL || terms == NULL ||
		(account->terms != NULL && strcmp(account->terms, terms) == 0))
		return;
	copy = strdup(terms);
	if (copy == NULL)
		return; /* tomorrow's directory has them, too */
	if (account->terms != NULL)
		tell_terms(client, account->terms, terms);
	free(account->terms);
	account->terms = copy;
	if (!account_file_save(client->config.dir, account->url, terms, NULL, &err))
		client_tell(client, ACMEMS_LOG_WARNING,
			"account \"%s\": the CA's terms of service can not be noted: %s",
			client->config.name, err.message);
}
