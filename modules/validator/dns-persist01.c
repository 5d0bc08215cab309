/* SPDX-License-Identifier: ISC */
/*
 * validator/dns-persist01.c - answers dns-persist-01 challenges (draft-ietf-acme-dns-persist).
 *
 * The record that proves control stands in the zone all the time, set once by the zone's owner; there
 * is nothing to publish and nothing to take away. So all that is to be done is to look at it before
 * the CA does, because a wrong one costs a failed authorization, and because "unauthorized" helps
 * nobody, but "it has expired on ..." does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/dns_look.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#include "dns-persist01_record.h"

struct dns_persist01 {
	struct acmems_instance self;
	struct acmems_dns_look look;
	int64_t timeout_ms;
};

static const struct acmems_option options[] = {
	ACMEMS_DNS_LOOK_OPTIONS(struct dns_persist01, look),
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct dns_persist01, timeout_ms),
		.fallback = "20s",
		.min = 1000,
		.max = 110000,
		.help = "how long to wait for name servers"},
};

static bool persist_check(void *instance, struct acmems_error *err)
{
	const struct dns_persist01 *self = instance;

	return acmems_dns_look_check(&self->look, err);
}

/* ---- looking ---- */

struct look {
	struct dns_persist01 *self;
	const struct acmems_challenge *challenge; /* valid until it is finished or cancelled */
	uint64_t op;
	uint64_t find; /* 0: not under way */
	uint64_t wait;
	int64_t end_ms;
	char name[ACMEMS_DNS_NAME_MAX];
	struct record_verdict best;
};

static int64_t left_ms(const struct look *look)
{
	int64_t left = look->end_ms - acmems_clock_ms();

	return left > 1 ? left : 1;
}

static void on_cancel(void *arg)
{
	struct look *look = arg;

	acmems_dns_find_cancel(look->find);
	acmems_dns_wait_cancel(look->wait);
	free(look);
}

static void finish(struct look *look, const struct acmems_error *err)
{
	uint64_t op = look->op;

	free(look);
	acmems_op_finish(op, err);
}

/* Of several records the one that is nearest to being right is told of. */
static bool on_text(void *arg, const char *text, size_t len)
{
	struct look *look = arg;
	struct record_verdict verdict;

	record_judge(look->challenge, acmems_clock_wall(), text, len, &verdict);
	if (verdict.fault > look->best.fault)
		look->best = verdict;
	return verdict.fault == RECORD_GOOD;
}

/* What the servers have shown, and what they should. */
static void blame(struct look *look, const struct acmems_error *seen)
{
	char why[ACMEMS_ERROR_MESSAGE_MAX];
	char wanted[ACMEMS_ERROR_MESSAGE_MAX];
	struct acmems_error err = {0};

	/* some have it right: it is theirs to say which have not */
	if (look->best.fault == RECORD_GOOD)
		snprintf(why, sizeof(why), "%s", seen->message);
	else
		record_explain(&look->best, look->name, look->challenge, why, sizeof(why));
	if (!record_wanted(look->challenge, wanted, sizeof(wanted)))
		acmems_error_set(&err, ACMEMS_VALIDATION, "%s", why);
	else
		acmems_error_set(&err, ACMEMS_VALIDATION,
			"%s; the zone's owner has to set: %s. IN TXT \"%s\"", why, look->name,
			wanted);
	finish(look, &err);
}

static bool is_wrong(const struct look *look)
{
	return look->best.fault > RECORD_ABSENT && look->best.fault < RECORD_GOOD;
}

static void on_seen(void *arg, const struct acmems_error *err)
{
	struct look *look = arg;

	look->wait = 0;
	/* what is wrong with the one that was seen says more than that others are silent */
	if (err &&
		(err->code == ACMEMS_NOT_FOUND || (err->code == ACMEMS_TIMEOUT && is_wrong(look))))
		blame(look, err);
	else
		finish(look, err);
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *err)
{
	struct look *look = arg;
	struct acmems_error failed = {0};

	look->find = 0;
	if (!err) {
		look->wait = acmems_dns_look_once(&look->self->look, place->owner, place->zone,
			on_text, left_ms(look), on_seen, look, &failed);
		if (look->wait)
			return;
	}
	finish(look, err ? err : &failed);
}

static bool start_look(struct look *look, struct acmems_error *err)
{
	if (!acmems_challenge_txt_name(look->challenge, look->name))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"there is no name for the record of a %s challenge", look->challenge->type);
	look->find = acmems_dns_look_find(
		&look->self->look, look->name, left_ms(look), on_place, look, err);
	return look->find != 0;
}

static bool persist_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct dns_persist01 *self = instance;
	struct look *look;

	if (!acmems_dns_look_waits(&self->look)) {
		acmems_op_finish(op, NULL);
		return true;
	}
	look = calloc(1, sizeof(*look));
	if (!look)
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory to look at a standing record");
	look->self = self;
	look->challenge = challenge;
	look->op = op;
	look->end_ms = acmems_clock_ms() + self->timeout_ms;
	if (!start_look(look, err)) {
		free(look);
		return false;
	}
	acmems_op_on_cancel(op, on_cancel, look);
	return true;
}

/* Nothing was published, so there is nothing to take away. */
static bool persist_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	(void)instance;
	(void)challenge;
	(void)err;
	acmems_op_finish(op, NULL);
	return true;
}

static const char *const types[] = {"dns-persist-01", NULL};

static const struct acmems_validator_ops ops = {
	.types = types, .present = persist_present, .cleanup = persist_cleanup};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns-persist01"),
	.version = ACMEMS_VERSION,
	.summary = "answers dns-persist-01 challenges after a look at the standing record",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct dns_persist01),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = persist_check,
};
