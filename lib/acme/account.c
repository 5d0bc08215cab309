/* SPDX-License-Identifier: ISC */
/* account.c - the account's flow; see account.h. What is decided is in account_decide.c. */
#include "acme/account.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "acme/account_core.h"
#include "acme/account_file.h"
#include "acme/account_payload.h"
#include "acme/client_core.h"
#include "acme/request.h"

#define PAUSE_MAX_S 300
#define PAUSE_LIMIT_S                                                                              \
	86400 /* the CA may ask for more than PAUSE_MAX_S, and for no more than this */
#define DIRECTORY_DEADLINE_MS 45000
#define REGISTER_DEADLINE_MS 90000
#define REGISTER_TIMEOUT_MS 60000

/* Faults that do not go away by themselves: somebody has to act. */
static bool needs_hand(const struct acmems_error *err)
{
	return err->code == ACMEMS_CONFIG;
}

/* Seconds before the next attempt: 1, 2, 4 ... 300 and up to a quarter more. */
static int64_t pause_seconds(const struct account *account)
{
	int64_t pause = PAUSE_MAX_S;
	int64_t asked = account->error.retry_after;

	if (!needs_hand(&account->error) && account->failures < 9)
		pause = (int64_t)1 << (account->failures - 1);
	if (asked > pause)
		pause = asked < PAUSE_LIMIT_S ? asked : PAUSE_LIMIT_S;
	return pause;
}

static int64_t jitter_ms(int64_t pause_s)
{
	uint16_t random = 0;

	if (!acmems_random(&random, sizeof(random)))
		return 0;
	return pause_s * 250 * random / UINT16_MAX;
}

/* Tells the operator once, and again only when it is something else. */
static void tell_trouble(struct acme_client *client)
{
	struct account *account = &client->account;
	bool hand = needs_hand(&account->error);

	if (strcmp(account->told, account->error.message) == 0)
		return;
	memcpy(account->told, account->error.message, sizeof(account->told));
	client_tell(client, hand ? ACMEMS_LOG_ERROR : ACMEMS_LOG_WARNING, "%s%s",
		account->error.message, hand ? "" : "; trying again until it works");
	account->out_of_reach = account->out_of_reach || !hand;
	if (!hand)
		client_happened(client, ACME_CA_UNREACHABLE, account->error.message);
	else
		client_happened(client,
			account->ended ? ACME_ACCOUNT_DEACTIVATED : ACME_ACCOUNT_NEEDS_HAND,
			account->error.message);
}

/*
 * The CA's words about the account are the operator's business, not that of a client whose CSR or
 * names could be meant by the same types.
 */
static void blame_operator(struct acmems_error *err)
{
	if (err->code == ACMEMS_BAD_CSR || err->code == ACMEMS_VALIDATION)
		err->code = ACMEMS_CONFIG;
}

static void attempt_failed(struct acme_client *client, const struct acmems_error *err)
{
	struct account *account = &client->account;

	account->error = *err;
	blame_operator(&account->error);
	acmems_error_context(&account->error, "account \"%s\"", client->config.name);
	account->failures++;
	account->view.failed = true;
	flow_step(&account->flow);
}

static void again(void *arg)
{
	struct acme_client *client = arg;

	client->account.view.failed = false;
	flow_step(&client->account.flow);
}

static void enter_waiting(void *subject)
{
	struct acme_client *client = subject;
	struct account *account = &client->account;
	int64_t pause = pause_seconds(account);
	int64_t ms = pause * 1000 + jitter_ms(pause);

	account->again_at = acmems_clock_ms() + ms;
	acmems_timer_start(account->timer, ms);
	tell_trouble(client);
	client_settled(client);
}

static void enter_directory(void *subject)
{
	struct acme_client *client = subject;
	struct acmems_error err = {0};

	if (!directory_keeper_fetch(&client->directory, &err))
		attempt_failed(client, &err);
}

static void enter_refused(void *subject)
{
	struct acme_client *client = subject;
	const char *terms = client->directory.current->terms;

	acmems_error_set(&client->account.error, ACMEMS_CONFIG,
		"account \"%s\": the CA's terms of service are not accepted, so it is not "
		"registered; "
		"read %s, then add to the account: accept-terms-of-service = [ \"%s\" ];",
		client->config.name, terms, terms);
	tell_trouble(client);
	client_settled(client);
}

