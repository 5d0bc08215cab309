/* SPDX-License-Identifier: ISC */
/* challenge.c - see challenge.h. */
#include "acme/challenge.h"

#include <stdlib.h>
#include <string.h>

#include "acme/json.h"
#include "acme/persist.h"
#include "acme/problem.h"

#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* The one type that proves without a token. */
static bool has_token(const char *type)
{
	return strcmp(type, PERSIST_TYPE) != 0;
}

bool challenge_is(const struct acmems_json *json, const char *type)
{
	struct acmems_error ignored = {0};
	const char *text;

	return acmems_json_text(json, "type", CHALLENGE_TYPE_MAX, &text, &ignored) && text &&
	       strcmp(text, type) == 0;
}

static bool read_token(const struct acmems_json *json, const char *type, const char **ret,
	struct acmems_error *err)
{
	*ret = "";
	if (!has_token(type))
		return true;
	if (!acmems_json_need_text(json, "token", CHALLENGE_TOKEN_MAX, ret, err))
		return false;
	/* it becomes part of paths and of files' names */
	if (**ret == '\0' || (*ret)[strspn(*ret, BASE64URL)] != '\0')
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "the token of a challenge is not base64url");
	return true;
}

/* Both spellings; what is not there may be found elsewhere. */
static bool read_persist(
	const struct acmems_json *json, struct acme_challenge *challenge, struct acmems_error *err)
{
	const char *uri;

	if (has_token(challenge->type))
		return true;
	if (!persist_issuers_read(json, "issuer-domain-names", &challenge->issuers, err) ||
		(!challenge->issuers && !persist_issuers_read(json, "issuerDomainNames",
						&challenge->issuers, err)) ||
		!json_url(json, "accounturi", &uri, err))
		return false;
	challenge->account_uri = uri ? strdup(uri) : NULL;
	return !uri || challenge->account_uri ||
	       acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a challenge");
}

bool challenge_read(
	const struct acmems_json *json, struct acme_challenge *challenge, struct acmems_error *err)
{
	struct acme_challenge read = {0};
	const char *type;
	const char *url;
	const char *token;

	if (!acmems_json_need_text(json, "type", CHALLENGE_TYPE_MAX, &type, err) ||
		!json_need_url(json, "url", &url, err) || !read_token(json, type, &token, err) ||
		!acme_status_read(json, &read.status, err))
		return false;
	read.type = strdup(type);
	read.url = strdup(url);
	read.token = strdup(token);
	if (!read.type || !read.url || !read.token) {
		challenge_fini(&read);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a challenge");
	}
	if (!read_persist(json, &read, err)) {
		challenge_fini(&read);
		return false;
	}
	*challenge = read;
	return true;
}

void challenge_fini(struct acme_challenge *challenge)
{
	free(challenge->type);
	free(challenge->url);
	free(challenge->token);
	free(challenge->issuers);
	free(challenge->account_uri);
	*challenge = (struct acme_challenge){0};
}

bool challenge_problem(const struct acmems_json *json, struct acmems_error *err)
{
	static const char prefix[] = "the CA says: ";
	const struct acmems_json *problem;
	struct acmems_error ignored = {0};

	if (!acmems_json_object(json, "error", &problem, &ignored) || !problem)
		return false;
	problem_read(problem, 0, 0, err);
	if (strncmp(err->message, prefix, strlen(prefix)) == 0)
		memmove(err->message, err->message + strlen(prefix),
			strlen(err->message + strlen(prefix)) + 1);
	return true;
}
