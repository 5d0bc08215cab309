/* SPDX-License-Identifier: ISC */
/* The listener's certificate over years, with flights on paper. */
#include "temp_dir.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "sign/flight.h"
#include "sign/own_cert.h"
#include "virtual_loop.h"
#include "x509/key.h"
#include "x509/self_cert.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static char certificate[256], key[256];
static char *names[] = {(char *)"acmems.example.org", NULL};
static struct settings settings;
static struct block block;
static struct generation generation;
static struct own_cert *own;

/* What was ordered. */
static struct {
	unsigned joined, left;
	uint64_t waiter; /* 0: no order under way */
	flight_done *done;
	void *arg;
	struct acmems_error refuse; /* code 0: takes orders */
} orders;

uint64_t flight_join(struct block *of, const struct acmems_csr *csr, const void *body, size_t len,
	const struct acmems_address *peer, flight_done *done, void *arg, struct acmems_error *err)
{
	(void)peer;
	assert_ptr_equal(of, &block);
	assert_true(body && len > 0);
	assert_int_equal(csr->name_count, 1);
	assert_string_equal(csr->names[0].text, names[0]);
	assert_int_equal(orders.waiter, 0);
	orders.joined++;
	if (orders.refuse.code != ACMEMS_OK) {
		*err = orders.refuse;
		return 0;
	}
	orders.done = done;
	orders.arg = arg;
	orders.waiter = orders.joined;
	return orders.waiter;
}

void flight_leave(uint64_t waiter)
{
	orders.left += waiter != 0;
	orders.waiter = 0;
}

static void finish(const char *chain, const struct acmems_error *err)
{
	assert_true(orders.waiter);
	orders.waiter = 0;
	orders.done(orders.arg, chain, chain ? strlen(chain) : 0, err);
}

/* A CA's certificate for the key in the file. */
static char *sign(int days)
{
	struct acmems_error err = {0};
	EVP_PKEY *leaf_key = key_load(key, &err), *ca_key = key_new(&err);
	X509 *cert = X509_new();
	time_t now = (time_t)acmems_clock_wall();
	BIO *bio = BIO_new(BIO_s_mem());
	X509_EXTENSION *san;
	X509V3_CTX context = {0};
	char *data, *text;
	long len;

	assert_true(leaf_key && ca_key && cert && bio);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_time_adj_ex(X509_getm_notBefore(cert), 0, 0, &now);
	X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &now);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "CN", MBSTRING_ASC,
		(const unsigned char *)"CA", -1, -1, 0);
	X509V3_set_ctx_nodb(&context);
	san = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, "DNS:acmems.example.org");
	assert_non_null(san);
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
	X509_set_pubkey(cert, leaf_key);
	assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_free(cert);
	key_free(leaf_key);
	key_free(ca_key);
	assert_non_null(text);
	return text;
}

static void issue(int days)
{
	char *chain = sign(days);

	finish(chain, NULL);
	free(chain);
}

static bool is_own(void)
{
	static char text[8192];
	FILE *file = fopen(certificate, "r");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	return self_cert_is(text, len);
}

static int setup(void **state)
{
	memset(&orders, 0, sizeof(orders));
	virtual_reset();
	if (temp_dir_setup(state) < 0)
		return -1;
	snprintf(certificate, sizeof(certificate), "%s", temp_path("own.pem"));
	snprintf(key, sizeof(key), "%s", temp_path("own.key"));
	settings = (struct settings){.mgmt.tls = {.certificate = certificate,
					     .key = key,
					     .self = {.items = names, .count = 1, .given = true}}};
	generation = (struct generation){.settings = &settings, .own = &block};
	return 0;
}

static int teardown(void **state)
{
	own_cert_free(own);
	own = NULL;
	assert_int_equal(virtual_timers(), 0);
	return temp_dir_teardown(state);
}

static void begin(void)
{
	struct acmems_error err = {0};

	if (!own_cert_prepare(&settings.mgmt.tls, &err))
		fail_msg("%s", err.message);
	own = own_cert_new(&generation, &err);
	assert_non_null(own);
	own_cert_begin(own);
	virtual_pass(1000);
}

