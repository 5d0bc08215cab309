/* SPDX-License-Identifier: ISC */
#include "temp_dir.h"
#include "unit.h"

#include <acmems/http.h>

#include "base/log_target.h"
#include "base/op_core.h"

static const char *fake_request_header(const struct acmems_http_request *request, const char *name);
#define acmems_http_request_header fake_request_header
#include "../../modules/auth/token.c"
#undef acmems_http_request_header

struct acmems_http_request {
	const char *authorization;
};

static const char *fake_request_header(const struct acmems_http_request *request, const char *name)
{
	return strcmp(name, "Authorization") == 0 ? request->authorization : NULL;
}

/* SHA-256 of the empty text (FIPS 180-4), as something that is a digest */
#define NOBODY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WEB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DAV "Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6-._~+/=="

static struct acmems_error err;
static char hexes[4][2 * TOKEN_DIGEST_LEN + 1];
static char said[512];

/* Of the text; valid until the fourth next call. */
static const char *hash(const char *text)
{
	static unsigned next;
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char *out = hexes[next++ % 4];

	assert_int_equal(acmems_digest("sha256", text, strlen(text), digest), TOKEN_DIGEST_LEN);
	acmems_hex(digest, TOKEN_DIGEST_LEN, out);
	return out;
}

static void on_log(void *arg, enum acmems_log_level level, const char *line)
{
	(void)arg;
	(void)level;
	assert_null(strstr(line, WEB));
	assert_null(strstr(line, DAV));
	snprintf(said, sizeof(said), "%s", line);
}

static int setup(void **state)
{
	err = (struct acmems_error){0};
	said[0] = '\0';
	log_tap(on_log, NULL);
	return unit_loop_setup(state) == 0 ? temp_dir_setup(state) : -1;
}

static int teardown(void **state)
{
	assert_int_equal(op_count(), 0);
	op_fini();
	temp_dir_teardown(state);
	return unit_loop_teardown(state);
}

/* ---- lists ---- */

static bool reads(const char *line, struct token_entry *entry)
{
	err = (struct acmems_error){0};
	if (token_entry_read(entry, line, strlen(line), &err))
		return true;
	if (err.code != ACMEMS_NO_MEMORY)
		assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_null(strstr(err.message, NOBODY));
	return false;
}

static void lines_of_every_form(void **state)
{
	static const struct {
		const char *line;
		int64_t expires;
		size_t domains;
	} rows[] = {
		{"web1 " NOBODY, INT64_MAX, 0},
		{"  web1\t" NOBODY "  -\r", INT64_MAX, 0},
		{"w.e_b-1 " NOBODY " 2027-01-31T12:00:00Z", 1801396800, 0},
		{"web1 " NOBODY " 2027-01-31t13:00:00.125+01:00 *", 1801396800, 1},
		{"web1 " NOBODY " 2027-01-31T07:30:00-04:30", 1801396800, 0},
		{"web1 " NOBODY " 2028-02-29T00:00:00z", 1835395200, 0},
		{"web1 " NOBODY " 2016-12-31T23:59:60Z", 1483228800, 0},
		{"web1 " NOBODY " - www.example.org   *.t?.example.org\tX.y", INT64_MAX, 3},
	};
	struct token_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(reads(rows[i].line, &entry));
		assert_true(entry.expires == rows[i].expires);
		assert_int_equal(entry.domain_count, rows[i].domains);
		assert_int_equal(entry.digest[0], 0xe3);
		token_entry_fini(&entry);
	}
}

