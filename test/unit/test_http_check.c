/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "net/http_check.h"

#define MAX_ROW_HEADERS 6

struct row {
	const char *what;
	int status;
	const char *method;
	const char *target;
	int minor;
	size_t body_len;
	struct acmems_http_header headers[MAX_ROW_HEADERS];
	const char *path; /* expected; NULL: not looked at */
};

#define HOST                                                                                       \
	{                                                                                          \
		"Host", "acmems:1313"                                                              \
	}

static const struct row rows[] = {
	{"plain", 0, "GET", "/", 1, 0, {HOST}, "/"},
	{"post", 0, "POST", "/sign", 1, 3, {HOST, {"Content-Length", "3"}}, "/sign"},
	{"post of nothing", 0, "POST", "/sign", 1, 0, {HOST, {"Content-Length", "0"}}, "/sign"},
	{"1.0 without Host", 0, "GET", "/", 0, 0, {{0}}, "/"},
	{"query is cut", 0, "GET", "/a?b=/c?d", 1, 0, {HOST}, "/a"},
	{"escapes stay", 0, "GET", "/a%2Fb", 1, 0, {HOST}, "/a%2Fb"},
	{"empty Host", 0, "GET", "/", 1, 0, {{"Host", ""}}, "/"},
	{"IPv6 Host", 0, "GET", "/", 1, 0, {{"Host", "[::1]:80"}}, "/"},
	{"Latin-1 in a value", 0, "GET", "/", 1, 0, {HOST, {"X", "\xe4"}}, "/"},
	{"unknown twice", 0, "GET", "/", 1, 0, {HOST, {"X", "1"}, {"X", "2"}}, "/"},
	{"tab in a value", 0, "GET", "/", 1, 0, {HOST, {"X", "a\tb"}}, "/"},
	{"own absolute form", 0, "GET", "http://ACMEMS:1313/x?y", 1, 0, {HOST}, "/x"},
	{"absolute form without path", 0, "GET", "http://acmems:1313", 1, 0, {HOST}, "/"},

	/* E2, E9 */
	{"chunked", 411, "POST", "/", 1, 0, {HOST, {"Transfer-Encoding", "chunked"}}, NULL},
	{"gzip", 411, "POST", "/", 1, 0, {HOST, {"transfer-encoding", "gzip"}}, NULL},
	{"chunked GET", 411, "GET", "/", 1, 0, {HOST, {"Transfer-Encoding", "chunked"}}, NULL},
	{"both", 411, "POST", "/", 1, 3,
		{HOST, {"Content-Length", "3"}, {"Transfer-Encoding", "chunked"}}, NULL},
	{"no length", 411, "POST", "/", 1, 0, {HOST}, NULL},
	{"no length, PUT", 411, "PUT", "/", 1, 0, {HOST}, NULL},
	{"no length, PATCH", 411, "PATCH", "/", 1, 0, {HOST}, NULL},

	/* E7 */
	{"two lengths", 400, "POST", "/", 1, 3,
		{HOST, {"Content-Length", "3"}, {"Content-Length", "4"}}, NULL},
	{"two equal lengths", 400, "POST", "/", 1, 3,
		{HOST, {"Content-Length", "3"}, {"content-LENGTH", "3"}}, NULL},
	{"list of lengths", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "3, 3"}}, NULL},

	/* E8 */
	{"plus", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "+3"}}, NULL},
	{"minus", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "-3"}}, NULL},
	{"hexadecimal", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "0x3"}}, NULL},
	{"blank", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "3 "}}, NULL},
	{"no digits", 400, "POST", "/", 1, 0, {HOST, {"Content-Length", ""}}, NULL},
	{"overflow", 400, "POST", "/", 1, 3, {HOST, {"Content-Length", "18446744073709551619"}},
		NULL},
	{"blank before the colon", 400, "POST", "/", 1, 0, {HOST, {"Content-Length ", "3"}}, NULL},
	{"blank in a name", 400, "GET", "/", 1, 0, {HOST, {"a b", "3"}}, NULL},
	{"empty name", 400, "GET", "/", 1, 0, {HOST, {"", "3"}}, NULL},
	{"odd name", 400, "GET", "/", 1, 0, {HOST, {"a(b)", "3"}}, NULL},
	{"Latin-1 in a name", 400, "GET", "/", 1, 0, {HOST, {"\xe4", "3"}}, NULL},
	{"line end in a value", 400, "GET", "/", 1, 0, {HOST, {"X", "a\r\nb: c"}}, NULL},
	{"DEL in a value", 400, "GET", "/", 1, 0, {HOST, {"X", "a\x7f"}}, NULL},
	{"no Host", 400, "GET", "/", 1, 0, {{0}}, NULL},
	{"two Hosts", 400, "GET", "/", 1, 0, {HOST, HOST}, NULL},
	{"two Hosts in 1.0", 400, "GET", "/", 0, 0, {HOST, HOST}, NULL},
	{"user in Host", 400, "GET", "/", 1, 0, {{"Host", "a@b"}}, NULL},
	{"path in Host", 400, "GET", "/", 1, 0, {{"Host", "a/b"}}, NULL},
	{"list of Hosts", 400, "GET", "/", 1, 0, {{"Host", "a b"}}, NULL},
	{"foreign absolute form", 400, "GET", "http://other/", 1, 0, {HOST}, NULL},
	{"longer absolute form", 400, "GET", "http://acmems:13131/", 1, 0, {HOST}, NULL},
	{"absolute form without Host", 400, "GET", "http://a/", 0, 0, {{0}}, NULL},
	{"https absolute form", 400, "GET", "https://acmems:1313/", 1, 0, {HOST}, NULL},
	{"HTTP/1.9", 400, "GET", "/", 9, 0, {HOST}, NULL},
	{"negative version", 400, "GET", "/", -1, 0, {HOST}, NULL},

	/* two secrets, two opinions */
	{"two Authentications", 400, "GET", "/", 1, 0,
		{HOST, {"Authentication", "a"}, {"Authentication", "b"}}, NULL},
	{"two Authorizations", 400, "GET", "/", 1, 0,
		{HOST, {"Authorization", "a"}, {"Authorization", "b"}}, NULL},

	/* what was not read would be the next request */
	{"unread body", 400, "GET", "/", 1, 0, {HOST, {"Content-Length", "20"}}, NULL},
	{"short body", 400, "POST", "/", 1, 2, {HOST, {"Content-Length", "3"}}, NULL},
	{"body without length", 400, "GET", "/", 1, 2, {HOST}, NULL},

	{"empty target", 400, "GET", "", 1, 0, {HOST}, NULL},
	{"asterisk", 400, "OPTIONS", "*", 1, 0, {HOST}, NULL},
	{"authority", 400, "CONNECT", "a:80", 1, 0, {HOST}, NULL},
	{"relative", 400, "GET", "sign", 1, 0, {HOST}, NULL},
	{"control character", 400, "GET", "/a\x01", 1, 0, {HOST}, NULL},
	{"blank in target", 400, "GET", "/a b", 1, 0, {HOST}, NULL},
	{"not ASCII", 400, "GET", "/\xc3\xa4", 1, 0, {HOST}, NULL},
	{"fragment", 400, "GET", "/a#b", 1, 0, {HOST}, NULL},
	{"cut escape", 400, "GET", "/a%2", 1, 0, {HOST}, NULL},
	{"bare percent", 400, "GET", "/a%", 1, 0, {HOST}, NULL},
	{"odd escape", 400, "GET", "/a%zz", 1, 0, {HOST}, NULL},
	{"escaped NUL", 400, "GET", "/a%00", 1, 0, {HOST}, NULL},
	{"escaped line end", 400, "GET", "/a%0a", 1, 0, {HOST}, NULL},
	{"no method", 400, "", "/", 1, 0, {HOST}, NULL},
	{"odd method", 400, "G T", "/", 1, 0, {HOST}, NULL},
};

