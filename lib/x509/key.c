/* SPDX-License-Identifier: ISC */
/* key.c - account keys on disk and in memory. */
#include "x509/key.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/file.h>

#define KEY_FILE_MAX 65536

EVP_PKEY *key_new(struct acmems_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!key)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot make a key");
	ERR_clear_error();
	return key;
}

/* Asked only for encrypted keys; there is nobody to type a password. */
static int no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

EVP_PKEY *key_parse(const char *pem, size_t len, struct acmems_error *err)
{
	enum key_kind kind;
	EVP_PKEY *key = NULL;
	BIO *bio;

	if (len == 0) {
		acmems_error_set(err, ACMEMS_CONFIG, "the key file is empty");
		return NULL;
	}
	bio = len <= KEY_FILE_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!key) {
		acmems_error_set(err, ACMEMS_CONFIG, "%s",
			memmem(pem, len, "ENCRYPTED", 9)
				? "the key is encrypted: remove its password with "
				  "openssl pkey"
			: memmem(pem, len, "PUBLIC KEY", 10)
				? "this is a public key, not a private one"
				: "there is no private key in PEM format");
		return NULL;
	}
	if (!key_kind(key, &kind, err)) {
		key_free(key);
		return NULL;
	}
	return key;
}

EVP_PKEY *key_load(const char *path, struct acmems_error *err)
{
	char *pem = NULL;
	size_t len = 0;
	EVP_PKEY *key;

	if (!acmems_file_read(path, KEY_FILE_MAX, &pem, &len, err))
		return NULL;
	key = key_parse(pem, len, err);
	acmems_wipe(pem, len);
	free(pem);
	if (!key)
		acmems_error_context(err, "\"%s\"", path);
	return key;
}

bool key_save(EVP_PKEY *key, const char *path, struct acmems_error *err)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem = NULL;
	long len;
	bool ok;

	if (access(path, F_OK) == 0) {
		BIO_free(bio);
		return acmems_error_set(
			err, ACMEMS_SYSTEM, "\"%s\" exists: a key is never overwritten", path);
	}
	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(bio);
		ERR_clear_error();
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot encode a key");
	}
	len = BIO_get_mem_data(bio, &pem);
	ok = acmems_file_write(path, pem, (size_t)len, 0600, err);
	acmems_wipe(pem, (size_t)len);
	BIO_free(bio);
	return ok;
}

static bool ec_kind(EVP_PKEY *key, enum key_kind *kind)
{
	char name[64] = "";

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return false;
	if (strcmp(name, "prime256v1") == 0)
		*kind = KEY_P256;
	else if (strcmp(name, "secp384r1") == 0)
		*kind = KEY_P384;
	else if (strcmp(name, "secp521r1") == 0)
		*kind = KEY_P521;
	else
		return false;
	return true;
}

bool key_kind(EVP_PKEY *key, enum key_kind *kind, struct acmems_error *err)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		*kind = KEY_RSA;
		if (bits >= 2048 && bits <= 8192)
			return true;
		return acmems_error_set(err, ACMEMS_CONFIG,
			"the RSA key has %d bits: 2048 to 8192 are usable", bits);
	}
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && ec_kind(key, kind))
		return true;
	return acmems_error_set(err, ACMEMS_CONFIG,
		"the key is of a kind that ACME does not know: use RSA, P-256, P-384 or P-521");
}

void key_free(EVP_PKEY *key)
{
	EVP_PKEY_free(key);
}
