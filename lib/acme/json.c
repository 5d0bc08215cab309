/* SPDX-License-Identifier: ISC */
/*
 * json.c - cJSON, with what it lets through by itself refused (see json.h). cJSON accepts bytes that
 * are not UTF-8, cuts strings at \u0000, allows a depth of 1000 and ignores case; hence the scan in
 * front of it and the accessors behind it.
 */
#include "acme/json.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/str.h"

/* Length of the valid UTF-8 sequence at text, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *text, size_t len)
{
	unsigned char first = text[0];
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t need;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	if (first >= 0xf0)
		need = 4;
	else if (first >= 0xe0)
		need = 3;
	else
		need = 2;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (need > len || text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

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
		size_t step = utf8_length((const unsigned char *)text, len);

		*why = "it is not UTF-8, or has control characters in a text";
		if (c == '\\') {
			*why = "a text has \\u0000 in it";
			return len >= 6 && memcmp(text, "\\u0000", 6) == 0 ? 0 : 2;
		}
		return (unsigned char)c < 0x20 ? 0 : step;
	}
	*why = "it is nested too deeply";
	if (c == '{' || c == '[') {
		scan->depth++;
		return scan->depth <= JSON_DEPTH_MAX ? 1 : 0;
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

struct cJSON *json_parse(const char *text, size_t len, struct acmems_error *err)
{
	cJSON *json;

	if (len > JSON_MAX) {
		acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"unusable JSON: %zu bytes are more than %d", len, JSON_MAX);
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
	return json;
}

void json_free(struct cJSON *json)
{
	cJSON_Delete(json);
}

/* The member, or NULL when it is absent or null. */
static const cJSON *member(const struct cJSON *object, const char *name)
{
	const cJSON *found;

	if (!cJSON_IsObject(object))
		return NULL;
	found = cJSON_GetObjectItemCaseSensitive(object, name);
	return cJSON_IsNull(found) ? NULL : found;
}

static bool wrong(struct acmems_error *err, const char *name, const char *what)
{
	return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%s\" %s", name, what);
}

bool json_text(const struct cJSON *object, const char *name, size_t max, const char **ret,
	struct acmems_error *err)
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

bool json_is_url(const char *text)
{
	size_t len = strnlen(text, JSON_URL_MAX + 1);
	size_t host;

	if (len > JSON_URL_MAX || strncmp(text, "https://", 8) != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c) != NULL)
			return false;
	}
	host = strcspn(text + 8, "/?#");
	return host > 0 && memchr(text + 8, '@', host) == NULL && strchr(text, '#') == NULL;
}

bool json_url(
	const struct cJSON *object, const char *name, const char **ret, struct acmems_error *err)
{
	if (!json_text(object, name, JSON_URL_MAX, ret, err))
		return false;
	if (*ret != NULL && !json_is_url(*ret)) {
		*ret = NULL;
		return wrong(err, name, "is not an https URL");
	}
	return true;
}

bool json_bool(const struct cJSON *object, const char *name, bool *ret, struct acmems_error *err)
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

bool json_object(const struct cJSON *object, const char *name, const struct cJSON **ret,
	struct acmems_error *err)
{
	*ret = member(object, name);
	if (*ret == NULL || cJSON_IsObject(*ret))
		return true;
	*ret = NULL;
	return wrong(err, name, "is not an object");
}

bool json_array(const struct cJSON *object, const char *name, size_t max, const struct cJSON **ret,
	struct acmems_error *err)
{
	const cJSON *found = member(object, name);

	*ret = NULL;
	if (found == NULL)
		return true;
	if (!cJSON_IsArray(found))
		return wrong(err, name, "is not a list");
	if (json_count(found) > max)
		return wrong(err, name, "has too many elements");
	*ret = found;
	return true;
}

bool json_need_text(const struct cJSON *object, const char *name, size_t max, const char **ret,
	struct acmems_error *err)
{
	return json_text(object, name, max, ret, err) &&
	       (*ret != NULL || wrong(err, name, "is missing"));
}

bool json_need_url(
	const struct cJSON *object, const char *name, const char **ret, struct acmems_error *err)
{
	return json_url(object, name, ret, err) && (*ret != NULL || wrong(err, name, "is missing"));
}

const struct cJSON *json_first(const struct cJSON *array)
{
	return cJSON_IsArray(array) ? array->child : NULL;
}

const struct cJSON *json_next(const struct cJSON *element)
{
	return element != NULL ? element->next : NULL;
}

size_t json_count(const struct cJSON *array)
{
	size_t count = 0;

	for (const cJSON *one = json_first(array); one != NULL; one = one->next)
		count++;
	return count;
}

bool json_is_object(const struct cJSON *json)
{
	return cJSON_IsObject(json);
}

const char *json_element_text(const struct cJSON *element)
{
	return cJSON_IsString(element) ? element->valuestring : NULL;
}

void json_quote(struct str *out, const char *text)
{
	str_add(out, "\"");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\u%04x", c);
		else
			str_add_bytes(out, text, 1);
	}
	str_add(out, "\"");
}
