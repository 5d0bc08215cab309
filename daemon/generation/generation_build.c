/* SPDX-License-Identifier: ISC */
/*
 * generation_build.c - settings turned into instances, accounts and blocks. Touches nothing outside
 * but module files, and goes on after a fault to name them all.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/nearest.h"
#include "generation/generation.h"
#include "net/tls_files.h"
#include "settings/settings_parts.h"

#define KEYS_MAX 16

/* What is being built. */
struct building {
	struct generation *generation;
	const char *dir; /* of the modules */
	struct conf_faults *faults;
};

static bool out_of_memory(struct building *building)
{
	conf_fault(building->faults, NULL, "no memory for the configuration");
	return false;
}

static size_t count_instances(const struct settings *settings)
{
	size_t count = settings->validator_count + settings->storage_count + settings->notify_count;

	for (size_t i = 0; i < settings->auth_count; i++)
		count += settings->auths[i].method_count;
	return count;
}

static struct instance *add_instance(struct building *building, const struct module *module,
	const char *name, const struct conf_node *node)
{
	struct generation *generation = building->generation;
	struct instance *instance = instance_new(module, name, node, building->faults);

	if (instance)
		generation->instances[generation->instance_count++] = instance;
	return instance;
}

/* ---- validators, storages, notifiers ---- */

static void build_instance(
	struct building *building, enum acmems_kind kind, const struct settings_instance *settings)
{
	struct acmems_error err = {0};
	const struct module *module = registry_module(building->dir, kind, settings->type, &err);
	const struct conf_node *type = settings->node ? conf_child(settings->node, "type") : NULL;

	if (module)
		add_instance(building, module, settings->name, settings->node);
	else
		conf_fault(building->faults, type, "%s \"%s\": %s", kind_name(kind), settings->name,
			err.message);
}

static void build_instances(struct building *building)
{
	const struct settings *settings = building->generation->settings;

	for (size_t i = 0; i < settings->validator_count; i++)
		build_instance(building, ACMEMS_VALIDATOR, &settings->validators[i]);
	for (size_t i = 0; i < settings->storage_count; i++)
		build_instance(building, ACMEMS_STORAGE, &settings->storages[i]);
	for (size_t i = 0; i < settings->notify_count; i++)
		build_instance(building, ACMEMS_NOTIFY, &settings->notifies[i]);
}

static struct instance *find_instance(
	const struct generation *generation, enum acmems_kind kind, const char *name)
{
	for (size_t i = 0; i < generation->instance_count; i++) {
		struct instance *instance = generation->instances[i];

		if (instance->module->module->kind == (uint32_t)kind &&
			strcmp(instance->name, name) == 0)
			return instance;
	}
	return NULL;
}

/* ---- accounts ---- */

static void build_accounts(struct building *building)
{
	struct generation *generation = building->generation;
	const struct settings *settings = generation->settings;

	for (size_t i = 0; i < settings->account_count; i++) {
		struct acmems_error err = {0};

		generation->accounts[i].name = settings->accounts[i].name;
		if (!generation_account_check(&settings->accounts[i], &err))
			conf_fault(building->faults, settings->accounts[i].node,
				"account \"%s\": %s", settings->accounts[i].name, err.message);
	}
	generation->account_count = settings->account_count;
}

static struct account *find_account(const struct generation *generation, const char *name)
{
	for (size_t i = 0; i < generation->account_count; i++) {
		if (strcmp(generation->accounts[i].name, name) == 0)
			return &generation->accounts[i];
	}
	return NULL;
}

/* ---- blocks ---- */

static void unknown_method(struct building *building, const struct settings_auth *auth,
	const struct settings_method *method, const struct acmems_error *err)
{
	const char *keys[KEYS_MAX];
	const char *near = NULL;

	if (err->code == ACMEMS_NOT_FOUND)
		near = nearest_word(method->type, keys, settings_auth_keys(keys, KEYS_MAX));
	if (near)
		conf_fault(building->faults, method->node,
			"auth block \"%s\": unknown option \"%s\", did you mean \"%s\"? (And %s)",
			auth->name, method->type, near, err->message);
	else
		conf_fault(building->faults, method->node, "auth block \"%s\": \"%s\": %s",
			auth->name, method->type, err->message);
}

static void build_methods(
	struct building *building, const struct settings_auth *auth, struct block *block)
{
	for (size_t i = 0; i < auth->method_count; i++) {
		const struct settings_method *method = &auth->methods[i];
		struct acmems_error err = {0};
		const struct module *module =
			registry_module(building->dir, ACMEMS_AUTH, method->type, &err);
		struct instance *instance = NULL;

		if (module)
			instance = add_instance(building, module, auth->name, method->node);
		else
			unknown_method(building, auth, method, &err);
		if (instance)
			block->methods[block->method_count++] = instance;
	}
}

static bool build_block(
	struct building *building, const struct settings_auth *auth, struct block *block)
{
	struct generation *generation = building->generation;

