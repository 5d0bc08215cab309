/* SPDX-License-Identifier: ISC */
/* config.c - see config.h. */
#include "acme/config.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "acme/json.h"
#include "acme/jws.h"

static bool copy_text(const char **out, const char *text)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text == NULL || *out != NULL;
}

static bool copy_list(struct acmems_list *out, const struct acmems_list *list)
{
	*out = (struct acmems_list){.given = list->given};
	out->items = calloc(list->count + 1, sizeof(*out->items));
	if (out->items == NULL)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		out->items[i] = strdup(list->items[i]);
		if (out->items[i] == NULL)
			return false;
		out->count++;
	}
	return true;
}

static void free_list(struct acmems_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct acmems_list){0};
}

static void free_text(const char **text)
{
	free((char *)*text);
	*text = NULL;
}

void acme_config_free(struct acme_config *config)
{
	if (config->eab_key != NULL)
		acmems_wipe((char *)config->eab_key, strlen(config->eab_key));
	free_text(&config->name);
	free_text(&config->directory);
	free_text(&config->dir);
	free_text(&config->ca_file);
	free_text(&config->eab_kid);
	free_text(&config->eab_key);
	free_text(&config->eab_algorithm);
	free_list(&config->contact);
	free_list(&config->accept_terms);
}

/* The MAC key itself never appears in a message. */
static bool check_eab(const struct acme_config *config, struct acmems_error *err)
{
	unsigned char key[1024];
	size_t len = sizeof(key);
	bool ok;

	if (config->eab_kid == NULL && config->eab_key == NULL)
		return true;
	if (config->eab_kid == NULL || config->eab_key == NULL)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"external account binding needs a key id and a MAC key");
	if (config->eab_algorithm != NULL && !jws_mac_known(config->eab_algorithm))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"external account binding knows HS256, HS384 and HS512, not \"%s\"",
			config->eab_algorithm);
	ok = acmems_unbase64url(config->eab_key, strlen(config->eab_key), key, &len) && len > 0;
	acmems_wipe(key, sizeof(key));
	return ok || acmems_error_set(err, ACMEMS_CONFIG,
			     "the MAC key of the external account binding is not base64url");
}

static bool check(const struct acme_config *config, struct acmems_error *err)
{
	if (config->name == NULL || config->dir == NULL || config->directory == NULL ||
		config->transport == NULL)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"an account needs a name, a directory URL and a state directory");
	if (!json_is_url(config->directory))
		return acmems_error_set(err, ACMEMS_CONFIG, "directory \"%s\" is not an https URL",
			config->directory);
	if (config->contact.count > CONFIG_CONTACTS_MAX)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "more than %d contacts", CONFIG_CONTACTS_MAX);
	return check_eab(config, err);
}

bool acme_config_copy(
	struct acme_config *copy, const struct acme_config *original, struct acmems_error *err)
{
	*copy = (struct acme_config){
		.accept_any_terms = original->accept_any_terms,
		.transport = original->transport,
		.told = original->told,
		.told_arg = original->told_arg,
		.happened = original->happened,
	};
	if (!check(original, err))
		return false;
	if (copy_text(&copy->name, original->name) &&
		copy_text(&copy->directory, original->directory) &&
		copy_text(&copy->dir, original->dir) &&
		copy_text(&copy->ca_file, original->ca_file) &&
		copy_text(&copy->eab_kid, original->eab_kid) &&
		copy_text(&copy->eab_key, original->eab_key) &&
		copy_text(&copy->eab_algorithm, original->eab_algorithm) &&
		copy_list(&copy->contact, &original->contact) &&
		copy_list(&copy->accept_terms, &original->accept_terms))
		return true;
	acme_config_free(copy);
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an account's configuration");
}
