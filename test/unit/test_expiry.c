/* SPDX-License-Identifier: ISC */
/* test_expiry.c - storages on paper looked through, with time that is ours. */
#include "temp_dir.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/op_core.h"
#include "notify/expiry.h"
#include "notify/expiry_decide.h"
#include "notify/expiry_mark.h"
#include "notify/notice.h"
#include "notify/notifier.h"
#include "virtual_loop.h"

#define DAY 86400
#define DAY_MS (INT64_C(1000) * DAY)
#define SOON_MS 10000
#define KEPT_MAX 64

/* ---- a storage on paper: its CSRs are numbers ---- */

static struct {
	char *chains[KEPT_MAX];
	int count;
	bool fails;
	bool stalls;
	unsigned calls;
} paper;

static struct acmems_module face = {.kind = ACMEMS_STORAGE};
static struct module module = {.module = &face, .owner = "storage-paper"};
static char storage_name[] = "disk";
static struct instance storage = {.module = &module, .name = storage_name};
static struct instance *instances[] = {&storage};
static struct settings_instance storage_settings, notify_settings;
static struct settings settings;
static struct generation generation, other;
static EVP_PKEY *key;

static bool on_next(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	char out[8192];
	int at = 0, len;

	(void)instance;
	paper.calls++;
	if (entry->csr)
		at = atoi(entry->csr) + 1;
	if (paper.fails)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE, "is gone");
	if (paper.stalls)
		return true;
	while (at < paper.count && !paper.chains[at])
		at++;
	if (at >= paper.count) {
		acmems_op_finish_with(op, NULL, 0);
		return true;
	}
	len = snprintf(out, sizeof(out), "%d%c%s", at, 0, paper.chains[at]);
	acmems_op_finish_with(op, out, (size_t)len);
	return true;
}

/* Keeps a certificate that began and will end so many days from the test's beginning. */
static int keep(const char *san, int from, int until)
{
	X509 *cert = X509_new();
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	assert_true(paper.count < KEPT_MAX);
	X509_set_version(cert, 2);
	ASN1_TIME_set(X509_getm_notBefore(cert), VIRTUAL_START_WALL + (time_t)from * DAY);
	ASN1_TIME_set(X509_getm_notAfter(cert), VIRTUAL_START_WALL + (time_t)until * DAY);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, extension, -1);
	X509_sign(cert, key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &data);
	paper.chains[paper.count] = strndup(data, (size_t)len);
	X509_EXTENSION_free(extension);
	X509_free(cert);
	BIO_free(bio);
	return paper.count++;
}

static void lose(int at)
{
	free(paper.chains[at]);
	paper.chains[at] = NULL;
}

/* ---- who is told ---- */

static struct {
	unsigned count;
	char names[256];
	char days[16];
	char date[NOTICE_DATE_MAX];
	char summary[NOTICE_SUMMARY_MAX + 1];
} told;

void notifier_offer(const struct generation *generation_, const struct block *block, bool all,
	struct notice *take_event)
{
	assert_ptr_equal(generation_, &generation);
	assert_null(block);
	assert_true(all);
	assert_int_equal(take_event->kind, NOTICE_EXPIRING);
	if (!take_event->failed) {
		told.count++;
		snprintf(told.names, sizeof(told.names), "%s", notice_field(take_event, "names"));
		snprintf(told.days, sizeof(told.days), "%s", notice_field(take_event, "days-left"));
		snprintf(told.date, sizeof(told.date), "%s", notice_field(take_event, "not-after"));
		snprintf(told.summary, sizeof(told.summary), "%s", take_event->summary);
		assert_string_equal(notice_field(take_event, "storage"), "disk");
	}
	notice_drop(take_event);
}

/* How many were told of in the time that passed. */
static unsigned told_in(int64_t ms)
{
	unsigned before = told.count;

	virtual_pass(ms);
	return told.count - before;
}

static void restart(void)
{
	expiry_close(&generation);
	expiry_open(&generation);
}

static int setup(void **state)
{
	virtual_reset();
	memset(&told, 0, sizeof(told));
	memset(&paper, 0, sizeof(paper));
	storage.ops.storage = (struct acmems_storage_ops){.next = on_next};
	storage_settings = (struct settings_instance){.name = "disk", .warn_within = 7 * DAY_MS};
	settings = (struct settings){.storages = &storage_settings,
		.storage_count = 1,
		.notifies = &notify_settings,
		.notify_count = 1};
	settings.mgmt.state_dir = temp_dir;
	generation = (struct generation){
		.settings = &settings, .instances = instances, .instance_count = 1};
	other = generation;
	key = EVP_EC_gen("P-256");
	return temp_dir_setup(state);
}

