/* SPDX-License-Identifier: ISC */
/*
 * command_notify.c - see command_notify.h. The notifier is started, used once and stopped on a loop of
 * its own, beside the daemon: queue, journal and limits have no part in it, so that an error is told
 * at once and nothing is tried again.
 */
#include "command_notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>
#include <acmems/notify.h>

#include "base/child.h"
#include "base/loop.h"
#include "base/op_core.h"
#include "command.h"
#include "net/http_client.h"
#include "net/http_insist.h"
#include "net/resolver.h"
#include "process.h"
#include "registry/registry.h"
#include "settings/settings.h"

#define START_MS 30000
#define SEND_MS 60000
#define STOP_MS 10000
#define SAID_MAX 512

/* One step of the instance's life, or the delivery. */
struct step {
	const char *what;
	int64_t deadline_ms;
	bool (*start)(const struct step *step, uint64_t op, struct acmems_error *err);
	struct instance *instance;
	const struct acmems_event *event; /* that is sent */
	struct acmems_error *err;
	char said[SAID_MAX];
};

/* What comes from outside must not move the terminal's cursor. */
static const char *plain(char *text)
{
	for (char *c = text; *c; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return text;
}

static bool start_step(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct step *step = ctx;

	return step->start(step, op, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	struct step *step = arg;

	if (err)
		*step->err = *err;
	snprintf(step->said, sizeof(step->said), "%.*s", (int)(len < SAID_MAX ? len : SAID_MAX),
		len > 0 ? (const char *)data : "");
	loop_stop();
}

/* Waits for it: there is nothing else to be done. */
static bool run(struct step *step)
{
	struct op_spec spec = {.owner = step->instance->module->owner,
		.what = step->what,
		.deadline_ms = step->deadline_ms,
		.start = start_step,
		.ctx = step,
		.done = on_done,
		.arg = step};

	*step->err = (struct acmems_error){0};
	if (op_run(&spec, step->err) != 0)
		loop_run();
	return step->err->code == ACMEMS_OK;
}

static bool on_start(const struct step *step, uint64_t op, struct acmems_error *err)
{
	return step->instance->module->module->start(step->instance->data, op, err);
}

static bool on_stop(const struct step *step, uint64_t op, struct acmems_error *err)
{
	return step->instance->module->module->stop(step->instance->data, op, err);
}

static bool on_send(const struct step *step, uint64_t op, struct acmems_error *err)
{
	return step->instance->ops.notify.send(step->instance->data, op, step->event, err);
}

static bool deliver(struct instance *instance, struct step *send)
{
	const struct acmems_module *module = instance->module->module;
	struct acmems_error late = {0};
	struct step start = {.what = "start",
		.deadline_ms = START_MS,
		.start = on_start,
		.instance = instance,
		.err = send->err};
	struct step stop = {.what = "stop",
		.deadline_ms = STOP_MS,
		.start = on_stop,
		.instance = instance,
		.err = &late};
	bool ok = (!module->start || run(&start)) && run(send);

	if (module->stop)
		run(&stop);
	return ok;
}

static int test_instance(struct instance *instance)
{
	char host[100] = "this machine", summary[256];
	const struct acmems_field field = {"instance", instance->name};
	struct acmems_event event = {.name = "test",
		.when = acmems_clock_wall(),
		.summary = summary,
		.fields = &field,
		.field_count = 1,
		.count = 1,
		.first = acmems_clock_wall(),
		.severity = ACMEMS_EVENT_INFO};
	struct acmems_error err = {0};
	struct step send = {.what = "send",
		.deadline_ms = SEND_MS,
		.start = on_send,
		.instance = instance,
		.event = &event,
		.err = &err};

	gethostname(host, sizeof(host) - 1);
	snprintf(summary, sizeof(summary), "test of the notifier \"%.64s\" by acmems on %s",
		instance->name, host);
	if (!acmems_random(&event.id, sizeof(event.id)))
		acmems_error_set(&err, ACMEMS_SYSTEM, "no random numbers");
	if (err.code != ACMEMS_OK || !deliver(instance, &send)) {
		fprintf(stderr, "acmems: notify \"%s\": %s\n", instance->name, plain(err.message));
		return EX_UNAVAILABLE;
	}
	printf("acmems: notify \"%s\": delivered%s%s\n", instance->name, send.said[0] ? ": " : "",
		plain(send.said));
	return EX_OK;
}

static const struct settings_instance *find(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->notify_count; i++) {
		if (strcmp(settings->notifies[i].name, name) == 0)
			return &settings->notifies[i];
	}
	fprintf(stderr, "acmems: there is no notify \"%s\" in the configuration%s", name,
		settings->notify_count > 0 ? ", but" : "\n");
	for (size_t i = 0; i < settings->notify_count; i++)
		fprintf(stderr, " \"%s\"%s", settings->notifies[i].name,
			i + 1 < settings->notify_count ? "," : "\n");
	return NULL;
}

static int test_one(
	const struct cli *cli, const struct settings *settings, struct conf_faults *faults)
{
	const struct settings_instance *found = find(settings, cli->notify);
	const char *dir = cli->modules ? cli->modules : settings->modules;
	struct acmems_error err = {0};
	struct instance *instance;
	const struct module *module;
	int status;

	if (!found)
		return EX_USAGE;
	module = registry_module(dir, ACMEMS_NOTIFY, found->type, &err);
	if (!module) {
		fprintf(stderr, "acmems: notify \"%s\": %s\n", found->name, err.message);
		return EX_CONFIG;
	}
	instance = instance_new(module, found->name, found->node, faults);
	if (!instance) {
		command_print_faults(faults);
		return EX_CONFIG;
	}
	status = test_instance(instance);
	instance_free(instance);
	return status;
}

int command_notify(const struct cli *cli)
{
	struct conf_faults faults = {0};
	struct acmems_error err = {0};
	struct settings *settings;
	int status = EX_CONFIG;

	process_init();
	if (!loop_init(&err)) {
		fprintf(stderr, "acmems: %s\n", err.message);
		return EX_OSERR;
	}
	settings = settings_load(cli->config, &faults);
	if (settings)
		status = test_one(cli, settings, &faults);
	else
		command_print_faults(&faults);
	settings_free(settings);
	conf_faults_fini(&faults);
	http_insist_fini();
	http_client_fini();
	resolver_fini();
	child_fini();
	op_fini();
	registry_fini();
	loop_fini();
	return status;
}
