/* SPDX-License-Identifier: ISC */
/* rehearsal_generation.c - see rehearsal_generation.h. */
#include "reload/rehearsal_generation.h"

#include "generation/generation.h"
#include "registry/rehearsal.h"

/* Nobody waits for it. */
#define DEADLINE_MS 60000

static bool start(void *ctx, uint64_t op, struct acmems_error *err)
{
	struct instance *instance = ctx;

	return instance->module->module->start(instance->data, op, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	(void)arg;
	(void)err;
	(void)data;
	(void)len;
}

/* Cancelled at once: it can not be finished where no loop runs. */
static void start_instance(struct instance *instance)
{
	struct acmems_error err = {0};
	const struct op_spec spec = {
		.owner = instance->module->owner,
		.what = "start",
		.deadline_ms = DEADLINE_MS,
		.start = start,
		.ctx = instance,
		.done = on_done,
	};

	rehearsal_at(instance->module->owner, "start");
	op_cancel(op_run(&spec, &err));
}

/* What runs already, too: the next generation starts it beside itself. */
static void start_all(const struct generation *generation)
{
	for (size_t i = 0; i < generation->instance_count; i++) {
		struct instance *instance = generation->instances[i];

		if (instance->module->module->start)
			start_instance(instance);
	}
}

void rehearsal_of_generation(void *arg)
{
	const struct rehearsal_plan *plan = arg;
	struct conf_faults faults = {0};
	struct settings *settings = settings_load(plan->path, &faults);
	struct generation *generation = NULL;

	if (settings)
		generation = generation_build(settings, plan->modules, &faults);
	if (generation && plan->start)
		start_all(generation);
	generation_free(generation);
}
