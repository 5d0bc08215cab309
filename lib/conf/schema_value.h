/* SPDX-License-Identifier: ISC */
/*
 * conf/schema_value.h - one setting, checked and stored through its row. Between schema.c and
 * schema_check.c.
 */
#ifndef CONF_SCHEMA_VALUE_H
#define CONF_SCHEMA_VALUE_H

#include "conf/schema.h"

/* Stores the node's value; a fault says what was expected. False on any fault. */
bool schema_store(const struct acmems_option *row, const struct conf_node *node, void *base,
	const char *what, struct conf_faults *faults);

/* As schema_apply() without storing defaults first: they are there already. */
bool schema_settings(const struct schema *schema, const struct conf_node *node, void *base,
	struct conf_faults *faults);

/* Stores the row's default, if it has one. False if it does not parse or memory is out. */
bool schema_store_default(const struct acmems_option *row, void *base);

/* Frees and zeroes one stored value. */
void schema_release(const struct acmems_option *row, void *base);

/* How many bytes the type takes at the offset. */
size_t schema_type_size(enum acmems_option_type type);

#endif
