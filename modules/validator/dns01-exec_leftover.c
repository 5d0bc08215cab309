/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_leftover.c - what is published is written down (dns01_notes.h), and taken away at
 * the next start if the process has not come to it.
 */
#include "dns01-exec_attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts of a note. */
enum { DOMAIN, TOKEN, KEY_AUTHORIZATION, VALUE, NAME, OUTPUT };

bool dns01_exec_note(struct dns01_exec_attempt *attempt, struct acmems_error *err)
{
	const char *texts[DNS01_NOTE_TEXTS] = {
		[DOMAIN] = attempt->domain,
		[TOKEN] = attempt->token,
		[KEY_AUTHORIZATION] = attempt->key_authorization,
		[VALUE] = attempt->value,
		[NAME] = attempt->name,
		[OUTPUT] = attempt->output ? attempt->output : "",
	};

	return !dns01_exec_takes_away(attempt->exec) ||
	       dns01_notes_write(attempt->exec->notes, &attempt->note, texts, err);
}

static bool fill(struct dns01_exec_attempt *attempt, const char *const *texts)
{
	attempt->domain = strdup(texts[DOMAIN]);
	attempt->token = strdup(texts[TOKEN]);
	attempt->key_authorization = strdup(texts[KEY_AUTHORIZATION]);
	attempt->output = strdup(texts[OUTPUT]);
	snprintf(attempt->value, sizeof(attempt->value), "%s", texts[VALUE]);
	snprintf(attempt->name, sizeof(attempt->name), "%s", texts[NAME]);
	return attempt->domain && attempt->token && attempt->key_authorization && attempt->output;
}

static bool begin(
	struct dns01_exec_attempt *attempt, const char *const *texts, struct acmems_error *err)
{
	const struct dns01_exec *exec = attempt->exec;

	if (!fill(attempt, texts))
		return dns01_exec_no_memory(err);
	if (exec->http == (attempt->name[0] == '\0'))
		return dns01_exec_take_away(attempt, err);
	/* said once */
	dns01_notes_erase(exec->notes, attempt->note);
	return acmems_error_set(err, ACMEMS_CONFIG, "%s: that was %s", attempt->domain,
		exec->http ? "a TXT record" : "a file of http-01");
}

static void on_found(void *arg, unsigned long number, const char *const *texts)
{
	struct dns01_exec *exec = arg;
	struct dns01_exec_attempt *attempt = calloc(1, sizeof(*attempt));
	struct acmems_error err = {0};

	if (!attempt)
		return;
	attempt->exec = exec;
	attempt->note = number;
	attempt->started = attempt->leftover = true;
	LIST_INSERT_HEAD(&exec->attempts, attempt, entry);
	if (begin(attempt, texts, &err))
		return;
	acmems_log(ACMEMS_LOG_WARNING, DNS01_EXEC_ROOM, exec->self.name,
		"cannot take away what was left over: %s", err.message);
	dns01_exec_drop(attempt);
}

void dns01_exec_inherit(struct dns01_exec *exec)
{
	if (dns01_exec_takes_away(exec))
		dns01_notes_inherit(exec->notes, on_found, exec);
}
