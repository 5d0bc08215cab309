/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_present.c - look the record's place up (if that has to be told or watched), run
 * the program, wait until the record is seen.
 */
#include "dns01-exec_attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For all of it, a little less than the core gives. */
#define PRESENT_MS 115000
#define LEAST_MS 1000

static int64_t left_ms(const struct dns01_exec_attempt *attempt)
{
	int64_t left = attempt->end_ms - acmems_clock_ms();

	return left > LEAST_MS ? left : LEAST_MS;
}

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct dns01_exec_attempt *attempt = arg;

	attempt->wait = 0;
	dns01_exec_finish(attempt, err);
}

static void wait_for_it(struct dns01_exec_attempt *attempt)
{
	const struct dns01_exec *exec = attempt->exec;
	struct acmems_error err = {0};

	if (exec->http || !acmems_dns_look_waits(&exec->look)) {
		dns01_exec_finish(attempt, NULL);
		return;
	}
	attempt->wait = acmems_dns_look_wait(&exec->look, attempt->owner, attempt->zone,
		attempt->value, left_ms(attempt), on_seen, attempt, &err);
	if (!attempt->wait)
		dns01_exec_finish(attempt, &err);
}

static char *trimmed(const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	return strndup(text, len);
}

static void on_presented(
	void *arg, const struct acmems_child_result *result, const struct acmems_error *why)
{
	struct dns01_exec_attempt *attempt = arg;
	const char *path = attempt->exec->command.items[0];
	struct acmems_error err = {0};
	bool ok = dns01_exec_succeeded(attempt, path, result, why, &err);

	dns01_exec_set_running(attempt, false);
	if (ok && attempt->exec->convention == EXEC_CERTBOT) {
		attempt->output = trimmed(result->output);
		ok = (attempt->output || dns01_exec_no_memory(&err)) &&
		     dns01_exec_note(attempt, &err);
	}
	if (ok)
		wait_for_it(attempt);
	else
		dns01_exec_finish(attempt, &err);
}

static bool publish(struct dns01_exec_attempt *attempt, struct acmems_error *err)
{
	if (!dns01_exec_note(attempt, err))
		return false;
	attempt->child = dns01_exec_going_child(attempt);
	attempt->started = dns01_exec_run(attempt, false, on_presented, err);
	if (!attempt->started)
		dns01_notes_erase(attempt->exec->notes, attempt->note);
	return attempt->started;
}

static void set_name(struct dns01_exec_attempt *attempt, const char *name)
{
	size_t len = strlen(name);

	snprintf(attempt->name, sizeof(attempt->name), "%s%s", name,
		len > 0 && name[len - 1] == '.' ? "" : ".");
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *why)
{
	struct dns01_exec_attempt *attempt = arg;
	struct acmems_error err = {0};

	attempt->find = 0;
	if (!place) {
		dns01_exec_finish(attempt, why);
		return;
	}
	snprintf(attempt->zone, sizeof(attempt->zone), "%s", place->zone);
	snprintf(attempt->owner, sizeof(attempt->owner), "%s", place->owner);
	if (attempt->exec->follow_cname)
		set_name(attempt, place->owner);
	if (!publish(attempt, &err))
		dns01_exec_finish(attempt, &err);
}

/* The place is looked up when it has to be told, or to be watched. */
static bool begin(struct dns01_exec_attempt *attempt, struct acmems_error *err)
{
	const struct dns01_exec *exec = attempt->exec;
	bool told = exec->convention == EXEC_LEGO && exec->follow_cname;

	if (exec->http || (!told && !acmems_dns_look_waits(&exec->look)))
		return publish(attempt, err);
	attempt->find = acmems_dns_look_find(
		&exec->look, attempt->name, left_ms(attempt), on_place, attempt, err);
	return attempt->find != 0;
}

static bool fill(struct dns01_exec_attempt *attempt, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	char name[ACMEMS_DNS_NAME_MAX];

	attempt->domain = strdup(challenge->identifier);
	attempt->token = strdup(challenge->token);
	attempt->key_authorization = strdup(challenge->key_authorization);
	if (!attempt->domain || !attempt->token || !attempt->key_authorization)
		return dns01_exec_no_memory(err);
	if (attempt->exec->http)
		return true;
	if (!acmems_challenge_txt_name(challenge, name))
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"the TXT record of \"%s\" would have too long a name", attempt->domain);
	set_name(attempt, name);
	return acmems_challenge_txt(challenge, attempt->value) || dns01_exec_no_memory(err);
}

static void on_cancel_present(void *arg)
{
	struct dns01_exec_attempt *attempt = arg;

	attempt->op = 0;
	dns01_exec_stop_looking(attempt);
	if (!attempt->running)
		return;
	acmems_child_cancel(attempt->child);
	dns01_exec_set_running(attempt, false);
}

bool dns01_exec_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct dns01_exec *exec = instance;
	struct dns01_exec_attempt *attempt = calloc(1, sizeof(*attempt));

	if (!attempt)
		return dns01_exec_no_memory(err);
	attempt->exec = exec;
	attempt->challenge = challenge->id;
	attempt->op = op;
	attempt->end_ms = acmems_clock_ms() + PRESENT_MS;
	LIST_INSERT_HEAD(&exec->attempts, attempt, entry);
	if (!fill(attempt, challenge, err) || !begin(attempt, err)) {
		dns01_exec_drop(attempt);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel_present, attempt);
	return true;
}
