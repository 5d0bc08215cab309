/* SPDX-License-Identifier: ISC */
/* test_events.c - what happened, as the fields that acmems/notify.h promises, and no others. */
#include "unit.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "notify/events.h"
#include "notify/notice.h"
#include "notify/notifier.h"

static struct settings_account account_settings = {
	.name = "ca", .directory = (char *)"https://ca.example/dir"};
static struct settings_instance notify;
static struct settings settings = {
	.accounts = &account_settings, .account_count = 1, .notifies = &notify, .notify_count = 1};
static struct generation generation = {.settings = &settings};
static struct account account = {.name = "ca"};
static struct instance validator = {.name = (char *)"web"}, storage = {.name = (char *)"disk"};
static struct block block = {.generation = &generation,
	.name = "b0",
	.validator = &validator,
	.storage = &storage,
	.account = &account};
static struct acmems_address peer = {.family = ACMEMS_IPV4, .bytes = {192, 0, 2, 1}};

static struct notice *last;
static const struct block *last_block;
static bool last_all;

void notifier_offer(
	const struct generation *of, const struct block *from, bool all, struct notice *take_event)
{
	assert_ptr_equal(of, &generation);
	notice_drop(last);
	last = take_event;
	last_block = from;
	last_all = all;
}

static int setup(void **state)
{
	(void)state;
	generation.blocks = &block;
	generation.block_count = 1;
	settings.notify_count = 1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	notice_drop(last);
	last = NULL;
	return 0;
}

/* The last event is of this name and has these fields in any order: "NAME=TEXT|NAME=*|...". */
static void assert_event(const char *name, const char *fields)
{
	char *all = strdup(fields), *rest = all;
	size_t count = 0;

	assert_non_null(last);
	assert_false(last->failed);
	assert_string_equal(notice_kind_name(last->kind), name);
	assert_true(last->summary[0] != '\0');
	for (char *field = strsep(&rest, "|"); field; field = strsep(&rest, "|")) {
		char *text = strchr(field, '=');
		const char *have;

		*text++ = '\0';
		have = notice_field(last, field);
		if (!have)
			fail_msg("%s: no field %s", name, field);
		else if (strcmp(text, "*") != 0)
			assert_string_equal(have, text);
		count++;
	}
	assert_int_equal(last->field_count, count);
	free(all);
}

static char *make_chain(size_t *len)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1234);
	ASN1_TIME_set(X509_getm_notBefore(cert), 1700000000);
	ASN1_TIME_set(X509_getm_notAfter(cert), 1800000000);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	*len = (size_t)BIO_get_mem_data(bio, &data);
	text = strndup(data, *len);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return text;
}

static const struct events_issue issue = {
	.block = &block, .names = "a.example, b.example", .peer = &peer, .duration_ms = 12};

#define ISSUED                                                                                     \
	"names=a.example, b.example|serial=1234|not-after=2027-01-15T08:00:00Z|account=ca|"        \
	"validator=web|storage=disk|block=b0|peer=192.0.2.1|duration-ms=12"

static void test_issued(void **state)
{
	struct acmems_cert old = {.not_after = 1700000000};
	size_t len;
	char *chain = make_chain(&len);

	(void)state;
	events_issued(&issue, chain, len, NULL);
	assert_event("issued", ISSUED);
	assert_ptr_equal(last_block, &block);
	events_issued(&issue, chain, len, &old);
	assert_event("renewed", ISSUED "|old-not-after=2023-11-14T22:13:20Z");
	free(chain);
}

static void test_cached(void **state)
{
	struct acmems_name names[] = {{.text = (char *)"a.example"}, {.text = (char *)"b.example"}};
	struct acmems_csr csr = {.names = names, .name_count = 2};
	size_t len;
	char *chain = make_chain(&len);

	(void)state;
	events_cached(&block, &csr, &peer, chain, len);
	assert_event("cached", "names=a.example, "
			       "b.example|not-after=2027-01-15T08:00:00Z|block=b0|peer=192.0.2.1");
	free(chain);
}

