/* SPDX-License-Identifier: ISC */
/* test_csr.c - CSRs good and malicious, made with OpenSSL as a client would. */
#include "unit.h"

#include <openssl/bio.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "x509/csr.h"

/* What a test wants of its CSR; zero is a good one for www.example.org. */
struct recipe {
	EVP_PKEY *key; /* freed; NULL: P-256 */
	const EVP_MD *md; /* NULL: SHA-256 */
	bool no_md; /* Ed25519 */
	const char *cn;
	size_t cn_len;
	const char *san; /* as in openssl.cnf */
	const char *basic;
	bool twice; /* two extensionRequests */
	bool spoil; /* change the signature */
	EVP_PKEY *other; /* signs in place of key; freed */
};

static void put_extensions(X509_REQ *req, const struct recipe *recipe)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

	if (recipe->san)
		sk_X509_EXTENSION_push(
			list, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, recipe->san));
	if (recipe->basic)
		sk_X509_EXTENSION_push(list,
			X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, recipe->basic));
	if (sk_X509_EXTENSION_num(list) > 0)
		X509_REQ_add_extensions(req, list);
	if (recipe->twice)
		X509_REQ_add_extensions_nid(req, list, NID_ms_ext_req);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static X509_REQ *make(struct recipe recipe)
{
	X509_REQ *req = X509_REQ_new();
	EVP_PKEY *key = recipe.key ? recipe.key : EVP_EC_gen("P-256");
	X509_NAME *subject = X509_REQ_get_subject_name(req);

	if (recipe.cn)
		X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
			(const unsigned char *)recipe.cn, recipe.cn_len ? (int)recipe.cn_len : -1,
			-1, 0);
	X509_REQ_set_pubkey(req, key);
	put_extensions(req, &recipe);
	X509_REQ_sign(req, recipe.other ? recipe.other : key,
		recipe.no_md ? NULL
		: recipe.md  ? recipe.md
			     : EVP_sha256());
	if (recipe.spoil) {
		const ASN1_BIT_STRING *signature;

		X509_REQ_get0_signature(req, &signature, NULL);
		((ASN1_STRING *)signature)->data[12] ^= 1;
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(recipe.other);
	return req;
}

static struct acmems_csr *read_text(const char *text, size_t len, struct acmems_error *err)
{
	/* its own allocation, so that a sanitizer sees reads behind it */
	char *exact = malloc(len ? len : 1);
	struct acmems_csr *csr;

	assert_non_null(exact);
	memcpy(exact, text, len);
	csr = csr_read(exact, len, err);
	free(exact);
	if (!csr)
		assert_int_equal(err->code, ACMEMS_BAD_CSR);
	return csr;
}

/* The PEM with something before and behind. */
static struct acmems_csr *read_around(
	X509_REQ *req, const char *before, const char *behind, struct acmems_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct acmems_csr *csr;
	char *data;
	long len;

	assert_non_null(req);
	BIO_puts(bio, before);
	PEM_write_bio_X509_REQ(bio, req);
	BIO_puts(bio, behind);
	len = BIO_get_mem_data(bio, &data);
	csr = read_text(data, (size_t)len, err);
	BIO_free(bio);
	X509_REQ_free(req);
	return csr;
}

static struct acmems_csr *read_req(X509_REQ *req, struct acmems_error *err)
{
	return read_around(req, "", "", err);
}

static void refused(struct recipe recipe, const char *part)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr = read_req(make(recipe), &err);

	assert_null(csr);
	if (!strstr(err.message, part))
		fail_msg("\"%s\" is not in \"%s\"", part, err.message);
}

