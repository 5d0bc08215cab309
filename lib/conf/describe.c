/* SPDX-License-Identifier: ISC */
/* describe.c - what an operator sees of a table of options. */
#include "conf/describe.h"

#include <inttypes.h>

#include "conf/units.h"

static const char *type_text(enum acmems_option_type type)
{
	switch (type) {
	case ACMEMS_STRING:
		return "text";
	case ACMEMS_BOOL:
		return "true or false";
	case ACMEMS_INT:
		return "number";
	case ACMEMS_DURATION:
		return "duration";
	case ACMEMS_SIZE:
		return "size";
	case ACMEMS_CHOICE:
		return "one of";
	case ACMEMS_LIST:
		return "list of texts";
	case ACMEMS_GROUP:
		return "group";
	}
	return "unknown";
}

static void add_bounds(struct str *out, const struct acmems_option *row)
{
	char least[32], most[32];

	if (row->min == 0 && row->max == 0)
		return;
	switch (row->type) {
	case ACMEMS_DURATION:
		str_addf(out, ", %s to %s", units_duration_text(row->min, least),
			units_duration_text(row->max, most));
		break;
	case ACMEMS_SIZE:
		str_addf(out, ", %s to %s", units_size_text(row->min, least),
			units_size_text(row->max, most));
		break;
	case ACMEMS_INT:
		str_addf(out, ", %" PRId64 " to %" PRId64, row->min, row->max);
		break;
	case ACMEMS_STRING:
	case ACMEMS_LIST:
		if (row->min > 0)
			str_add(out, ", not empty");
		break;
	case ACMEMS_BOOL:
	case ACMEMS_CHOICE:
	case ACMEMS_GROUP:
		break;
	}
}

static void describe(struct str *out, const struct acmems_option *rows, size_t count, int depth)
{
	for (size_t i = 0; i < count; i++) {
		const struct acmems_option *row = &rows[i];

		str_addf(out, "%*s%s: %s", depth, "", row->name, type_text(row->type));
		for (size_t j = 0; row->type == ACMEMS_CHOICE && row->choices[j]; j++)
			str_addf(out, "%s%s", j ? ", " : " ", row->choices[j]);
		add_bounds(out, row);
		if (row->flags & ACMEMS_REQUIRED)
			str_add(out, "; required");
		else if (row->fallback && *row->fallback)
			str_addf(out, "; default %s", row->fallback);
		if (row->flags & ACMEMS_SECRET)
			str_add(out, "; secret");
		if (row->flags & ACMEMS_DIRECT)
			str_add(out, "; can be written without its name");
		str_addf(out, "\n%*s%s\n", depth + 4, "", row->help);
		if (row->type == ACMEMS_GROUP)
			describe(out, row->rows, row->row_count, depth + 2);
	}
}

void describe_options(struct str *out, const struct acmems_option *rows, size_t count)
{
	describe(out, rows, count, 2);
}
