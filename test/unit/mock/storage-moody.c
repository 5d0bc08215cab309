/* SPDX-License-Identifier: ISC */
/* storage-moody.c - a storage whose start and stop go as its options say; the traces of what was
 * called go to the process's environment, where the test reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/module.h>
#include <acmems/storage.h>

enum mood { WELL, AT_ONCE, LATER, NEVER, FAILS, FAILS_LATER, TWICE, AFTER_CANCEL };

struct moody {
	struct acmems_instance self;
	int start;
	int stop;
	bool sound;
	int64_t delay;
	uint64_t op;
	struct acmems_timer *timer;
};

static const char *const moods[] = {
	"well", "at-once", "later", "never", "fails", "fails-later", "twice", "after-cancel", NULL};

static const struct acmems_option options[] = {
	{.name = "start",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct moody, start),
		.fallback = "at-once",
		.choices = moods,
		.help = "how it starts"},
	{.name = "stop",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct moody, stop),
		.fallback = "at-once",
		.choices = moods,
		.help = "how it stops"},
	{.name = "delay",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct moody, delay),
		.fallback = "1s",
		.help = "how long later is"},
	{.name = "sound",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct moody, sound),
		.fallback = "true",
		.help = "whether its check is content"},
};

static void trace(const struct moody *moody, const char *what)
{
	const char *before = getenv("MOODY_TRACE");
	char text[1024];

	snprintf(text, sizeof(text), "%s%s:%s ", before ? before : "", moody->self.name, what);
	setenv("MOODY_TRACE", text, 1);
}

static void on_timer(void *arg)
{
	struct moody *moody = arg;
	struct acmems_error err = {0};

	if (moody->start == FAILS_LATER) {
		acmems_error_set(&err, ACMEMS_SYSTEM, "changed its mind");
		acmems_op_finish(moody->op, &err);
	} else {
		acmems_op_finish(moody->op, NULL);
	}
}

static void on_cancel(void *arg)
{
	struct moody *moody = arg;

	trace(moody, "cancelled");
	acmems_timer_stop(moody->timer);
}

static bool act(struct moody *moody, int mood, uint64_t op, struct acmems_error *err)
{
	moody->op = op;
	acmems_op_on_cancel(op, on_cancel, moody);
	switch ((enum mood)mood) {
	case WELL:
	case AT_ONCE:
		acmems_op_finish(op, NULL);
		break;
	case TWICE:
		acmems_op_finish(op, NULL);
		acmems_op_finish(op, NULL);
		break;
	case LATER:
	case FAILS_LATER:
		acmems_timer_start(moody->timer, moody->delay);
		break;
	case NEVER:
	case AFTER_CANCEL:
		break;
	case FAILS:
		return acmems_error_set(err, ACMEMS_SYSTEM, "is in no mood");
	}
	return true;
}

static bool moody_check(void *instance, struct acmems_error *err)
{
	const struct moody *moody = instance;

	return moody->sound || acmems_error_set(err, ACMEMS_CONFIG, "is not sound");
}

static bool moody_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct moody *moody = instance;

	trace(moody, "start");
	moody->timer = acmems_timer_new(on_timer, moody);
	if (!moody->timer)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
	return act(moody, moody->start, op, err);
}

static bool moody_stop(void *instance, uint64_t op, struct acmems_error *err)
{
	struct moody *moody = instance;

	trace(moody, "stop");
	return act(moody, moody->stop, op, err);
}

static void moody_release(void *instance)
{
	struct moody *moody = instance;

	trace(moody, "release");
	if (moody->start == AFTER_CANCEL && moody->op != 0)
		acmems_op_finish(moody->op, NULL);
	acmems_timer_free(moody->timer);
}

static bool moody_get(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	(void)instance;
	(void)entry;
	(void)err;
	acmems_op_finish_with(op, NULL, 0);
	return true;
}

static const struct acmems_storage_ops ops = {.get = moody_get, .put = moody_get};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_STORAGE, "moody"),
	.version = "1",
	.summary = "a mock",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct moody),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = moody_check,
	.start = moody_start,
	.stop = moody_stop,
	.release = moody_release,
};
