/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "settings/settings.h"
#include "temp_dir.h"

#define ACCOUNT "account: { ca: { directory = \"https://ca.example/dir\"; dir = \"/var/a\"; }; };\n"
#define VALIDATOR "validator: { http: { type = \"http01\"; }; };\n"
#define STORAGE "storage: { file: { type = \"file\"; directory = \"/var/s\"; }; };\n"
#define BLOCK "{ name = \"x\"; all = true; domains = [ \"*.example.org\" ]; }"
#define FILES "certificate = \"/c\"; key = \"/k\";"
#define HOUSE ACCOUNT VALIDATOR STORAGE

static struct conf_faults faults;

static struct settings *load(const char *text)
{
	conf_faults_fini(&faults);
	return settings_load(temp_file("test.conf", text), &faults);
}

static struct settings *load_well(const char *text)
{
	struct settings *settings = load(text);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.lines[i]);
	assert_non_null(settings);
	assert_true(conf_faultless(&faults));
	return settings;
}

static int teardown(void **state)
{
	conf_faults_fini(&faults);
	return temp_dir_teardown(state);
}

static void test_defaults(void **state)
{
	struct settings *settings = load_well("");

	(void)state;
	assert_string_equal(settings->modules, ACMEMS_MODULE_DIR);
	assert_null(settings->pid_file);
	assert_int_equal(settings->log.level, ACMEMS_LOG_INFO);
	assert_string_equal(settings->log.target, "stderr");
	assert_string_equal(settings->mgmt.listen.items[0], "127.0.0.1:1313");
	assert_int_equal(settings->mgmt.max_size, 16384);
	assert_int_equal(settings->mgmt.drain, 30000);
	assert_int_equal(settings->mgmt.timeout, 300000);
	assert_true(settings->mgmt.wildcards);
	assert_int_equal(settings->account_count, 0);
	assert_int_equal(settings->auth_count, 0);
	/* without any storage nothing is kept */
	assert_int_equal(settings->storage_count, 1);
	assert_string_equal(settings->storages[0].type, "none");
	settings_free(settings);
}

static void test_storages(void **state)
{
	struct settings *settings = load_well("storage: { a: { type = \"x\"; }; b: { type = \"x\"; "
					      "warn-within = 3; other = 1; }; };");

	(void)state;
	assert_int_equal(settings->storages[0].warn_within, INT64_C(7) * 86400000);
	assert_int_equal(settings->storages[1].warn_within, INT64_C(3) * 86400000);
	settings_free(settings);
	assert_null(load("storage: { a: { type = \"x\"; warn-within = \"soon\"; }; };"));
	assert_int_equal(faults.count, 1);
}

static void test_account_defaults(void **state)
{
	struct settings *settings = load_well("account: { le: { }; };");

	(void)state;
	assert_non_null(strstr(settings->accounts[0].directory, "acme-staging"));
	assert_non_null(strstr(settings->accounts[0].dir, "/le"));
	assert_false(settings->accounts[0].accept_any_terms);
	assert_int_equal(settings->accounts[0].contact.count, 0);
	settings_free(settings);
}

