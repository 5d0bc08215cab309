/* SPDX-License-Identifier: ISC */
/* reload.c - the swap of generations. */
#include "reload/reload.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/log.h>

#include "base/log_target.h"
#include "base/str.h"
#include "notify/events.h"
#include "registry/rehearsal.h"
#include "reload/rehearsal_generation.h"

/* Beyond an order's own deadline, for the clean-up and the storage. */
#define RETIRE_MORE_MS 60000

/* A generation and its place among those that retire, so that retiring it can not fail. */
struct held {
	struct generation *generation;
	struct held *next;
};

static struct {
	const struct reload_config *config;
	struct held *current;
	struct held *starting;
	struct rehearsal *rehearsal;
	struct rehearsal_plan plan;
	struct held *retiring;
	life_done *first_done;
	void *first_arg;
	acmems_callback *again_done;
	void *again_arg;
	bool logs_to_stderr;
	bool again; /* asked for while another was starting */
	acmems_callback *stopped;
	void *stopped_arg;
	struct acmems_task stopped_task;
} state;

const struct generation *reload_current(void)
{
	return state.current ? state.current->generation : NULL;
}

/* ---- log ---- */

/* The journal is standard error with a mark before each line. */
static bool is_stderr(const char *target)
{
	return strcmp(target, "stderr") == 0 || strcmp(target, "journal") == 0;
}

static bool apply_log(const struct settings *settings, struct acmems_error *err)
{
	unsigned level = (unsigned)settings->log.level + state.config->verbose;
	struct log_config config = {
		.level = level > ACMEMS_LOG_DEBUG ? ACMEMS_LOG_DEBUG : (enum acmems_log_level)level,
		.format = (enum log_format)settings->log.format,
		.target = settings->log.target,
	};

	if (state.config->detached && is_stderr(config.target))
		config.target = "syslog";
	if (!log_configure(&config, err))
		return acmems_error_context(err, "log%s",
			config.target != settings->log.target
				? " (detached, so \"target\" is syslog and not standard error)"
				: "");
	state.logs_to_stderr = is_stderr(config.target);
	return true;
}

bool reload_logs_to_stderr(void)
{
	return state.logs_to_stderr;
}

void reload_log(void)
{
	struct acmems_error err = {0};

	if (!state.current)
		return;
	if (apply_log(state.current->generation->settings, &err))
		acmems_log(ACMEMS_LOG_NOTICE, "log", NULL, "opened anew");
	else
		acmems_log(
			ACMEMS_LOG_ERROR, "log", NULL, "could not be opened anew: %s", err.message);
}

/* ---- going ---- */

static void on_all_gone(void *arg)
{
	acmems_callback *stopped = state.stopped;

	(void)arg;
	state.stopped = NULL;
	if (stopped)
		stopped(state.stopped_arg);
}

static void check_all_gone(void)
{
	if (state.stopped && !state.retiring)
		acmems_task_post(&state.stopped_task, on_all_gone, NULL);
}

static void on_gone(void *arg)
{
	struct held *gone = arg;
	struct held **link = &state.retiring;

	while (*link != gone)
		link = &(*link)->next;
	*link = gone->next;
	free(gone);
	check_all_gone();
}

static void retire(struct held *held, int64_t deadline_ms)
{
	if (!held)
		return;
	held->next = state.retiring;
	state.retiring = held;
	life_retire(held->generation, deadline_ms, on_gone, held);
}

/* Frees one that is not alive. */
static void forget(struct held *held)
{
	generation_free(held->generation);
	free(held);
}

/* ---- coming ---- */

static void warn_closed(const struct generation *generation)
{
	if (generation->block_count == 0)
		acmems_log(ACMEMS_LOG_WARNING, "reload", NULL,
			"there is no auth block: every request is refused");
}

