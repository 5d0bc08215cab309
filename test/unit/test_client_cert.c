/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "x509/client_cert.h"

#define DAY 86400

static EVP_PKEY *key;

static int setup(void **state)
{
	(void)state;
	key = EVP_EC_gen("prime256v1");
	return key ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return 0;
}

static void add_extension(X509 *cert, const char *names)
{
	X509V3_CTX context = {0};
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* common_name: bytes of UTF-8 */
static X509 *make(const char *common_name, const char *names)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	assert_true(X509_set_version(cert, X509_VERSION_3) == 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x0abc);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), DAY);
	X509_NAME_add_entry_by_txt(
		name, "O", MBSTRING_UTF8, (const unsigned char *)"Example, Inc", -1, -1, 0);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
	X509_set_issuer_name(cert, name);
	if (names)
		add_extension(cert, names);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static struct client_cert *read_cert(X509 *leaf, X509 *ca)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct acmems_error err = {0};
	struct client_cert *cert;

	assert_non_null(chain);
	sk_X509_push(chain, leaf);
	if (ca)
		sk_X509_push(chain, ca);
	cert = client_cert_new(chain, &err);
	if (!cert)
		fail_msg("%s", err.message);
	sk_X509_free(chain);
	X509_free(leaf);
	X509_free(ca);
	return cert;
}

static void must_have(const struct acmems_client_cert *facts, size_t i, enum acmems_name_kind kind,
	const char *text)
{
	assert_true(i < facts->name_count);
	assert_int_equal(facts->names[i].kind, kind);
	assert_string_equal(facts->names[i].text, text);
}

static void facts_are_told(void **state)
{
	struct client_cert *cert = read_cert(
		make("www.example.org",
			"DNS:WWW.example.org,DNS:*.lab.example.org,DNS:laptop,IP:192.0.2.1,"
			"IP:2001:db8::1,email:Admin@example.org,URI:spiffe://example.org/mail,"
			"RID:1.2.3"),
		make("ca", NULL));
	const struct acmems_client_cert *facts = client_cert_facts(cert);
	struct acmems_error err = {0};
	struct acmems_cert rest;

	(void)state;
	assert_string_equal(facts->subject, "CN=www.example.org,O=Example\\, Inc");
	assert_string_equal(facts->issuer, facts->subject);
	assert_string_equal(facts->serial, "0abc");
	assert_int_equal(strlen(facts->digest), 64);
	assert_int_equal(facts->name_count, 8);
	must_have(facts, 0, ACMEMS_NAME_DNS, "www.example.org");
	must_have(facts, 1, ACMEMS_NAME_DNS, "*.lab.example.org");
	assert_true(facts->names[1].wildcard);
	must_have(facts, 2, ACMEMS_NAME_DNS, "laptop");
	must_have(facts, 3, ACMEMS_NAME_IP, "192.0.2.1");
	must_have(facts, 4, ACMEMS_NAME_IP, "2001:db8::1");
	must_have(facts, 5, ACMEMS_NAME_EMAIL, "Admin@example.org");
	must_have(facts, 6, ACMEMS_NAME_URI, "spiffe://example.org/mail");
	assert_int_equal(facts->names[7].kind, ACMEMS_NAME_OTHER);
	assert_int_equal(strlen(facts->chain), facts->chain_len);
	assert_true(acmems_cert_read(facts->chain, facts->chain_len, &rest, &err));
	assert_int_equal(rest.chain_length, 2);
	assert_int_equal(rest.not_after, facts->not_after);
	client_cert_free(cert);
}

/* Nobody gets a second part of a subject, or a line of a log, by a clever common name. */
static void subjects_are_quoted(void **state)
{
	static const struct {
		const char *name;
		const char *subject;
	} cases[] = {
		{"a,O=Evil", "CN=a\\,O=Evil,O=Example\\, Inc"},
		{"a+CN=b", "CN=a\\+CN=b,O=Example\\, Inc"},
		{"a\nb", "CN=a\\0Ab,O=Example\\, Inc"},
		{"b\xc3\xbc", "CN=b\\C3\\BC,O=Example\\, Inc"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client_cert *cert = read_cert(make(cases[i].name, NULL), NULL);

		assert_string_equal(client_cert_facts(cert)->subject, cases[i].subject);
		assert_int_equal(client_cert_facts(cert)->name_count, 0);
		client_cert_free(cert);
	}
}

static X509 *make_with(const void *bytes, int len)
{
	X509 *cert = make("x", NULL);
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	ASN1_STRING_set(value, bytes, len);
	GENERAL_NAME_set0_value(name, GEN_DNS, value);
	sk_GENERAL_NAME_push(names, name);
	X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND);
	GENERAL_NAMES_free(names);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

static void odd_names_pass_for_no_other(void **state)
{
	static char large[2000];
	struct {
		const char *bytes;
		int len;
	} cases[] = {{"good.example\0.evil", 18}, {"a b", 3}, {"", 0}, {"\xff", 1}, {large, 2000}};

	(void)state;
	memset(large, 'a', sizeof(large));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client_cert *cert = read_cert(make_with(cases[i].bytes, cases[i].len), NULL);

		assert_int_equal(client_cert_facts(cert)->name_count, 1);
		assert_int_equal(client_cert_facts(cert)->names[0].kind, ACMEMS_NAME_OTHER);
		client_cert_free(cert);
	}
}

static void names_are_bounded(void **state)
{
	char names[150 * 16] = "DNS:n0";
	struct client_cert *cert;

	(void)state;
	for (int i = 1; i < 150; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), ",DNS:n%d", i);
	cert = read_cert(make("x", names), NULL);
	assert_int_equal(client_cert_facts(cert)->name_count, CLIENT_CERT_NAMES_MAX);
	client_cert_free(cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_told),
		cmocka_unit_test(subjects_are_quoted),
		cmocka_unit_test(odd_names_pass_for_no_other),
		cmocka_unit_test(names_are_bounded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
