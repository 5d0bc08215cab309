/* SPDX-License-Identifier: ISC */
/* life_start.c - everything of a generation begun, and everything ended again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "base/op_core.h"
#include "notify/expiry.h"
#include "reload/life_core.h"
#include "notify/notifier.h"

/* ---- start ---- */

static void note_failure(
	struct generation *generation, const char *part, const struct acmems_error *why)
{
	struct life *life = generation->life;

	if (!life->view.failed) {
		life->err.code = why->code;
		snprintf(life->err.message, sizeof(life->err.message),
			"not everything could be started");
	}
	life->view.failed = true;
	acmems_error_detail(&life->err, part, why->message);
}

static const char *part_name(const struct instance *instance, char out[96])
{
	enum acmems_kind kind = instance->module->module->kind;

	if (kind == ACMEMS_AUTH)
		snprintf(out, 96, "auth block \"%.48s\", %s", instance->name,
			instance->module->module->name);
	else
		snprintf(out, 96, "%s \"%.64s\"", kind_name(kind), instance->name);
	return out;
}

static bool start_instance(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct instance *instance = ctx;

	return instance->module->module->start(instance->data, op, err);
}

static void on_started(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct life_part *part = arg;
	struct generation *generation = part->generation;
	char name[96];

	(void)data;
	(void)len;
	part->op = 0;
	generation->life->view.starting--;
	if (err)
		note_failure(generation, part_name(part->instance, name), err);
	else
		part->instance->started = true;
	life_step(generation);
}

static void launch_start(struct life_part *part)
{
	struct instance *instance = part->instance;
	struct acmems_error err = {0};
	char name[96];
	struct op_spec spec = {
		.owner = instance->module->owner,
		.what = "start",
		.deadline_ms = LIFE_START_MS,
		.start = start_instance,
		.ctx = instance,
		.done = on_started,
		.arg = part,
	};

	if (!instance->module->module->start) {
		instance->started = true;
		return;
	}
	part->op = op_run(&spec, &err);
	if (part->op)
		part->generation->life->view.starting++;
	else
		note_failure(part->generation, part_name(instance, name), &err);
}

static void make_accounts(struct generation *generation)
{
	for (size_t i = 0; i < generation->account_count; i++) {
		struct account *account = &generation->accounts[i];
		struct acmems_error err = {0};
		char name[96];

		account->client =
			life_account_new(generation, &generation->settings->accounts[i], &err);
		if (account->client)
			continue;
		snprintf(name, sizeof(name), "account \"%.64s\"", account->name);
		note_failure(generation, name, &err);
	}
}

void life_launch_starts(struct generation *generation)
{
	struct life *life = generation->life;
	struct acmems_error err = {0};

	make_accounts(generation);
	if (!notifier_check(generation->settings, &err))
		note_failure(generation, "notify", &err);
	life->front = front_new(generation, &err);
	if (!life->front)
		note_failure(generation, "mgmt", &err);
	for (size_t i = 0; i < generation->instance_count; i++)
		launch_start(&life->parts[i]);
	life->view.launched = true;
	life_step(generation);
}

void life_start_accounts(struct generation *generation)
{
	for (size_t i = 0; i < generation->account_count; i++)
		acme_client_start(generation->accounts[i].client);
}

/* ---- stop ---- */

static bool stop_instance(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct instance *instance = ctx;

	return instance->module->module->stop(instance->data, op, err);
}

/* Nothing depends on it any more, so a stop that fails is worth a line and no more. */
static void warn_stop(const struct instance *instance, const struct acmems_error *err)
{
	char name[96];

	acmems_log(ACMEMS_LOG_WARNING, "generation", NULL, "%s did not stop well: %s",
		part_name(instance, name), err->message);
}

static void on_stopped(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct life_part *part = arg;

	(void)data;
	(void)len;
	part->op = 0;
	part->generation->life->view.stopping--;
	if (err)
		warn_stop(part->instance, err);
	life_step(part->generation);
}

static void launch_stop(struct life_part *part)
{
	struct instance *instance = part->instance;
	struct acmems_error err = {0};
	struct op_spec spec = {
		.owner = instance->module->owner,
		.what = "stop",
		.deadline_ms = LIFE_STOP_MS,
		.start = stop_instance,
		.ctx = instance,
		.done = on_stopped,
		.arg = part,
	};

	op_cancel(part->op);
	part->op = 0;
	if (!instance->started || !instance->module->module->stop)
		return;
	instance->started = false;
	part->op = op_run(&spec, &err);
	if (part->op)
		part->generation->life->view.stopping++;
	else
		warn_stop(instance, &err);
}

void life_launch_stops(struct generation *generation)
{
	struct life *life = generation->life;

	life_shut(generation);
	notifier_close(generation);
	for (size_t i = 0; i < generation->instance_count; i++)
		launch_stop(&life->parts[i]);
	life->view.stop_launched = true;
	life_step(generation);
}

void life_shut(struct generation *generation)
{
	expiry_close(generation);
	front_free(generation->life->front);
	generation->life->front = NULL;
}
