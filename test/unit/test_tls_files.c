/* SPDX-License-Identifier: ISC */
/* Files that come, go and change under a server. */
#include "temp_dir.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tls_files.h"

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

static struct pair first, second;
static char certificate[4096], key[4096], both[4096];

/* What was told. */
static struct {
	unsigned good, bad;
	char message[400];
} told;

static struct pair make(long serial)
{
	struct pair pair = {.key = EVP_EC_gen("prime256v1"), .cert = X509_new()};

	X509_set_version(pair.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(pair.cert), serial);
	X509_gmtime_adj(X509_getm_notBefore(pair.cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(pair.cert), 86400);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(pair.cert), "CN", MBSTRING_ASC,
		(const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(pair.cert, X509_get_subject_name(pair.cert));
	X509_set_pubkey(pair.cert, pair.key);
	assert_true(X509_sign(pair.cert, pair.key, EVP_sha256()) > 0);
	return pair;
}

static void drop(struct pair *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->cert);
}

/* As careful programs do it: a new file in the place of the old one. */
static void write_pem(const char *path, X509 *cert, EVP_PKEY *pkey, const char *password)
{
	char fresh[4100];
	FILE *file;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	file = fopen(fresh, "w");
	assert_non_null(file);
	assert_int_equal(fchmod(fileno(file), 0600), 0);
	if (cert)
		assert_true(PEM_write_X509(file, cert));
	if (pkey)
		assert_true(PEM_write_PrivateKey(file, pkey, password ? EVP_aes_128_cbc() : NULL,
			NULL, 0, NULL, (void *)password));
	fclose(file);
	assert_int_equal(rename(fresh, path), 0);
}

static void on_told(void *arg, const struct acmems_error *err)
{
	(void)arg;
	if (err)
		told.bad++;
	else
		told.good++;
	snprintf(told.message, sizeof(told.message), "%s", err ? err->message : "");
}

static int setup(void **state)
{
	memset(&told, 0, sizeof(told));
	if (temp_dir_setup(state) < 0)
		return -1;
	snprintf(certificate, sizeof(certificate), "%s", temp_file("cert.pem", ""));
	snprintf(key, sizeof(key), "%s", temp_file("key.pem", ""));
	snprintf(both, sizeof(both), "%s", temp_file("both.pem", ""));
	write_pem(certificate, first.cert, NULL, NULL);
	write_pem(key, NULL, first.key, NULL);
	write_pem(both, first.cert, first.key, NULL);
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	temp_dir_teardown(state);
	return unit_loop_teardown(state);
}

static struct tls_files_config config_of(const char *cert_path, const char *key_path)
{
	return (struct tls_files_config){
		.certificate = cert_path, .key = key_path, .look_ms = 5, .told = on_told};
}

static long shown(const struct tls_files *files)
{
	return ASN1_INTEGER_get(
		X509_get0_serialNumber(SSL_CTX_get0_certificate(tls_files_context(files))));
}

static struct tls_files *open_files(const struct tls_files_config *config)
{
	struct acmems_error err = {0};
	struct tls_files *files = tls_files_new(config, &err);

