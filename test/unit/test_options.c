/* SPDX-License-Identifier: ISC */
/*
 * test_options.c - every option of every module that was built, and of the daemon itself, wrong in
 * each way that its row can say: each time there must be a line with file, line and a sentence that
 * names it, and nothing else.
 */
#include "temp_dir.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "conf/conf.h"
#include "generation/generation.h"
#include "registry/loader.h"
#include "registry/module_dir.h"
#include "registry/registry.h"
#include "settings/settings_parts.h"

#define GROUPS_MAX 4
#define SECRET "hunter2"

/* An option, and the groups around it. */
struct spot {
	const struct module *module; /* whose it is; NULL: the daemon's own */
	const char *group; /* where it stands then; see settings_rows() */
	const struct acmems_option *groups[GROUPS_MAX];
	size_t depth;
	const struct acmems_option *rows; /* those beside it */
	size_t count;
	const struct acmems_option *row;
};

static unsigned tried;

/* ---- one try ---- */

static bool is_auth(const struct spot *spot)
{
	return spot->module->module->kind == ACMEMS_AUTH;
}

static const char *setting_name(const struct spot *spot)
{
	return is_auth(spot) ? spot->module->module->name : "i";
}

static const char *owner(const struct spot *spot)
{
	return spot->module ? spot->module->owner : "acmems";
}

/* A block that is whole but for the option. */
static void begin_block(const struct spot *spot, struct str *text)
{
	str_add(text, "account: { a: { dir = \"/nonexistent/a\"; }; };"
		      "validator: { v: { type = \"http01\"; }; }; auth: ( {\nall = true;");
	if (strcmp(spot->row->name, "name") != 0)
		str_add(text, " name = \"x\";");
	if (strcmp(spot->row->name, "domains") != 0)
		str_add(text, " domains = [ \"x\" ];");
	str_add(text, "\n");
}

/* What is around an option of the daemon's own. */
static const struct {
	const char *group;
	const char *before; /* two lines; NULL: see begin_block() */
	const char *after;
} places[] = {
	{"", "\n\n", ""},
	{"log", "log: {\n\n", "};\n"},
	{"mgmt", "mgmt: {\n\n", "};\n"},
	{"account", "account: { i: {\n\n", "}; };\n"},
	{"storage", "storage: { i: {\ntype = \"none\";\n", "}; };\n"},
	{"notify", "notify: { i: {\ntype = \"syslog\";\n", "}; };\n"},
	{"auth", NULL, "} );\n"},
};

#define PLACES (sizeof(places) / sizeof(places[0]))

static size_t place_of(const struct spot *spot)
{
	size_t i = 0;

	while (strcmp(places[i].group, spot->group) != 0)
		i++;
	return i;
}

/* Two lines. */
static void begin(const struct spot *spot, struct str *text)
{
	const char *before = spot->module ? NULL : places[place_of(spot)].before;

	if (before)
		str_add(text, before);
	else if (!spot->module)
		begin_block(spot, text);
	else if (is_auth(spot))
		str_addf(text, "%s: {\n# of an auth block\n", setting_name(spot));
	else
		str_addf(text, "%s: {\ntype = \"%s\";\n", setting_name(spot),
			spot->module->module->name);
}

static void end(const struct spot *spot, struct str *text)
{
	str_add(text, spot->module ? "};\n" : places[place_of(spot)].after);
}

/* The text around the body, each group on a line of its own. Returns the body's line. */
static unsigned compose(const struct spot *spot, const char *body, struct str *text)
{
	begin(spot, text);
	for (size_t i = 0; i < spot->depth; i++)
		str_addf(text, "%s: {\n", spot->groups[i]->name);
	str_addf(text, "%s\n", body);
	for (size_t i = 0; i < spot->depth; i++)
		str_add(text, "};\n");
	end(spot, text);
	return 3 + (unsigned)spot->depth;
}

static void check_sentence(const struct spot *spot, const char *line)
{
	for (const char *at = line; *at; at++) {
		if (iscntrl((unsigned char)*at))
			fail_msg("a control character is in: %s", line);
	}
	if (strstr(line, "(null)") ||
		(spot->row && (spot->row->flags & ACMEMS_SECRET) && strstr(line, SECRET)))
		fail_msg("%s", line);
}