static void good_ones_are_read(void **state)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr = read_req(
		make((struct recipe){.cn = "WWW.Example.org",
			.san = "DNS:www.example.org,DNS:*.Example.org,IP:192.0.2.1,IP:2001:db8::1,"
			       "email:a@example.org,URI:http://a.example/,DNS:WWW.example.ORG"}),
		&err);

	(void)state;
	assert_non_null(csr);
	assert_int_equal(csr->name_count, 6);
	assert_string_equal(csr->names[0].text, "www.example.org");
	assert_false(csr->names[0].wildcard);
	assert_string_equal(csr->names[1].text, "*.example.org");
	assert_true(csr->names[1].wildcard);
	assert_int_equal(csr->names[2].kind, ACMEMS_NAME_IP);
	assert_string_equal(csr->names[2].text, "192.0.2.1");
	assert_string_equal(csr->names[3].text, "2001:db8::1");
	assert_int_equal(csr->names[4].kind, ACMEMS_NAME_EMAIL);
	assert_int_equal(csr->names[5].kind, ACMEMS_NAME_URI);
	assert_string_equal(csr->key_type, "ec");
	assert_int_equal(csr->key_bits, 256);
	assert_int_equal(strlen(csr->digest), 64);
	csr_free(csr);
}

static void common_name_alone_will_do(void **state)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr = read_req(
		make((struct recipe){.cn = "a.example.org", .key = EVP_RSA_gen(2048)}), &err);

	(void)state;
	assert_non_null(csr);
	assert_int_equal(csr->name_count, 1);
	assert_string_equal(csr->key_type, "rsa");
	assert_int_equal(csr->key_bits, 2048);
	csr_free(csr);
}

static void other_kinds_of_names_are_seen(void **state)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr = read_req(
		make((struct recipe){.san = "DNS:a.example.org,otherName:1.2.3.4;UTF8:hidden"}),
		&err);

	(void)state;
	assert_non_null(csr);
	assert_int_equal(csr->name_count, 2);
	assert_int_equal(csr->names[1].kind, ACMEMS_NAME_OTHER);
	csr_free(csr);
}

static EVP_PKEY *rsa_with_exponent(unsigned long exponent, int shift)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;
	BIGNUM *e = BN_new();

	BN_set_word(e, exponent);
	if (shift) {
		BN_lshift(e, e, shift);
		BN_add_word(e, 1);
	}
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
	EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e);
	EVP_PKEY_keygen(ctx, &key);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	assert_non_null(key);
	return key;
}

static EVP_PKEY *explicit_curve(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *key = NULL;

	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1);
	EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE);
	EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	assert_non_null(key);
	return key;
}

static EVP_PKEY *dsa_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL);
	EVP_PKEY *params = NULL, *key = NULL;

	EVP_PKEY_paramgen_init(ctx);
	EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024);
	EVP_PKEY_paramgen(ctx, &params);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new(params, NULL);
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(params);
	assert_non_null(key);
	return key;
}

static void weak_and_odd_keys_are_refused(void **state)
{
	const struct recipe base = {.cn = "a.example.org"};
	struct recipe recipe = base;

	(void)state;
	recipe.key = EVP_RSA_gen(1024);
	refused(recipe, "1024 bits");
	recipe.key = rsa_with_exponent(1, 40);
	refused(recipe, "exponent");
	recipe.key = explicit_curve();
	refused(recipe, "curve");
	recipe.key = dsa_key();
	refused(recipe, "RSA");
	recipe.key = EVP_EC_gen("secp256k1");
	refused(recipe, "P-256");
	recipe.key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	recipe.no_md = true;
	refused(recipe, "RSA");
}