	if (!files)
		fail_msg("%s", err.message);
	return files;
}

static void what_is_wrong_is_told(void **state)
{
	struct {
		const char *certificate, *key, *client_ca, *client_crl, *says;
	} cases[] = {
		{"/nowhere", key, NULL, NULL, "certificate \"/nowhere\" cannot be read"},
		{certificate, "/nowhere", NULL, NULL,
			"key: cannot open \"/nowhere\": No such file"},
		{certificate, key, "/nowhere", NULL, "client-ca \"/nowhere\" cannot be read"},
		{key, key, NULL, NULL, "has nothing of the kind in it"},
		{certificate, certificate, NULL, NULL, "cannot be used"},
		{certificate, key, key, NULL, "client-ca"},
		{certificate, key, certificate, "/nowhere",
			"client-crl \"/nowhere\" cannot be read"},
		{certificate, key, certificate, certificate, "client-crl"},
		{certificate, both, NULL, NULL, "does not belong to the certificate"},
	};

	(void)state;
	write_pem(both, second.cert, second.key, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls_files_config config = config_of(cases[i].certificate, cases[i].key);
		struct acmems_error err = {0}, again = {0};

		config.client_ca = cases[i].client_ca;
		config.client_crl = cases[i].client_crl;
		assert_null(tls_files_new(&config, &err));
		if (!strstr(err.message, cases[i].says))
			fail_msg("%s, not %s", err.message, cases[i].says);
		assert_false(tls_files_check(&config, &again));
		assert_string_equal(err.message, again.message);
	}
}

static void nobody_is_asked_for_a_password(void **state)
{
	struct tls_files_config config = config_of(certificate, key);
	struct acmems_error err = {0};

	(void)state;
	write_pem(key, NULL, first.key, "secret");
	assert_false(tls_files_check(&config, &err));
	assert_non_null(strstr(err.message, "cannot be used"));
}

static void a_key_that_others_may_read_is_refused(void **state)
{
	static const struct {
		mode_t mode;
		bool fine;
	} cases[] = {{0400, true}, {0600, true}, {0640, true}, {0440, true}, {0644, false},
		{0604, false}, {0660, false}, {0602, false}, {0601, false}};
	struct tls_files_config config = config_of(certificate, key);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct acmems_error err = {0};

		assert_int_equal(chmod(key, cases[i].mode), 0);
		assert_int_equal(tls_files_check(&config, &err), cases[i].fine);
		if (cases[i].fine)
			continue;
		assert_non_null(strstr(err.message, "key: \""));
		assert_non_null(strstr(err.message, "others may read or change the secret"));
		assert_non_null(strstr(err.message, "make it 0600, or 0640"));
	}
}

static void one_file_can_hold_all(void **state)
{
	struct tls_files_config config = config_of(both, both);
	struct acmems_error err = {0};
	struct tls_files *files;

	(void)state;
	config.client_ca = both;
	assert_true(tls_files_check(&config, &err));
	files = open_files(&config);
	assert_int_equal(shown(files), 1);
	assert_int_equal(SSL_CTX_get_verify_mode(tls_files_context(files)), SSL_VERIFY_PEER);
	tls_files_free(files);
	tls_files_free(NULL);
}

static void changed_files_are_used(void **state)
{
	struct tls_files_config config = config_of(both, both);
	struct tls_files *files = open_files(&config);

	(void)state;
	assert_int_equal(SSL_CTX_get_verify_mode(tls_files_context(files)), SSL_VERIFY_NONE);
	write_pem(both, second.cert, second.key, NULL);
	run_until(told.good == 1);
	assert_int_equal(shown(files), 2);
	/* and once is enough */
	for (int i = 0; i < 20; i++)
		loop_run_once(2);
	assert_int_equal(told.good, 1);
	assert_int_equal(told.bad, 0);
	tls_files_free(files);
}

static void a_broken_set_leaves_the_old_one(void **state)
{
	struct tls_files_config config = config_of(certificate, key);
	struct tls_files *files = open_files(&config);

	(void)state;
	write_pem(certificate, second.cert, NULL, NULL);
	run_until(told.bad == 1);
	assert_non_null(strstr(told.message, "does not belong"));
	assert_int_equal(shown(files), 1);
	for (int i = 0; i < 20; i++)
		loop_run_once(2);
	assert_int_equal(told.bad, 1);
	write_pem(key, NULL, second.key, NULL);
	run_until(told.good == 1);
	assert_int_equal(shown(files), 2);
	assert_int_equal(unlink(key), 0);
	run_until(told.bad == 2);
	assert_non_null(strstr(told.message, "cannot open"));
	assert_int_equal(shown(files), 2);
	tls_files_free(files);
}

static int make_pairs(void **state)
{
	(void)state;
	first = make(1);
	second = make(2);
	return 0;
}

static int drop_pairs(void **state)
{
	(void)state;
	drop(&first);
	drop(&second);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_wrong_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_asked_for_a_password, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_key_that_others_may_read_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(one_file_can_hold_all, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_files_are_used, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_set_leaves_the_old_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, make_pairs, drop_pairs);
}
