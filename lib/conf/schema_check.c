/* SPDX-License-Identifier: ISC */
/* schema_check.c - is a table of options sound? Asked of every module before anything is stored. */
#include <stdlib.h>
#include <string.h>

#include "conf/schema_value.h"

#define ROWS_MAX 128

static bool good_name(const char *name)
{
	size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return len > 0 && len < 64 && name[len] == '\0' && name[0] != '-';
}

static bool check_default(const struct acmems_option *row, size_t size)
{
	void *scratch = calloc(1, size);
	bool ok;

	if (!scratch)
		return false;
	ok = schema_store_default(row, scratch);
	schema_release(row, scratch);
	free(scratch);
	return ok;
}

static bool check_row(const struct acmems_option *row, size_t size, struct acmems_error *err)
{
	if (!good_name(row->name))
		return acmems_error_set(err, ACMEMS_CONFIG, "an option has no proper name");
	if ((unsigned)row->type > ACMEMS_GROUP)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "option \"%s\" has an unknown type", row->name);
	if (!row->help || !*row->help)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "option \"%s\" has no help text", row->name);
	if (row->type == ACMEMS_GROUP)
		return schema_check(row->rows, row->row_count, size, err);
	if (row->offset > size || schema_type_size(row->type) > size - row->offset)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "option \"%s\" lies outside the instance", row->name);
	if (row->type == ACMEMS_CHOICE && (!row->choices || !row->choices[0]))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "option \"%s\" has no choices", row->name);
	if (row->min > row->max)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "option \"%s\" has its bounds reversed", row->name);
	if (!check_default(row, size))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "the default of option \"%s\" is wrong", row->name);
	return true;
}

bool schema_check(
	const struct acmems_option *rows, size_t count, size_t size, struct acmems_error *err)
{
	if (count > ROWS_MAX || (count > 0 && !rows))
		return acmems_error_set(err, ACMEMS_CONFIG, "the table of options is unsound");
	for (size_t i = 0; i < count; i++) {
		if (!check_row(&rows[i], size, err))
			return false;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(rows[i].name, rows[j].name) == 0)
				return acmems_error_set(err, ACMEMS_CONFIG,
					"option \"%s\" is there twice", rows[i].name);
		}
	}
	return true;
}
