/* SPDX-License-Identifier: ISC */
/* generation_account.c - an account's settings as the client library wants them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/file.h>

#include "acme/config.h"
#include "acme/transport.h"
#include "generation/generation.h"

#define KEY_FILE_MAX 4096

/* Editors and echo put a line end behind what they write. */
static void trim(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
}

static bool read_key(
	const struct settings_account *account, char **ret_key, struct acmems_error *err)
{
	size_t len = 0;

	*ret_key = NULL;
	if (!account->eab_key_file) {
		if (!account->eab_key)
			return true;
		*ret_key = strdup(account->eab_key);
		return *ret_key || acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a key");
	}
	if (!acmems_file_read_secret(account->eab_key_file, KEY_FILE_MAX, ret_key, &len, err))
		return acmems_error_context(err, "eab: key-file");
	trim(*ret_key);
	return true;
}

bool generation_account_config(const struct settings_account *account, struct acme_config *config,
	char **ret_eab_key, struct acmems_error *err)
{
	static const char *const algorithms[] = {"HS256", "HS384", "HS512"};

	*config = (struct acme_config){
		.name = account->name,
		.directory = account->directory,
		.dir = account->dir,
		.ca_file = account->ca_file,
		.contact = account->contact,
		.accept_any_terms = account->accept_any_terms,
		.accept_terms = account->accept_terms,
		.eab_kid = account->eab_kid,
		.eab_algorithm = account->eab_kid ? algorithms[account->eab_algorithm] : NULL,
		.transport = &acme_transport_http,
	};
	if (!read_key(account, ret_eab_key, err))
		return false;
	config->eab_key = *ret_eab_key;
	return true;
}

void generation_account_key_free(char *key)
{
	if (key)
		acmems_wipe(key, strlen(key));
	free(key);
}

bool generation_account_check(const struct settings_account *account, struct acmems_error *err)
{
	struct acme_config config, copy;
	char *key = NULL;
	bool ok;

	if (!generation_account_config(account, &config, &key, err))
		return false;
	ok = acme_config_copy(&copy, &config, err);
	if (ok)
		acme_config_free(&copy);
	generation_account_key_free(key);
	return ok;
}