static int teardown(void **state)
{
	size_t ops;

	expiry_close(&generation);
	ops = op_count();
	op_fini();
	EVP_PKEY_free(key);
	for (int i = 0; i < paper.count; i++)
		free(paper.chains[i]);
	return temp_dir_teardown(state) == 0 && virtual_timers() == 0 && ops == 0 ? 0 : -1;
}

/* ---- tests ---- */

static void test_stages(void **state)
{
	struct acmems_cert long_one = {.not_before = 1000000, .not_after = 1000000 + 90 * DAY};
	struct acmems_cert short_one = {.not_before = 1000000, .not_after = 1000000 + 6 * DAY};
	int64_t end = long_one.not_after, week = 7 * DAY;

	(void)state;
	assert_int_equal(expiry_near_at(&long_one, week), end - week);
	assert_int_equal(expiry_near_at(&short_one, week), short_one.not_after - 2 * DAY);
	/* never looked before */
	assert_int_equal(expiry_stage(&long_one, week, 0, end - week - 1), EXPIRY_QUIET);
	assert_int_equal(expiry_stage(&long_one, week, 0, end - week), EXPIRY_NEAR);
	assert_int_equal(expiry_stage(&long_one, week, 0, end - 1), EXPIRY_NEAR);
	assert_int_equal(expiry_stage(&long_one, week, 0, end), EXPIRY_QUIET);
	/* looked before */
	assert_int_equal(expiry_stage(&long_one, week, end - week, end - 1), EXPIRY_QUIET);
	assert_int_equal(expiry_stage(&long_one, week, end - week - 1, end - 1), EXPIRY_NEAR);
	assert_int_equal(expiry_stage(&long_one, week, end - week - 1, end), EXPIRY_OVER);
	assert_int_equal(expiry_stage(&long_one, week, end - 1, end), EXPIRY_OVER);
	assert_int_equal(expiry_stage(&long_one, week, end, end + 1), EXPIRY_QUIET);
	assert_int_equal(expiry_days_left(end, end - week), 7);
	assert_int_equal(expiry_days_left(end, end - 1), 0);
	assert_int_equal(expiry_days_left(end, end + 5 * DAY), 0);
}

static void test_tells_twice(void **state)
{
	(void)state;
	keep("DNS:b.example,DNS:a.example", -60, 30);
	keep("DNS:fresh.example", 0, 300);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 0);
	assert_int_equal(told_in(22 * DAY_MS), 0);
	assert_int_equal(told_in(2 * DAY_MS), 1);
	assert_string_equal(told.names, "a.example, b.example");
	assert_string_equal(told.days, "6");
	assert_string_equal(told.date, "2026-06-27T20:26:40Z");
	assert_non_null(strstr(told.summary, "nobody renews it"));
	assert_int_equal(told_in(5 * DAY_MS), 0);
	assert_int_equal(told_in(2 * DAY_MS), 1);
	assert_string_equal(told.days, "0");
	assert_non_null(strstr(told.summary, "has ended"));
	assert_int_equal(told_in(60 * DAY_MS), 0);
}

static void test_restarts(void **state)
{
	(void)state;
	keep("DNS:near.example", -86, 4);
	keep("DNS:long-gone.example", -200, -110);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 1);
	restart();
	assert_int_equal(told_in(SOON_MS), 0);
	/* what happens meanwhile is not lost */
	expiry_close(&generation);
	virtual_pass(5 * DAY_MS);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 1);
	assert_string_equal(told.days, "0");
	restart();
	assert_int_equal(told_in(SOON_MS), 0);
}

static void test_other_threshold(void **state)
{
	(void)state;
	keep("DNS:a.example", -80, 10);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 0);
	storage_settings.warn_within = 20 * DAY_MS;
	restart();
	assert_int_equal(told_in(SOON_MS), 1);
	restart();
	assert_int_equal(told_in(SOON_MS), 0);
	storage_settings.warn_within = 0;
	paper.calls = 0;
	restart();
	assert_int_equal(told_in(20 * DAY_MS), 0);
	assert_int_equal(paper.calls, 0);
}

