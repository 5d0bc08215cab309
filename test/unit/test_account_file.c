/* SPDX-License-Identifier: ISC */
/* test_account_file.c - an account's files, made by us and by the Python ACMEMS. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "acme/account_file.h"
#include "acme/json.h"
#include "x509/key.h"

/* As josepy writes a RegistrationResource, with the public key inside */
static const char python_registration[] =
	"{\"body\": {\"contact\": [\"mailto:hostmaster@example.org\"], \"key\": {\"e\": \"AQAB\", "
	"\"kty\": \"RSA\", \"n\": \"0vx7agoebGc\"}, \"status\": \"valid\"}, "
	"\"uri\": \"https://ca.example/acme/acct/12345\", "
	"\"terms_of_service\": \"https://ca.example/terms\"}";

struct dir {
	char path[64];
};

static int make_dir(void **state)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (dir == NULL)
		return -1;
	snprintf(dir->path, sizeof(dir->path), "test_account_file.XXXXXX");
	*state = dir;
	return mkdtemp(dir->path) != NULL ? 0 : -1;
}

static const char *in(const struct dir *dir, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir->path, name);
	return path;
}

static int remove_dir(void **state)
{
	struct dir *dir = *state;

	unlink(in(dir, "account.pem"));
	unlink(in(dir, "registration.json"));
	rmdir(in(dir, "new/deep"));
	rmdir(in(dir, "new"));
	rmdir(dir->path);
	free(dir);
	return 0;
}

static void put_text(const struct dir *dir, const char *name, const char *text, unsigned mode)
{
	FILE *file = fopen(in(dir, name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	fclose(file);
	assert_int_equal(chmod(in(dir, name), mode), 0);
}

static void put_key(const struct dir *dir, EVP_PKEY *key, bool traditional, unsigned mode)
{
	BIO *bio = BIO_new_file(in(dir, "account.pem"), "w");
	int ok;

	assert_non_null(bio);
	if (traditional)
		ok = PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
	else
		ok = PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	BIO_free(bio);
	assert_int_equal(ok, 1);
	assert_int_equal(chmod(in(dir, "account.pem"), mode), 0);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void new_key(void **state)
{
	struct dir *dir = *state;
	enum account_key_origin origin = ACCOUNT_KEY_FOUND;
	struct acmems_error err = {0};
	EVP_PKEY *first = account_file_key(dir->path, &origin, &err);
	EVP_PKEY *second;

	assert_non_null(first);
	assert_int_equal(origin, ACCOUNT_KEY_MADE);
	assert_int_equal(mode_of(in(dir, "account.pem")), 0600);
	second = account_file_key(dir->path, &origin, &err);
	assert_non_null(second);
	assert_int_equal(origin, ACCOUNT_KEY_FOUND);
	assert_int_equal(EVP_PKEY_eq(first, second), 1);
	key_free(first);
	key_free(second);
}

static void missing_directory_is_made(void **state)
{
	struct dir *dir = *state;
	enum account_key_origin origin;
	struct acmems_error err = {0};
	char path[128];
	EVP_PKEY *key;

	snprintf(path, sizeof(path), "%s", in(dir, "new/deep"));
	key = account_file_key(path, &origin, &err);
	assert_non_null(key);
	assert_int_equal(mode_of(path), 0700);
	unlink(in(dir, "new/deep/account.pem"));
	key_free(key);
}

static void keys_of_the_python_acmems(void **state)
{
	static const unsigned bits[] = {2048, 4096};
	struct dir *dir = *state;
	enum account_key_origin origin;
	struct acmems_error err = {0};

	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY *key = EVP_RSA_gen(bits[i]);

		for (int traditional = 0; traditional < 2; traditional++) {
			EVP_PKEY *loaded;

			put_key(dir, key, traditional != 0, 0600);
			loaded = account_file_key(dir->path, &origin, &err);
			assert_non_null(loaded);
			assert_int_equal(origin, ACCOUNT_KEY_FOUND);
			assert_int_equal(EVP_PKEY_eq(key, loaded), 1);
			key_free(loaded);
		}
		EVP_PKEY_free(key);
	}
}

static void open_modes_are_tightened(void **state)
{
	struct dir *dir = *state;
	enum account_key_origin origin;
	struct acmems_error err = {0};
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY *loaded;

	put_key(dir, key, false, 0644);
	loaded = account_file_key(dir->path, &origin, &err);
	assert_non_null(loaded);
	assert_int_equal(origin, ACCOUNT_KEY_TIGHTENED);
	assert_int_equal(mode_of(in(dir, "account.pem")), 0600);
	key_free(loaded);
	key_free(key);
}

static void unusable_keys_stay(void **state)
{
	struct dir *dir = *state;
	enum account_key_origin origin;
	struct acmems_error err = {0};
	struct stat st;

	put_text(dir, "account.pem", "", 0600);
	assert_null(account_file_key(dir->path, &origin, &err));
	assert_non_null(strstr(err.message, "empty"));
	assert_non_null(strstr(err.message, "account.pem"));
	assert_int_equal(stat(in(dir, "account.pem"), &st), 0);
	assert_int_equal(st.st_size, 0);
	put_text(dir, "account.pem", "no key at all\n", 0600);
	assert_null(account_file_key(dir->path, &origin, &err));
	assert_int_equal(stat(in(dir, "account.pem"), &st), 0);
	assert_int_equal(st.st_size, 14);
	unlink(in(dir, "account.pem"));
	assert_int_equal(mkdir(in(dir, "account.pem"), 0700), 0);
	assert_null(account_file_key(dir->path, &origin, &err));
	rmdir(in(dir, "account.pem"));
}

static void no_registration(void **state)
{
	struct dir *dir = *state;
	struct acmems_error err = {0};
	char *url, *terms;

	assert_true(account_file_load(dir->path, &url, &terms, &err));
	assert_null(url);
}

static void registration_of_the_python_acmems(void **state)
{
	struct dir *dir = *state;
	struct acmems_error err = {0};
	char *url, *terms;

	put_text(dir, "registration.json", python_registration, 0644);
	assert_true(account_file_load(dir->path, &url, &terms, &err));
	assert_string_equal(url, "https://ca.example/acme/acct/12345");
	assert_string_equal(terms, "https://ca.example/terms");
	free(url);
	free(terms);
}

static void bad_registrations(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"uri\":5}",
		"{\"uri\":\"http://ca.example/1\"}",
		"{\"uri\":null}",
	};
	struct dir *dir = *state;
	char *url, *terms;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct acmems_error err = {0};

		put_text(dir, "registration.json", bad[i], 0600);
		assert_false(account_file_load(dir->path, &url, &terms, &err));
		assert_null(url);
		assert_non_null(strstr(err.message, "registration.json"));
	}
}

