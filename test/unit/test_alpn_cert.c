/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include <acmems/crypto.h>

#include "base/tls_identity.h"

#define KEY_AUTHORIZATION                                                                          \
	"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA"

static struct acmems_tls_identity *make(const char *identifier)
{
	struct acmems_error err = {0};
	struct acmems_tls_identity *made =
		acmems_tls_identity_new(identifier, KEY_AUTHORIZATION, &err);

	if (!made)
		fail_msg("%s: %s", identifier, err.message);
	assert_int_equal(ERR_peek_error(), 0);
	return made;
}

/* The only name of the certificate. */
static GENERAL_NAME *only_name(const X509 *cert, GENERAL_NAMES **ret_names)
{
	int critical = -1;

	*ret_names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
	assert_non_null(*ret_names);
	assert_int_equal(sk_GENERAL_NAME_num(*ret_names), 1);
	return sk_GENERAL_NAME_value(*ret_names, 0);
}

static void the_name_is_the_only_one(void **state)
{
	static const struct {
		const char *identifier;
		int type;
		const char *bytes;
		int len;
	} rows[] = {
		{"www.example.org", GEN_DNS, "www.example.org", 15},
		{"WWW.Example.org", GEN_DNS, "www.example.org", 15},
		{"xn--bcher-kva.example", GEN_DNS, "xn--bcher-kva.example", 21},
		{"192.0.2.1", GEN_IPADD, "\xc0\x00\x02\x01", 4},
		{"2001:db8::1", GEN_IPADD, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_tls_identity *made = make(rows[i].identifier);
		GENERAL_NAMES *names;
		int type;
		const ASN1_STRING *value =
			GENERAL_NAME_get0_value(only_name(made->cert, &names), &type);

		assert_int_equal(type, rows[i].type);
		assert_int_equal(ASN1_STRING_length(value), rows[i].len);
		assert_memory_equal(
			ASN1_STRING_get0_data(value), rows[i].bytes, (size_t)rows[i].len);
		GENERAL_NAMES_free(names);
		acmems_tls_identity_free(made);
	}
}

static void the_digest_is_in_a_critical_extension(void **state)
{
	struct acmems_tls_identity *made = make("www.example.org");
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.5.5.7.1.31", 1);
	int at = X509_get_ext_by_OBJ(made->cert, oid, -1);
	unsigned char digest[ACMEMS_DIGEST_MAX];
	X509_EXTENSION *extension;
	const ASN1_OCTET_STRING *value;

	(void)state;
	assert_true(at >= 0);
	assert_int_equal(X509_get_ext_by_OBJ(made->cert, oid, at), -1);
	extension = X509_get_ext(made->cert, at);
	assert_true(X509_EXTENSION_get_critical(extension));
	value = X509_EXTENSION_get_data(extension);
	assert_int_equal(ASN1_STRING_length(value), 34);
	assert_int_equal(
		acmems_digest("sha256", KEY_AUTHORIZATION, strlen(KEY_AUTHORIZATION), digest), 32);
	assert_memory_equal(ASN1_STRING_get0_data(value), "\x04\x20", 2);
	assert_memory_equal(ASN1_STRING_get0_data(value) + 2, digest, 32);
	ASN1_OBJECT_free(oid);
	acmems_tls_identity_free(made);
}

static void it_is_signed_by_its_own_key(void **state)
{
	struct acmems_tls_identity *made = make("www.example.org");
	char curve[32] = "";
	size_t len;

	(void)state;
	assert_int_equal(X509_get_version(made->cert), X509_VERSION_3);
	assert_int_equal(X509_check_private_key(made->cert, made->key), 1);
	assert_int_equal(X509_verify(made->cert, made->key), 1);
	assert_int_equal(
		X509_NAME_cmp(X509_get_subject_name(made->cert), X509_get_issuer_name(made->cert)),
		0);
	assert_true(X509_NAME_entry_count(X509_get_subject_name(made->cert)) > 0);
	assert_int_equal(EVP_PKEY_get_group_name(made->key, curve, sizeof(curve), &len), 1);
	assert_string_equal(curve, "prime256v1");
	acmems_tls_identity_free(made);
}

static void it_is_valid_for_a_week_whatever_the_clock(void **state)
{
	struct acmems_tls_identity *made = make("www.example.org");
	time_t yesterday = time(NULL) - 23 * 3600;
	time_t soon = time(NULL) + 6 * 86400;
	time_t late = time(NULL) + 8 * 86400;

	(void)state;
	assert_true(X509_cmp_time(X509_get0_notBefore(made->cert), &yesterday) < 0);
	assert_true(X509_cmp_time(X509_get0_notAfter(made->cert), &soon) > 0);
	assert_true(X509_cmp_time(X509_get0_notAfter(made->cert), &late) < 0);
	acmems_tls_identity_free(made);
}

static void no_two_are_alike(void **state)
{
	struct acmems_tls_identity *one = make("www.example.org");
	struct acmems_tls_identity *two = make("www.example.org");

	(void)state;
	assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(one->cert),
				     X509_get0_serialNumber(two->cert)),
		0);
	assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(one->cert)), 16);
	assert_true(ASN1_STRING_get0_data(X509_get0_serialNumber(one->cert))[0] < 0x80);
	assert_int_not_equal(EVP_PKEY_eq(one->key, two->key), 1);
	acmems_tls_identity_free(one);
	acmems_tls_identity_free(two);
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const rows[] = {"", "*.example.org", "a..example.org", "exa mple.org",
		"192.0.2.1/24", "192.0.2.256", "a\n.example.org"};
	char longest[400];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};

		assert_null(acmems_tls_identity_new(rows[i], KEY_AUTHORIZATION, &err));
		assert_int_equal(err.code, ACMEMS_BAD_CSR);
		assert_int_equal(ERR_peek_error(), 0);
	}
	assert_null(acmems_tls_identity_new(longest, KEY_AUTHORIZATION, &(struct acmems_error){0}));
	acmems_tls_identity_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_name_is_the_only_one),
		cmocka_unit_test(the_digest_is_in_a_critical_extension),
		cmocka_unit_test(it_is_signed_by_its_own_key),
		cmocka_unit_test(it_is_valid_for_a_week_whatever_the_clock),
		cmocka_unit_test(no_two_are_alike),
		cmocka_unit_test(what_is_no_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