static bool says(const char *line, unsigned number, const char *about, const char *words)
{
	char place[32];

	snprintf(place, sizeof(place), "m.conf:%u: ", number);
	return strstr(line, place) && strstr(line, about) && strstr(line, words);
}

/* Does a whole configuration come of it? */
static bool is_configuration(const char *text, struct conf_faults *faults)
{
	struct settings *settings = settings_load(temp_file("m.conf", text), faults);

	return settings && generation_build(settings, MODULE_DIR, faults);
}

static bool is_instance(const struct spot *spot, const char *text, struct conf_faults *faults)
{
	struct conf_node *root = conf_parse(text, "m.conf", faults);
	bool made = root &&
		    instance_new(spot->module, "i", conf_child(root, setting_name(spot)), faults);

	conf_free(root);
	return made;
}

/* The text must be refused, with a line that says these words about this. */
static void refused(const struct spot *spot, const char *text, unsigned number, const char *about,
	const char *words)
{
	struct conf_faults faults = {0};
	bool found = false;

	tried++;
	if (spot->module ? is_instance(spot, text, &faults) : is_configuration(text, &faults))
		fail_msg("%s takes\n%.400s", owner(spot), text);
	for (size_t i = 0; i < faults.count; i++) {
		check_sentence(spot, faults.lines[i]);
		found = found || says(faults.lines[i], number, about, words);
	}
	if (!found)
		fail_msg("%s: \"%s\" is not said of line %u, but \"%s\" of\n%.400s", owner(spot),
			words, number, faults.count > 0 ? faults.lines[0] : "nothing", text);
	conf_faults_fini(&faults);
}

/* The same with the body in its place; `more` lines further down. */
static void bad_body(const struct spot *spot, const char *body, unsigned more, const char *about,
	const char *words)
{
	struct str text;
	unsigned number;

	str_init(&text, 1 << 20);
	number = compose(spot, body, &text);
	assert_non_null(str_text(&text));
	refused(spot, str_text(&text), number + more, about, words);
	str_fini(&text);
}

static void bad(const struct spot *spot, const char *value, const char *words)
{
	struct str body;
	char about[96];

	/* a group is named in front of the sentence, and without quotes */
	snprintf(about, sizeof(about), spot->row->type == ACMEMS_GROUP ? ": %s" : "\"%s\"",
		spot->row->name);
	str_init(&body, 1 << 20);
	str_addf(&body, "%s = %s;", spot->row->name, value);
	assert_non_null(str_text(&body));
	bad_body(spot, str_text(&body), 0, about, words);
	str_fini(&body);
}

/* ---- what can be wrong with a value ---- */

static bool has_direct(const struct acmems_option *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rows[i].flags & ACMEMS_DIRECT)
			return true;
	}
	return false;
}

/* Is a value of this type good for the row, or wrong in another way than by its type? */
static bool takes(const struct acmems_option *row, enum conf_type type)
{
	switch (row->type) {
	case ACMEMS_STRING:
	case ACMEMS_CHOICE:
		return type == CONF_STRING;
	case ACMEMS_LIST:
		/* the one that is read by hand */
		return type == CONF_STRING ||
		       (type == CONF_BOOL && strcmp(row->name, "accept-terms-of-service") == 0);
	case ACMEMS_BOOL:
		return type == CONF_BOOL;
	case ACMEMS_INT:
		return type == CONF_INT;
	case ACMEMS_DURATION:
	case ACMEMS_SIZE:
		return type == CONF_INT || type == CONF_STRING;
	case ACMEMS_GROUP:
		return type == CONF_GROUP || has_direct(row->rows, row->row_count);
	}
	return true;
}

static const struct {
	enum conf_type type;
	const char *value;
} values[] = {
	{CONF_BOOL, "true"},
	{CONF_INT, "1"},
	{CONF_FLOAT, "1.5"},
	{CONF_STRING, "\"a text\""},
	{CONF_LIST, "( 1 )"},
	{CONF_GROUP, "{ x = 1; }"},
};

#define VALUES (sizeof(values) / sizeof(values[0]))

