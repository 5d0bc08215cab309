/* SPDX-License-Identifier: ISC */
/* instance.c - a module's struct for one group of the configuration, from zeroed memory to checked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/schema.h"
#include "registry/registry.h"
#include "registry/rehearsal.h"
#include "settings/settings_parts.h"

static const char *const type_key[] = {"type", NULL};

/* What the daemon reads itself, and the module need not know. */
static const char *const *keys_of(uint32_t kind)
{
	switch ((enum acmems_kind)kind) {
	case ACMEMS_AUTH:
		return NULL;
	case ACMEMS_NOTIFY:
		return settings_notify_keys;
	case ACMEMS_STORAGE:
		return settings_storage_keys;
	case ACMEMS_VALIDATOR:
		break;
	}
	return type_key;
}

/* A table may be shorter than ours or longer: what it does not reach is not offered. */
static void copy_ops(struct instance *instance)
{
	const struct acmems_module *module = instance->module->module;
	size_t size = sizeof(instance->ops);

	switch ((enum acmems_kind)module->kind) {
	case ACMEMS_VALIDATOR:
		size = sizeof(instance->ops.validator);
		break;
	case ACMEMS_AUTH:
		size = sizeof(instance->ops.auth);
		break;
	case ACMEMS_STORAGE:
		size = sizeof(instance->ops.storage);
		break;
	case ACMEMS_NOTIFY:
		size = sizeof(instance->ops.notify);
		break;
	}
	memcpy(&instance->ops, module->ops, module->ops_size < size ? module->ops_size : size);
}

static bool make(struct instance *instance, const struct module *module, const char *name)
{
	struct acmems_instance *head;

	instance->module = module;
	instance->name = strdup(name);
	instance->data = calloc(1, module->module->instance_size);
	if (!instance->name || !instance->data)
		return false;
	head = instance->data;
	head->type = module->module->name;
	head->name = instance->name;
	copy_ops(instance);
	return true;
}

/* An option of the daemon's that takes a module which can do its part. */
static bool check_digest(
	const struct instance *instance, const struct conf_node *node, struct conf_faults *faults)
{
	const struct acmems_module *module = instance->module->module;
	const struct conf_node *digest = NULL;

	if (module->kind == ACMEMS_NOTIFY && !instance->ops.notify.send_several)
		digest = conf_child(node, "digest");
	if (digest)
		conf_fault(faults, digest,
			"notify \"%.64s\": \"digest\" is not for %s, which sends one event at a "
			"time",
			instance->name, instance->module->owner);
	return !digest;
}

static bool fill(
	struct instance *instance, const struct conf_node *node, struct conf_faults *faults)
{
	const struct acmems_module *module = instance->module->module;
	struct acmems_error err = {0};
	char what[128];
	struct schema schema = {.what = what,
		.rows = module->options,
		.count = module->option_count,
		.also = keys_of(module->kind)};

	if (module->kind == ACMEMS_AUTH)
		snprintf(what, sizeof(what), "auth block \"%.64s\", %s", instance->name,
			module->name);
	else
		snprintf(what, sizeof(what), "%s \"%.64s\"", kind_name(module->kind),
			instance->name);
	if (!schema_apply(&schema, node, instance->data, faults) ||
		!check_digest(instance, node, faults))
		return false;
	if (!module->check)
		return true;
	rehearsal_at(instance->module->owner, "check");
	if (module->check(instance->data, &err))
		return true;
	conf_fault(faults, node, "%s: %s", what, err.message);
	return false;
}

struct instance *instance_new(const struct module *module, const char *name,
	const struct conf_node *node, struct conf_faults *faults)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance || !make(instance, module, name))
		conf_fault(faults, node, "no memory for %s \"%s\"", kind_name(module->module->kind),
			name);
	else if (fill(instance, node, faults))
		return instance;
	instance_free(instance);
	return NULL;
}

void instance_free(struct instance *instance)
{
	const struct acmems_module *module;

	if (!instance)
		return;
	module = instance->module ? instance->module->module : NULL;
	if (instance->data) {
		rehearsal_at(instance->module->owner, "release");
		if (module->release)
			module->release(instance->data);
		schema_free(module->options, module->option_count, instance->data);
		free(instance->data);
	}
	free(instance->name);
	free(instance);
}