static void lines_that_are_none(void **state)
{
	static const struct {
		const char *line;
		const char *why;
	} rows[] = {
		{"", "name"},
		{"web1", "64 hex digits"},
		{"web/1 " NOBODY, "name"},
		{"aaaaaaaaaabbbbbbbbbbccccccccccdd " NOBODY, "name"},
		{NOBODY, "name"},
		{"web1 " NOBODY "00", "64 hex digits"},
		{"web1 s3cret", "64 hex digits"},
		{"web1 " NOBODY " www.example.org", "a date like"},
		{"web1 " NOBODY " 2027-01-31", "a date like"},
		{"web1 " NOBODY " 2027-01-31T12:00Z", "a date like"},
		{"web1 " NOBODY " 2027-01-31T12:00:00", "a date like"},
		{"web1 " NOBODY " 2027-02-29T12:00:00Z", "a date like"},
		{"web1 " NOBODY " 2100-02-29T12:00:00Z", "a date like"},
		{"web1 " NOBODY " 2027-13-01T12:00:00Z", "a date like"},
		{"web1 " NOBODY " 2027-01-31T24:00:00Z", "a date like"},
		{"web1 " NOBODY " 2027-01-31T12:00:00.Z", "a date like"},
		{"web1 " NOBODY " 2027-01-31T12:00:00+1:00", "a date like"},
		{"web1 " NOBODY " 2027-01-31T12:00:00ZZ", "a date like"},
		{"web1 " NOBODY " 1969-12-31T12:00:00Z", "a date like"},
		{"web1 " NOBODY " - www[12].example.org", "sets"},
		{"web1 " NOBODY " - www.example.org,x", "character"},
	};
	static char endless[20000];
	struct token_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(reads(rows[i].line, &entry));
		assert_non_null(strstr(err.message, rows[i].why));
	}
	memset(endless, 'a', sizeof(endless) - 1);
	assert_false(reads(endless, &entry));
	assert_non_null(strstr(err.message, "more than"));
}

static void texts_are_lists(void **state)
{
	struct token_list list = {0};
	unsigned char digest[TOKEN_DIGEST_LEN] = {0};

	(void)state;
	assert_true(token_list_add_text(&list, "", &err));
	assert_true(token_list_add_text(&list, "# comment\n\n \t\r\n  # more", &err));
	assert_int_equal(list.count, 0);
	assert_true(token_list_check(&list, &err));
	assert_null(token_list_find(&list, digest));
	for (int i = 0; i < 40; i++) {
		char line[128];

		digest[0] = (unsigned char)i;
		snprintf(line, sizeof(line), "%d ", i);
		acmems_hex(digest, TOKEN_DIGEST_LEN, line + strlen(line));
		assert_true(token_list_add_text(&list, line, &err));
	}
	assert_true(token_list_check(&list, &err));
	digest[0] = 17;
	assert_string_equal(token_list_find(&list, digest)->name, "17");
	digest[0] = 40;
	assert_null(token_list_find(&list, digest));
	token_list_fini(&list);

	assert_false(token_list_add_text(&list, "# one\nweb1 " NOBODY "\n\nweb2 x\n", &err));
	assert_non_null(strstr(err.message, "line 4"));
	token_list_fini(&list);
	assert_true(token_list_add_text(&list, "a " NOBODY "\nb " NOBODY, &err));
	assert_false(token_list_check(&list, &err));
	assert_non_null(strstr(err.message, "same digest"));
	token_list_fini(&list);
	assert_true(token_list_add_text(&list, "a " NOBODY "\na 00", &err) == false);
	token_list_fini(&list);
}

static void names_are_there_once(void **state)
{
	struct token_list list = {0};
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "a %s\na " NOBODY "\n", hash(WEB));
	assert_true(token_list_add_text(&list, text, &err));
	assert_false(token_list_check(&list, &err));
	assert_non_null(strstr(err.message, "two tokens"));
	token_list_fini(&list);
}

/* ---- requests ---- */

static bool possible(struct token *token, const char *header)
{
	struct acmems_http_request http = {header};
	struct acmems_sign_request request = {.http = &http};

	err = (struct acmems_error){0};
	return token_possible(token, &request, &err);
}

struct judge {
	struct token *token;
	struct acmems_sign_request request;
	int done;
};

static bool on_judge(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct judge *judge = ctx;

	return token_judge(judge->token, op, &judge->request, error);
}

static bool on_start(void *ctx, uint64_t op, struct acmems_error *error)
{
	struct judge *judge = ctx;

	return token_start(judge->token, op, error);
}

static void on_done(void *arg, const struct acmems_error *error, const void *data, size_t len)
{
	struct judge *judge = arg;

	(void)data;
	(void)len;
	assert_null(error);
	judge->done++;
}

