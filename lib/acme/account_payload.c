/* SPDX-License-Identifier: ISC */
/* account_payload.c - see account_payload.h. */
#include "acme/account_payload.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "acme/json.h"
#include "acme/jwk.h"
#include "acme/jws.h"
#include "base/json.h"
#include "base/str.h"

#define MAC_KEY_MAX 1024

bool account_accepts(const struct acme_config *config, const struct directory *directory)
{
	if (config->accept_any_terms || directory->terms == NULL)
		return true;
	for (size_t i = 0; i < config->accept_terms.count; i++) {
		if (strcmp(config->accept_terms.items[i], directory->terms) == 0)
			return true;
	}
	return false;
}

static void add_contacts(struct str *out, const struct acmems_list *contact)
{
	if (contact->count == 0)
		return;
	str_add(out, ",\"contact\":[");
	for (size_t i = 0; i < contact->count; i++) {
		str_add(out, i > 0 ? "," : "");
		json_quote(out, contact->items[i]);
	}
	str_add(out, "]");
}

static char *bind_external(const struct acme_config *config, const struct directory *directory,
	const char *jwk, struct acmems_error *err)
{
	unsigned char mac_key[MAC_KEY_MAX];
	struct jws_mac mac = {
		.algorithm = config->eab_algorithm != NULL ? config->eab_algorithm : "HS256",
		.key = mac_key,
		.key_len = sizeof(mac_key),
		.kid = config->eab_kid,
		.url = directory->new_account,
		.payload = jwk,
	};
	char *message = NULL;

	if (acmems_unbase64url(config->eab_key, strlen(config->eab_key), mac_key, &mac.key_len))
		message = jws_mac(&mac, err);
	else
		acmems_error_set(err, ACMEMS_CONFIG,
			"the MAC key of the external account binding is not base64url");
	acmems_wipe(mac_key, sizeof(mac_key));
	return message;
}

static bool add_binding(struct str *out, const struct acme_config *config,
	const struct directory *directory, EVP_PKEY *key, struct acmems_error *err)
{
	char *jwk;
	char *binding;

	if (config->eab_kid == NULL)
		return true;
	jwk = jwk_public(key, err);
	if (jwk == NULL)
		return false;
	binding = bind_external(config, directory, jwk, err);
	free(jwk);
	if (binding == NULL)
		return false;
	str_addf(out, ",\"externalAccountBinding\":%s", binding);
	free(binding);
	return true;
}

char *account_payload(const struct acme_config *config, const struct directory *directory,
	EVP_PKEY *key, struct acmems_error *err)
{
	struct str out;
	char *text = NULL;

	str_init(&out, JSON_MAX);
	str_add(&out, "{\"termsOfServiceAgreed\":true");
	add_contacts(&out, &config->contact);
	if (add_binding(&out, config, directory, key, err)) {
		str_add(&out, "}");
		text = str_take(&out);
		if (text == NULL)
			acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a registration");
	}
	str_fini(&out);
	return text;
}
