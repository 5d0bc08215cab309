/* SPDX-License-Identifier: ISC */
/* test_pem.c - PEM blocks taken from a text, and what is refused. */
#include "unit.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "x509/pem.h"

static const char *const labels[] = {"CERTIFICATE", "X509 CERTIFICATE", NULL};
static struct acmems_error err;
static unsigned char *der;
static size_t der_len;

/* The block at *text; false with err. */
static bool next(const char **text, size_t *len, size_t max)
{
	free(der);
	der = NULL;
	der_len = 0;
	err = (struct acmems_error){0};
	return pem_next(text, len, labels, max, &der, &der_len, &err);
}

static bool take(const char *text)
{
	size_t len = strlen(text);

	return next(&text, &len, 1000);
}

static void refused(const char *text)
{
	if (take(text))
		fail_msg("\"%s\" is taken", text);
	if (err.code != ACMEMS_BAD_REQUEST && err.code != ACMEMS_NO_MEMORY)
		fail_msg("code %d for \"%s\": %s", (int)err.code, text, err.message);
	for (const char *c = err.message; *c; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
}

static int teardown(void **state)
{
	(void)state;
	free(der);
	der = NULL;
	return 0;
}

#define BEGIN "-----BEGIN CERTIFICATE-----\n"
#define END "-----END CERTIFICATE-----\n"

static void blocks_come_one_by_one(void **state)
{
	const char *text =
		" \n" BEGIN "aGVsbG8=\n" END "\n-----BEGIN X509 CERTIFICATE-----\r\nAQID\r\n"
		"-----END X509 CERTIFICATE-----\r\n \n";
	size_t len = strlen(text);

	(void)state;
	if (!next(&text, &len, 1000)) {
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
		return;
	}
	assert_int_equal(der_len, 5);
	assert_memory_equal(der, "hello", 5);
	if (!next(&text, &len, 1000)) {
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
		return;
	}
	assert_int_equal(der_len, 3);
	assert_memory_equal(der, "\1\2\3", 3);
	assert_false(next(&text, &len, 1000));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
}

static void what_is_no_block_is_refused(void **state)
{
	(void)state;
	refused("hello");
	refused("x" BEGIN "aGVsbG8=\n" END);
	refused("-----BEGIN CERTIFICATE");
	refused("www.csr");
	refused("0\x82\x01\x02xyz");
	refused("-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n");
	refused(BEGIN "aGVsbG8=\n");
	refused(BEGIN "aGVsbG8=\n-----END CERTIFICATE");
	refused(BEGIN "aGVsbG8=\n-----END X509 CERTIFICATE-----\n");
	refused(BEGIN END);
	refused(BEGIN "aGVs!G8=\n" END);
	refused(BEGIN "aGVsbG8\n" END);
	refused(BEGIN "aGVsbG9=\n" END);
	refused(BEGIN "aGVs=bG8\n" END);
	refused(BEGIN "aGVsbG8=====\n" END);
	refused("\x1b[2J");
}

static void nul_bytes_are_refused(void **state)
{
	static const char block[] = BEGIN "aGVs\0bG8=\n" END;
	const char *text = block;
	size_t len = sizeof(block) - 1;

	(void)state;
	assert_false(next(&text, &len, 1000));
	assert_true(err.code == ACMEMS_BAD_REQUEST || err.code == ACMEMS_NO_MEMORY);
}

static void size_is_bounded(void **state)
{
	const char *text = BEGIN "aGVsbG8=\n" END;
	size_t len = strlen(text);

	(void)state;
	assert_false(next(&text, &len, 4));
	assert_true(err.code == ACMEMS_BAD_REQUEST || err.code == ACMEMS_NO_MEMORY);
	text = BEGIN "aGVsbG8=\n" END;
	len = strlen(text);
	assert_true(next(&text, &len, 5) || err.code == ACMEMS_NO_MEMORY);
}

/* Every length, in lines of 64 and in one, against OpenSSL's writer. */
static void every_length_comes_back(void **state)
{
	unsigned char bytes[200];
	char base64[300], text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	for (int count = 1; count <= 200; count++) {
		EVP_EncodeBlock((unsigned char *)base64, bytes, count);
		snprintf(text, sizeof(text), BEGIN "%.64s%s%s\n" END, base64,
			strlen(base64) > 64 ? "\n" : "", strlen(base64) > 64 ? base64 + 64 : "");
		if (!take(text)) {
			assert_int_equal(err.code, ACMEMS_NO_MEMORY);
			continue;
		}
		assert_int_equal(der_len, count);
		assert_memory_equal(der, bytes, der_len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(blocks_come_one_by_one, teardown),
		cmocka_unit_test_teardown(what_is_no_block_is_refused, teardown),
		cmocka_unit_test_teardown(nul_bytes_are_refused, teardown),
		cmocka_unit_test_teardown(size_is_bounded, teardown),
		cmocka_unit_test_teardown(every_length_comes_back, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