static void try_types(const struct spot *spot)
{
	for (size_t i = 0; i < VALUES; i++) {
		if (!takes(spot->row, values[i].type))
			bad(spot, values[i].value, "must be ");
	}
}

static bool is_bounded(const struct acmems_option *row)
{
	return row->min != 0 || row->max != 0;
}

static void try_amount(const struct spot *spot, int64_t amount, const char *words)
{
	char value[40];

	/* as texts: there are none of other units, and bare durations are in what the row says */
	if (spot->row->type == ACMEMS_INT)
		snprintf(value, sizeof(value), "%" PRId64 "L", amount);
	else
		snprintf(value, sizeof(value), "\"%" PRId64 "%s\"", amount,
			spot->row->type == ACMEMS_DURATION ? "ms" : "");
	bad(spot, value, words);
}

static void try_amounts(const struct spot *spot)
{
	const struct acmems_option *row = spot->row;

	if (is_bounded(row)) {
		/* there are no negative durations and sizes at all */
		try_amount(spot, row->min - 1, row->min > 0 ? "must be between" : "must be ");
		try_amount(spot, row->max + 1, "must be ");
		try_amount(spot, INT64_MIN + 1, "must be ");
	}
	if (is_bounded(row) || row->type != ACMEMS_INT)
		try_amount(spot, INT64_MAX, "must be ");
}

static void try_words(const struct spot *spot, const char *const *words, const char *say)
{
	for (; *words; words++)
		bad(spot, *words, say);
}

static void try_choices(const struct spot *spot)
{
	char value[96];

	bad(spot, "\"\"", "it is one of ");
	bad(spot, "\"no such thing at all\"", "it is one of ");
	bad(spot, "\"a\\nb\\x1b[31m\"", "it is one of ");
	for (size_t i = 0; spot->row->choices[i]; i++) {
		const char *choice = spot->row->choices[i];

		if (strlen(choice) < 3)
			continue;
		snprintf(value, sizeof(value), "\"%sx\"", choice);
		bad(spot, value, "did you mean \"");
	}
}

static void try_lengths(const struct spot *spot, const char *empty, const char *begin,
	const char *item, const char *end)
{
	const struct acmems_option *row = spot->row;
	struct str value;

	if (row->min > 0)
		bad(spot, empty, "must not be empty");
	if (!is_bounded(row) || row->max > 100000)
		return;
	str_init(&value, 1 << 20);
	str_add(&value, begin);
	/* an item of a text may be longer than one */
	for (int64_t i = 0; i <= row->max; i++)
		str_add(&value, item);
	str_add(&value, end);
	assert_non_null(str_text(&value));
	bad(spot, str_text(&value), "has a length of ");
	str_fini(&value);
}

static void try_values(const struct spot *spot)
{
	static const char *const durations[] = {"\"\"", "\"abc\"", "\"5 parsecs\"", "\"-5s\"",
		"\"5m5\"", "\"1.5h\"", "\"99999999999999999999d\"", "\"5\\x1bs\"", NULL};
	static const char *const sizes[] = {
		"\"\"", "\"k\"", "\"16kb\"", "\"-1k\"", "\"1.5m\"", "\"9999999999999g\"", NULL};

	switch (spot->row->type) {
	case ACMEMS_STRING:
		try_lengths(spot, "\"\"", "\"", SECRET, "\"");
		break;
	case ACMEMS_LIST:
		try_lengths(spot, "[ ]", "[ \"x\"", ", \"" SECRET "\"", " ]");
		bad(spot, "( \"" SECRET "\", { x = 1; } )", "must be a list of texts");
		break;
	case ACMEMS_DURATION:
		try_words(spot, durations, "must be a duration like ");
		try_amounts(spot);
		break;
	case ACMEMS_SIZE:
		try_words(spot, sizes, "must be a size like ");
		try_amounts(spot);
		break;
	case ACMEMS_INT:
		try_amounts(spot);
		break;
	case ACMEMS_CHOICE:
		try_choices(spot);
		break;
	case ACMEMS_BOOL:
	case ACMEMS_GROUP:
		break;
	}
}

/* ---- what can be wrong with a name ---- */

