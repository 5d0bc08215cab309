/* SPDX-License-Identifier: ISC */
/* directory.c - what a directory must have, checked and copied; see directory.h. */
#include "acme/directory.h"

#include <stdlib.h>
#include <string.h>

#include "acme/json.h"
#include "acme/persist.h"

/* Terms may be any URI (pebble: "data:..."); they are shown and compared, never fetched. */
static bool is_printable(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	}
	return true;
}

static bool copy_text(char **out, const char *text, struct acmems_error *err)
{
	if (text == NULL)
		return true;
	*out = strdup(text);
	return *out != NULL ||
	       acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the CA's directory");
}

static bool copy_url(
	const struct acmems_json *json, const char *name, char **out, struct acmems_error *err)
{
	const char *url;

	return json_need_url(json, name, &url, err) && copy_text(out, url, err);
}

/* Most CAs go by the same names in both; a list that makes no sense is none, as nothing needs it. */
static void read_issuers(const struct acmems_json *meta, struct directory *directory)
{
	struct acmems_error ignored = {0};

	(void)persist_issuers_read(meta, "issuerDomainNames", &directory->issuers, &ignored);
	if (!directory->issuers)
		(void)persist_issuers_read(meta, "caaIdentities", &directory->issuers, &ignored);
}

static bool read_meta(
	const struct acmems_json *json, struct directory *directory, struct acmems_error *err)
{
	const struct acmems_json *meta;
	const char *terms;
	const char *prefix;

	if (!acmems_json_object(json, "meta", &meta, err) ||
		!acmems_json_text(meta, "accountHashPrefix", JSON_URL_MAX, &prefix, err) ||
		!acmems_json_text(meta, "termsOfService", JSON_URL_MAX, &terms, err) ||
		!acmems_json_bool(meta, "externalAccountRequired",
			&directory->external_account_required, err))
		return false;
	if (terms != NULL && !is_printable(terms))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "\"termsOfService\" is not a plain URL");
	if (prefix != NULL && !is_printable(prefix))
		return acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "\"accountHashPrefix\" is not plain text");
	read_issuers(meta, directory);
	return copy_text(&directory->terms, terms, err) &&
	       copy_text(&directory->account_hash_prefix, prefix, err);
}

struct directory *directory_parse(const struct acmems_json *json, struct acmems_error *err)
{
	struct directory *directory = calloc(1, sizeof(*directory));

	if (directory == NULL) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the CA's directory");
		return NULL;
	}
	if (copy_url(json, "newNonce", &directory->new_nonce, err) &&
		copy_url(json, "newAccount", &directory->new_account, err) &&
		copy_url(json, "newOrder", &directory->new_order, err) &&
		read_meta(json, directory, err))
		return directory;
	directory_free(directory);
	return NULL;
}

void directory_free(struct directory *directory)
{
	if (directory == NULL)
		return;
	free(directory->new_nonce);
	free(directory->new_account);
	free(directory->new_order);
	free(directory->terms);
	free(directory->issuers);
	free(directory->account_hash_prefix);
	free(directory);
}