static void test_the_whole(void **state)
{
	struct settings *settings = load_well(
		"modules = \"/m\"; pid-file = \"/run/x.pid\";\n"
		"log: { level = \"warning\"; target = \"/var/log/x\"; format = \"json\"; };\n"
		"account: { le: { dir = \"/a\"; contact = [ \"mailto:a@example.org\" ];\n"
		"  accept-terms-of-service = \"https://ca.example/terms\";\n"
		"  eab: { kid = \"k\"; key = \"c2VjcmV0\"; algorithm = \"HS384\"; }; };\n"
		"  other: { dir = \"/b\"; accept-terms-of-service = true; }; };\n"
		"mgmt: { listen = [ ]; max-size = \"64k\"; default-account = \"le\";\n"
		"  default-validator = \"dns\"; default-storage = \"file\";\n"
		"  default-notify = [ \"admins\" ]; drain = 5; };\n"
		"validator: { http: { type = \"http01\"; }; dns: { type = \"dns01\"; ttl = 5; }; "
		"};\n"
		"storage: { none: { type = \"none\"; }; file: { type = \"file\"; }; };\n"
		"notify: { admins: { type = \"mail\"; }; };\n"
		"auth: ( { name = \"a\"; ip = [ \"192.0.2.1\" ]; hmac: { key = \"x\"; };\n"
		"          domains = [ \"mail?.example.org\" ]; },\n"
		"        { name = \"b\"; all = true; domains = \"*\"; validator = \"http\";\n"
		"          storage = \"none\"; account = \"other\"; notify = [ ]; wildcards = "
		"false; } );");
	const struct settings_auth *a = &settings->auths[0], *b = &settings->auths[1];

	(void)state;
	assert_int_equal(settings->mgmt.listen.count, 0);
	assert_true(settings->mgmt.listen.given);
	assert_int_equal(settings->mgmt.max_size, 65536);
	assert_int_equal(settings->mgmt.drain, 5000);
	assert_string_equal(
		settings->accounts[0].accept_terms.items[0], "https://ca.example/terms");
	assert_false(settings->accounts[0].accept_any_terms);
	assert_int_equal(settings->accounts[0].eab_algorithm, 1);
	assert_true(settings->accounts[1].accept_any_terms);
	assert_string_equal(settings->validators[1].type, "dns01");
	assert_int_equal(settings->auth_count, 2);
	assert_string_equal(a->account, "le");
	assert_string_equal(a->validator, "dns");
	assert_string_equal(a->storage, "file");
	assert_string_equal(a->notify.items[0], "admins");
	assert_true(a->wildcards);
	assert_int_equal(a->method_count, 2);
	assert_string_equal(a->methods[0].type, "ip");
	assert_string_equal(a->methods[1].type, "hmac");
	assert_string_equal(b->validator, "http");
	assert_string_equal(b->storage, "none");
	assert_string_equal(b->account, "other");
	assert_int_equal(b->notify.count, 0);
	assert_false(b->wildcards);
	settings_free(settings);
}

static void test_tls_and_proxies(void **state)
{
	struct settings *settings =
		load_well("mgmt: { listen = [ \"127.0.0.1:1\" ]; proxy-protocol = true;\n"
			  "  trusted-proxies = [ \"192.0.2.0/24\", \"unix:\" ];\n"
			  "  tls: { " FILES " client-ca = \"/a\"; self = \"acmems.example.org\";\n"
			  "    listen = [ \"127.0.0.1:2\" ]; }; };");
	const struct settings_mgmt *mgmt = &settings->mgmt;

	(void)state;
	assert_string_equal(mgmt->tls.certificate, "/c");
	assert_string_equal(mgmt->tls.key, "/k");
	assert_string_equal(mgmt->tls.client_ca, "/a");
	assert_string_equal(mgmt->tls.self.items[0], "acmems.example.org");
	assert_string_equal(mgmt->tls.listen.items[0], "127.0.0.1:2");
	assert_int_equal(mgmt->trusted_proxies.count, 2);
	assert_true(mgmt->proxy_protocol);
	settings_free(settings);
	settings = load_well("mgmt: { tls: { " FILES " }; };");
	assert_false(settings->mgmt.tls.listen.given);
	assert_int_equal(settings->mgmt.tls.self.count, 0);
	assert_null(settings->mgmt.tls.client_ca);
	assert_false(settings->mgmt.proxy_protocol);
	settings_free(settings);
	settings = load_well("");
	assert_null(settings->mgmt.tls.certificate);
	settings_free(settings);
}

static void test_wildcards_forbidden_for_all(void **state)
{
	struct settings *settings =
		load_well(HOUSE "mgmt: { wildcards = false; };\nauth: ( " BLOCK " );");

	(void)state;
	assert_false(settings->auths[0].wildcards);
	settings_free(settings);
}