static void test_short_lives(void **state)
{
	(void)state;
	keep("DNS:six-days.example", 0, 6);
	expiry_open(&generation);
	assert_int_equal(told_in(39 * DAY_MS / 10), 0);
	assert_int_equal(told_in(DAY_MS / 2), 1);
	assert_string_equal(told.days, "1");
}

static void test_superseded(void **state)
{
	int later;

	(void)state;
	keep("DNS:a.example,DNS:b.example", -86, 4);
	keep("DNS:a.example", -86, 4);
	later = keep("DNS:B.example,DNS:a.example", -10, 80);
	keep("DNS:a.example", -87, 3);
	expiry_open(&generation);
	/* one of the two for the same name, and not the one that was renewed */
	assert_int_equal(told_in(SOON_MS), 1);
	assert_string_equal(told.names, "a.example");
	assert_string_equal(told.days, "3");
	/* what was quiet because of it becomes due by itself */
	lose(later);
	assert_int_equal(told_in(5 * DAY_MS), 2);
}

static void test_renewed(void **state)
{
	int at;

	(void)state;
	at = keep("DNS:a.example", -82, 8);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 0);
	lose(at);
	keep("DNS:a.example", 0, 90);
	assert_int_equal(told_in(60 * DAY_MS), 0);
}

static void test_garbage(void **state)
{
	(void)state;
	paper.chains[paper.count++] = strdup("no chain");
	paper.chains[paper.count++] = strdup("");
	keep("email:a@b.example", -86, 4);
	keep("DNS:a.example", -86, 4);
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 1);
	assert_string_equal(told.names, "a.example");
}

static void test_storage_in_trouble(void **state)
{
	(void)state;
	keep("DNS:a.example", -86, 4);
	paper.fails = true;
	expiry_open(&generation);
	assert_int_equal(told_in(SOON_MS), 0);
	assert_int_equal(paper.calls, 1);
	paper.fails = false;
	paper.stalls = true;
	assert_int_equal(told_in(DAY_MS / 4 + 60000), 0);
	assert_int_equal(paper.calls, 2);
	/* it comes back, and nothing was missed */
	paper.stalls = false;
	assert_int_equal(told_in(DAY_MS / 4 + 60000), 1);
}

static void test_next_generation(void **state)
{
	(void)state;
	keep("DNS:a.example", -86, 4);
	expiry_open(&other);
	virtual_pass(3000);
	/* in the midst of it */
	expiry_open(&generation);
	expiry_close(&other);
	assert_int_equal(told_in(SOON_MS), 1);
	expiry_close(&generation);
	paper.calls = 0;
	virtual_pass(DAY_MS);
	assert_int_equal(paper.calls, 0);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	keep("DNS:a.example", -86, 4);
	settings.notify_count = 0;
	expiry_open(&generation);
	virtual_pass(DAY_MS);
	assert_int_equal(paper.calls, 0);
	settings.notify_count = 1;
	storage.ops.storage.next = NULL;
	expiry_open(&generation);
	assert_int_equal(told_in(DAY_MS), 0);
}

static void test_pace(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		keep("DNS:fresh.example", 0, 300);
	expiry_open(&generation);
	virtual_pass(3000 + 10);
	/* others have their turn between two entries */
	assert_in_range(paper.calls, 1, 10);
	virtual_pass(1000);
	assert_int_equal(paper.calls, 21);
}

static void test_marks(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 1000), 0);
	assert_true(expiry_mark_write(temp_dir, "disk", 7, 1000, &err));
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 1000), 1000);
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 2000), 1000);
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 8, 2000), 0);
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 999), 0);
	assert_int_equal(expiry_mark_read(temp_dir, "disc", 7, 2000), 0);
	temp_file("expiring-disk", "");
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 2000), 0);
	temp_file("expiring-disk", "x 7\n");
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 2000), 0);
	temp_file("expiring-disk", "-5 7\n");
	assert_int_equal(expiry_mark_read(temp_dir, "disk", 7, 2000), 0);
	assert_false(expiry_mark_write("/nowhere/at/all", "disk", 7, 1000, &err));
}

#define timed(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages),
		timed(test_tells_twice),
		timed(test_restarts),
		timed(test_other_threshold),
		timed(test_short_lives),
		timed(test_superseded),
		timed(test_renewed),
		timed(test_garbage),
		timed(test_storage_in_trouble),
		timed(test_next_generation),
		timed(test_nobody_listens),
		timed(test_pace),
		timed(test_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
