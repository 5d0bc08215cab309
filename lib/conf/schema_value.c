/* SPDX-License-Identifier: ISC */
/* schema_value.c - converts one setting to the type of its row, checks its bounds, stores it. */
#include "conf/schema_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "conf/nearest.h"
#include "conf/units.h"

/* "auth block NAME: METHOD: GROUP" and the like; longer ones are cut. */
#define WHAT_MAX 256

static void *place(const struct acmems_option *row, void *base)
{
	return (char *)base + row->offset;
}

size_t schema_type_size(enum acmems_option_type type)
{
	switch (type) {
	case ACMEMS_STRING:
		return sizeof(char *);
	case ACMEMS_BOOL:
		return sizeof(bool);
	case ACMEMS_INT:
	case ACMEMS_DURATION:
	case ACMEMS_SIZE:
		return sizeof(int64_t);
	case ACMEMS_CHOICE:
		return sizeof(int);
	case ACMEMS_LIST:
		return sizeof(struct acmems_list);
	case ACMEMS_GROUP:
		return 0;
	}
	return 0;
}

static void free_text(const struct acmems_option *row, char *text)
{
	if (text && (row->flags & ACMEMS_SECRET))
		acmems_wipe(text, strlen(text));
	free(text);
}

static void list_free(const struct acmems_option *row, struct acmems_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_text(row, list->items[i]);
	free(list->items);
	*list = (struct acmems_list){0};
}

void schema_release(const struct acmems_option *row, void *base)
{
	switch (row->type) {
	case ACMEMS_STRING: {
		char **text = place(row, base);

		free_text(row, *text);
		*text = NULL;
		break;
	}
	case ACMEMS_LIST:
		list_free(row, place(row, base));
		break;
	case ACMEMS_GROUP:
		schema_free(row->rows, row->row_count, base);
		break;
	case ACMEMS_BOOL:
	case ACMEMS_INT:
	case ACMEMS_DURATION:
	case ACMEMS_SIZE:
	case ACMEMS_CHOICE:
		break;
	}
}

static bool bounded(const struct acmems_option *row)
{
	return row->min != 0 || row->max != 0;
}

static const char *amount_text(const struct acmems_option *row, int64_t amount, char out[32])
{
	if (row->type == ACMEMS_DURATION)
		return units_duration_text(amount, out);
	if (row->type == ACMEMS_SIZE)
		return units_size_text(amount, out);
	snprintf(out, 32, "%" PRId64, amount);
	return out;
}

static bool within(const struct acmems_option *row, int64_t amount, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	char least[32], most[32];

	if (!bounded(row) || (amount >= row->min && amount <= row->max))
		return true;
	if (faults)
		conf_fault(faults, node, "%s: \"%s\" must be between %s and %s", what, row->name,
			amount_text(row, row->min, least), amount_text(row, row->max, most));
	return false;
}

/* For texts and lists the bounds are lengths; min 1 reads best as "must not be empty". */
static bool length_within(const struct acmems_option *row, size_t len, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	if (!bounded(row) || ((int64_t)len >= row->min && (int64_t)len <= row->max))
		return true;
	if (faults && len == 0)
		conf_fault(faults, node, "%s: \"%s\" must not be empty", what, row->name);
	else if (faults)
		conf_fault(faults, node,
			"%s: \"%s\" has a length of %zu, allowed are %" PRId64 " to %" PRId64, what,
			row->name, len, row->min, row->max);
	return false;
}

static bool expected(const struct acmems_option *row, const struct conf_node *node,
	const char *what, const char *kind, struct conf_faults *faults)
{
	conf_fault(faults, node, "%s: \"%s\" must be %s, not %s", what, row->name, kind,
		conf_type_text(node->type));
	return false;
}

static bool out_of_memory(
	const struct conf_node *node, const char *what, struct conf_faults *faults)
{
	conf_fault(faults, node, "%s: no memory", what);
	return false;
}

static bool store_string(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults)
{
	char **text = place(row, base);
	char *copy;

	if (node->type != CONF_STRING)
		return expected(row, node, what, "a text in quotes", faults);
	if (!length_within(row, strlen(node->text), node, what, faults))
		return false;
	copy = strdup(node->text);
	if (!copy)
		return out_of_memory(node, what, faults);
	free_text(row, *text);
	*text = copy;
	return true;
}

static bool store_amount(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults)
{
	static const char *const kinds[] = {[ACMEMS_INT] = "a whole number",
		[ACMEMS_DURATION] = "a duration like \"90s\", \"5m\", \"12h\" or \"14d\"",
		[ACMEMS_SIZE] = "a size like \"16k\" or \"1m\""};
	char bare[24];
	int64_t amount = node->number;
	const char *text = node->text;
	bool ok = true;

	if (node->type != CONF_INT && (node->type != CONF_STRING || row->type == ACMEMS_INT))
		return expected(row, node, what, kinds[row->type], faults);
	if (node->type == CONF_INT) {
		snprintf(bare, sizeof(bare), "%" PRId64, node->number);
		text = bare;
	}
	if (row->type == ACMEMS_DURATION)
		ok = units_duration(text, row->unit ? row->unit : "s", &amount);
	else if (row->type == ACMEMS_SIZE)
		ok = units_size(text, &amount);
	if (!ok) {
		conf_fault(faults, node, "%s: \"%s\" must be %s, not \"%s\"", what, row->name,
			kinds[row->type], text);
		return false;
	}
	if (!within(row, amount, node, what, faults))
		return false;
	*(int64_t *)place(row, base) = amount;
	return true;
}

