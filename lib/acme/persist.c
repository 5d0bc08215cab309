/* SPDX-License-Identifier: ISC */
/* persist.c - see persist.h. */
#include "acme/persist.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#include "base/text_list.h"

#define NAME_LEN_MAX 253
#define SHA256_LEN 32

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a dns-persist-01 challenge");
}

/* ---- issuers ---- */

static bool bad_issuer(const char *name, struct acmems_error *err)
{
	return acmems_error_set(
		err, ACMEMS_BAD_ANSWER, "\"%s\" holds something that is not a domain name", name);
}

/* In place; false: it is no domain name. */
static bool make_normal(char *issuer)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t len = strlen(issuer);

	for (size_t i = 0; i < len; i++)
		issuer[i] = (char)tolower((unsigned char)issuer[i]);
	if (len > 0 && issuer[len - 1] == '.')
		issuer[--len] = '\0';
	return len > 0 && len <= NAME_LEN_MAX && strspn(issuer, allowed) == len;
}

bool persist_issuers_read(
	const struct acmems_json *object, const char *name, char ***ret, struct acmems_error *err)
{
	char *texts[PERSIST_ISSUERS_MAX + 1] = {NULL};
	const struct acmems_json *array;
	size_t count = 0;

	*ret = NULL;
	if (!acmems_json_array(object, name, PERSIST_ISSUERS_MAX, &array, err))
		return false;
	for (const struct acmems_json *one = acmems_json_first(array); one;
		one = acmems_json_next(one)) {
		/* only copied from */
		texts[count] = (char *)acmems_json_element_text(one);
		if (!texts[count++])
			return bad_issuer(name, err);
	}
	if (!text_list_copy(texts, ret))
		return no_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (make_normal((*ret)[i]))
			continue;
		free(*ret);
		*ret = NULL;
		return bad_issuer(name, err);
	}
	return true;
}

/* ---- accounts ---- */

bool persist_hash_uri(const char *prefix, const char *name, const char *thumbprint, const char *url,
	char out[PERSIST_URI_MAX])
{
	char text[1 + NAME_LEN_MAX + JWK_THUMBPRINT_LEN + JSON_URL_MAX + 1];
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char hash[ACMEMS_BASE64URL_LEN(SHA256_LEN) + 1];
	size_t name_len = strlen(name);
	int len;

	if (name_len > NAME_LEN_MAX)
		return false;
	text[0] = (char)name_len;
	len = snprintf(text + 1, sizeof(text) - 1, "%s%s%s", name, thumbprint, url);
	if (len < 0 || (size_t)len >= sizeof(text) - 1 ||
		acmems_digest("sha256", text, (size_t)len + 1, digest) != SHA256_LEN)
		return false;
	acmems_base64url(digest, SHA256_LEN, hash);
	len = snprintf(out, PERSIST_URI_MAX, "%ssha-256/%s", prefix, hash);
	return len > 0 && len < PERSIST_URI_MAX;
}

/* ---- offers ---- */

static void add_uri(struct persist_offer *offer, const char *text)
{
	size_t at = offer->uris[0] ? 1 : 0;

	snprintf(offer->texts[at], sizeof(offer->texts[at]), "%s", text);
	offer->uris[at] = offer->texts[at];
}

static bool add_hashes(
	struct persist_offer *offer, const struct acme_client *client, const char *name)
{
	char uri[PERSIST_URI_MAX];

	if (!acme_client_account_hash(client, name, uri))
		return false;
	add_uri(offer, uri);
	if (!acme_client_account_hash(client, PERSIST_ANY_NAME, uri))
		return false;
	add_uri(offer, uri);
	return true;
}

static bool fill(struct persist_offer *offer, const struct acme_client *client,
	const struct acme_challenge *challenge, const char *name)
{
	const char *url = acme_client_account_url(client);
	char *const *issuers = challenge->issuers;

	if (!issuers)
		issuers = acme_client_issuers(client);
	if (!text_list_copy(issuers, &offer->issuers))
		return false;
	if (!challenge->account_uri && acme_client_hashes_accounts(client))
		return add_hashes(offer, client, name);
	add_uri(offer, challenge->account_uri ? challenge->account_uri : url ? url : "");
	return true;
}

struct persist_offer *persist_offer_new(const struct acme_client *client,
	const struct acme_challenge *challenge, const char *name, struct acmems_error *err)
{
	struct persist_offer *offer = calloc(1, sizeof(*offer));

	if (offer && fill(offer, client, challenge, name))
		return offer;
	persist_offer_free(offer);
	no_memory(err);
	return NULL;
}

void persist_offer_free(struct persist_offer *offer)
{
	if (!offer)
		return;
	free(offer->issuers);
	free(offer);
}