static void test_rejected(void **state)
{
	struct acmems_name names[] = {{.text = (char *)"a.example"}};
	struct acmems_csr csr = {.names = names, .name_count = 1};
	struct acmems_error err = {0};

	(void)state;
	acmems_error_set(&err, ACMEMS_REFUSED, "no block allows this");
	acmems_error_detail(&err, "b0", "domains: a.example");
	events_rejected(&generation, &csr, &peer, &err, 403);
	assert_event("rejected", "names=a.example|peer=192.0.2.1|status=403|closest-block=b0|"
				 "missed=domains: a.example");
	assert_ptr_equal(last_block, &block);
	assert_true(last_all);
	/* what nobody knows is left out */
	err = (struct acmems_error){0};
	acmems_error_set(&err, ACMEMS_BAD_CSR, "this is no CSR");
	events_rejected(&generation, NULL, NULL, &err, 415);
	assert_event("rejected", "status=415|missed=this is no CSR");
	assert_null(last_block);
}

static void test_failed(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	acmems_error_set(&err, ACMEMS_VALIDATION, "the CA says: no");
	snprintf(err.problem, sizeof(err.problem), "connection");
	acmems_error_detail(&err, "a.example", "refused");
	acmems_error_detail(&err, "b.example", "timed out");
	events_failed(&issue, &err, 421);
	assert_event("failed",
		"names=a.example, b.example|block=b0|account=ca|peer=192.0.2.1|status=421|"
		"problem=connection|detail=a.example: refused\nb.example: timed out\n");
}

static void test_rate_limited(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	acmems_error_set(&err, ACMEMS_RATE_LIMITED, "the CA says: too many (rateLimited)");
	snprintf(err.problem, sizeof(err.problem), "rateLimited");
	events_failed(&issue, &err, 429);
	assert_event("rate-limited",
		"names=a.example, b.example|account=ca|detail=the CA says: too many (rateLimited)");
	err.retry_after = 3600;
	events_failed(&issue, &err, 429);
	assert_event("rate-limited", "names=a.example, b.example|account=ca|retry-after=3600|"
				     "detail=the CA says: too many (rateLimited)");
}

static void test_expiring(void **state)
{
	int64_t now = acmems_clock_wall();

	(void)state;
	events_expiring(&generation, "disk", "a.example", now + 5 * 86400 + 60);
	assert_event("expiring", "names=a.example|not-after=*|days-left=5|storage=disk");
	assert_non_null(strstr(last->summary, "in 5 days"));
	events_expiring(&generation, "disk", "a.example", now - 60);
	assert_event("expiring", "names=a.example|not-after=*|days-left=0|storage=disk");
	assert_non_null(strstr(last->summary, "has ended"));
}

static void test_account(void **state)
{
	static const struct {
		enum acme_happening what;
		const char *text;
	} rows[] = {
		{ACME_ACCOUNT_REGISTERED, "account=ca|what=registered|detail=because"},
		{ACME_ACCOUNT_TERMS_CHANGED, "account=ca|what=terms-changed|detail=because"},
		{ACME_ACCOUNT_DEACTIVATED, "account=ca|what=deactivated|detail=because"},
		{ACME_ACCOUNT_NEEDS_HAND, "account=ca|what=needs-a-hand|detail=because"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		events_account(&generation, &account_settings, rows[i].what, "because", 0);
		assert_event("account", rows[i].text);
	}
	events_account(&generation, &account_settings, ACME_CA_UNREACHABLE, "no route", 1700000000);
	assert_event(
		"ca-unreachable", "account=ca|directory=https://ca.example/dir|detail=no route");
	events_account(&generation, &account_settings, ACME_CA_RECOVERED, "", 1700000000);
	assert_event("ca-recovered",
		"account=ca|directory=https://ca.example/dir|down-since=2023-11-14T22:13:20Z");
}

static void test_config(void **state)
{
	(void)state;
	events_config(&generation, "/etc/a.conf", "/etc/a.conf:3: no such key");
	assert_event("config", "file=/etc/a.conf|detail=/etc/a.conf:3: no such key");
}

static void test_nobody_listens(void **state)
{
	(void)state;
	settings.notify_count = 0;
	events_config(&generation, "/etc/a.conf", "why");
	events_expiring(&generation, "disk", "a.example", 1);
	events_account(&generation, &account_settings, ACME_CA_UNREACHABLE, "", 0);
	assert_null(last);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_issued),
		TEST(test_cached),
		TEST(test_rejected),
		TEST(test_failed),
		TEST(test_rate_limited),
		TEST(test_expiring),
		TEST(test_account),
		TEST(test_config),
		TEST(test_nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