/* scheme://host:port of both is the same, letter case aside. */
static bool same_origin(const char *a, const char *b)
{
	size_t len = strlen("https://") + strcspn(a + strlen("https://"), "/?");

	return strncasecmp(a, b, len) == 0 && (b[len] == '/' || b[len] == '?' || b[len] == '\0');
}

/* The account's URL is news, and so is what follows for the view. */
static void set_url(struct acme_client *client, char *url)
{
	free(client->account.url);
	client->account.url = url;
	client->account.view.has_url = url != NULL;
	client->account.view.doubted = false;
	client->account.view.closed = false;
}

static void keep_registration(struct acme_client *client, const struct acme_answer *answer)
{
	const char *terms = client->directory.current->terms;
	struct acmems_error err = {0};

	/* without memory for a copy the next directory brings them */
	free(client->account.terms);
	client->account.terms = terms != NULL ? strdup(terms) : NULL;
	client_tell(client, ACMEMS_LOG_NOTICE, "account \"%s\" is %s: %s", client->config.name,
		answer->status == 201 ? "registered" : "found at the CA", client->account.url);
	client_happened(client, ACME_ACCOUNT_REGISTERED, client->account.url);
	if (account_file_save(client->config.dir, client->account.url, terms, answer->json, &err))
		return;
	client_tell(client, ACMEMS_LOG_WARNING,
		"account \"%s\" works, but can not be kept for the next start: %s",
		client->config.name, err.message);
}

static bool check_account(
	struct account *account, const struct acme_answer *answer, struct acmems_error *err)
{
	if (answer->location == NULL)
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the CA's answer does not say the account's URL");
	if (account_is_valid(answer->json, err))
		return true;
	account->ended = err->code == ACMEMS_CONFIG;
	return false;
}

static void on_registered(
	void *arg, const struct acme_answer *answer, const struct acmems_error *failure)
{
	struct acme_client *client = arg;
	struct acmems_error err = {0};
	char *url = NULL;

	client->account.request = 0;
	client->account.ended = false;
	if (failure != NULL)
		err = *failure;
	else if (check_account(&client->account, answer, &err)) {
		url = strdup(answer->location);
		if (url == NULL)
			acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory for a URL");
	}
	if (url == NULL) {
		if (client->directory.current->external_account_required &&
			client->config.eab_kid == NULL)
			acmems_error_context(&err, "no external account binding is configured");
		acmems_error_context(&err, "newAccount");
		attempt_failed(client, &err);
		return;
	}
	set_url(client, url);
	keep_registration(client, answer);
	flow_step(&client->account.flow);
}

static bool send_registration(struct acme_client *client, struct acmems_error *err)
{
	const struct directory *directory = client->directory.current;
	char *payload = account_payload(&client->config, directory, client->key, err);

	if (payload == NULL)
		return false;
	client->account.request = acme_request_start(client,
		&(struct acme_request){.url = directory->new_account,
			.payload = payload,
			.expect = ACME_EXPECT_JSON,
			.repeatable = true,
			.with_jwk = true,
			.timeout_ms = REGISTER_TIMEOUT_MS},
		on_registered, client, err);
	free(payload);
	return client->account.request != 0;
}

static void enter_register(void *subject)
{
	struct acme_client *client = subject;
	struct acmems_error err = {0};

	if (!send_registration(client, &err))
		attempt_failed(client, &err);
}

static void enter_ready(void *subject)
{
	struct acme_client *client = subject;
	struct account *account = &client->account;

	if (account->told[0] != '\0')
		client_tell(client, ACMEMS_LOG_NOTICE, "account \"%s\" works again",
			client->config.name);
	if (account->out_of_reach)
		client_happened(client, ACME_CA_RECOVERED, "");
	account->out_of_reach = false;
	account->told[0] = '\0';
	account->failures = 0;
	client_settled(client);
}

static int decide(const void *subject)
{
	const struct acme_client *client = subject;

	return (int)account_decide(&client->account.view);
}

/* A backstop: what the states wait for has deadlines of its own. */
static void expired(void *subject, int state)
{
	struct acme_client *client = subject;
	struct acmems_error err = {0};

	(void)state;
	acme_request_cancel(client, client->account.request);
	client->account.request = 0;
	client->account.view.doubted = false;
	acmems_error_set(&err, ACMEMS_TIMEOUT, "the CA did not answer in time");
	attempt_failed(client, &err);
}

