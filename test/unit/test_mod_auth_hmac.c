/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/http.h>

#include "base/op_core.h"

static const char *fake_request_header(const struct acmems_http_request *request, const char *name);
#define acmems_http_request_header fake_request_header
#include "../../modules/auth/hmac.c"
#undef acmems_http_request_header

struct acmems_http_request {
	const char *authentication;
	const char *authorization;
};

static const char *fake_request_header(const struct acmems_http_request *request, const char *name)
{
	if (strcmp(name, "Authentication") == 0)
		return request->authentication;
	return strcmp(name, "Authorization") == 0 ? request->authorization : NULL;
}

/* HMAC-SHA256 of "what do ya want for nothing?" under "Jefe" (RFC 4231, test case 2) */
#define BODY "what do ya want for nothing?"
#define HASH "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
#define HASH_UPPER "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"

static struct acmems_error err;

static int setup(void **state)
{
	err = (struct acmems_error){0};
	return unit_loop_setup(state);
}

static int teardown(void **state)
{
	assert_int_equal(op_count(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

static void headers_in_every_form(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: not understood */
		const char *hash;
	} rows[] = {
		{"hmac name=sha256, hash=00ff", "sha256", "00ff"},
		{"hmac name=sha256,hash=00ff", "sha256", "00ff"},
		{"hmac name=sha256 hash=00ff", "sha256", "00ff"},
		{"hmac name=sha256 , hash=00ff", "sha256", "00ff"},
		{"HMAC\tNAME=SHA256,\tHASH=00FF", "SHA256", "00FF"},
		{"  hmac   hash=00ff,,name=sha2-256 ", "sha2-256", "00ff"},
		{"hmac name=\"sha256\", hash=\"00ff\"", "sha256", "00ff"},
		{"", NULL, NULL},
		{"hmac", NULL, NULL},
		{"hmac ", NULL, NULL},
		{"hmacname=sha256, hash=00ff", NULL, NULL},
		{"hma", NULL, NULL},
		{"basic name=sha256, hash=00ff", NULL, NULL},
		{"hmac name=sha256", NULL, NULL},
		{"hmac hash=00ff", NULL, NULL},
		{"hmac name=, hash=00ff", NULL, NULL},
		{"hmac name=sha256, hash=", NULL, NULL},
		{"hmac name = sha256, hash=00ff", NULL, NULL},
		{"hmac name=sha256, hash=00ff, hash=00ff", NULL, NULL},
		{"hmac name=sha256, name=sha256, hash=00ff", NULL, NULL},
		{"hmac name=sha256; hash=00ff", NULL, NULL},
		{"hmac name=sha256, hash=00ff, realm=x", NULL, NULL},
		{"hmac name=\"sha256, hash=00ff", NULL, NULL},
		{"hmac name=sha256\", hash=00ff", NULL, NULL},
		{"hmac name=\"\", hash=00ff", NULL, NULL},
		{"hmac name=sha256, hash=00\xff", NULL, NULL},
		{"hmac name", NULL, NULL},
		{"hmac =", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *parameters = after_scheme(rows[i].text);
		struct hmac_header header;

		if (!rows[i].name) {
			assert_false(parameters && parse_parameters(parameters, &header));
			continue;
		}
		assert_non_null(parameters);
		assert_true(parse_parameters(parameters, &header));
		assert_int_equal(header.name.len, strlen(rows[i].name));
		assert_memory_equal(header.name.start, rows[i].name, header.name.len);
		assert_int_equal(header.hash.len, strlen(rows[i].hash));
		assert_memory_equal(header.hash.start, rows[i].hash, header.hash.len);
	}
}

static void digests_by_every_name(void **state)
{
	static const struct {
		const char *name;
		const char *digest;
		bool same;
	} rows[] = {
		{"sha256", "sha256", true},
		{"SHA256", "sha256", true},
		{"sha2-256", "sha256", true},
		{"SHA2-512", "sha512", true},
		{"sha2-384", "sha384", true},
		{"sha2-224", "sha224", true},
		{"sha1", "sha1", true},
		{"sha2-1", "sha1", false},
		{"sha256", "sha512", false},
		{"sha2-256", "sha512", false},
		{"sha2-", "sha256", false},
		{"sha2", "sha256", false},
		{"sha3-256", "sha256", false},
		{"sha25", "sha256", false},
		{"sha2567", "sha256", false},
		{"md5", "sha256", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text name = {rows[i].name, strlen(rows[i].name)};

		assert_int_equal(names_digest(&name, rows[i].digest), rows[i].same);
	}
}

static bool possible(struct hmac *hmac, const char *authentication, const char *authorization)
{
	struct acmems_http_request http = {authentication, authorization};
	struct acmems_sign_request request = {.http = &http};

	err = (struct acmems_error){0};
	return hmac_possible(hmac, &request, &err);
}

static void possible_needs_the_header_and_our_digest(void **state)
{
	struct hmac hmac = {.key = (char *)"Jefe"};

	(void)state;
	assert_true(possible(&hmac, "hmac name=sha256, hash=00", NULL));
	assert_true(possible(&hmac, NULL, "hmac name=sha256, hash=00"));
	assert_true(possible(&hmac, "Basic x", "hmac name=sha256, hash=00"));
	assert_false(possible(&hmac, NULL, NULL));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_false(possible(&hmac, NULL, "Basic Zm9vOmJhcg=="));
	assert_false(possible(&hmac, "hmac name=sha512, hash=00", NULL));
	assert_non_null(strstr(err.message, "sha512"));
	assert_false(possible(&hmac, "hmac nonsense", "hmac name=sha256, hash=00"));
	assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
}

struct judge {
	struct hmac *hmac;
	struct acmems_sign_request request;
	int done;
	bool yes;
};

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct judge *judge = ctx;

	return hmac_judge(judge->hmac, op, &judge->request, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct judge *judge = arg;

	(void)data;
	(void)len;
	judge->done++;
	judge->yes = !error;
}

static bool judged(struct hmac *hmac, const char *header, const char *body)
{
	struct acmems_http_request http = {header, NULL};
	struct judge judge = {
		.hmac = hmac, .request = {.http = &http, .body = body, .body_len = strlen(body)}};
	struct op_spec spec = {.owner = "auth-hmac",
		.what = "check",
		.deadline_ms = 1000,
		.start = on_start,
		.ctx = &judge,
		.done = on_done,
		.arg = &judge};

	err = (struct acmems_error){0};
	if (!op_run(&spec, &err))
		return false;
	run_until(judge.done);
	return judge.yes;
}

static void only_the_right_hash_is_let_in(void **state)
{
	struct hmac hmac = {.key = (char *)"Jefe"};

	(void)state;
	assert_true(judged(&hmac, "hmac name=sha256, hash=" HASH, BODY));
	assert_true(judged(&hmac, "hmac name=SHA2-256, hash=" HASH_UPPER, BODY));
	assert_false(judged(&hmac, "hmac name=sha256, hash=" HASH, BODY "\n"));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_false(judged(&hmac, "hmac name=sha256, hash=" HASH "00", BODY));
	assert_false(judged(&hmac, "hmac name=sha256, hash=5bdc", BODY));
	assert_false(judged(&hmac, "hmac name=sha512, hash=" HASH, BODY));
	assert_false(judged(&hmac, NULL, BODY));
	hmac.key = (char *)"Jeff";
	assert_false(judged(&hmac, "hmac name=sha256, hash=" HASH, BODY));
	assert_null(strstr(err.message, "Jeff"));
}

static void write_file(const char *path, const char *text, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void key_and_key_file(void **state)
{
	char path[] = "/tmp/acmems-test-XXXXXX";
	struct hmac hmac = {.key_file = path, .self = {"hmac", "secret"}};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	write_file(path, "Jefe\r\n", 0600);
	assert_true(hmac_check(&hmac, &err));
	assert_true(judged(&hmac, "hmac name=sha256, hash=" HASH, BODY));
	hmac_release(&hmac);

	write_file(path, "Jefe", 0644);
	assert_false(hmac_check(&hmac, &err));
	assert_non_null(strstr(err.message, path));
	assert_null(strstr(err.message, "Jefe"));
	hmac_release(&hmac);

	write_file(path, "\n", 0600);
	assert_false(hmac_check(&hmac, &err));
	assert_non_null(strstr(err.message, "empty"));
	hmac_release(&hmac);

	unlink(path);
	assert_false(hmac_check(&hmac, &err));
	assert_non_null(strstr(err.message, "key-file"));
	hmac_release(&hmac);

	hmac.key = (char *)"both";
	assert_false(hmac_check(&hmac, &err));
	hmac = (struct hmac){0};
	assert_false(hmac_check(&hmac, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	hmac.key = (char *)"one";
	assert_true(hmac_check(&hmac, &err));
	hmac_release(&hmac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_in_every_form),
		cmocka_unit_test(digests_by_every_name),
		cmocka_unit_test(possible_needs_the_header_and_our_digest),
		cmocka_unit_test_setup_teardown(only_the_right_hash_is_let_in, setup, teardown),
		cmocka_unit_test_setup_teardown(key_and_key_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
