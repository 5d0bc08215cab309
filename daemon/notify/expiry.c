/* SPDX-License-Identifier: ISC */
/* expiry.c - one storage after the other, and what was found told. */
#include "notify/expiry.h"

#include <string.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "notify/events.h"
#include "notify/expiry_mark.h"
#include "notify/expiry_walk.h"

#define ROOM "expiry"
#define FIRST_MS 3000
#define EVERY_MS (INT64_C(6) * 3600 * 1000)
/* Between two that are told of, as each is written to journals. */
#define TELL_MS 2

static struct {
	const struct generation *generation; /* NULL: closed */
	struct acmems_timer *timer;
	size_t next; /* of its instances, to be looked at */
	const struct settings_instance *settings; /* of the storage that is looked through */
	struct expiry_question question;
	struct expiry_walk *walk; /* NULL: none is */
	bool telling; /* its walk is over */
} expiry;

static const struct settings_instance *settings_of(const char *name)
{
	const struct settings *settings = expiry.generation->settings;

	for (size_t i = 0; i < settings->storage_count; i++) {
		if (strcmp(settings->storages[i].name, name) == 0)
			return &settings->storages[i];
	}
	return NULL;
}

/* The next storage that can be looked through and is meant to be; NULL: all have been. */
static const struct instance *next_storage(void)
{
	while (expiry.next < expiry.generation->instance_count) {
		const struct instance *instance = expiry.generation->instances[expiry.next++];

		if (instance->module->module->kind != ACMEMS_STORAGE || !instance->ops.storage.next)
			continue;
		expiry.settings = settings_of(instance->name);
		if (expiry.settings && expiry.settings->warn_within > 0)
			return instance;
	}
	return NULL;
}

static void end_walk(int64_t pause)
{
	expiry_walk_free(expiry.walk);
	expiry.walk = NULL;
	expiry.telling = false;
	acmems_timer_start(expiry.timer, pause);
}

static void give_up(const struct acmems_error *err)
{
	acmems_log(ACMEMS_LOG_WARNING, ROOM, expiry.settings->name,
		"could not be looked through for certificates near their end: %s", err->message);
	end_walk(0);
}

/* ---- telling ---- */

static void mark(void)
{
	struct acmems_error err = {0};

	if (!expiry_mark_write(expiry.generation->settings->mgmt.state_dir, expiry.settings->name,
		    expiry.question.within, expiry.question.now, &err))
		acmems_log(ACMEMS_LOG_WARNING, ROOM, expiry.settings->name,
			"will be looked through as if for the first time: %s", err.message);
}

static void tell_next(void)
{
	struct expiry_find find;

	if (!expiry_walk_next(expiry.walk, &find)) {
		mark();
		end_walk(0);
		return;
	}
	acmems_log(ACMEMS_LOG_NOTICE, ROOM, expiry.settings->name, "%.500s: %s", find.names,
		find.stage == EXPIRY_OVER ? "has ended, and was not renewed"
					  : "is near its end, and was not renewed");
	events_expiring(expiry.generation, expiry.settings->name, find.names, find.not_after);
	acmems_timer_start(expiry.timer, TELL_MS);
}

/* ---- looking ---- */

static void on_walked(void *arg, const struct acmems_error *err)
{
	(void)arg;
	if (err) {
		give_up(err);
		return;
	}
	expiry.telling = true;
	acmems_timer_start(expiry.timer, 0);
}

static void look(void)
{
	const struct instance *storage = next_storage();
	struct acmems_error err = {0};

	if (!storage) {
		expiry.next = 0;
		acmems_timer_start(expiry.timer, EVERY_MS);
		return;
	}
	expiry.question = (struct expiry_question){
		.storage = storage,
		.within = expiry.settings->warn_within / 1000,
		.now = acmems_clock_wall(),
	};
	expiry.question.last = expiry_mark_read(expiry.generation->settings->mgmt.state_dir,
		storage->name, expiry.question.within, expiry.question.now);
	expiry.walk = expiry_walk_new(&expiry.question, on_walked, NULL);
	if (expiry.walk) {
		expiry_walk_start(expiry.walk);
	} else {
		acmems_error_set(&err, ACMEMS_NO_MEMORY, "no memory");
		give_up(&err);
	}
}

static void on_timer(void *arg)
{
	(void)arg;
	if (expiry.telling)
		tell_next();
	else
		look();
}

/* ---- life ---- */

void expiry_open(const struct generation *generation)
{
	if (expiry.generation)
		expiry_close(expiry.generation);
	if (generation->settings->notify_count == 0)
		return;
	expiry.timer = acmems_timer_new(on_timer, NULL);
	if (!expiry.timer) {
		acmems_log(ACMEMS_LOG_ERROR, ROOM, NULL,
			"no memory: nobody is told of certificates near their end");
		return;
	}
	expiry.generation = generation;
	acmems_timer_start(expiry.timer, FIRST_MS);
}

void expiry_close(const struct generation *generation)
{
	if (expiry.generation != generation || !generation)
		return;
	expiry_walk_free(expiry.walk);
	acmems_timer_free(expiry.timer);
	memset(&expiry, 0, sizeof(expiry));
}
