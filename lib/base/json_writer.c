/* SPDX-License-Identifier: ISC */
/*
 * json_writer.c - one object of JSON, written member by member (see acmems/json.h).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

struct acmems_json_writer {
	struct str text;
	size_t depth;
	bool array[ACMEMS_JSON_DEPTH_MAX]; /* what is open at each depth: an array, or an object */
	bool wanting; /* nothing was written into it so far */
};

void json_quote(struct str *out, const char *text)
{
	str_add(out, "\"");
	while (*text != '\0') {
		uint32_t point = 0;
		size_t len = utf8_decode(text, 4, &point);

		if (len == 0)
			str_add(out, "\xef\xbf\xbd");
		else if (point == '"' || point == '\\')
			str_addf(out, "\\%c", (char)point);
		else if (point < 0x20 || point == 0x7f)
			str_addf(out, "\\u%04x", (unsigned)point);
		else
			str_add_bytes(out, text, len);
		text += len > 0 ? len : 1;
	}
	str_add(out, "\"");
}

char *acmems_json_quote(const char *text)
{
	struct str out;

	str_init(&out, SIZE_MAX / 2);
	json_quote(&out, text);
	return str_take(&out);
}

struct acmems_json_writer *acmems_json_writer_new(size_t max)
{
	struct acmems_json_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return NULL;
	str_init(&writer->text, max);
	str_add(&writer->text, "{");
	writer->depth = 1;
	writer->wanting = true;
	return writer;
}

/* Writes what comes in front of a value; false when no value may come here. */
static bool begin(struct acmems_json_writer *writer, const char *name)
{
	if (writer == NULL)
		return false;
	if (writer->depth == 0 || writer->array[writer->depth - 1] != (name == NULL)) {
		writer->text.failed = true;
		return false;
	}
	if (!writer->wanting)
		str_add(&writer->text, ",");
	writer->wanting = false;
	if (name != NULL) {
		json_quote(&writer->text, name);
		str_add(&writer->text, ":");
	}
	return true;
}

void acmems_json_put_text(struct acmems_json_writer *writer, const char *name, const char *text)
{
	if (!begin(writer, name))
		return;
	if (text != NULL)
		json_quote(&writer->text, text);
	else
		str_add(&writer->text, "null");
}

void acmems_json_put_bool(struct acmems_json_writer *writer, const char *name, bool value)
{
	if (begin(writer, name))
		str_add(&writer->text, value ? "true" : "false");
}

void acmems_json_put_int(struct acmems_json_writer *writer, const char *name, int64_t value)
{
	if (!begin(writer, name))
		return;
	if (value > ACMEMS_JSON_INT_MAX || value < -ACMEMS_JSON_INT_MAX)
		writer->text.failed = true;
	str_addf(&writer->text, "%" PRId64, value);
}

void acmems_json_put(
	struct acmems_json_writer *writer, const char *name, const struct acmems_json *value)
{
	if (!begin(writer, name))
		return;
	if (value == NULL)
		str_add(&writer->text, "null");
	else if (!json_print(&writer->text, value))
		writer->text.failed = true;
}

static void open_one(struct acmems_json_writer *writer, const char *name, bool array)
{
	if (!begin(writer, name))
		return;
	if (writer->depth == ACMEMS_JSON_DEPTH_MAX) {
		writer->text.failed = true;
		return;
	}
	str_add(&writer->text, array ? "[" : "{");
	writer->array[writer->depth] = array;
	writer->depth++;
	writer->wanting = true;
}

void acmems_json_begin_object(struct acmems_json_writer *writer, const char *name)
{
	open_one(writer, name, false);
}

void acmems_json_begin_array(struct acmems_json_writer *writer, const char *name)
{
	open_one(writer, name, true);
}

void acmems_json_end(struct acmems_json_writer *writer)
{
	if (writer == NULL)
		return;
	/* the object itself is ended by acmems_json_writer_finish() */
	if (writer->depth <= 1) {
		writer->text.failed = true;
		return;
	}
	writer->depth--;
	str_add(&writer->text, writer->array[writer->depth] ? "]" : "}");
	writer->wanting = false;
}

char *acmems_json_writer_finish(struct acmems_json_writer *writer, size_t *ret_len)
{
	char *text;

	if (writer == NULL)
		return NULL;
	if (writer->depth != 1)
		writer->text.failed = true;
	str_add(&writer->text, "}");
	*ret_len = writer->text.len;
	text = str_take(&writer->text);
	free(writer);
	return text;
}
