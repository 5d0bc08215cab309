/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log_target.h"
#include "base/op_core.h"

#include "../../modules/storage/file.c"

#define CSR "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
#define DAY 86400

static char root[64];
static char directory[64];
static struct file file;
static struct acmems_error err;
static unsigned warnings;
static char answer[8192];
static size_t answer_len;

static void on_log(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	(void)line;
	warnings += level <= ACMEMS_LOG_WARNING;
}

/* A self-signed chain of one, valid from and until so many seconds from now. */
static char *make_chain(long from, long until)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	X509_set_version(cert, 2);
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), until);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	PEM_write_bio_X509(bio, cert);
	len = BIO_get_mem_data(bio, &data);
	text = strndup(data, (size_t)len);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return text;
}

struct run {
	char what;
	struct acmems_entry entry;
	int done;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct run *run = ctx;

	switch (run->what) {
	case 's':
		return file_start(&file, op, error);
	case 'g':
		return file_get(&file, op, &run->entry, error);
	case 'p':
		return file_put(&file, op, &run->entry, error);
	case 'r':
		return file_remove(&file, op, &run->entry, error);
	case 'n':
		return file_next(&file, op, &run->entry, error);
	}
	return file_list(&file, op, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct run *run = arg;

	run->done = error ? 100 : 1;
	if (error)
		err = *error;
	assert_true(len < sizeof(answer));
	if (len > 0)
		memcpy(answer, data, len);
	answer[len] = '\0';
	answer_len = len;
}

static uint64_t begin(struct run *run)
{
	struct op_spec spec = {.owner = "storage-file",
		.what = "get",
		.deadline_ms = 10000,
		.start = on_start,
		.ctx = run,
		.done = on_done,
		.arg = run};

	err = (struct acmems_error){0};
	return op_run(&spec, &err);
}

static bool run(char what, const char *csr, const char *chain)
{
	struct run run = {.what = what,
		.entry = {csr, csr ? strlen(csr) : 0, chain, chain ? strlen(chain) : 0}};

	if (!begin(&run))
		return false;
	run_until(run.done);
	return run.done == 1;
}

/* Whether get finds exactly this; NULL: nothing. */
static bool finds(const char *csr, const char *chain)
{
	assert_true(run('g', csr, NULL));
	return chain ? strcmp(answer, chain) == 0 : answer_len == 0;
}

static int remove_any(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	(void)info;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void open_storage(int64_t renew_within_days)
{
	file = (struct file){.self = {"file", "main"},
		.directory = directory,
		.renew_within = renew_within_days * DAY_MS};
	assert_true(run('s', NULL, NULL));
}

static int setup(void **state)
{
	snprintf(root, sizeof(root), "%s/acmems-test-XXXXXX", unit_tmp());
	if (!mkdtemp(root) || unit_loop_setup(state) != 0)
		return -1;
	snprintf(directory, sizeof(directory), "%s/new/storage", root);
	open_storage(14);
	warnings = 0;
	return 0;
}

static int teardown(void **state)
{
	file_release(&file);
	nftw(root, remove_any, 8, FTW_DEPTH | FTW_PHYS);
	assert_int_equal(op_count(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

/* The path of a file of the entry, made with the digest that others would make it with. */
static const char *path_of(const char *csr, const char *name)
{
	static char path[512];
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[97];

	EVP_Digest(csr, strlen(csr), digest, NULL, EVP_sha384(), NULL);
	for (int i = 0; i < 48; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	snprintf(path, sizeof(path), "%s/%.2s/%s/%s", directory, hex, hex + 2, name);
	return path;
}

static void put_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
	fclose(out);
}

static bool has(const char *path, const char *text)
{
	char have[8192];
	FILE *in = fopen(path, "r");
	size_t len;

	if (!in)
		return false;
	len = fread(have, 1, sizeof(have) - 1, in);
	have[len] = '\0';
	fclose(in);
	return strcmp(have, text) == 0;
}

static void what_was_put_is_found(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY), *next = make_chain(-DAY, 91 * DAY);
	struct stat info;

	(void)state;
	assert_true(finds(CSR, NULL));
	assert_true(run('p', CSR, chain));
	assert_true(has(path_of(CSR, "csr.pem"), CSR));
	assert_true(has(path_of(CSR, "cert.pem"), chain));
	assert_int_equal(stat(path_of(CSR, "cert.pem"), &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_true(finds(CSR, chain));
	assert_true(finds(CSR, chain));
	assert_true(finds(CSR " ", NULL));
	assert_true(run('p', CSR, next));
	assert_true(finds(CSR, next));
	assert_int_equal(warnings, 0);
	free(chain);
	free(next);
}

static void an_entry_of_somebody_else_is_found(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY);

	(void)state;
	assert_true(run('p', CSR, "x"));
	unlink(path_of(CSR, "csr.pem"));
	assert_true(finds(CSR, NULL));
	assert_int_equal(warnings, 0);
	put_file(path_of(CSR, "csr.pem"), CSR);
	put_file(path_of(CSR, "cert.pem"), chain);
	assert_true(finds(CSR, chain));
	free(chain);
}

/* As if it had been looked at some time ago. */
static void look_again(void)
{
	struct kept *kept;

	TAILQ_FOREACH(kept, &file.memory.used, link)
	{
		kept->seen_ms--;
	}
}

static void a_changed_or_removed_file_is_noticed(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY), *other = make_chain(-DAY, 80 * DAY);

	(void)state;
	assert_true(run('p', CSR, chain));
	assert_true(finds(CSR, chain));
	unlink(path_of(CSR, "cert.pem"));
	put_file(path_of(CSR, "cert.pem"), other);
	look_again();
	assert_true(finds(CSR, other));
	unlink(path_of(CSR, "cert.pem"));
	look_again();
	assert_true(finds(CSR, NULL));
	assert_int_equal(warnings, 0);
	free(chain);
	free(other);
}

static void freshness(void **state)
{
	static const struct {
		long from, until; /* days from now */
		int64_t renew_within;
		bool fresh;
	} rows[] = {
		{-1, 89, 14, true},
		{-70, 20, 14, true},
		{-80, 10, 14, false},
		{-100, -10, 14, false},
		{-100, -10, 0, false},
		{-89, 1, 0, true},
		{-44, 46, 3000, true},
		{-46, 44, 3000, false},
		{-2, 4, 14, true},
		{-4, 2, 14, false},
		{-6, -1, 14, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *chain = make_chain(rows[i].from * DAY, rows[i].until * DAY);

		file_release(&file);
		open_storage(rows[i].renew_within);
		assert_true(run('p', CSR, chain));
		assert_true(finds(CSR, rows[i].fresh ? chain : NULL));
		assert_true(finds(CSR, rows[i].fresh ? chain : NULL));
		free(chain);
	}
}

static void what_is_broken_counts_as_absent(void **state)
{
	static const char *const broken[] = {
		"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};
	char *chain = make_chain(-DAY, 90 * DAY);

	(void)state;
	assert_true(run('p', CSR, chain));
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		put_file(path_of(CSR, "cert.pem"), broken[i]);
		look_again();
		assert_true(finds(CSR, NULL));
		assert_int_equal(warnings, i + 1);
	}
	assert_true(run('p', CSR, chain));
	assert_true(finds(CSR, chain));

	put_file(path_of(CSR, "csr.pem"), CSR "x");
	unlink(path_of(CSR, "cert.pem"));
	put_file(path_of(CSR, "cert.pem"), chain);
	look_again();
	assert_true(finds(CSR, NULL));
	assert_true(run('p', CSR, chain));
	assert_true(has(path_of(CSR, "csr.pem"), CSR));

	unlink(path_of(CSR, "cert.pem"));
	assert_int_equal(mkdir(path_of(CSR, "cert.pem"), 0700), 0);
	look_again();
	assert_true(finds(CSR, NULL));
	assert_false(run('p', CSR, chain));
	assert_int_equal(err.code, ACMEMS_SYSTEM);
	free(chain);
}

static void remove_takes_files_and_folders(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY);

	(void)state;
	assert_true(run('r', CSR, NULL));
	assert_true(run('p', CSR, chain));
	assert_true(finds(CSR, chain));
	assert_true(run('r', CSR, NULL));
	assert_true(finds(CSR, NULL));
	assert_int_not_equal(access(path_of(CSR, ""), F_OK), 0);
	assert_int_equal(rmdir(directory), 0);
	free(chain);
}

static void list_gives_every_csr(void **state)
{
	char csr[32];
	char stray[300];

	(void)state;
	assert_true(run('l', NULL, NULL));
	assert_int_equal(answer_len, 0);
	for (int i = 0; i < 50; i++) {
		snprintf(csr, sizeof(csr), "csr %d%s", i, i % 2 ? "\n" : "");
		assert_true(run('p', csr, "x"));
	}
	unlink(path_of("csr 0", "cert.pem"));
	snprintf(stray, sizeof(stray), "%s/stray", directory);
	put_file(stray, "x");
	assert_true(run('l', NULL, NULL));
	assert_null(strstr(answer, "csr 0\n"));
	for (int i = 1; i < 50; i++) {
		snprintf(csr, sizeof(csr), "csr %d\n", i);
		assert_non_null(strstr(answer, csr));
	}
}

static void list_can_be_cancelled(void **state)
{
	struct run run_list = {.what = 'l'};
	uint64_t op = begin(&run_list);

	(void)state;
	assert_int_not_equal(op, 0);
	loop_run_once(20);
	op_cancel(op);
	run_due();
	assert_int_equal(run_list.done, 0);
}

static void next_meets_every_entry(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY);
	char stray[300], csr[32], at[32] = "";
	unsigned met = 0, seen[50] = {0};

	(void)state;
	assert_true(run('n', NULL, NULL));
	assert_int_equal(answer_len, 0);
	for (int i = 0; i < 50; i++) {
		snprintf(csr, sizeof(csr), "csr %d", i);
		assert_true(run('p', csr, chain));
	}
	unlink(path_of("csr 0", "cert.pem"));
	/* of use to nobody, and in nobody's way */
	put_file(path_of("csr 1", "csr.pem"), "csr 2");
	snprintf(stray, sizeof(stray), "%s/stray", directory);
	put_file(stray, "x");
	for (;;) {
		assert_true(run('n', *at ? at : NULL, NULL));
		if (answer_len == 0)
			break;
		assert_true(strlen(answer) < sizeof(at));
		memcpy(at, answer, strlen(answer) + 1);
		assert_int_equal(answer_len, strlen(at) + 1 + strlen(chain));
		assert_string_equal(answer + strlen(at) + 1, chain);
		seen[atoi(at + 4)]++;
		met++;
		/* who is removed is still somewhere to go on from */
		if (met == 10)
			assert_true(run('r', at, NULL));
	}
	assert_int_equal(met, 48);
	assert_int_equal(seen[0] + seen[1], 0);
	assert_int_equal(HASH_COUNT(file.memory.table), 0);
	assert_int_equal(warnings, 0);
	free(chain);
}

static void next_can_be_cancelled(void **state)
{
	struct run run_next = {.what = 'n'};
	uint64_t op = begin(&run_next);

	(void)state;
	assert_int_not_equal(op, 0);
	op_cancel(op);
	run_due();
	assert_int_equal(run_next.done, 0);
}

static void memory_is_bounded(void **state)
{
	char *chain = make_chain(-DAY, 90 * DAY);
	char csr[32];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(csr, sizeof(csr), "csr %d", i);
		assert_true(run('p', csr, chain));
		assert_true(finds(csr, chain));
	}
	assert_int_equal(HASH_COUNT(file.memory.table), 256);
	assert_true(finds("csr 0", chain));
	assert_true(finds("csr 299", chain));
	assert_int_equal(HASH_COUNT(file.memory.table), 256);
	free(chain);
}

static void a_directory_that_is_none_is_named(void **state)
{
	char blocked[128];

	(void)state;
	snprintf(blocked, sizeof(blocked), "%s/blocked", root);
	put_file(blocked, "a file");
	file.directory = blocked;
	assert_false(run('s', NULL, NULL));
	assert_non_null(strstr(err.message, blocked));
}

#define with_storage(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_storage(what_was_put_is_found),
		with_storage(an_entry_of_somebody_else_is_found),
		with_storage(a_changed_or_removed_file_is_noticed),
		with_storage(freshness),
		with_storage(what_is_broken_counts_as_absent),
		with_storage(remove_takes_files_and_folders),
		with_storage(list_gives_every_csr),
		with_storage(list_can_be_cancelled),
		with_storage(next_meets_every_entry),
		with_storage(next_can_be_cancelled),
		with_storage(memory_is_bounded),
		with_storage(a_directory_that_is_none_is_named),
	};

	log_tap(on_log, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
