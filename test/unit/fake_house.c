/* SPDX-License-Identifier: ISC */
/* fake_house.c - modules, CSRs and orders that do as the test says. */
#include "fake_house.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include "base/op_core.h"
#include "unit.h"
#include "x509/csr.h"

const char fake_chain[] = "-----BEGIN CERTIFICATE-----\nbGVhZg==\n-----END CERTIFICATE-----\n"
			  "-----BEGIN CERTIFICATE-----\naXNzdWVy\n-----END CERTIFICATE-----\n";
const char fake_etag[] = "\"9f91161f43433e49a6de6db680d79f60159f2e4ac9172621a12846428158440b\"";

static struct module fake_file = {.owner = "auth-fake"};
static char star[] = "*";
static char *any[] = {star, NULL};
static char method_name[] = "fake", storage_name[] = "disk", validator_name[] = "web";

/* ---- generation ---- */

void generation_hold(struct generation *generation)
{
	generation->holds++;
}

void generation_drop(struct generation *generation)
{
	assert_true(generation->holds > 0);
	generation->holds--;
}

/* ---- modules ---- */

static void on_cancel(void *arg)
{
	struct fake_module *module = arg;

	module->cancelled++;
	module->op = 0;
}

static bool act(struct fake_module *module, enum fake_mode mode, uint64_t op, const char *data,
	struct acmems_error *err)
{
	struct acmems_error no = {0};

	switch (mode) {
	case FAKE_YES:
		acmems_op_finish_with(op, data, data ? strlen(data) : 0);
		return true;
	case FAKE_NO:
		acmems_error_set(&no, ACMEMS_REFUSED, "does not like it");
		acmems_op_finish(op, &no);
		return true;
	case FAKE_BROKEN:
		acmems_error_set(&no, ACMEMS_SYSTEM, "is broken");
		acmems_op_finish(op, &no);
		return true;
	case FAKE_UNABLE:
		return acmems_error_set(err, ACMEMS_UNAVAILABLE, "is unable");
	case FAKE_LATER:
		module->op = op;
		acmems_op_on_cancel(op, on_cancel, module);
		return true;
	}
	return false;
}

static bool auth_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	struct fake_module *module = instance;

	if (request->body || request->csr)
		module->saw_body = true;
	if (module->impossible)
		return acmems_error_set(
			err, module->why ? module->why : ACMEMS_REFUSED, "peer is a stranger");
	return true;
}

static bool auth_check(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct fake_module *module = instance;

	assert_true(request->csr && request->body && request->body_len > 0);
	module->calls++;
	return act(module, module->mode, op, NULL, err);
}

static bool storage_get(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct fake_module *module = instance;

	assert_true(entry->csr && entry->csr_len > 0 && !entry->chain);
	module->calls++;
	return act(module, module->mode, op, module->chain, err);
}

static bool storage_put(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct fake_module *module = instance;

	module->second_calls++;
	snprintf(module->kept, sizeof(module->kept), "%.*s", (int)entry->chain_len,
		(const char *)entry->chain);
	snprintf(module->kept_csr, sizeof(module->kept_csr), "%.*s", (int)entry->csr_len,
		(const char *)entry->csr);
	return act(module, module->second, op, NULL, err);
}

static bool validator_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct fake_module *module = instance;

	(void)challenge;
	module->calls++;
	return act(module, module->mode, op, NULL, err);
}

static bool validator_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct fake_module *module = instance;

	(void)challenge;
	module->second_calls++;
	return act(module, module->second, op, NULL, err);
}

/* ---- the house ---- */

static void init_block(struct fake_house *house, size_t index)
{
	static const char *const names[FAKE_BLOCKS] = {"b0", "b1", "b2", "b3"};
	struct block *block = &house->blocks[index];

	for (size_t i = 0; i < FAKE_METHODS; i++) {
		struct instance *method = &house->method[index][i];

		*method = (struct instance){
			.module = &fake_file, .name = method_name, .data = &house->auth[index][i]};
		method->ops.auth.possible = auth_possible;
		method->ops.auth.check = auth_check;
		house->methods[index][i] = method;
	}
	*block = (struct block){
		.generation = &house->generation,
		.name = names[index],
		.domains = {.items = any, .count = 1, .given = true},
		.wildcards = true,
		.methods = house->methods[index],
		.method_count = 1,
		.validator = &house->validator_instance,
		.storage = &house->storage_instance,
		.account = &house->account,
	};
}

int fake_house_end(void **state)
{
	if (op_count() > 0)
		return 0;
	op_fini();
	return unit_loop_teardown(state);
}

