/* SPDX-License-Identifier: ISC */
/* rehearsal_generation.c - see rehearsal_generation.h. The copy ends with it, so it frees nothing. */
#include "rehearsal_generation.h"

#include "generation.h"
#include "rehearsal.h"

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

	if (!instance->module->module->start || instance->module->proven)
		return;
	rehearsal_at(instance->module->owner, "start");
	op_run(&spec, &err);
}

void rehearsal_of_generation(void *arg)
{
	const struct rehearsal_plan *plan = arg;
	struct conf_faults faults = {0};
	struct settings *settings = settings_load(plan->path, &faults);
	struct generation *generation;

	if (!settings)
		return;
	generation = generation_build(settings, plan->modules, true, &faults);
	for (size_t i = 0; plan->start && generation && i < generation->instance_count; i++)
		start_instance(generation->instances[i]);
}