/* Each is refused; some line says so and begins with file and line number. */
static const struct {
	const char *text;
	unsigned line;
	const char *words;
} wrong[] = {
	{"modul = 5;", 1, "did you mean \"modules\"?"},
	{"\nmgmt: { lisen = [ ]; };", 2, "did you mean \"listen\"?"},
	{"mgmt: { listen = [ \"nonsense\" ]; };", 1, "nonsense"},
	{"mgmt: { max-size = \"65k\"; };", 1, "\"max-size\" must be between 1k and 64k"},
	{"mgmt: { max-pending = 0; };", 1, "max-pending"},
	{"mgmt: { default-storage = \"fil\"; };\n" STORAGE, 1, "did you mean \"file\"?"},
	{"mgmt = 5;", 1, "mgmt must be a group"},
	{"mgmt: { tls = 5; };", 1, "tls"},
	{"mgmt: { tls: { certificate = \"/c\"; }; };", 1, "\"key\" is missing"},
	{"mgmt: { tls: { key = \"/k\"; }; };", 1, "\"certificate\" is missing"},
	{"mgmt: { tls: { " FILES " certificat = \"/c\"; }; };", 1, "did you mean \"certificate\"?"},
	{"mgmt: {\ntls: { " FILES " listen = [ \"nonsense\" ]; }; };", 2, "nonsense"},
	{"mgmt: { listen = [ \"*:1\" ];\ntls: { " FILES " listen = [ \"[::]:1\" ]; }; };", 2,
		"without TLS"},
	{"mgmt: { tls: { " FILES " self = [ \"a b\" ]; }; };", 1, "\"self\""},
	{"mgmt: { tls: { " FILES " self = [ ]; }; };", 1, "self"},
	{"mgmt: { tls: { " FILES "\nclient-crl = \"/r\"; }; };", 2, "needs \"client-ca\""},
	{"mgmt: { trusted-proxies = [ \"192.0.2.1\", \"192.0.2.1/24\" ]; };", 1,
		"\"trusted-proxies\": entry 2"},
	{"mgmt: { trusted-proxies = [ \"unix:/run/x\" ]; };", 1, "unix:/run/x"},
	{"mgmt: { proxy-protocol = true; };", 1, "needs \"trusted-proxies\""},
	{"log: { level = \"lowd\"; };", 1, "lowd"},
	{"log: { target = \"std-err\"; };", 1, "std-err"},
	{"pid-file = \"acmems.pid\";", 1, "absolute"},
	{"account = [ ];", 1, "account must be a group of accounts"},
	{"account: { a: { directory = \"http://ca.example\"; dir = \"/a\"; }; };", 1, "https"},
	{"account: { a: { dir = \"a\"; }; };", 1, "absolute path"},
	{"account: { a: { contact = [ \"root@example.org\" ]; }; };", 1, "mailto:root@example.org"},
	{"account: { a: { accept-terms-of-service = 1; }; };", 1, "accept-terms-of-service"},
	{"account: { a: { accept-terms-of-service = [ 1 ]; }; };", 1, "accept-terms-of-service"},
	{"account: { a: { accept-terms-of-service = \"true\"; }; };", 1, "\"true\" is no URL"},
	{"account: { a: { ca-file = \"/nonexistent/x.pem\"; }; };", 1, "/nonexistent/x.pem"},
	{"account: { a: { eab: { kid = \"k\"; }; }; };", 1, "either \"key\" or \"key-file\""},
	{"account: { a: { eab: { kid = \"k\"; key = \"a\"; key-file = \"/b\"; }; }; };", 1,
		"not both"},
	{"account: { a: { dir = \"/x\"; }; b: { dir = \"/x\"; }; };", 1, "same \"dir\""},
	{"validator: { a: { }; };", 1, "\"type\" is missing"},
	{"validator: { a: { type = 5; }; };", 1, "text in quotes"},
	{"validator: { a: { type = \"../a\"; }; };", 1, "\"../a\""},
	{"validator: { a = 5; };", 1, "must be a group"},
	{"storage = 5;", 1, "storage must be a group of instances"},
	{"notify: { a: { type = \"mail\"; digest = \"3d\"; }; };", 1, "digest"},
	{"notify: { a: { type = \"mail\"; digest = true; }; };", 1, "digest"},
	{HOUSE "auth: { };", 4, "auth must be a list"},
	{HOUSE "auth: ( 5 );", 4, "group"},
	{HOUSE "auth: ( { all = true; domains = [ \"*\" ]; } );", 4, "\"name\" is missing"},
	{HOUSE "auth: ( { name = \"x\"; domains = [ \"*\" ]; } );", 4, "no method"},
	{HOUSE "auth: ( { name = \"x\"; all = true; } );", 4, "\"domains\" is missing"},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = [ ]; } );", 4, "\"domains\""},
	{HOUSE "auth: ( { name = \"x\"; all = true; domians = [ \"*\" ]; } );", 4,
		"unknown option \"domians\", did you mean \"domains\"?"},
	{HOUSE "auth: ( { name = \"x\"; All = true; domains = [ \"*\" ]; } );", 4, "\"All\""},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = [ \"[ab].example.org\" ]; } );", 4,
		"sets like [ab]"},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = [ \"a b\" ]; } );", 4, "a b"},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = \"*\"; validator = \"htp\"; } );", 4,
		"did you mean \"http\"?"},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = \"*\"; account = \"zzz\"; } );", 4,
		"there is no account \"zzz\""},
	{HOUSE "auth: ( { name = \"x\"; all = true; domains = \"*\"; notify = [ \"q\" ]; } );", 4,
		"there is no notify \"q\""},
	{ACCOUNT STORAGE "auth: ( " BLOCK " );", 3, "there is no validator"},
	{VALIDATOR STORAGE "auth: ( " BLOCK " );", 3, "there is no account"},
	{ACCOUNT VALIDATOR "storage: { a: { type = \"none\"; }; b: { type = \"none\"; }; };\n"
			   "auth: ( " BLOCK " );",
		4, "default-storage"},
	{HOUSE "mgmt: { wildcards = false; };\n"
	       "auth: ( { name = \"x\"; all = true; domains = \"*\"; wildcards = true; } );",
		5, "forbids them for all"},
	{"mgmt: { listen = [ \"a\" ] ];", 1, ""},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char place[128];
		bool found = false;

		assert_null(load(wrong[i].text));
		snprintf(place, sizeof(place), "%s:%u: ", temp_path("test.conf"), wrong[i].line);
		for (size_t j = 0; j < faults.count; j++)
			found = found || (strncmp(faults.lines[j], place, strlen(place)) == 0 &&
						 strstr(faults.lines[j], wrong[i].words));
		if (!found)
			fail_msg("%s\nwants %s%s, says %s", wrong[i].text, place, wrong[i].words,
				faults.count > 0 ? faults.lines[0] : "nothing");
	}
}

static void test_every_fault_is_named_at_once(void **state)
{
	(void)state;
	assert_null(load(HOUSE "mgmt: { lisen = 1; };\nlog: { level = 5; };\n"
			       "auth: ( { nam = \"x\"; domains = 5; storage = \"q\"; } );"));
	assert_true(faults.count >= 5);
}

static void test_no_file(void **state)
{
	(void)state;
	assert_null(settings_load("/nonexistent/acmems.conf", &faults));
	assert_int_equal(faults.count, 1);
	assert_non_null(strstr(faults.lines[0], "/nonexistent/acmems.conf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_storages, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_account_defaults, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_whole, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_and_proxies, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_wildcards_forbidden_for_all, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_faults, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_every_fault_is_named_at_once, temp_dir_setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_file, temp_dir_setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