void fake_house_init(struct fake_house *house, size_t blocks)
{
	static const char *const types[] = {"http-01", NULL};

	*house = (struct fake_house){0};
	house->settings.mgmt.max_pending = 1000;
	house->settings.mgmt.timeout = 60000;
	house->settings.mgmt.max_size = 16384;
	house->account.name = "ca";
	house->storage_instance = (struct instance){
		.module = &fake_file, .name = storage_name, .data = &house->storage};
	house->storage_instance.ops.storage.get = storage_get;
	house->storage_instance.ops.storage.put = storage_put;
	house->validator_instance = (struct instance){
		.module = &fake_file, .name = validator_name, .data = &house->validator};
	house->validator_instance.ops.validator.types = types;
	house->validator_instance.ops.validator.present = validator_present;
	house->validator_instance.ops.validator.cleanup = validator_cleanup;
	for (size_t i = 0; i < blocks; i++)
		init_block(house, i);
	house->generation = (struct generation){.number = 1,
		.settings = &house->settings,
		.blocks = house->blocks,
		.block_count = blocks};
	memset(fake_orders, 0, sizeof(fake_orders));
	fake_order_count = 0;
	fake_order_refuse = false;
	fake_csr_reads = 0;
}

void fake_house_domains(struct fake_house *house, size_t block, const char *const *domains)
{
	struct acmems_list *list = &house->blocks[block].domains;

	list->items = (char **)domains;
	list->count = 0;
	while (domains[list->count])
		list->count++;
}

/* ---- CSRs ---- */

unsigned fake_csr_reads;
unsigned fake_csrs_alive;

static enum acmems_name_kind kind_of(const char *name)
{
	if (strchr(name, ':'))
		return ACMEMS_NAME_IP;
	return strchr(name, '@') ? ACMEMS_NAME_EMAIL : ACMEMS_NAME_DNS;
}

struct acmems_csr *fake_csr(const char *names)
{
	struct acmems_csr *csr = calloc(1, sizeof(*csr));
	struct acmems_name *list = calloc(128, sizeof(*list));
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char *text = strdup(names);
	char *rest = text;

	assert_true(csr && list && text);
	for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
		list[csr->name_count++] = (struct acmems_name){.kind = kind_of(name),
			.text = strdup(name),
			.wildcard = strncmp(name, "*.", 2) == 0};
	}
	csr->names = list;
	csr->der = (unsigned char *)text;
	csr->der_len = strlen(names);
	acmems_digest("sha256", names, csr->der_len, digest);
	acmems_hex(digest, 32, csr->digest);
	csr->key_type = "ec";
	csr->key_bits = 256;
	fake_csrs_alive++;
	return csr;
}

struct acmems_csr *csr_read(const void *body, size_t len, struct acmems_error *err)
{
	char *text = strndup(body, len);
	struct acmems_csr *csr = NULL;

	fake_csr_reads++;
	if (strcmp(text, "bad") == 0)
		acmems_error_set(err, ACMEMS_BAD_CSR, "this is no CSR");
	else
		csr = fake_csr(text);
	free(text);
	return csr;
}

void csr_free(struct acmems_csr *csr)
{
	if (!csr)
		return;
	for (size_t i = 0; i < csr->name_count; i++)
		free(csr->names[i].text);
	free((void *)csr->names);
	free((void *)csr->der);
	free(csr);
	fake_csrs_alive--;
}

/* ---- orders ---- */

struct acme_order fake_orders[FAKE_ORDERS];
size_t fake_order_count;
bool fake_order_refuse;

struct acme_order *acme_order_start(struct acme_client *client,
	const struct acme_order_config *config, acme_order_done *done, void *arg,
	struct acmems_error *err)
{
	struct acme_order *order;

	(void)client;
	assert_true(fake_order_count < FAKE_ORDERS);
	if (fake_order_refuse) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order");
		return NULL;
	}
	order = &fake_orders[fake_order_count++];
	*order = (struct acme_order){.done = done, .arg = arg, .solver = config->solver};
	return order;
}

void acme_order_abort(struct acme_order *order)
{
	order->aborted = true;
}

const char *acme_order_id(const struct acme_order *order)
{
	(void)order;
	return "o1";
}

const char *acme_order_state(const struct acme_order *order)
{
	(void)order;
	return "on-paper";
}

void fake_order_end(size_t index, const char *chain, enum acmems_code code)
{
	struct acme_order *order = &fake_orders[index];
	struct acmems_error err = {0};

	assert_true(index < fake_order_count && !order->over);
	order->over = true;
	if (chain) {
		order->done(order->arg, chain, strlen(chain), NULL);
		return;
	}
	acmems_error_set(&err, code, "the CA says: no");
	acmems_error_detail(&err, "a.example", "connection refused");
	order->done(order->arg, NULL, 0, &err);
}
