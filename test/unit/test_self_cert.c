/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/key.h"
#include "x509/self_cert.h"

static char *names[] = {(char *)"acmems.example.org", (char *)"*.lab.example.org", NULL};
static EVP_PKEY *key;

static int setup(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	key = key_new(&err);
	return key ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	key_free(key);
	return 0;
}

/* What anybody may post is what we order with. */
static struct acmems_csr *request(EVP_PKEY *of)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr;
	char *pem = NULL;
	size_t len = 0;

	if (!self_cert_request(of, names, &pem, &len, &err))
		fail_msg("%s", err.message);
	assert_int_equal(strlen(pem), len);
	csr = csr_read(pem, len, &err);
	free(pem);
	if (!csr)
		fail_msg("%s", err.message);
	return csr;
}

static void a_request_has_the_names(void **state)
{
	struct acmems_csr *csr = request(key);

	(void)state;
	assert_int_equal(csr->name_count, 2);
	assert_string_equal(csr->names[0].text, names[0]);
	assert_string_equal(csr->names[1].text, names[1]);
	assert_true(csr->names[1].wildcard);
	csr_free(csr);
}

static void a_certificate_fits_its_request(void **state)
{
	struct acmems_csr *csr = request(key);
	struct acmems_error err = {0};
	struct acmems_cert facts;
	char *pem = NULL;
	size_t len = 0;

	(void)state;
	if (!self_cert_make(key, names, &pem, &len, &err))
		fail_msg("%s", err.message);
	assert_int_equal(strlen(pem), len);
	assert_true(cert_fits_csr(pem, len, csr, &err));
	assert_true(self_cert_is(pem, len));
	assert_true(acmems_cert_read(pem, len, &facts, &err));
	assert_int_equal(facts.chain_length, 1);
	assert_true(facts.not_before < acmems_clock_wall());
	assert_true(facts.not_after > acmems_clock_wall() + 89 * 86400);
	free(pem);
	csr_free(csr);
}

static void anything_else_is_not_signed_by_itself(void **state)
{
	(void)state;
	assert_false(self_cert_is("", 0));
	assert_false(self_cert_is("rubbish\n", 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_has_the_names),
		cmocka_unit_test(a_certificate_fits_its_request),
		cmocka_unit_test(anything_else_is_not_signed_by_itself),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