/* A modulus of this many bits; nothing has to be signed, for the size is looked at first. */
static void a_huge_modulus_is_refused(void **state)
{
	struct recipe recipe = {.cn = "a.example.org", .other = EVP_RSA_gen(2048)};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	BIGNUM *n = BN_new();

	(void)state;
	BN_rand(n, 16384, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	OSSL_PARAM_BLD_push_BN(build, "n", n);
	OSSL_PARAM_BLD_push_ulong(build, "e", 65537);
	params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_fromdata_init(ctx);
	EVP_PKEY_fromdata(ctx, &recipe.key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	assert_non_null(recipe.key);
	refused(recipe, "16384 bits");
}

static void wrong_signatures_are_refused(void **state)
{
	(void)state;
	refused((struct recipe){.cn = "a.example.org", .md = EVP_sha1()}, "SHA-256");
	refused((struct recipe){.cn = "a.example.org", .spoil = true}, "signature");
	refused((struct recipe){.cn = "a.example.org", .other = EVP_EC_gen("P-256")}, "signature");
}

static void odd_requests_are_refused(void **state)
{
	(void)state;
	refused((struct recipe){0}, "no name");
	refused((struct recipe){.san = "DNS:a.example.org", .twice = true}, "more than one list");
	refused((struct recipe){.san = "DNS:a.example.org", .basic = "CA:TRUE"}, "CA certificate");
	refused((struct recipe){.cn = "a.example.org\0.evil.org", .cn_len = 23}, "\\x00");
	refused((struct recipe){.san = "DNS:a_b.example.org"}, "underscore");
	refused((struct recipe){.san = "DNS:a.example.org."}, "dot");
	refused((struct recipe){.cn = "John Doe"}, "common name");
}

static void ten_thousand_names_are_too_many(void **state)
{
	char *san = malloc(200000);
	size_t len = 0;

	(void)state;
	assert_non_null(san);
	for (int i = 0; i < 10000; i++)
		len += (size_t)snprintf(san + len, 200000 - len, "%sDNS:%d.a.de", i ? "," : "", i);
	refused((struct recipe){.san = san}, "");
	len = 0;
	for (int i = 0; i < 101; i++)
		len += (size_t)snprintf(san + len, 200000 - len, "%sDNS:%d.a.de", i ? "," : "", i);
	refused((struct recipe){.san = san}, "more than 100");
	free(san);
}

static void what_stands_around_is_refused(void **state)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr;

	(void)state;
	csr = read_around(make((struct recipe){.cn = "a.example.org"}), " \r\n", "\n \t\r\n", &err);
	assert_non_null(csr);
	csr_free(csr);
	assert_null(read_around(make((struct recipe){.cn = "a.example.org"}), "", "x", &err));
	assert_null(read_around(make((struct recipe){.cn = "a.example.org"}), "text\n", "", &err));
}

static void bytes_behind_the_der_are_refused(void **state)
{
	X509_REQ *req = make((struct recipe){.cn = "a.example.org"});
	struct acmems_error err = {0};
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(req, &der);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	(void)state;
	assert_true(len > 0);
	der = OPENSSL_realloc(der, (size_t)len + 1);
	der[len] = 0;
	PEM_write_bio(bio, "CERTIFICATE REQUEST", "", der, len + 1);
	len = (int)BIO_get_mem_data(bio, &data);
	assert_null(read_text(data, (size_t)len, &err));
	assert_non_null(strstr(err.message, "behind"));
	OPENSSL_free(der);
	BIO_free(bio);
	X509_REQ_free(req);
}

static void foreign_bodies_are_named(void **state)
{
	static const struct {
		const char *body;
		const char *part;
	} rows[] = {
		{"", "--data-binary"},
		{"-----BEGIN CERTIFICATE REQUEST-----MIIB-----END CERTIFICATE REQUEST-----",
			"--data-binary"},
		{"csr=-----BEGIN+CERTIFICATE+REQUEST-----%0AMIIB", "--data-binary"},
		{"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "never send it"},
		{"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "CERTIFICATE"},
		{"-----BEGIN CERTIFICATE REQUEST-----\nM!IB\n-----END CERTIFICATE REQUEST-----\n",
			"base64"},
		{"hello", "PEM"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};

		assert_null(read_text(rows[i].body, strlen(rows[i].body), &err));
		if (!strstr(err.message, rows[i].part))
			fail_msg("\"%s\" is not in \"%s\"", rows[i].part, err.message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones_are_read),
		cmocka_unit_test(common_name_alone_will_do),
		cmocka_unit_test(other_kinds_of_names_are_seen),
		cmocka_unit_test(weak_and_odd_keys_are_refused),
		cmocka_unit_test(a_huge_modulus_is_refused),
		cmocka_unit_test(wrong_signatures_are_refused),
		cmocka_unit_test(odd_requests_are_refused),
		cmocka_unit_test(ten_thousand_names_are_too_many),
		cmocka_unit_test(what_stands_around_is_refused),
		cmocka_unit_test(bytes_behind_the_der_are_refused),
		cmocka_unit_test(foreign_bodies_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
