/* SPDX-License-Identifier: ISC */
/*
 * registry.h - modules by kind and name, and instances of them.
 *
 * A module is loaded at most once per process (loader.c) and stays. An instance belongs to one
 * generation.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/auth.h>
#include <acmems/module.h>
#include <acmems/notify.h>
#include <acmems/storage.h>
#include <acmems/validator.h>
#include "base/op_core.h"
#include "conf/conf.h"

/* A module as the core keeps it. */
struct module {
	const struct acmems_module *module;
	char *path;
	char owner[48]; /* "validator-http01": for op_spec.owner and the log */
	bool stale; /* the file on disk is another one by now */
};

struct instance {
	const struct module *module;
	char *name;
	void *data; /* the module's struct, instance_size bytes */
	bool started;
	/* The module's table, copied and zero-filled to our size: look at it, not at the module's. */
	union {
		struct acmems_validator_ops validator;
		struct acmems_auth_ops auth;
		struct acmems_storage_ops storage;
		struct acmems_notify_ops notify;
	} ops;
};

/* The module KIND-TYPE.so of that directory, loaded if it was not. NULL and *err (which file, why). */
const struct module *registry_module(
	const char *dir, enum acmems_kind kind, const char *type, struct acmems_error *err);

/* Frees the table (modules stay mapped). Instances must be gone. */
void registry_fini(void);

/*
 * Makes an instance: memory, head, options from the node (its key `type` is skipped unless the kind
 * is auth), check. NULL on any fault; each is a line then.
 */
struct instance *instance_new(const struct module *module, const char *name,
	const struct conf_node *node, struct conf_faults *faults);

/* Release, options, memory. NULL is allowed. */
void instance_free(struct instance *instance);

const char *kind_name(enum acmems_kind kind); /* "validator", ... */

#endif
