/* SPDX-License-Identifier: ISC */
/* crypto.c - digests, HMAC, encodings and secrets over OpenSSL. */
#include <acmems/crypto.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/*
 * Only these: a name from outside must not reach OpenSSL's own, much longer list. Fetched once, and
 * each with its context: both cost OpenSSL 3 more than to digest a certificate.
 */
static struct {
	const char *name;
	EVP_MD *md;
	EVP_MD_CTX *context;
} digests[] = {
	{.name = "sha256"},
	{.name = "sha384"},
	{.name = "sha512"},
	{.name = "sha224"},
	{.name = "sha1"},
};

#define DIGEST_COUNT (sizeof(digests) / sizeof(digests[0]))

static size_t digest_index(const char *name)
{
	size_t i = 0;

	while (i < DIGEST_COUNT && strcasecmp(name, digests[i].name) != 0)
		i++;
	if (i < DIGEST_COUNT && !digests[i].md)
		digests[i].md = EVP_MD_fetch(NULL, digests[i].name, NULL);
	return i;
}

static const EVP_MD *digest_by_name(const char *name)
{
	size_t i = digest_index(name);

	return i < DIGEST_COUNT ? digests[i].md : NULL;
}

size_t acmems_digest(
	const char *name, const void *data, size_t len, unsigned char out[ACMEMS_DIGEST_MAX])
{
	size_t i = digest_index(name);
	unsigned out_len = 0;

	if (i == DIGEST_COUNT || !digests[i].md)
		goto failed;
	if (!digests[i].context)
		digests[i].context = EVP_MD_CTX_new();
	if (!digests[i].context ||
		EVP_DigestInit_ex2(digests[i].context, digests[i].md, NULL) != 1 ||
		EVP_DigestUpdate(digests[i].context, data, len) != 1 ||
		EVP_DigestFinal_ex(digests[i].context, out, &out_len) != 1)
		goto failed;
	return out_len;

failed:
	ERR_clear_error();
	return 0;
}

size_t acmems_hmac(const char *name, const void *key, size_t key_len, const void *data, size_t len,
	unsigned char out[ACMEMS_DIGEST_MAX])
{
	const EVP_MD *digest = digest_by_name(name);
	unsigned out_len = 0;

	/* OpenSSL takes a NULL key for "the key of last time" */
	if (!key)
		key = "";
	if (!digest || key_len > INT32_MAX ||
		!HMAC(digest, key, (int)key_len, data, len, out, &out_len)) {
		ERR_clear_error();
		return 0;
	}
	return out_len;
}

void acmems_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool acmems_unhex(const char *text, size_t text_len, unsigned char *out, size_t len)
{
	if (text_len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes six bits a digit, the last ones filled up with zeroes, and returns the end. */
static char *write_digits(const char *digits, const void *data, size_t len, char *out)
{
	const unsigned char *bytes = data;
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | bytes[i]) & 0xffff;
		held += 8;
		while (held >= 6) {
			held -= 6;
			*out++ = digits[bits >> held & 63];
		}
	}
	if (held > 0)
		*out++ = digits[bits << (6 - held) & 63];
	return out;
}

void acmems_base64url(const void *data, size_t len, char *out)
{
	*write_digits(base64url_digits, data, len, out) = '\0';
}

void acmems_base64(const void *data, size_t len, char *out)
{
	char *end = write_digits(base64_digits, data, len, out);

	while ((end - out) % 4 != 0)
		*end++ = '=';
	*end = '\0';
}

static int base64url_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '-')
		return 62;
	if (digit == '_')
		return 63;
	return -1;
}

bool acmems_unbase64url(const char *text, size_t text_len, unsigned char *out, size_t *out_len)
{
	uint32_t bits = 0;
	unsigned held = 0;
	size_t len = 0;

	if (text_len % 4 == 1)
		return false;
	for (size_t i = 0; i < text_len; i++) {
		int value = base64url_value(text[i]);

		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (len == *out_len)
			return false;
		out[len++] = (unsigned char)(bits >> held);
	}
	/* bits that no byte has taken must be zero, or two texts would mean the same bytes */
	if (bits & ((1u << held) - 1))
		return false;
	*out_len = len;
	return true;
}

bool acmems_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void acmems_wipe(void *data, size_t len)
{
	OPENSSL_cleanse(data, len);
}

bool acmems_random(void *data, size_t len)
{
	if (len > INT32_MAX || RAND_bytes(data, (int)len) != 1) {
		ERR_clear_error();
		return false;
	}
	return true;
}
