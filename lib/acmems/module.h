/* SPDX-License-Identifier: ISC */
/*
 * module.h - what a module is, and its life.
 *
 * A module is one file, KIND-TYPE.so ("validator-http01.so"), that exports one constant named
 * acmems_module. Dropped into the module directory it can be used from the next reload on.
 *
 * The loader looks at the file (nobody else may write to it or its folder), maps it, finds the
 * constant and checks the head - magic, ABI number, size, kind, name - before it believes anything
 * behind it. A file is never unmapped again; a replaced file needs a restart.
 *
 *   load      once per process, before any instance; optional
 *   then for every group of the configuration that names the module, in every generation (a
 *   reload builds a new generation beside the running one):
 *     memory of instance_size bytes, zeroed; the head `struct acmems_instance` filled;
 *     options stored into it
 *   check     do the options fit together? Reads only, touches nothing outside; `acmems -t` calls
 *             it too; optional
 *   start     an operation (see op.h): open, bind, connect; optional. The new generation takes over
 *             only when every instance has started, in 30 seconds at most. A copy of the process does all of this first,
 *             up to the return of start and then release, so that a module which crashes harms nobody
 *   ...       the operations of its kind: validator.h, auth.h, storage.h, notify.h
 *   stop      an operation: finish or give up within 10 seconds; optional
 *   release   frees what check and start allocated, also after a failed or cancelled start, also
 *             when start was never called; optional. Options and the memory itself are the core's
 *
 * A module keeps no mutable static data: everything lives in the instance.
 *
 * The ABI promise: the head stays as it is for ever. Tables grow at their end only and say how long
 * they are; a NULL operation means "not offered". ACMEMS_ABI changes when the meaning or place of
 * anything that exists changes.
 */
#ifndef ACMEMS_MODULE_H
#define ACMEMS_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/log.h>
#include <acmems/op.h>
#include <acmems/option.h>

#define ACMEMS_MODULE_MAGIC 0x61636d65u /* "acme" */
#define ACMEMS_ABI 1u

enum acmems_kind {
	ACMEMS_VALIDATOR = 1,
	ACMEMS_AUTH = 2,
	ACMEMS_STORAGE = 3,
	ACMEMS_NOTIFY = 4,
};

/* The first member of every instance's struct. Filled by the core, read-only for the module. */
struct acmems_instance {
	const char *type; /* the module's name */
	const char *name; /* what the operator calls this instance, for logs */
};

struct acmems_module {
	/* The head: fixed for ever. */
	uint32_t magic; /* ACMEMS_MODULE_MAGIC */
	uint32_t abi; /* ACMEMS_ABI */
	uint32_t size; /* sizeof(struct acmems_module) as the module was compiled */
	uint32_t kind; /* enum acmems_kind */
	char name[32]; /* the TYPE of the file's name, NUL-terminated */

	const char *version; /* the module's own, for -l */
	const char *summary; /* one line, no full stop, for -l */

	const struct acmems_option *options;
	uint32_t option_count; /* rows, 128 at most in a table */
	uint32_t option_size; /* sizeof(struct acmems_option) as compiled */
	uint32_t instance_size; /* of the instance's struct */
	uint32_t ops_size; /* sizeof the table below as compiled */
	const void *ops; /* struct acmems_validator_ops, ..._auth_ops, ... by kind */

	/* The life, above. Any may be NULL. */
	bool (*load)(struct acmems_error *err);
	bool (*check)(void *instance, struct acmems_error *err);
	bool (*start)(void *instance, uint64_t op, struct acmems_error *err);
	bool (*stop)(void *instance, uint64_t op, struct acmems_error *err);
	void (*release)(void *instance);
};

/* Fills the head: `ACMEMS_MODULE = { ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "all"), .version = ... };` */
#define ACMEMS_MODULE                                                                              \
	__attribute__((visibility("default"))) const struct acmems_module acmems_module
#define ACMEMS_MODULE_HEAD(kind_, name_)                                                           \
	.magic = ACMEMS_MODULE_MAGIC, .abi = ACMEMS_ABI, .size = sizeof(struct acmems_module),     \
	.kind = (kind_), .name = name_
#define ACMEMS_MODULE_OPTIONS(rows_)                                                               \
	.options = (rows_), .option_count = sizeof(rows_) / sizeof((rows_)[0]),                    \
	.option_size = sizeof(struct acmems_option)

extern const struct acmems_module acmems_module;

#endif