static bool run(struct judge *judge, op_start_fn *start)
{
	struct op_spec spec = {.owner = "auth-token",
		.what = "check",
		.deadline_ms = 1000,
		.start = start,
		.ctx = judge,
		.done = on_done,
		.arg = judge};

	err = (struct acmems_error){0};
	if (!op_run(&spec, &err))
		return false;
	run_until(judge->done);
	return true;
}

static bool judged(struct token *token, const char *header, const char *one, const char *other)
{
	struct acmems_http_request http = {header};
	struct acmems_name names[] = {{.kind = ACMEMS_NAME_DNS, .text = (char *)one},
		{.kind = ACMEMS_NAME_DNS, .text = (char *)other}};
	struct acmems_csr csr = {.names = names, .name_count = other ? 2 : 1};
	struct judge judge = {.token = token,
		.request = {.http = &http,
			.csr = &csr,
			.peer = {.family = ACMEMS_IPV4, .bytes = {192, 0, 2, 7}}}};

	return run(&judge, on_judge);
}

/* Every entry is of a kind of its own. The caller releases it. */
static struct token make(void)
{
	static char lines[4][256];
	static char *items[] = {lines[0], lines[1], lines[2], lines[3], NULL};
	struct token token = {.self = {"token", "web"}, .tokens = {items, 4, true}};

	snprintf(lines[0], sizeof(lines[0]), "web %s - www.example.org *.w.example.org", hash(WEB));
	snprintf(lines[1], sizeof(lines[1]), "dav %s 2999-12-31T23:59:59Z", hash(DAV));
	snprintf(lines[2], sizeof(lines[2]), "old %s 2026-01-01T00:00:00Z", hash("old-" WEB));
	snprintf(lines[3], sizeof(lines[3]), "line %s", hash("line-" WEB "\n"));
	return token;
}

