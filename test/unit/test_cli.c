/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include "cli.h"

static struct acmems_error err;

/* Parses "acmems WORD WORD ..."; words are copied, as getopt may put them in another order. */
static bool parse(struct cli *cli, const char *words)
{
	static char text[256];
	char *argv[16] = {text};
	char *rest = text;
	int argc = 0;

	err = (struct acmems_error){0};
	snprintf(text, sizeof(text), "acmems %s", words);
	for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
		if (*word)
			argv[argc++] = word;
	}
	argv[argc] = NULL;
	return cli_parse(argc, argv, cli, &err);
}

static void test_run(void **state)
{
	struct cli cli;

	(void)state;
	assert_true(parse(&cli, ""));
	assert_int_equal(cli.action, CLI_RUN);
	assert_string_equal(cli.config, ACMEMS_CONF_FILE);
	assert_null(cli.modules);
	assert_false(cli.daemon);
	assert_int_equal(cli.verbose, 0);
	assert_true(parse(&cli, "-c a.conf -m mods -d -vv"));
	assert_string_equal(cli.config, "a.conf");
	assert_string_equal(cli.modules, "mods");
	assert_true(cli.daemon);
	assert_int_equal(cli.verbose, 2);
	assert_true(parse(&cli, "--config=b.conf --modules m2 --daemon --verbose"));
	assert_string_equal(cli.config, "b.conf");
	assert_string_equal(cli.modules, "m2");
	assert_true(cli.daemon);
}

static void test_actions(void **state)
{
	static const struct {
		const char *words;
		enum cli_action action;
	} good[] = {
		{"-t", CLI_TEST},
		{"--test -c x", CLI_TEST},
		{"-t -t", CLI_TEST},
		{"-l", CLI_LIST},
		{"--list-modules", CLI_LIST},
		{"-N admins -c x", CLI_NOTIFY},
		{"--notify-test=admins", CLI_NOTIFY},
		{"-P www.example.org -c x", CLI_PERSIST},
		{"--print-persist=*.example.org", CLI_PERSIST},
		{"-D http01", CLI_DESCRIBE},
		{"--describe=http01", CLI_DESCRIBE},
		{"-V", CLI_VERSION},
		{"--version", CLI_VERSION},
		{"-h", CLI_HELP},
		{"--help", CLI_HELP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct cli cli;

		assert_true(parse(&cli, good[i].words));
		assert_int_equal(cli.action, good[i].action);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *words;
		const char *message;
	} bad[] = {
		{"surplus", "unexpected word \"surplus\""},
		{"-x", "unknown option -x"},
		{"--nonsense", "unknown option --nonsense"},
		{"-c", "option -c needs a value"},
		{"--describe", "option -D needs a value"},
		{"-t -l", "only one of"},
		{"-d -t", "-d is for running"},
		{"-I old.ini", "unknown option -I"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cli cli;

		assert_false(parse(&cli, bad[i].words));
		assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
		if (!strstr(err.message, bad[i].message))
			fail_msg("%s: %s", bad[i].words, err.message);
	}
}

static void test_help_names_every_option(void **state)
{
	static const char *const words[] = {"--config", "--modules", "--daemon", "--verbose",
		"--test", "--list-modules", "--describe", "--version", "--help"};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	cli_help(out);
	fclose(out);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		assert_non_null(strstr(text, words[i]));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help_names_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