static void save(const struct dir *dir, const char *url, const char *body)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(body, strlen(body), &err);

	assert_non_null(json);
	assert_true(account_file_save(dir->path, url, NULL, json, &err));
	acmems_json_free(json);
}

static struct acmems_json *saved(const struct dir *dir)
{
	struct acmems_error err = {0};
	struct acmems_json *json;
	char *text;
	size_t len;

	assert_true(acmems_file_read(in(dir, "registration.json"), JSON_MAX, &text, &len, &err));
	json = json_parse(text, len, &err);
	assert_non_null(json);
	free(text);
	return json;
}

static void saving_and_loading(void **state)
{
	struct dir *dir = *state;
	struct acmems_error err = {0};
	char *url, *terms;

	save(dir, "https://ca.example/acct/1", "{\"status\":\"valid\"}");
	assert_int_equal(mode_of(in(dir, "registration.json")), 0600);
	assert_true(account_file_load(dir->path, &url, &terms, &err));
	assert_string_equal(url, "https://ca.example/acct/1");
	assert_null(terms);
	free(url);
	/* the terms alone */
	assert_true(account_file_save(
		dir->path, "https://ca.example/acct/1", "https://ca.example/t2", NULL, &err));
	assert_true(account_file_load(dir->path, &url, &terms, &err));
	assert_string_equal(terms, "https://ca.example/t2");
	free(url);
	free(terms);
}

static void unknown_members_are_kept(void **state)
{
	struct dir *dir = *state;
	struct acmems_error err = {0};
	const struct acmems_json *body;
	const struct acmems_json *key;
	const char *text;
	struct acmems_json *json;

	put_text(dir, "registration.json", python_registration, 0644);
	save(dir, "https://ca.example/acct/2", "{\"status\":\"revoked\",\"orders\":\"x\"}");
	json = saved(dir);
	assert_true(acmems_json_text(json, "uri", 100, &text, &err));
	assert_string_equal(text, "https://ca.example/acct/2");
	assert_true(acmems_json_text(json, "terms_of_service", 100, &text, &err));
	assert_string_equal(text, "https://ca.example/terms");
	assert_true(acmems_json_object(json, "body", &body, &err));
	assert_true(acmems_json_text(body, "status", 100, &text, &err));
	assert_string_equal(text, "revoked");
	assert_true(acmems_json_text(body, "orders", 100, &text, &err));
	assert_string_equal(text, "x");
	assert_true(acmems_json_object(body, "key", &key, &err));
	assert_true(acmems_json_text(key, "n", 100, &text, &err));
	assert_string_equal(text, "0vx7agoebGc");
	acmems_json_free(json);
}

static void unreadable_registration_is_replaced(void **state)
{
	struct dir *dir = *state;
	struct acmems_json *json;

	put_text(dir, "registration.json", "{\"uri\":", 0600);
	save(dir, "https://ca.example/acct/3", "{}");
	json = saved(dir);
	assert_int_equal(acmems_json_count(json), 2);
	acmems_json_free(json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(new_key),
		TEST(missing_directory_is_made),
		TEST(keys_of_the_python_acmems),
		TEST(open_modes_are_tightened),
		TEST(unusable_keys_stay),
		TEST(no_registration),
		TEST(registration_of_the_python_acmems),
		TEST(bad_registrations),
		TEST(saving_and_loading),
		TEST(unknown_members_are_kept),
		TEST(unreadable_registration_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