static bool is_name(const struct spot *spot, const char *name)
{
	for (size_t i = 0; i < spot->count; i++) {
		if (strcmp(spot->rows[i].name, name) == 0)
			return true;
	}
	return false;
}

static void try_name(const struct spot *spot, const char *name)
{
	char about[96], body[192], twice[192];

	snprintf(about, sizeof(about), "unknown option \"%sx\"", name);
	snprintf(body, sizeof(body), "%sx = 1;", name);
	if (!is_name(spot, body))
		bad_body(spot, body, 0, about, "did you mean \"");
	snprintf(twice, sizeof(twice), "%s = 1;\n%s = 1;", name, name);
	bad_body(spot, twice, 1, "", "duplicate");
}

/* A group is looked at only if it is there, and so is what is missing from it. */
static void try_without(const struct spot *spot)
{
	char about[96];

	snprintf(about, sizeof(about), "\"%s\" is missing (", spot->row->name);
	bad_body(spot, "", spot->depth > 0 ? (unsigned)-1 : (unsigned)-2, about, spot->row->help);
}

/* ---- all of them ---- */

static void try_rows(struct spot *spot, const struct acmems_option *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		spot->rows = rows;
		spot->count = count;
		spot->row = &rows[i];
		try_types(spot);
		try_values(spot);
		try_name(spot, rows[i].name);
		if (rows[i].flags & ACMEMS_REQUIRED)
			try_without(spot);
		if (rows[i].type != ACMEMS_GROUP)
			continue;
		assert_true(spot->depth < GROUPS_MAX);
		spot->groups[spot->depth++] = &rows[i];
		try_rows(spot, rows[i].rows, rows[i].row_count);
		spot->depth--;
	}
	/* in an auth block it may be a module's */
	bad_body(spot, "zzzzzzzzzzzzzzz = 1;", 0,
		!spot->module && strcmp(spot->group, "auth") == 0
			? "\"zzzzzzzzzzzzzzz\": there is no module "
			: "unknown option \"zzzzzzzzzzzzzzz\"",
		"");
}

/* METHOD = VALUE; without a group around it. */
static void try_direct(struct spot *spot)
{
	const struct acmems_module *module = spot->module->module;
	const struct acmems_option *direct = NULL;

	spot->row = &module->options[0];
	for (uint32_t i = 0; i < module->option_count && !direct; i++) {
		if (module->options[i].flags & ACMEMS_DIRECT)
			direct = spot->row = &module->options[i];
	}
	for (size_t i = 0; i < VALUES; i++) {
		char text[128];

		if (values[i].type == CONF_GROUP || (direct && takes(direct, values[i].type)))
			continue;
		snprintf(text, sizeof(text), "\n%s = %s;\n", module->name, values[i].value);
		refused(spot, text, 2, module->name, "must be ");
	}
}

static void try_module(const char *file)
{
	struct spot spot = {0};
	struct acmems_error err = {0};
	enum acmems_kind kind;
	char type[32];

	assert_true(loader_name_parse(file, &kind, type));
	spot.module = registry_module(MODULE_DIR, kind, type, &err);
	if (!spot.module)
		fail_msg("%s", err.message);
	try_rows(&spot, spot.module->module->options, spot.module->module->option_count);
	if (is_auth(&spot))
		try_direct(&spot);
}

static void faults_of_the_daemons_options_are_told(void **state)
{
	const struct acmems_option *rows;
	size_t count;

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		struct spot spot = {.group = places[i].group};

		rows = settings_rows(spot.group, &count);
		assert_non_null(rows);
		try_rows(&spot, rows, count);
	}
	registry_fini();
}

static void faults_of_modules_options_are_told(void **state)
{
	struct acmems_error err = {0};
	struct module_dir dir;

	(void)state;
	if (!module_dir_read(MODULE_DIR, &dir, &err))
		fail_msg("%s", err.message);
	assert_true(dir.count >= 20);
	for (size_t i = 0; i < dir.count; i++)
		try_module(dir.files[i]);
	module_dir_fini(&dir);
	registry_fini();
	assert_true(tried > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_of_modules_options_are_told),
		cmocka_unit_test_setup_teardown(
			faults_of_the_daemons_options_are_told, temp_dir_setup, temp_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
