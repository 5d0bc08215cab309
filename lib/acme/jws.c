/* SPDX-License-Identifier: ISC */
/* jws.c - see jws.h. */
#include "acme/jws.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "acme/json.h"
#include "acme/jwk.h"
#include "base/json.h"
#include "base/str.h"
#include "x509/key.h"

#define MESSAGE_MAX 262144

struct algorithm {
	const char *name;
	const EVP_MD *(*digest)(void);
	size_t half; /* bytes of r and of s; 0 for RSA */
};

static const struct algorithm rs256 = {"RS256", EVP_sha256, 0};
static const struct algorithm es256 = {"ES256", EVP_sha256, 32};
static const struct algorithm es384 = {"ES384", EVP_sha384, 48};
static const struct algorithm es512 = {"ES512", EVP_sha512, 66};

static const struct algorithm *find_algorithm(EVP_PKEY *key, struct acmems_error *err)
{
	enum key_kind kind;

	if (!key_kind(key, &kind, err))
		return NULL;
	switch (kind) {
	case KEY_RSA:
		return &rs256;
	case KEY_P256:
		return &es256;
	case KEY_P384:
		return &es384;
	case KEY_P521:
		return &es512;
	}
	return NULL;
}

const char *jws_algorithm(EVP_PKEY *key, struct acmems_error *err)
{
	const struct algorithm *algorithm = find_algorithm(key, err);

	return algorithm != NULL ? algorithm->name : NULL;
}

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to sign a message");
}

/* OpenSSL's DER signature of ECDSA becomes r and s, each `half` bytes long. */
static bool der_to_raw(unsigned char **signature, size_t *len, size_t half)
{
	const unsigned char *at = *signature;
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)*len);
	unsigned char *raw = malloc(2 * half);
	bool ok = parts != NULL && raw != NULL &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, (int)half) == (int)half &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + half, (int)half) == (int)half;

	ECDSA_SIG_free(parts);
	if (!ok) {
		free(raw);
		return false;
	}
	free(*signature);
	*signature = raw;
	*len = 2 * half;
	return true;
}

static bool sign_bytes(EVP_PKEY *key, const struct algorithm *algorithm, const void *data,
	size_t len, unsigned char **ret, size_t *ret_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *signature = NULL;
	size_t room = 0;
	bool ok = false;

	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, algorithm->digest(), NULL, key) != 1 ||
		EVP_DigestSign(ctx, NULL, &room, data, len) != 1)
		goto out;
	signature = malloc(room);
	ok = signature != NULL && EVP_DigestSign(ctx, signature, &room, data, len) == 1 &&
	     (algorithm->half == 0 || der_to_raw(&signature, &room, algorithm->half));
out:
	EVP_MD_CTX_free(ctx);
	if (!ok) {
		free(signature);
		ERR_clear_error();
		return false;
	}
	*ret = signature;
	*ret_len = room;
	return true;
}

bool jws_signature(EVP_PKEY *key, const void *data, size_t len, unsigned char **ret,
	size_t *ret_len, struct acmems_error *err)
{
	const struct algorithm *algorithm = find_algorithm(key, err);

	if (algorithm == NULL)
		return false;
	if (!sign_bytes(key, algorithm, data, len, ret, ret_len))
		return acmems_error_set(err, ACMEMS_FAULT, "cannot sign with the account key");
	return true;
}

static void add_base64url(struct str *out, const void *data, size_t len)
{
	char *text = malloc(ACMEMS_BASE64URL_LEN(len) + 1);

	if (text == NULL) {
		out->failed = true;
		return;
	}
	acmems_base64url(data, len, text);
	str_add(out, text);
	free(text);
}

/* PROTECTED "." PAYLOAD, both coded: what is signed (RFC 7515, 5.1). */
static char *signing_input(struct str *protected, const char *payload)
{
	struct str out;

	str_init(&out, MESSAGE_MAX);
	if (str_text(protected) == NULL)
		out.failed = true;
	else
		add_base64url(&out, protected->data, protected->len);
	str_add(&out, ".");
	add_base64url(&out, payload, strlen(payload));
	return str_take(&out);
}

