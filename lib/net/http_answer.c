/* SPDX-License-Identifier: ISC */
/*
 * http_answer.c - small helpers around a call: who we are, and what an answer says of itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/http.h>

#define BASIC "Basic "
#define EXCERPT_MAX 200

char *acmems_http_basic(const char *user, const char *password, struct acmems_error *err)
{
	size_t len = strlen(user) + 1 + strlen(password);
	size_t room = sizeof(BASIC) + ACMEMS_BASE64_LEN(len);
	char *pair, *value;

	if (strchr(user, ':')) {
		acmems_error_set(err, ACMEMS_CONFIG, "a user's name cannot have a colon");
		return NULL;
	}
	pair = malloc(len + 1);
	value = malloc(room);
	if (pair && value) {
		snprintf(pair, len + 1, "%s:%s", user, password);
		memcpy(value, BASIC, sizeof(BASIC));
		acmems_base64(pair, len, value + strlen(BASIC));
		acmems_wipe(pair, len);
	} else {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a password");
		free(value);
		value = NULL;
	}
	free(pair);
	return value;
}

static enum acmems_code code_of(int status)
{
	if (status == 401 || status == 403)
		return ACMEMS_CONFIG;
	return status == 429 || status >= 500 ? ACMEMS_UNAVAILABLE : ACMEMS_BAD_ANSWER;
}

bool acmems_http_answer_error(const struct acmems_http_answer *answer, struct acmems_error *err)
{
	char excerpt[EXCERPT_MAX + 1];
	size_t len = 0;

	for (size_t i = 0; i < answer->len && len < EXCERPT_MAX; i++) {
		unsigned char c = (unsigned char)answer->body[i];
		bool visible = c > ' ' && c < 0x7f;

		/* white space of any kind and length is one blank */
		if (visible || (len > 0 && excerpt[len - 1] != ' '))
			excerpt[len++] = visible ? (char)c : c > 0x7e ? '?' : ' ';
	}
	while (len > 0 && excerpt[len - 1] == ' ')
		len--;
	excerpt[len] = '\0';
	return acmems_error_set(err, code_of(answer->status), "status %d%s%s%s", answer->status,
		len > 0 ? ", \"" : "", excerpt, len > 0 ? "\"" : "");
}
