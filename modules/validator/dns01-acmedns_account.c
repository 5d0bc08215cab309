/* SPDX-License-Identifier: ISC */
/* dns01-acmedns_account.c - see dns01-acmedns_account.h. */
#include "dns01-acmedns_account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/crypto.h>
#include <acmems/file.h>

#define FILE_MAX (1 << 20)

bool acmedns_same_name(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	a_len -= a_len > 0 && a[a_len - 1] == '.';
	b_len -= b_len > 0 && b[b_len - 1] == '.';
	return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* The file's object; ACMEMS_NOT_FOUND when there is none. */
static struct acmems_json *read_file(const char *path, struct acmems_error *err)
{
	struct acmems_json *json;
	char *text = NULL;
	size_t len = 0;

	if (!acmems_file_read_secret(path, FILE_MAX, &text, &len, err))
		return NULL;
	json = acmems_json_read(text, len, FILE_MAX, err);
	acmems_wipe(text, len);
	free(text);
	if (!json) {
		if (err->code == ACMEMS_BAD_ANSWER)
			err->code = ACMEMS_CONFIG;
		acmems_error_context(err, "\"%s\"", path);
	}
	return json;
}

/* A member in any case; what stands there goes into a header or a name, so it is plain ASCII. */
static bool take(const struct acmems_json *json, const char *name, char *out, size_t room,
	struct acmems_error *err)
{
	const struct acmems_json *one = acmems_json_first(json);
	const char *text;

	while (one && strcasecmp(acmems_json_name(one), name) != 0)
		one = acmems_json_next(one);
	text = one ? acmems_json_element_text(one) : NULL;
	if (!text || strlen(text) >= room)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER, "\"%s\" is %s", name,
			text ? "too long" : "missing, or no text");
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return acmems_error_set(err, ACMEMS_BAD_ANSWER,
				"\"%s\" has characters that do not belong there", name);
	}
	memcpy(out, text, strlen(text) + 1);
	return true;
}

bool acmedns_account_parse(
	const struct acmems_json *json, struct acmedns_account *account, struct acmems_error *err)
{
	struct acmems_error none = {0};

	*account = (struct acmedns_account){0};
	if (!take(json, "server_url", account->server_url, sizeof(account->server_url), &none))
		account->server_url[0] = '\0';
	return take(json, "username", account->username, sizeof(account->username), err) &&
	       take(json, "password", account->password, sizeof(account->password), err) &&
	       take(json, "subdomain", account->subdomain, sizeof(account->subdomain), err) &&
	       take(json, "fulldomain", account->fulldomain, sizeof(account->fulldomain), err) &&
	       acmems_dns_name_check(account->fulldomain, err);
}

static const struct acmems_json *find(const struct acmems_json *json, const char *name)
{
	const struct acmems_json *one = acmems_json_first(json);

	while (one && !acmedns_same_name(acmems_json_name(one), name))
		one = acmems_json_next(one);
	return one;
}

bool acmedns_account_load(const char *path, const char *name, struct acmedns_account *account,
	struct acmems_error *err)
{
	struct acmems_json *json = read_file(path, err);
	const struct acmems_json *one;
	bool ok = true;

	if (!json)
		return false;
	one = find(json, name);
	if (!one) {
		ok = acmems_error_set(
			err, ACMEMS_NOT_FOUND, "\"%s\" has no account for \"%s\"", path, name);
	} else if (!acmedns_account_parse(one, account, err)) {
		err->code = ACMEMS_CONFIG;
		ok = acmems_error_context(err, "\"%s\", account for \"%s\"", path, name);
	}
	acmems_json_free(json);
	return ok;
}

bool acmedns_account_try(const char *path, struct acmems_error *err)
{
	struct acmems_json *json = read_file(path, err);

	acmems_json_free(json);
	return json != NULL;
}

static void put_account(struct acmems_json_writer *out, const char *name,
	const struct acmedns_account *account, char *const *allow_from)
{
	acmems_json_begin_object(out, name);
	acmems_json_put_text(out, "username", account->username);
	acmems_json_put_text(out, "password", account->password);
	acmems_json_put_text(out, "fulldomain", account->fulldomain);
	acmems_json_put_text(out, "subdomain", account->subdomain);
	acmems_json_put_text(out, "server_url", account->server_url);
	acmems_json_begin_array(out, "allowfrom");
	for (; allow_from && *allow_from; allow_from++)
		acmems_json_put_text(out, NULL, *allow_from);
	acmems_json_end(out);
	acmems_json_end(out);
}

bool acmedns_account_save(const char *path, const char *name, const struct acmedns_account *account,
	char *const *allow_from, struct acmems_error *err)
{
	struct acmems_json_writer *out;
	struct acmems_json *json = read_file(path, err);
	char *text;
	size_t len = 0;
	bool ok;

	if (!json && err->code != ACMEMS_NOT_FOUND)
		return false;
	out = acmems_json_writer_new(FILE_MAX);
	for (const struct acmems_json *one = acmems_json_first(json); one;
		one = acmems_json_next(one)) {
		if (!acmedns_same_name(acmems_json_name(one), name))
			acmems_json_put(out, acmems_json_name(one), one);
	}
	put_account(out, name, account, allow_from);
	acmems_json_free(json);
	text = acmems_json_writer_finish(out, &len);
	if (!text)
		return acmems_error_set(err, ACMEMS_NO_MEMORY,
			"no memory to write \"%s\", or it is too long", path);
	ok = acmems_file_write(path, text, len, 0600, err);
	acmems_wipe(text, len);
	free(text);
	return ok;
}