static const struct flow_state states[ACCOUNT_STATES] = {
	[ACCOUNT_DIRECTORY] = {"directory", enter_directory, DIRECTORY_DEADLINE_MS, true},
	[ACCOUNT_REFUSED] = {"refused", enter_refused, 0, true},
	[ACCOUNT_REGISTER] = {"register", enter_register, REGISTER_DEADLINE_MS, true},
	[ACCOUNT_CHECK] = {"check", account_enter_check, REGISTER_DEADLINE_MS, true},
	[ACCOUNT_CLOSED] = {"closed", account_enter_closed, 0, true},
	[ACCOUNT_READY] = {"ready", enter_ready, 0, true},
	[ACCOUNT_WAITING] = {"waiting", enter_waiting, 0, true},
};

static const struct flow_table table = {
	.room = "account",
	.states = states,
	.count = ACCOUNT_STATES,
	.decide = decide,
	.expired = expired,
};

bool account_init(struct acme_client *client, char *url)
{
	set_url(client, url);
	client->account.timer = acmems_timer_new(again, client);
	return client->account.timer != NULL &&
	       flow_init(&client->account.flow, &table, client, client->config.name);
}

void account_fini(struct acme_client *client)
{
	flow_fini(&client->account.flow);
	acmems_timer_free(client->account.timer);
	client->account.timer = NULL;
	free(client->account.terms);
	client->account.terms = NULL;
	set_url(client, NULL);
}

void account_start(struct acme_client *client)
{
	flow_step(&client->account.flow);
}

void account_on_directory(void *arg, const struct acmems_error *err)
{
	struct acme_client *client = arg;
	struct account *account = &client->account;
	const struct directory *directory = client->directory.current;

	if (err != NULL) {
		attempt_failed(client, err);
		return;
	}
	account->view.has_directory = true;
	account->view.terms_open = !account_accepts(&client->config, directory);
	account->ended = false;
	if (account->url != NULL && !same_origin(account->url, directory->new_account)) {
		client_tell(client, ACMEMS_LOG_NOTICE,
			"account \"%s\": the kept registration %s is not of this CA; finding or "
			"making "
			"one here",
			client->config.name, account->url);
		set_url(client, NULL);
	}
	account_look_at_terms(client);
	flow_step(&account->flow);
}

void account_lost(struct acme_client *client)
{
	if (client->account.url == NULL)
		return;
	client_tell(client, ACMEMS_LOG_WARNING,
		"account \"%s\": the CA does not know %s any more; registering again",
		client->config.name, client->account.url);
	set_url(client, NULL);
	flow_step(&client->account.flow);
}

bool account_ready(const struct acme_client *client, struct acmems_error *err)
{
	const struct account *account = &client->account;
	int64_t left;

	switch ((enum account_state)account->flow.state) {
	case ACCOUNT_READY:
		return true;
	case ACCOUNT_DIRECTORY:
	case ACCOUNT_REGISTER:
	case ACCOUNT_CHECK:
		acmems_error_set(err, ACMEMS_UNAVAILABLE, "account \"%s\" is not ready yet (%s)",
			client->config.name, flow_state_name(&account->flow));
		err->retry_after = 1;
		return false;
	case ACCOUNT_REFUSED:
	case ACCOUNT_CLOSED:
		*err = account->error;
		return false;
	case ACCOUNT_WAITING:
		left = account->again_at - acmems_clock_ms();
		*err = account->error;
		if (err->code == ACMEMS_TIMEOUT || err->code == ACMEMS_SYSTEM)
			err->code = ACMEMS_UNAVAILABLE;
		err->retry_after = left > 0 ? (uint32_t)((left + 999) / 1000) : 1;
		return false;
	case ACCOUNT_STATES:
		break;
	}
	acmems_error_set(
		err, ACMEMS_UNAVAILABLE, "account \"%s\" is not started", client->config.name);
	return false;
}

bool account_trying(const struct acme_client *client)
{
	int state = client->account.flow.state;

	return state < 0 || state == ACCOUNT_DIRECTORY || state == ACCOUNT_REGISTER ||
	       state == ACCOUNT_CHECK;
}
