/* SPDX-License-Identifier: ISC */
/* test_key.c - account keys made, saved, loaded; what is no key is named. */
#include "unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "x509/key.h"

static void a_saved_key_comes_back(void **state)
{
	char folder[] = "/tmp/acmems-key-XXXXXX", path[64];
	struct acmems_error err = {0};
	EVP_PKEY *key = key_new(&err), *loaded;
	enum key_kind kind;
	struct stat info;

	(void)state;
	assert_non_null(key);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/k", folder);
	assert_true(key_save(key, path, &err));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_false(key_save(key, path, &err));
	loaded = key_load(path, &err);
	assert_non_null(loaded);
	assert_int_equal(EVP_PKEY_eq(key, loaded), 1);
	assert_true(key_kind(loaded, &kind, &err));
	assert_int_equal(kind, KEY_P256);
	key_free(loaded);
	key_free(key);
	unlink(path);
	assert_null(key_load(path, &err));
	assert_int_equal(err.code, ACMEMS_NOT_FOUND);
	rmdir(folder);
}

static void what_is_no_key_is_named(void **state)
{
	static const char *const rows[][2] = {{"", "empty"}, {"hello", "no private key"},
		{"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n", "encrypted"},
		{"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "public"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct acmems_error err = {0};

		assert_null(key_parse(rows[i][0], strlen(rows[i][0]), &err));
		assert_non_null(strstr(err.message, rows[i][1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_key_comes_back),
		cmocka_unit_test(what_is_no_key_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