	block->generation = generation;
	block->name = auth->name;
	block->domains = auth->domains;
	block->wildcards = auth->wildcards;
	block->notify = auth->notify;
	block->notify_events = auth->notify_events;
	block->methods = calloc(auth->method_count + 1, sizeof(struct instance *));
	if (!block->methods)
		return out_of_memory(building);
	build_methods(building, auth, block);
	/* those that could not be made are faults already */
	block->validator = find_instance(generation, ACMEMS_VALIDATOR, auth->validator);
	block->storage = find_instance(generation, ACMEMS_STORAGE, auth->storage);
	block->account = find_account(generation, auth->account);
	return true;
}

static void build_blocks(struct building *building)
{
	struct generation *generation = building->generation;
	const struct settings *settings = generation->settings;

	for (size_t i = 0; i < settings->auth_count; i++) {
		generation->block_count++;
		if (!build_block(building, &settings->auths[i], &generation->blocks[i]))
			return;
	}
}

/* No client's: whatever the auth blocks say, the listener gets a certificate for its own names. */
static bool build_own(struct building *building)
{
	static const char what[] = "mgmt: tls: self";
	/* what is kept is the file */
	static struct instance nowhere;
	struct generation *generation = building->generation;
	const struct settings *settings = generation->settings;
	struct conf_faults *faults = building->faults;
	const struct conf_node *mgmt, *node;
	const char *account, *validator;

	if (settings->mgmt.tls.self.count == 0)
		return true;
	mgmt = conf_child(settings->root, "mgmt");
	node = conf_child(conf_child(mgmt, "tls"), "self");
	account = settings_ref_default(settings, SETTINGS_REF_ACCOUNT, node, what, faults);
	validator = settings_ref_default(settings, SETTINGS_REF_VALIDATOR, node, what, faults);
	if (!account || !validator)
		return true;
	generation->own = calloc(1, sizeof(*generation->own));
	if (!generation->own)
		return out_of_memory(building);
	*generation->own = (struct block){
		.generation = generation,
		.name = "mgmt.tls",
		.wildcards = true,
		.validator = find_instance(generation, ACMEMS_VALIDATOR, validator),
		.storage = &nowhere,
		.account = find_account(generation, account),
	};
	return true;
}

/* Could the files of mgmt.tls be used? */
static void check_tls(struct building *building)
{
	const struct settings *settings = building->generation->settings;
	const struct settings_tls *tls = &settings->mgmt.tls;
	struct tls_files_config files = settings_tls_files(tls);
	struct acmems_error err = {0};

	if (!tls->certificate)
		return;
	/* acmems' own are made when they are needed */
	if (tls->self.count > 0 &&
		(access(tls->key, F_OK) < 0 || access(tls->certificate, F_OK) < 0))
		files.certificate = files.key = NULL;
	if (!tls_files_check(&files, &err))
		conf_fault(building->faults, conf_child(conf_child(settings->root, "mgmt"), "tls"),
			"mgmt: tls: %s", err.message);
}

/* Every block complete? Nothing half-made may ever judge a request. */
static bool is_whole(const struct generation *generation)
{
	if (generation->own && (!generation->own->validator || !generation->own->account))
		return false;
	for (size_t i = 0; i < generation->block_count; i++) {
		const struct block *block = &generation->blocks[i];

		if (!block->validator || !block->storage || !block->account ||
			block->method_count == 0 ||
			block->method_count != generation->settings->auths[i].method_count)
			return false;
	}
	return true;
}

static bool make_room(struct generation *generation)
{
	const struct settings *settings = generation->settings;

	generation->instances =
		calloc(count_instances(settings) + 1, sizeof(*generation->instances));
	generation->accounts = calloc(settings->account_count + 1, sizeof(*generation->accounts));
	generation->blocks = calloc(settings->auth_count + 1, sizeof(*generation->blocks));
	return generation->instances && generation->accounts && generation->blocks;
}

static bool build(struct building *building)
{
	struct generation *generation = building->generation;

	if (!make_room(generation))
		return out_of_memory(building);
	build_instances(building);
	build_accounts(building);
	build_blocks(building);
	if (!build_own(building))
		return false;
	check_tls(building);
	if (conf_faultless(building->faults) && !is_whole(generation))
		conf_fault(building->faults, NULL, "an auth block is not complete");
	return conf_faultless(building->faults);
}

struct generation *generation_build(
	struct settings *take_settings, const char *module_dir, struct conf_faults *faults)
{
	static unsigned last;
	struct generation *generation = calloc(1, sizeof(*generation));
	struct building building = {.generation = generation,
		.dir = module_dir ? module_dir : take_settings->modules,
		.faults = faults};

	if (!generation) {
		settings_free(take_settings);
		out_of_memory(&building);
		return NULL;
	}
	generation->settings = take_settings;
	if (build(&building)) {
		generation->number = ++last;
		return generation;
	}
	generation_free(generation);
	return NULL;
}