static int check_row(const struct row *row, char path[HTTP_CHECK_PATH_MAX + 1], const char **why)
{
	struct http_check_request request = {
		.method = row->method,
		.target = row->target,
		.major = 1,
		.minor = row->minor,
		.headers = row->headers,
		.body_len = row->body_len,
	};

	while (request.header_count < MAX_ROW_HEADERS && row->headers[request.header_count].name)
		request.header_count++;
	return http_check(&request, path, why);
}

static void every_row_gets_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[HTTP_CHECK_PATH_MAX + 1];
		const char *why;
		int status = check_row(&rows[i], path, &why);

		if (status != rows[i].status)
			fail_msg("%s: %d %s", rows[i].what, status, why);
		assert_int_equal(why[0] == '\0', status == 0);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
}

static void other_versions_are_refused(void **state)
{
	static const struct acmems_http_header host = HOST;
	struct http_check_request request = {
		.method = "GET", .target = "/", .headers = &host, .header_count = 1};
	char path[HTTP_CHECK_PATH_MAX + 1];
	const char *why;

	(void)state;
	for (int major = 0; major < 4; major++) {
		request.major = major;
		assert_int_equal(http_check(&request, path, &why), major == 1 ? 0 : 400);
	}
}

static void headers_are_counted(void **state)
{
	struct acmems_http_header headers[HTTP_CHECK_HEADERS_MAX + 1];
	struct http_check_request request = {
		.method = "GET", .target = "/", .major = 1, .minor = 1, .headers = headers};
	char path[HTTP_CHECK_PATH_MAX + 1];
	const char *why;

	(void)state;
	headers[0] = (struct acmems_http_header)HOST;
	for (size_t i = 1; i <= HTTP_CHECK_HEADERS_MAX; i++)
		headers[i] = (struct acmems_http_header){"X", "y"};
	request.header_count = HTTP_CHECK_HEADERS_MAX;
	assert_int_equal(http_check(&request, path, &why), 0);
	request.header_count++;
	assert_int_equal(http_check(&request, path, &why), 400);
}

static void paths_have_an_end(void **state)
{
	static const struct acmems_http_header host = HOST;
	char target[HTTP_CHECK_PATH_MAX + 10];
	char path[HTTP_CHECK_PATH_MAX + 1];
	struct http_check_request request = {.method = "GET",
		.target = target,
		.major = 1,
		.minor = 1,
		.headers = &host,
		.header_count = 1};
	const char *why;

	(void)state;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	target[HTTP_CHECK_PATH_MAX] = '?';
	target[sizeof(target) - 1] = '\0';
	assert_int_equal(http_check(&request, path, &why), 0);
	assert_int_equal(strlen(path), HTTP_CHECK_PATH_MAX);
	target[HTTP_CHECK_PATH_MAX] = 'a';
	assert_int_equal(http_check(&request, path, &why), 414);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_gets_its_status),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(headers_are_counted),
		cmocka_unit_test(paths_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