static char *assemble(const char *input, const void *signature, size_t len)
{
	size_t dot = strcspn(input, ".");
	struct str out;

	str_init(&out, MESSAGE_MAX);
	str_add(&out, "{\"protected\":\"");
	str_add_bytes(&out, input, dot);
	str_add(&out, "\",\"payload\":\"");
	str_add(&out, input + dot + 1);
	str_add(&out, "\",\"signature\":\"");
	add_base64url(&out, signature, len);
	str_add(&out, "\"}");
	return str_take(&out);
}

/* The rest of a protected header: ,"kid"|"jwk", "nonce", "url". */
static bool add_header(struct str *out, const struct jws *jws, struct acmems_error *err)
{
	if (jws->kid != NULL) {
		str_add(out, ",\"kid\":");
		json_quote(out, jws->kid);
	} else {
		char *jwk = jwk_public(jws->key, err);

		if (jwk == NULL)
			return false;
		str_addf(out, ",\"jwk\":%s", jwk);
		free(jwk);
	}
	if (jws->nonce != NULL) {
		str_add(out, ",\"nonce\":");
		json_quote(out, jws->nonce);
	}
	str_add(out, ",\"url\":");
	json_quote(out, jws->url);
	str_add(out, "}");
	return true;
}

/* Whatever was missing shows as NULL or 0 at the end; only memory can be. */
static char *finish(char *input, unsigned char *signature, size_t len, struct acmems_error *err)
{
	char *message = assemble(input, signature, len);

	free(input);
	free(signature);
	if (message == NULL)
		no_memory(err);
	return message;
}

char *jws_sign(const struct jws *jws, struct acmems_error *err)
{
	const char *algorithm = jws_algorithm(jws->key, err);
	unsigned char *signature;
	struct str protected;
	char *input = NULL;
	size_t len;

	if (algorithm == NULL)
		return NULL;
	str_init(&protected, MESSAGE_MAX);
	str_addf(&protected, "{\"alg\":\"%s\"", algorithm);
	if (add_header(&protected, jws, err)) {
		input = signing_input(&protected, jws->payload != NULL ? jws->payload : "");
		if (input == NULL)
			no_memory(err);
	}
	str_fini(&protected);
	if (input == NULL)
		return NULL;
	if (!jws_signature(jws->key, input, strlen(input), &signature, &len, err)) {
		free(input);
		return NULL;
	}
	return finish(input, signature, len, err);
}

/* The digest's name behind HS256 and its like, or NULL. */
static const char *mac_digest(const char *algorithm)
{
	if (strcmp(algorithm, "HS256") == 0)
		return "sha256";
	if (strcmp(algorithm, "HS384") == 0)
		return "sha384";
	return strcmp(algorithm, "HS512") == 0 ? "sha512" : NULL;
}

bool jws_mac_known(const char *algorithm)
{
	return mac_digest(algorithm) != NULL;
}

static unsigned char *mac_bytes(const struct jws_mac *mac, const char *input, size_t *len)
{
	unsigned char *out = malloc(ACMEMS_DIGEST_MAX);

	if (out == NULL)
		return NULL;
	*len = acmems_hmac(
		mac_digest(mac->algorithm), mac->key, mac->key_len, input, strlen(input), out);
	if (*len != 0)
		return out;
	free(out);
	return NULL;
}

char *jws_mac(const struct jws_mac *mac, struct acmems_error *err)
{
	struct str protected;
	unsigned char *digest;
	char *input;
	size_t len = 0;

	if (!jws_mac_known(mac->algorithm)) {
		acmems_error_set(
			err, ACMEMS_CONFIG, "unknown MAC algorithm \"%s\"", mac->algorithm);
		return NULL;
	}
	str_init(&protected, MESSAGE_MAX);
	str_addf(&protected, "{\"alg\":\"%s\",\"kid\":", mac->algorithm);
	json_quote(&protected, mac->kid);
	str_add(&protected, ",\"url\":");
	json_quote(&protected, mac->url);
	str_add(&protected, "}");
	input = signing_input(&protected, mac->payload);
	str_fini(&protected);
	digest = input != NULL ? mac_bytes(mac, input, &len) : NULL;
	if (digest == NULL) {
		free(input);
		no_memory(err);
		return NULL;
	}
	return finish(input, digest, len, err);
}
