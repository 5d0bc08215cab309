/* SPDX-License-Identifier: ISC */
/* settings_instance.c - the groups below `validator`, `storage` and `notify`: name and type. What
 * else they hold is their modules' business. */
#include <stdlib.h>
#include <string.h>

#include "settings/settings_parts.h"

#define TYPE_MAX 31

bool settings_type_valid(const char *type)
{
	size_t len = strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len <= TYPE_MAX && type[len] == '\0' && type[0] != '-';
}

static bool read_type(struct settings_instance *instance, const struct conf_node *node,
	const char *kind, struct conf_faults *faults)
{
	const struct conf_node *type = conf_child(node, "type");

	instance->name = node->name;
	instance->node = node;
	if (node->type != CONF_GROUP)
		conf_fault(faults, node, "%s \"%s\" must be a group { }, not %s", kind, node->name,
			conf_type_text(node->type));
	else if (!type)
		conf_fault(faults, node, "%s \"%s\": \"type\" is missing (which module it is)",
			kind, node->name);
	else if (type->type != CONF_STRING)
		conf_fault(faults, type, "%s \"%s\": \"type\" must be a text in quotes, not %s",
			kind, node->name, conf_type_text(type->type));
	else if (!settings_type_valid(type->text))
		conf_fault(faults, type,
			"%s \"%s\": \"type\" can not be \"%s\": it is the name of a module "
			"(small letters, digits, '-')",
			kind, node->name, type->text);
	else {
		instance->type = type->text;
		return true;
	}
	return false;
}

static bool read_kind(const struct settings *settings, const char *kind,
	struct settings_instance **instances, size_t *count, struct conf_faults *faults)
{
	const struct conf_node *group = conf_child(settings->root, kind);
	bool ok = true;

	if (group && group->type != CONF_GROUP) {
		conf_fault(faults, group,
			"%s must be a group of instances { NAME: { type = \"...\"; }; }, not %s",
			kind, conf_type_text(group->type));
		return false;
	}
	*instances = calloc((group ? group->count : 0) + 1, sizeof(**instances));
	if (!*instances) {
		conf_fault(faults, group, "no memory for the configuration");
		return false;
	}
	for (size_t i = 0; group && i < group->count; i++)
		ok = read_type(&(*instances)[(*count)++], group->children[i], kind, faults) && ok;
	return ok;
}

/* Without any storage nothing is kept, and that has a module, too. */
static void add_no_storage(struct settings *settings)
{
	if (!settings->storages || settings->storage_count > 0)
		return;
	settings->storages[settings->storage_count++] =
		(struct settings_instance){.name = "none", .type = "none"};
}

bool settings_instances_read(struct settings *settings, struct conf_faults *faults)
{
	bool ok = read_kind(
		settings, "validator", &settings->validators, &settings->validator_count, faults);

	ok = read_kind(
		     settings, "storage", &settings->storages, &settings->storage_count, faults) &&
	     ok;
	ok = read_kind(settings, "notify", &settings->notifies, &settings->notify_count, faults) &&
	     ok;
	add_no_storage(settings);
	return ok;
}

void settings_instances_free(struct settings *settings)
{
	free(settings->validators);
	free(settings->storages);
	free(settings->notifies);
}
