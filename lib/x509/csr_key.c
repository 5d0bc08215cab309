/* SPDX-License-Identifier: ISC */
/* csr_key.c - which keys and signatures are worth a CA's time, cheapest checks first. */
#include "x509/csr_key.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_BIT_STRING 0x03
#define TAG_OID 0x06
#define TAG_SEQUENCE 0x30

/* Bytes not yet read. */
struct der {
	const unsigned char *at;
	size_t len;
};

/* Takes the next element, which must have this tag; its content goes to *content. */
static bool take(struct der *der, unsigned tag, struct der *content)
{
	size_t len, bytes, head = 2;

	if (der->len < 2 || der->at[0] != tag)
		return false;
	len = der->at[1];
	if (len & 0x80) {
		bytes = len & 0x7f;
		if (bytes == 0 || bytes > 3 || der->len < 2 + bytes)
			return false;
		len = 0;
		for (size_t i = 0; i < bytes; i++)
			len = len << 8 | der->at[2 + i];
		head += bytes;
	}
	if (der->len - head < len)
		return false;
	*content = (struct der){der->at + head, len};
	der->at += head + len;
	der->len -= head + len;
	return true;
}

static bool is(const struct der *content, const void *bytes, size_t len)
{
	return content->len == len && memcmp(content->at, bytes, len) == 0;
}

static bool wrong(const char *what, struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_BAD_CSR, "%s", what);
}

static const char key_advice[] = "the key must be RSA with 2048, 3072 or 4096 bits, or EC on the "
				 "named curve P-256, P-384 or P-521";

/* Bits of a positive DER integer. */
static size_t integer_bits(const struct der *content)
{
	size_t skip = 0, bits;

	while (skip < content->len && content->at[skip] == 0)
		skip++;
	if (skip == content->len)
		return 0;
	bits = (content->len - skip) * 8;
	for (unsigned char top = content->at[skip]; !(top & 0x80); top = (unsigned char)(top << 1))
		bits--;
	return bits;
}

static bool raw_rsa(struct der bit_string, struct acmems_error *err)
{
	struct der sequence, n, e;
	size_t bits;

	if (bit_string.len < 1 || bit_string.at[0] != 0)
		return wrong("the public key is malformed", err);
	bit_string.at++;
	bit_string.len--;
	if (!take(&bit_string, TAG_SEQUENCE, &sequence) || !take(&sequence, TAG_INTEGER, &n) ||
		!take(&sequence, TAG_INTEGER, &e) || sequence.len > 0)
		return wrong("the public key is malformed", err);
	bits = integer_bits(&n);
	if (bits != 2048 && bits != 3072 && bits != 4096)
		return acmems_error_set(
			err, ACMEMS_BAD_CSR, "the RSA key has %zu bits: %s", bits, key_advice);
	bits = integer_bits(&e);
	/* an exponent beyond 32 bits only serves to make verification slow */
	if (bits < 2 || bits > 32 || !(e.at[e.len - 1] & 1))
		return wrong(
			"the RSA key's public exponent must be odd, from 3 to 32 bits long", err);
	return true;
}

bool csr_key_raw(const unsigned char *der, size_t len, struct acmems_error *err)
{
	static const unsigned char rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
	static const unsigned char ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
	struct der all = {der, len}, request, info, ignored, spki, algorithm, oid, key;

	if (!take(&all, TAG_SEQUENCE, &request) || !take(&request, TAG_SEQUENCE, &info) ||
		!take(&info, TAG_INTEGER, &ignored) || !take(&info, TAG_SEQUENCE, &ignored) ||
		!take(&info, TAG_SEQUENCE, &spki) || !take(&spki, TAG_SEQUENCE, &algorithm) ||
		!take(&algorithm, TAG_OID, &oid) || !take(&spki, TAG_BIT_STRING, &key))
		return wrong("this is not a certificate signing request (PKCS #10)", err);
	if (all.len > 0)
		return wrong("there are bytes behind the end of the request", err);
	if (is(&oid, rsa, sizeof(rsa)))
		return raw_rsa(key, err);
	if (!is(&oid, ec, sizeof(ec)))
		return wrong(key_advice, err);
	if (!take(&algorithm, TAG_OID, &ignored))
		return wrong("the EC key spells out its curve instead of naming it: make it with a "
			     "named curve",
			err);
	return true;
}

static bool judge_ec(EVP_PKEY *key, unsigned *bits, struct acmems_error *err)
{
	static const struct {
		const char *name;
		unsigned bits;
	} curves[] = {{"prime256v1", 256}, {"secp384r1", 384}, {"secp521r1", 521}};
	char name[64] = "";

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1) {
		for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
			if (strcmp(curves[i].name, name) == 0) {
				*bits = curves[i].bits;
				return true;
			}
		}
	}
	return wrong(key_advice, err);
}

static bool judge_signature(X509_REQ *req, int key_type, struct acmems_error *err)
{
	int nid = X509_REQ_get_signature_nid(req), digest = NID_undef, signer = NID_undef;

	OBJ_find_sigid_algs(nid, &digest, &signer);
	if (digest != NID_sha256 && digest != NID_sha384 && digest != NID_sha512)
		return wrong("the request must be signed with SHA-256, SHA-384 or SHA-512", err);
	if ((key_type == EVP_PKEY_RSA && signer != NID_rsaEncryption) ||
		(key_type == EVP_PKEY_EC && signer != NID_X9_62_id_ecPublicKey))
		return wrong("the request's signature is not of its key's kind", err);
	return true;
}

bool csr_key_policy(X509_REQ *req, const char **type, unsigned *bits, struct acmems_error *err)
{
	EVP_PKEY *key = X509_REQ_get0_pubkey(req);
	int key_type = key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	if (key_type == EVP_PKEY_RSA) {
		*type = "rsa";
		*bits = (unsigned)EVP_PKEY_get_bits(key);
	} else if (key_type == EVP_PKEY_EC) {
		*type = "ec";
		if (!judge_ec(key, bits, err))
			return false;
	} else {
		return wrong(key_advice, err);
	}
	return judge_signature(req, key_type, err);
}
