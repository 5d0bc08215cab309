/* SPDX-License-Identifier: ISC */
/* loader_check.c - head, strings, options, operations: in this order, none before its forerunner. */
#include "registry/loader_check.h"

#include <string.h>

#include "conf/schema.h"
#include "registry/registry.h"

#define HEAD_SIZE offsetof(struct acmems_module, version)
/* The table as it was when ACMEMS_ABI began; what came later may be missing. */
#define SIZE_MIN (offsetof(struct acmems_module, release) + sizeof(void (*)(void *)))
#define INSTANCE_MAX (1u << 20)
#define OPS_MAX 4096u

static bool check_head(const struct acmems_module *module, size_t room, enum acmems_kind kind,
	const char *type, struct acmems_error *err)
{
	if (room < HEAD_SIZE)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its constant acmems_module has %zu bytes, too few for any module", room);
	if (module->magic != ACMEMS_MODULE_MAGIC)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its constant acmems_module is not that of a module (magic 0x%08x, not "
			"0x%08x)",
			module->magic, ACMEMS_MODULE_MAGIC);
	if (module->abi != ACMEMS_ABI)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"it is built for module ABI %u, this acmems has ABI %u: build it anew",
			module->abi, ACMEMS_ABI);
	if (module->size < SIZE_MIN || module->size > room)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its description claims %u bytes, and has %zu of at least %zu",
			module->size, room, SIZE_MIN);
	if (module->kind != (uint32_t)kind)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"it is of kind %s, and its file name says %s", kind_name(module->kind),
			kind_name(kind));
	if (!memchr(module->name, '\0', sizeof(module->name)))
		return acmems_error_set(err, ACMEMS_CONFIG, "its name has no end");
	if (strcmp(module->name, type) != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"it calls itself \"%s\", and its file name says \"%s\"", module->name,
			type);
	return true;
}

static bool check_options(const struct acmems_module *module, struct acmems_error *err)
{
	if (module->option_count > 0 && module->option_size != sizeof(struct acmems_option))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its options are of %u bytes each, those of this acmems of %zu: build it "
			"anew",
			module->option_size, sizeof(struct acmems_option));
	if (module->instance_size < sizeof(struct acmems_instance) ||
		module->instance_size > INSTANCE_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its instances would have %u bytes, allowed are %zu to %u",
			module->instance_size, sizeof(struct acmems_instance), INSTANCE_MAX);
	if (!schema_check(module->options, module->option_count, module->instance_size, err))
		return acmems_error_context(err, "its options are unsound");
	return true;
}

/* The operations without which a module of the kind is of no use; NULL if all are there. */
static const char *missing_op(const struct acmems_module *module)
{
	struct instance full = {0};
	size_t size = module->ops_size < sizeof(full.ops) ? module->ops_size : sizeof(full.ops);

	memcpy(&full.ops, module->ops, size);
	switch ((enum acmems_kind)module->kind) {
	case ACMEMS_VALIDATOR:
		if (!full.ops.validator.types_of &&
			(!full.ops.validator.types || !full.ops.validator.types[0]))
			return "types";
		if (!full.ops.validator.present)
			return "present";
		return full.ops.validator.cleanup ? NULL : "cleanup";
	case ACMEMS_AUTH:
		return full.ops.auth.check ? NULL : "check";
	case ACMEMS_STORAGE:
		if (!full.ops.storage.get)
			return "get";
		return full.ops.storage.put ? NULL : "put";
	case ACMEMS_NOTIFY:
		return full.ops.notify.send ? NULL : "send";
	}
	return "anything";
}

static bool check_ops(const struct acmems_module *module, struct acmems_error *err)
{
	const char *missing;

	if (!module->ops || module->ops_size == 0 || module->ops_size > OPS_MAX ||
		module->ops_size % sizeof(void *) != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"its table of operations is unsound (%u bytes)", module->ops_size);
	missing = missing_op(module);
	if (missing)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"it does not offer \"%s\", which every %s module must", missing,
			kind_name(module->kind));
	return true;
}

bool loader_check(const struct acmems_module *module, size_t room, enum acmems_kind kind,
	const char *type, struct acmems_error *err)
{
	if (!check_head(module, room, kind, type, err))
		return false;
	if (!module->version || !module->summary)
		return acmems_error_set(err, ACMEMS_CONFIG, "it has no version or no summary");
	return check_options(module, err) && check_ops(module, err);
}
