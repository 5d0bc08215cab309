/* SPDX-License-Identifier: ISC */
/* json.c - JSON from a CA: its bounds, and its URLs. */
#include "acme/json.h"

#include <string.h>

struct acmems_json *json_parse(const char *text, size_t len, struct acmems_error *err)
{
	return acmems_json_read(text, len, JSON_MAX, err);
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

bool json_url(const struct acmems_json *object, const char *name, const char **ret,
	struct acmems_error *err)
{
	if (!acmems_json_text(object, name, JSON_URL_MAX, ret, err))
		return false;
	if (*ret != NULL && !json_is_url(*ret)) {
		*ret = NULL;
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%s\" is not an https URL", name);
	}
	return true;
}

bool json_need_url(const struct acmems_json *object, const char *name, const char **ret,
	struct acmems_error *err)
{
	return json_url(object, name, ret, err) &&
	       (*ret != NULL ||
		       acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%s\" is missing", name));
}
