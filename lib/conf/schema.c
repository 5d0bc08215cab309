/* SPDX-License-Identifier: ISC */
/* schema.c - a table of options against a node: defaults, known keys, required ones. */
#include "conf/schema.h"

#include <stdlib.h>
#include <string.h>

#include "conf/nearest.h"
#include "conf/schema_value.h"

#define KEYS_MAX 64

static const struct acmems_option *find_row(const struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (strcmp(schema->rows[i].name, name) == 0)
			return &schema->rows[i];
	}
	return NULL;
}

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static void unknown_key(
	const struct schema *schema, const struct conf_node *node, struct conf_faults *faults)
{
	const char *keys[KEYS_MAX];
	const char *near;
	size_t count = 0;

	for (size_t i = 0; i < schema->count && count < KEYS_MAX; i++)
		keys[count++] = schema->rows[i].name;
	for (const char *const *also = schema->also; also && *also && count < KEYS_MAX; also++)
		keys[count++] = *also;
	near = nearest_word(node->name, keys, count);
	if (near)
		conf_fault(faults, node, "%s: unknown option \"%s\", did you mean \"%s\"?",
			schema->what, node->name, near);
	else
		conf_fault(faults, node, "%s: unknown option \"%s\"", schema->what, node->name);
}

static bool store_defaults(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults)
{
	struct schema nested = {schema->what, NULL, 0, false, NULL};

	for (size_t i = 0; i < schema->count; i++) {
		const struct acmems_option *row = &schema->rows[i];

		/* an optional group's own required rows count only when the group is there */
		nested.rows = row->rows;
		nested.count = row->row_count;
		if (row->type == ACMEMS_GROUP ? !store_defaults(&nested, node, base, faults)
					      : !schema_store_default(row, base)) {
			conf_fault(faults, node, "%s: no memory for the default of \"%s\"",
				schema->what, row->name);
			return false;
		}
	}
	return true;
}

static bool check_required(const struct schema *schema, const struct conf_node *node,
	const bool *given, struct conf_faults *faults)
{
	bool ok = true;

	for (size_t i = 0; i < schema->count; i++) {
		if (!(schema->rows[i].flags & ACMEMS_REQUIRED) || given[i])
			continue;
		conf_fault(faults, node, "%s: \"%s\" is missing (%s)", schema->what,
			schema->rows[i].name, schema->rows[i].help);
		ok = false;
	}
	return ok;
}

static bool store_group(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults)
{
	bool *given = calloc(schema->count + 1, sizeof(*given));
	bool ok = true;

	if (!given) {
		conf_fault(faults, node, "%s: no memory", schema->what);
		return false;
	}
	for (size_t i = 0; node && i < node->count; i++) {
		const struct conf_node *child = node->children[i];
		const struct acmems_option *row = find_row(schema, child->name);

		if (row) {
			given[row - schema->rows] = true;
			ok = schema_store(row, child, base, schema->what, faults) && ok;
		} else if (!schema->others && !listed(schema->also, child->name)) {
			unknown_key(schema, child, faults);
			ok = false;
		}
	}
	ok = check_required(schema, node, given, faults) && ok;
	free(given);
	return ok;
}

/* The row that takes a setting which is no group, or NULL. */
static const struct acmems_option *direct_row(const struct schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		if (schema->rows[i].flags & ACMEMS_DIRECT)
			return &schema->rows[i];
	}
	return NULL;
}

bool schema_settings(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults)
{
	const struct acmems_option *direct = direct_row(schema);
	bool ok = true;

	if (!node || node->type == CONF_GROUP)
		return store_group(schema, node, base, faults);
	if (!direct) {
		conf_fault(faults, node, "%s must be a group { }, not %s", schema->what,
			conf_type_text(node->type));
		return false;
	}
	ok = schema_store(direct, node, base, schema->what, faults);
	for (size_t i = 0; i < schema->count; i++) {
		if (&schema->rows[i] == direct || !(schema->rows[i].flags & ACMEMS_REQUIRED))
			continue;
		conf_fault(faults, node, "%s: \"%s\" is missing, write %s = { %s = ...; };",
			schema->what, schema->rows[i].name, node->name ? node->name : "it",
			schema->rows[i].name);
		ok = false;
	}
	return ok;
}

bool schema_apply(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults)
{
	return store_defaults(schema, node, base, faults) &&
	       schema_settings(schema, node, base, faults);
}

void schema_free(const struct acmems_option *rows, size_t count, void *base)
{
	for (size_t i = 0; i < count; i++)
		schema_release(&rows[i], base);
}