static void what_is_missing_is_made(void **state)
{
	struct acmems_error err = {0};
	EVP_PKEY *first, *second;
	struct stat info;

	(void)state;
	assert_true(own_cert_prepare(&settings.mgmt.tls, &err));
	assert_true(is_own());
	assert_int_equal(stat(key, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	first = key_load(key, &err);
	/* a certificate without key is none, a key without certificate is kept */
	assert_int_equal(unlink(certificate), 0);
	assert_true(own_cert_prepare(&settings.mgmt.tls, &err));
	assert_true(is_own());
	second = key_load(key, &err);
	assert_true(first && second && EVP_PKEY_eq(first, second) == 1);
	key_free(second);
	assert_int_equal(unlink(key), 0);
	assert_true(own_cert_prepare(&settings.mgmt.tls, &err));
	second = key_load(key, &err);
	assert_true(second && EVP_PKEY_eq(first, second) != 1);
	key_free(first);
	key_free(second);
}

static void where_nothing_can_be_made_is_told(void **state)
{
	struct acmems_error err = {0};
	char nowhere[] = "/nonexistent/own.key";

	(void)state;
	settings.mgmt.tls.key = nowhere;
	assert_false(own_cert_prepare(&settings.mgmt.tls, &err));
	assert_non_null(strstr(err.message, "/nonexistent"));
	assert_non_null(strstr(err.message, "mgmt: tls: self"));
}

static void it_is_renewed_in_time(void **state)
{
	(void)state;
	begin();
	assert_int_equal(orders.joined, 1);
	issue(90);
	assert_false(is_own());
	virtual_pass(59 * DAY);
	assert_int_equal(orders.joined, 1);
	virtual_pass(2 * DAY);
	assert_int_equal(orders.joined, 2);
	issue(90);
	virtual_pass(59 * DAY);
	assert_int_equal(orders.joined, 2);
}

static void a_good_one_is_left_alone(void **state)
{
	struct acmems_error err = {0};
	char *chain;

	(void)state;
	assert_true(own_cert_prepare(&settings.mgmt.tls, &err));
	chain = sign(90);
	temp_file("own.pem", chain);
	free(chain);
	begin();
	virtual_pass(DAY);
	assert_int_equal(orders.joined, 0);
	temp_file("own.pem", "rubbish\n");
	virtual_pass(6 * HOUR + 1000);
	assert_int_equal(orders.joined, 1);
}

static void failures_are_spaced_out(void **state)
{
	static const struct acmems_error no = {.code = ACMEMS_VALIDATION, .message = "no"};

	(void)state;
	begin();
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(orders.joined, i);
		finish(NULL, &no);
		virtual_pass((INT64_C(300000) << (i - 1)) - 1000);
		assert_int_equal(orders.joined, i);
		virtual_pass(2000);
	}
	assert_true(is_own());
	/* never less than four times a day */
	for (int i = 0; i < 20; i++) {
		finish(NULL, &no);
		virtual_pass(6 * HOUR + 1000);
		assert_true(orders.waiter);
	}
	issue(90);
	assert_false(is_own());
}

static void what_may_go_soon_is_tried_soon(void **state)
{
	(void)state;
	orders.refuse = (struct acmems_error){.code = ACMEMS_UNAVAILABLE};
	begin();
	virtual_pass(20000);
	assert_in_range(orders.joined, 3, 6);
	orders.refuse = (struct acmems_error){.code = ACMEMS_RATE_LIMITED, .retry_after = 7200};
	virtual_pass(6000);
	orders.joined = 0;
	virtual_pass(7100 * 1000);
	assert_int_equal(orders.joined, 0);
	virtual_pass(200 * 1000);
	assert_int_equal(orders.joined, 1);
}

static void an_order_under_way_is_left(void **state)
{
	(void)state;
	begin();
	assert_int_equal(orders.joined, 1);
	own_cert_free(own);
	own = NULL;
	assert_int_equal(orders.left, 1);
	own_cert_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_made),
		TEST(where_nothing_can_be_made_is_told),
		TEST(it_is_renewed_in_time),
		TEST(a_good_one_is_left_alone),
		TEST(failures_are_spaced_out),
		TEST(what_may_go_soon_is_tried_soon),
		TEST(an_order_under_way_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