static void headers_of_every_form(void **state)
{
	static const struct {
		const char *header;
		enum acmems_code code;
		const char *why;
	} rows[] = {
		{"Bearer " WEB, ACMEMS_OK, ""},
		{"bearer   " WEB, ACMEMS_OK, ""},
		{"BEARER " DAV, ACMEMS_OK, ""},
		{NULL, ACMEMS_REFUSED, "no Authorization header"},
		{"", ACMEMS_REFUSED, "no Authorization header"},
		{"Basic Zm9vOmJhcg==", ACMEMS_REFUSED, "no Authorization header"},
		{"Bearers " WEB, ACMEMS_REFUSED, "no Authorization header"},
		{"hmac name=sha256, hash=00", ACMEMS_REFUSED, "no Authorization header"},
		{"Bearer", ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer ", ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer " WEB " ", ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer " WEB "," WEB, ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer \"" WEB "\"", ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer token=" WEB, ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer ====" WEB, ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer =", ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer \xff" WEB, ACMEMS_BAD_REQUEST, "Bearer TOKEN"},
		{"Bearer s3cret", ACMEMS_REFUSED, "has 6 characters"},
		{"Bearer " WEB "0", ACMEMS_REFUSED, "unknown token"},
		{"Bearer " NOBODY, ACMEMS_REFUSED, "unknown token"},
		{"Bearer old-" WEB, ACMEMS_REFUSED, "\"old\" expired 2026-01-01T00:00:00Z"},
		{"Bearer line-" WEB, ACMEMS_REFUSED, "\"line\" is that of it and a line end"},
	};
	struct token token = make();
	static char header[TOKEN_MAX + 16];

	(void)state;
	assert_true(token_check(&token, &err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(possible(&token, rows[i].header), rows[i].code == ACMEMS_OK);
		assert_int_equal(err.code, rows[i].code);
		assert_non_null(strstr(err.message, rows[i].why));
		assert_null(strstr(err.message, WEB));
	}
	/* what is written down is the token itself */
	snprintf(header, sizeof(header), "Bearer %s", hash(WEB));
	assert_false(possible(&token, header));
	assert_non_null(strstr(err.message, "what stands at \"web\""));
	memset(header, 'a', sizeof(header) - 1);
	memcpy(header, "Bearer ", 7);
	assert_false(possible(&token, header));
	assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
	header[7 + TOKEN_MAX] = '\0';
	assert_false(possible(&token, header));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	token_release(&token);
}

static void tokens_are_for_their_names(void **state)
{
	struct token token = make();

	(void)state;
	assert_true(token_check(&token, &err));
	assert_true(judged(&token, "Bearer " WEB, "www.example.org", NULL));
	assert_non_null(strstr(said, "192.0.2.7"));
	assert_non_null(strstr(said, "\"web\""));
	assert_true(judged(&token, "Bearer " WEB, "a.w.example.org", "www.example.org"));
	assert_false(judged(&token, "Bearer " WEB, "www.example.org", "mail.example.org"));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_string_equal(err.message, "token \"web\" is not for \"mail.example.org\"");
	assert_true(judged(&token, "Bearer " DAV, "anything.example", NULL));
	assert_false(judged(&token, "Bearer old-" WEB, "www.example.org", NULL));
	assert_false(judged(&token, NULL, "www.example.org", NULL));
	token_release(&token);
}

/* ---- files ---- */

static void write_tokens(const char *text, unsigned mode)
{
	assert_int_equal(chmod(temp_file("tokens", text), mode), 0);
}

static void files_are_checked(void **state)
{
	struct token token = {.self = {"token", "web"}};
	char path[128], text[256];

	(void)state;
	assert_false(token_check(&token, &err));
	assert_string_equal(err.message, "write tokens-file or tokens");
	snprintf(path, sizeof(path), "%s", temp_path("tokens"));
	token.tokens_file = path;
	assert_false(token_check(&token, &err));
	assert_non_null(strstr(err.message, path));
	write_tokens("web " NOBODY "\n# one\nweb2 x\n", 0600);
	assert_false(token_check(&token, &err));
	assert_non_null(strstr(err.message, "line 3: "));
	write_tokens("web " NOBODY "\n", 0644);
	assert_false(token_check(&token, &err));
	assert_non_null(strstr(err.message, "0644"));
	write_tokens("# nobody\n", 0640);
	assert_true(token_check(&token, &err));
	assert_int_equal(token.list.count, 0);
	token_release(&token);

	/* a name in both */
	token = make();
	token.tokens_file = path;
	snprintf(text, sizeof(text), "web " NOBODY "\n");
	write_tokens(text, 0600);
	assert_false(token_check(&token, &err));
	assert_non_null(strstr(err.message, "two tokens"));
	token_release(&token);
}

static void changed_files_are_read_when_they_stay(void **state)
{
	struct token token = {.self = {"token", "web"}};
	struct judge judge = {.token = &token};
	char path[128], text[256];

	(void)state;
	snprintf(path, sizeof(path), "%s", temp_path("tokens"));
	token.tokens_file = path;
	write_tokens("web " NOBODY "\n", 0600);
	assert_true(token_check(&token, &err));
	assert_true(run(&judge, on_start));
	assert_true(acmems_timer_running(token.timer));
	on_look(&token);
	on_look(&token);
	assert_string_equal(said, "");

	snprintf(text, sizeof(text), "web %s\n", hash(WEB));
	write_tokens(text, 0600);
	on_look(&token);
	assert_false(possible(&token, "Bearer " WEB));
	on_look(&token);
	assert_true(possible(&token, "Bearer " WEB));
	assert_non_null(strstr(said, "1 tokens now"));

	/* said once, and the old ones stay */
	write_tokens("web nonsense\n", 0600);
	on_look(&token);
	on_look(&token);
	assert_non_null(strstr(said, "line 1"));
	assert_true(possible(&token, "Bearer " WEB));
	said[0] = '\0';
	on_look(&token);
	assert_string_equal(said, "");

	write_tokens("# nobody\n", 0600);
	on_look(&token);
	on_look(&token);
	assert_false(possible(&token, "Bearer " WEB));
	token_release(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_of_every_form, setup, teardown),
		cmocka_unit_test_setup_teardown(lines_that_are_none, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_are_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(names_are_there_once, setup, teardown),
		cmocka_unit_test_setup_teardown(headers_of_every_form, setup, teardown),
		cmocka_unit_test_setup_teardown(tokens_are_for_their_names, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(
			changed_files_are_read_when_they_stay, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
