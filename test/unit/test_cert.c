/* SPDX-License-Identifier: ISC */
/* test_cert.c - chains read, refused, and compared with the CSR they answer. */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "x509/cert.h"
#include "x509/csr.h"

static char *to_text(BIO *bio, size_t *len)
{
	char *data, *text;

	*len = (size_t)BIO_get_mem_data(bio, &data);
	text = malloc(*len + 1);
	assert_non_null(text);
	memcpy(text, data, *len);
	text[*len] = '\0';
	BIO_free(bio);
	return text;
}

static char *make_cert(EVP_PKEY *key, const char *san, size_t *len)
{
	X509 *cert = X509_new();
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1234);
	ASN1_TIME_set(X509_getm_notBefore(cert), 1700000000);
	ASN1_TIME_set(X509_getm_notAfter(cert), 1800000000);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, extension, -1);
	X509_sign(cert, key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	X509_EXTENSION_free(extension);
	X509_free(cert);
	return to_text(bio, len);
}

static struct acmems_csr *make_csr(EVP_PKEY *key, const char *cn)
{
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	struct acmems_error err = {0};
	struct acmems_csr *csr;
	size_t len;
	char *text;

	X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName, MBSTRING_ASC,
		(const unsigned char *)cn, -1, -1, 0);
	X509_REQ_set_pubkey(req, key);
	X509_REQ_sign(req, key, EVP_sha256());
	PEM_write_bio_X509_REQ(bio, req);
	X509_REQ_free(req);
	text = to_text(bio, &len);
	csr = csr_read(text, len, &err);
	free(text);
	assert_non_null(csr);
	return csr;
}

static void facts_are_read(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct acmems_error err = {0};
	struct acmems_cert cert = {0};
	size_t len;
	char *pem = make_cert(key, "DNS:a.example.org", &len);

	(void)state;
	assert_true(acmems_cert_read(pem, len, &cert, &err));
	assert_true(cert.not_before == 1700000000);
	assert_true(cert.not_after == 1800000000);
	assert_string_equal(cert.serial, "1234");
	assert_int_equal(cert.chain_length, 1);
	assert_false(acmems_cert_read(pem, len / 2, &cert, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_false(acmems_cert_read("", 0, &cert, &err));
	assert_false(acmems_cert_read("<html>", 6, &cert, &err));
	free(pem);
	EVP_PKEY_free(key);
}

static void a_chain_fits_its_csr_only(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	struct acmems_error err = {0};
	struct acmems_csr *csr = make_csr(key, "a.example.org");
	size_t len;
	char *pem = make_cert(key, "DNS:b.example.org,DNS:A.example.org", &len);

	(void)state;
	assert_true(cert_fits_csr(pem, len, csr, &err));
	free(pem);
	pem = make_cert(key, "DNS:b.example.org", &len);
	assert_false(cert_fits_csr(pem, len, csr, &err));
	assert_non_null(strstr(err.message, "a.example.org"));
	free(pem);
	pem = make_cert(other, "DNS:a.example.org", &len);
	assert_false(cert_fits_csr(pem, len, csr, &err));
	assert_non_null(strstr(err.message, "key"));
	free(pem);
	csr_free(csr);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void names_are_told_in_order(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct acmems_error err = {0};
	size_t len, other_len;
	char *chain =
		make_cert(key, "DNS:b.example,IP:192.0.2.1,DNS:*.A.Example,email:x@y.z", &len);
	char *other = make_cert(key, "email:x@y.z", &other_len);
	char *names = cert_names(chain, len, &err);

	(void)state;
	assert_non_null(names);
	assert_string_equal(names, "*.a.example, 192.0.2.1, b.example");
	assert_null(cert_names(other, other_len, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	assert_null(cert_names("lead", 4, &err));
	assert_int_equal(err.code, ACMEMS_BAD_ANSWER);
	free(names);
	free(chain);
	free(other);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_read),
		cmocka_unit_test(a_chain_fits_its_csr_only),
		cmocka_unit_test(names_are_told_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
