/* SPDX-License-Identifier: ISC */
/* answer_match.c - reads lists of entity tags. */
#include "sign/answer_match.h"

#include <string.h>

/* The tag at *text with its quotes, *text moved behind it; NULL if there is none. */
static const char *next_tag(const char **text, size_t *len)
{
	const char *tag = *text;
	const char *end;

	if (strncmp(tag, "W/", 2) == 0)
		tag += 2;
	if (*tag != '"')
		return NULL;
	end = strchr(tag + 1, '"');
	if (!end)
		return NULL;
	*len = (size_t)(end + 1 - tag);
	*text = end + 1;
	return tag;
}

bool answer_match(const char *if_none_match, const char *etag)
{
	const char *text = if_none_match;
	size_t wanted = strlen(etag);

	if (!text)
		return false;
	text += strspn(text, " \t");
	if (text[0] == '*' && text[1 + strspn(text + 1, " \t")] == '\0')
		return true;
	while (*text) {
		size_t len;
		const char *tag = next_tag(&text, &len);

		if (!tag)
			return false;
		if (len == wanted && memcmp(tag, etag, len) == 0)
			return true;
		text += strspn(text, " \t,");
	}
	return false;
}