static void refuse(const struct acmems_error *err)
{
	events_config(state.current->generation, state.config->path,
		err->detail[0] ? err->detail : err->message);
	acmems_log(ACMEMS_LOG_ERROR, "reload", NULL, "%s", err->message);
	for (const char *line = err->detail; *line;) {
		size_t len = strcspn(line, "\n");

		acmems_log(ACMEMS_LOG_ERROR, "reload", NULL, "%.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	acmems_log(ACMEMS_LOG_ERROR, "reload", NULL,
		"reload refused, nothing has changed: generation %u goes on",
		state.current->generation->number);
}

static void tell_faults(const struct conf_faults *faults)
{
	struct str text;

	str_init(&text, 4096);
	for (size_t i = 0; i < faults->count && text.len + strlen(faults->lines[i]) < 4000; i++)
		str_addf(&text, "%s%s", i > 0 ? "\n" : "", faults->lines[i]);
	events_config(state.current->generation, state.config->path,
		str_text(&text) ? str_text(&text) : "");
	str_fini(&text);
}

static void refuse_faults(const struct conf_faults *faults)
{
	tell_faults(faults);
	for (size_t i = 0; i < faults->count; i++)
		acmems_log(ACMEMS_LOG_ERROR, "reload", NULL, "%s", faults->lines[i]);
	acmems_log(ACMEMS_LOG_ERROR, "reload", NULL,
		"reload refused, nothing has changed (%zu faults): generation %u goes on",
		faults->count + faults->lost, state.current->generation->number);
}

static void again_is_over(void)
{
	acmems_callback *done = state.again_done;

	if (state.again) {
		state.again = false;
		reload_again(done, state.again_arg);
		return;
	}
	state.again_done = NULL;
	if (done)
		done(state.again_arg);
}

static void swap(struct held *held)
{
	struct held *old = state.current;
	const struct generation *next = held->generation;

	state.current = held;
	life_open(held->generation);
	acmems_log(ACMEMS_LOG_NOTICE, "reload", NULL,
		"reloaded: generation %u takes over from %u (%zu auth blocks, %zu module "
		"instances)",
		next->number, old->generation->number, next->block_count, next->instance_count);
	warn_closed(next);
	retire(old, old->generation->settings->mgmt.timeout + RETIRE_MORE_MS);
}

static void on_again_started(void *arg, const struct acmems_error *err)
{
	struct held *next = state.starting;
	struct acmems_error odd = {0};

	(void)arg;
	state.starting = NULL;
	if (err) {
		forget(next);
		refuse(err);
	} else if (!apply_log(next->generation->settings, &odd)) {
		retire(next, 0);
		refuse(&odd);
	} else {
		swap(next);
	}
	again_is_over();
}

static struct held *build(struct conf_faults *faults)
{
	struct held *held = calloc(1, sizeof(*held));
	struct settings *settings;

	if (!held) {
		conf_fault(faults, NULL, "no memory for a configuration");
		return NULL;
	}
	settings = settings_load(state.config->path, faults);
	if (settings)
		held->generation = generation_build(settings, state.config->modules, faults);
	if (held->generation)
		return held;
	free(held);
	return NULL;
}

/* The one that was built; it is gone if it could not. */
static bool start(life_done *done, struct conf_faults *faults)
{
	struct acmems_error err = {0};

	if (life_start(state.starting->generation, done, NULL, &err))
		return true;
	conf_fault(faults, NULL, "%s", err.message);
	forget(state.starting);
	state.starting = NULL;
	return false;
}

static void start_again(void)
{
	struct conf_faults faults = {0};

	state.starting = build(&faults);
	if (!state.starting || !start(on_again_started, &faults)) {
		refuse_faults(&faults);
		again_is_over();
	}
	conf_faults_fini(&faults);
}

static void on_rehearsed(void *arg, const struct acmems_error *err)
{
	(void)arg;
	state.rehearsal = NULL;
	if (!err) {
		start_again();
		return;
	}
	refuse(err);
	again_is_over();
}

/* What a module does when it is new must not be able to end what runs. */
static void rehearse(void)
{
	const struct rehearsal_spec spec = {.body = rehearsal_of_generation, .arg = &state.plan};
	struct acmems_error err = {0};

	state.plan = (struct rehearsal_plan){
		.path = state.config->path, .modules = state.config->modules, .start = true};
	state.rehearsal = rehearsal_start(&spec, on_rehearsed, NULL, &err);
	if (state.rehearsal)
		return;
	refuse(&err);
	again_is_over();
}

void reload_again(acmems_callback *done, void *arg)
{
	state.again_done = done;
	state.again_arg = arg;
	if (state.starting || state.rehearsal)
		state.again = true;
	else if (state.config->rehearse)
		rehearse();
	else
		start_again();
}

static void on_first_started(void *arg, const struct acmems_error *err)
{
	struct held *first = state.starting;

	(void)arg;
	state.starting = NULL;
	if (err) {
		forget(first);
	} else {
		state.current = first;
		life_open(first->generation);
		warn_closed(first->generation);
	}
	state.first_done(state.first_arg, err);
}

/* Nobody is served yet, so it may wait. Where there can be no copy, it goes without. */
static bool rehearse_first(struct conf_faults *faults)
{
	struct rehearsal_plan plan = {
		.path = state.config->path, .modules = state.config->modules, .start = true};
	const struct rehearsal_spec spec = {.body = rehearsal_of_generation, .arg = &plan};
	struct acmems_error err = {0};

	if (rehearsal_run(&spec, &err))
		return true;
	if (err.code == ACMEMS_CONFIG)
		conf_fault_at(faults, state.config->path, 0, "%s", err.message);
	else
		acmems_log(ACMEMS_LOG_WARNING, "reload", NULL, "%s", err.message);
	return err.code != ACMEMS_CONFIG;
}

bool reload_first(
	const struct reload_config *config, life_done *done, void *arg, struct conf_faults *faults)
{
	const struct settings *settings;
	struct acmems_error err = {0};

	memset(&state, 0, sizeof(state));
	state.config = config;
	state.first_done = done;
	state.first_arg = arg;
	if (config->rehearse && !rehearse_first(faults))
		return false;
	state.starting = build(faults);
	if (!state.starting)
		return false;
	settings = state.starting->generation->settings;
	if (!apply_log(settings, &err)) {
		conf_fault(faults, conf_child(settings->root, "log"), "%s", err.message);
		forget(state.starting);
		state.starting = NULL;
		return false;
	}
	return start(on_first_started, faults);
}

/* ---- stop ---- */

void reload_stop(int64_t deadline_ms, acmems_callback *done, void *arg)
{
	struct held *current = state.current;
	struct held *starting = state.starting;

	rehearsal_cancel(state.rehearsal);
	state.rehearsal = NULL;
	state.stopped = done;
	state.stopped_arg = arg;
	state.current = NULL;
	state.starting = NULL;
	state.again = false;
	reload_hurry(deadline_ms);
	retire(starting, 0);
	retire(current, deadline_ms);
	check_all_gone();
}

void reload_hurry(int64_t deadline_ms)
{
	for (struct held *one = state.retiring; one; one = one->next)
		life_hurry(one->generation, deadline_ms);
}