static int choice_index(const struct acmems_option *row, const char *text, size_t *count)
{
	int found = -1;

	for (*count = 0; row->choices[*count]; ++*count) {
		if (strcmp(row->choices[*count], text) == 0)
			found = (int)*count;
	}
	return found;
}

static bool store_choice(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults)
{
	char all[256] = "";
	const char *near;
	size_t count, len = 0;
	int index;

	if (node->type != CONF_STRING)
		return expected(row, node, what, "a text in quotes", faults);
	index = choice_index(row, node->text, &count);
	if (index >= 0) {
		*(int *)place(row, base) = index;
		return true;
	}
	near = nearest_word(node->text, row->choices, count);
	for (size_t i = 0; i < count && len < sizeof(all); i++)
		len += (size_t)snprintf(
			all + len, sizeof(all) - len, "%s%s", i ? ", " : "", row->choices[i]);
	conf_fault(faults, node, "%s: \"%s\" can not be \"%s\"%s%s%s: it is one of %s", what,
		row->name, node->text, near ? ", did you mean \"" : "", near ? near : "",
		near ? "\"?" : "", all);
	return false;
}

static bool store_list(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults)
{
	struct acmems_list list = {.given = true};
	const struct conf_node *single = node;
	struct conf_node *const *nodes = node->children;
	size_t count = node->count;

	if (node->type == CONF_STRING) {
		nodes = (struct conf_node *const *)&single;
		count = 1;
	} else if (node->type != CONF_LIST) {
		return expected(row, node, what, "a list of texts [ \"...\" ]", faults);
	}
	if (!length_within(row, count, node, what, faults))
		return false;
	list.items = calloc(count + 1, sizeof(*list.items));
	if (!list.items)
		return out_of_memory(node, what, faults);
	for (; list.count < count; list.count++) {
		if (nodes[list.count]->type != CONF_STRING) {
			list_free(row, &list);
			return expected(row, nodes[list.count], what, "a list of texts", faults);
		}
		list.items[list.count] = strdup(nodes[list.count]->text);
		if (!list.items[list.count]) {
			list_free(row, &list);
			return out_of_memory(node, what, faults);
		}
	}
	list_free(row, place(row, base));
	*(struct acmems_list *)place(row, base) = list;
	return true;
}

bool schema_store(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults)
{
	char group[WHAT_MAX];
	struct schema nested = {group, row->rows, row->row_count, false, NULL};

	switch (row->type) {
	case ACMEMS_STRING:
		return store_string(row, node, base, what, faults);
	case ACMEMS_BOOL:
		if (node->type != CONF_BOOL)
			return expected(row, node, what, "true or false", faults);
		*(bool *)place(row, base) = node->truth;
		return true;
	case ACMEMS_INT:
	case ACMEMS_DURATION:
	case ACMEMS_SIZE:
		return store_amount(row, node, base, what, faults);
	case ACMEMS_CHOICE:
		return store_choice(row, node, base, what, faults);
	case ACMEMS_LIST:
		return store_list(row, node, base, what, faults);
	case ACMEMS_GROUP:
		snprintf(group, sizeof(group), "%s: %s", what, row->name);
		return schema_settings(&nested, node, base, faults);
	}
	return false;
}

static bool default_list(const struct acmems_option *row, void *base)
{
	struct acmems_list list = {0};
	const char *at = row->fallback;
	size_t most = 1;

	for (const char *comma = strchr(at, ','); comma; comma = strchr(comma + 1, ','))
		most++;
	list.items = calloc(most + 1, sizeof(*list.items));
	if (!list.items)
		return false;
	while (*at) {
		size_t len = strcspn(at, ",");

		list.items[list.count] = strndup(at, len);
		if (!list.items[list.count]) {
			list_free(row, &list);
			return false;
		}
		list.count++;
		at += len;
		at += strspn(at, ", ");
	}
	*(struct acmems_list *)place(row, base) = list;
	return true;
}

bool schema_store_default(const struct acmems_option *row, void *base)
{
	size_t count;
	int index;

	if (!row->fallback)
		return true;
	switch (row->type) {
	case ACMEMS_STRING:
		*(char **)place(row, base) = strdup(row->fallback);
		return *(char **)place(row, base) != NULL;
	case ACMEMS_BOOL:
		*(bool *)place(row, base) = strcmp(row->fallback, "true") == 0;
		return *(bool *)place(row, base) || strcmp(row->fallback, "false") == 0;
	case ACMEMS_INT:
	case ACMEMS_SIZE:
		return units_size(row->fallback, place(row, base));
	case ACMEMS_DURATION:
		return units_duration(row->fallback, row->unit ? row->unit : "s", place(row, base));
	case ACMEMS_CHOICE:
		index = choice_index(row, row->fallback, &count);
		*(int *)place(row, base) = index;
		return index >= 0;
	case ACMEMS_LIST:
		return default_list(row, base);
	case ACMEMS_GROUP:
		return true;
	}
	return false;
}
