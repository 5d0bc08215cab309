/* SPDX-License-Identifier: ISC */
/*
 * json.c - cJSON, with what it lets through by itself refused (see acmems/json.h). cJSON accepts bytes that
 * are not UTF-8, cuts strings at \u0000, allows a depth of 1000 and ignores case; hence the scan in
 * front of it and the accessors behind it.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/str.h"
#include "base/utf8.h"

struct scan {
	size_t depth;
	bool in_string;
};

/* Judges the character at text and says how many bytes to go on; 0: *why says what is wrong. */
static size_t scan_one(struct scan *scan, const char *text, size_t len, const char **why)
{
	char c = *text;

	if (c == '"') {
		scan->in_string = !scan->in_string;
		return 1;
	}
	if (scan->in_string) {
		uint32_t point = 0;
		size_t step = utf8_decode(text, len, &point);

		*why = "it is not UTF-8, or has control characters in a text";
		if (c == '\\') {
			*why = "a text has \\u0000 in it";
			return len >= 6 && memcmp(text, "\\u0000", 6) == 0 ? 0 : 2;
		}
		return point < 0x20 ? 0 : step;
	}
	*why = "it is nested too deeply";
	if (c == '{' || c == '[') {
		scan->depth++;
		return scan->depth <= ACMEMS_JSON_DEPTH_MAX ? 1 : 0;
	}
	if ((c == '}' || c == ']') && scan->depth > 0)
		scan->depth--;
	*why = "it has bytes outside of texts that do not belong there";
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) ? 1 : 0;
}

static bool scan_all(const char *text, size_t len, struct acmems_error *err)
{
	struct scan scan = {0, false};

	for (size_t i = 0; i < len;) {
		const char *why = NULL;
		size_t step = scan_one(&scan, text + i, len - i, &why);

		if (step == 0)
			return acmems_error_set(
				err, ACMEMS_BAD_ANSWER, "unusable JSON: %s (at byte %zu)", why, i);
		i += step;
	}
	return true;
}

/* cJSON finds the end of its input by a NUL when it has to make sure that nothing follows. */
static cJSON *parse_copy(const char *text, size_t len, struct acmems_error *err)
{
	char *copy = malloc(len + 1);
	cJSON *json;

	if (copy == NULL) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for JSON of %zu bytes", len);
		return NULL;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	json = cJSON_ParseWithLengthOpts(copy, len + 1, NULL, 1);
	free(copy);
	if (json == NULL)
		acmems_error_set(err, ACMEMS_BAD_ANSWER, "unusable JSON: it does not parse");
	return json;
}

struct acmems_json *acmems_json_read(
	const char *text, size_t len, size_t max, struct acmems_error *err)
{
	cJSON *json;

	if (len > max) {
		acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"unusable JSON: %zu bytes are more than %zu", len, max);
		return NULL;
	}
	if (!scan_all(text, len, err))
		return NULL;
	json = parse_copy(text, len, err);
	if (json != NULL && !cJSON_IsObject(json)) {
		cJSON_Delete(json);
		acmems_error_set(err, ACMEMS_BAD_ANSWER, "unusable JSON: it is not an object");
		return NULL;
	}
	return (struct acmems_json *)json;
}

void acmems_json_free(struct acmems_json *json)
{
	cJSON_Delete((cJSON *)json);
}

/* Outside of this file nothing is known of cJSON. */
static const cJSON *inner(const struct acmems_json *json)
{
	return (const cJSON *)json;
}

static const struct acmems_json *outer(const cJSON *json)
{
	return (const struct acmems_json *)json;
}

/* The member, or NULL when it is absent or null. */
static const cJSON *member(const struct acmems_json *object, const char *name)
{
	const cJSON *found;

	if (!cJSON_IsObject(inner(object)))
		return NULL;
	found = cJSON_GetObjectItemCaseSensitive(inner(object), name);
	return cJSON_IsNull(found) ? NULL : found;
}

static bool wrong(struct acmems_error *err, const char *name, const char *what)
{
	return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%s\" %s", name, what);
}

bool acmems_json_text(const struct acmems_json *object, const char *name, size_t max,
	const char **ret, struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = NULL;
	if (found == NULL)
		return true;
	if (!cJSON_IsString(found) || found->valuestring == NULL)
		return wrong(err, name, "is not a text");
	if (strlen(found->valuestring) > max)
		return wrong(err, name, "is too long");
	*ret = found->valuestring;
	return true;
}

bool acmems_json_bool(
	const struct acmems_json *object, const char *name, bool *ret, struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = false;
	if (found == NULL)
		return true;
	if (!cJSON_IsBool(found))
		return wrong(err, name, "is neither true nor false");
	*ret = cJSON_IsTrue(found) != 0;
	return true;
}

bool acmems_json_int(const struct acmems_json *object, const char *name, int64_t min, int64_t max,
	int64_t *ret, struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = 0;
	if (found == NULL)
		return true;
	if (!cJSON_IsNumber(found))
		return wrong(err, name, "is not a number");
	if (!(found->valuedouble >= (double)min && found->valuedouble <= (double)max))
		return wrong(err, name, "is too small or too large");
	if ((double)(int64_t)found->valuedouble < found->valuedouble ||
		(double)(int64_t)found->valuedouble > found->valuedouble)
		return wrong(err, name, "is not a whole number");
	*ret = (int64_t)found->valuedouble;
	return true;
}

bool acmems_json_object(const struct acmems_json *object, const char *name,
	const struct acmems_json **ret, struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = NULL;
	if (found != NULL && !cJSON_IsObject(found))
		return wrong(err, name, "is not an object");
	*ret = outer(found);
	return true;
}

bool acmems_json_array(const struct acmems_json *object, const char *name, size_t max,
	const struct acmems_json **ret, struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = NULL;
	if (found == NULL)
		return true;
	if (!cJSON_IsArray(found))
		return wrong(err, name, "is not a list");
	if (acmems_json_count(outer(found)) > max)
		return wrong(err, name, "has too many elements");
	*ret = outer(found);
	return true;
}

bool acmems_json_need_text(const struct acmems_json *object, const char *name, size_t max,
	const char **ret, struct acmems_error *err)
{
	return acmems_json_text(object, name, max, ret, err) &&
	       (*ret != NULL || wrong(err, name, "is missing"));
}

const struct acmems_json *acmems_json_first(const struct acmems_json *json)
{
	const cJSON *all = inner(json);

	return cJSON_IsArray(all) || cJSON_IsObject(all) ? outer(all->child) : NULL;
}

const struct acmems_json *acmems_json_next(const struct acmems_json *element)
{
	return element != NULL ? outer(inner(element)->next) : NULL;
}

size_t acmems_json_count(const struct acmems_json *json)
{
	size_t count = 0;

	for (const struct acmems_json *one = acmems_json_first(json); one != NULL;
		one = acmems_json_next(one))
		count++;
	return count;
}

const char *acmems_json_name(const struct acmems_json *member)
{
	return member != NULL && inner(member)->string != NULL ? inner(member)->string : "";
}

bool acmems_json_is_object(const struct acmems_json *json)
{
	return cJSON_IsObject(inner(json));
}

const char *acmems_json_element_text(const struct acmems_json *element)
{
	return cJSON_IsString(inner(element)) ? inner(element)->valuestring : NULL;
}

bool json_print(struct str *out, const struct acmems_json *value)
{
	char *text = cJSON_PrintUnformatted(inner(value));

	if (text == NULL)
		return false;
	str_add(out, text);
	cJSON_free(text);
	return true;
}
