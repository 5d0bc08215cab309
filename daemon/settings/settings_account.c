/* SPDX-License-Identifier: ISC */
/* settings_account.c - the groups below `account`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "acme/json.h"
#include "conf/schema.h"
#include "settings/settings_parts.h"

#define STAGING "https://acme-staging-v02.api.letsencrypt.org/directory"
#define TERMS "accept-terms-of-service"

static const char *const algorithms[] = {"HS256", "HS384", "HS512", NULL};

static const struct acmems_option eab_rows[] = {
	{.name = "kid",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, eab_kid),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 1000,
		.help = "key identifier that the CA gave you"},
	{.name = "key",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, eab_key),
		.flags = ACMEMS_SECRET,
		.min = 1,
		.max = 1000,
		.help = "MAC key that the CA gave you, base64url"},
	{.name = "key-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, eab_key_file),
		.min = 1,
		.max = 3000,
		.help = "file that holds the MAC key instead"},
	{.name = "algorithm",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct settings_account, eab_algorithm),
		.fallback = "HS256",
		.choices = algorithms,
		.help = "MAC algorithm"},
};

static const struct acmems_option rows[] = {
	{.name = "directory",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, directory),
		.fallback = STAGING,
		.min = 1,
		.max = 2000,
		.help = "URL of the CA's directory"},
	{.name = "dir",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, dir),
		.min = 1,
		.max = 3000,
		.help = "where account.pem and registration.json are kept"},
	{.name = "contact",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_account, contact),
		.min = 0,
		.max = 16,
		.help = "URLs at which the CA can reach you"},
	{.name = "ca-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings_account, ca_file),
		.min = 1,
		.max = 3000,
		.help = "extra trust anchors for talking to the CA, PEM"},
	{.name = "eab",
		.type = ACMEMS_GROUP,
		.rows = eab_rows,
		.row_count = sizeof(eab_rows) / sizeof(eab_rows[0]),
		.help = "external account binding"},
	/* the last one is read by hand */
	{.name = TERMS,
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings_account, accept_terms),
		.min = 1,
		.max = 64,
		.help = "URLs of the terms that are accepted, or true for whatever they are"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]) - 1)

const struct acmems_option *settings_account_rows(size_t *ret_count)
{
	*ret_count = ROWS + 1;
	return rows;
}

static const char *const by_hand[] = {TERMS, NULL};

static bool bad_terms(const struct conf_node *node, const char *what, struct conf_faults *faults)
{
	conf_fault(faults, node,
		"%s: \"" TERMS "\" must be true, false or a list of the URLs that are accepted, "
		"not %s",
		what, conf_type_text(node->type));
	return false;
}

/* true, false, one URL or a list of them. */
static bool read_terms(struct settings_account *account, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	struct acmems_option row = rows[ROWS];
	struct schema schema = {.what = what, .rows = &row, .count = 1};

	if (!node)
		return true;
	if (node->type == CONF_BOOL) {
		account->accept_any_terms = node->truth;
		return true;
	}
	if (node->type != CONF_STRING && node->type != CONF_LIST)
		return bad_terms(node, what, faults);
	/* the row takes the setting itself */
	row.flags = ACMEMS_DIRECT;
	return schema_apply(&schema, node, account, faults);
}

static bool check_eab(const struct settings_account *account, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	if (!node || !account->eab_kid || !account->eab_key != !account->eab_key_file)
		return true;
	conf_fault(faults, node, "%s: \"eab\" needs either \"key\" or \"key-file\"%s", what,
		account->eab_key ? ", not both" : "");
	return false;
}

static bool check_urls(const struct settings_account *account, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	bool ok = true;

	if (account->directory && !json_is_url(account->directory)) {
		conf_fault(faults, conf_child(node, "directory"),
			"%s: \"directory\" must be an https:// URL, not \"%s\"", what,
			account->directory);
		ok = false;
	}
	for (size_t i = 0; i < account->contact.count; i++) {
		if (strchr(account->contact.items[i], ':'))
			continue;
		conf_fault(faults, conf_child(node, "contact"),
			"%s: \"contact\" must hold URLs, write \"mailto:%s\"", what,
			account->contact.items[i]);
		ok = false;
	}
	for (size_t i = 0; i < account->accept_terms.count; i++) {
		if (strchr(account->accept_terms.items[i], ':'))
			continue;
		conf_fault(faults, conf_child(node, TERMS),
			"%s: \"" TERMS "\" must be true, false or a list of URLs; \"%s\" is no URL",
			what, account->accept_terms.items[i]);
		ok = false;
	}
	return ok;
}

static bool check_files(struct settings_account *account, const struct conf_node *node,
	const char *what, struct conf_faults *faults)
{
	char dir[512];
	bool ok = true;

	if (account->dir && account->dir[0] != '/') {
		conf_fault(faults, conf_child(node, "dir"), "%s: \"dir\" must be an absolute path",
			what);
		ok = false;
	}
	if (account->ca_file && access(account->ca_file, R_OK) < 0) {
		conf_fault(faults, conf_child(node, "ca-file"), "%s: cannot read \"%s\": %s", what,
			account->ca_file, strerror(errno));
		ok = false;
	}
	if (account->dir)
		return ok;
	snprintf(dir, sizeof(dir), "%s/%s", ACMEMS_STATE_DIR, account->name);
	account->dir = strdup(dir);
	if (account->dir)
		return ok;
	conf_fault(faults, node, "%s: no memory", what);
	return false;
}

static bool read_account(
	struct settings_account *account, const struct conf_node *node, struct conf_faults *faults)
{
	char what[96];
	struct schema schema = {.what = what, .rows = rows, .count = ROWS, .also = by_hand};
	bool ok;

	account->name = node->name;
	account->node = node;
	snprintf(what, sizeof(what), "account \"%.64s\"", node->name);
	ok = schema_apply(&schema, node, account, faults);
	ok = read_terms(account, conf_child(node, TERMS), what, faults) && ok;
	ok = check_eab(account, conf_child(node, "eab"), what, faults) && ok;
	ok = check_urls(account, node, what, faults) && ok;
	return check_files(account, node, what, faults) && ok;
}

/* Two accounts in one directory would overwrite each other's registration. */
static bool check_shared(const struct settings *settings, struct conf_faults *faults)
{
	const struct settings_account *accounts = settings->accounts;
	bool ok = true;

	for (size_t i = 0; i < settings->account_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (!accounts[i].dir || !accounts[j].dir ||
				strcmp(accounts[i].dir, accounts[j].dir) != 0)
				continue;
			conf_fault(faults, accounts[i].node,
				"account \"%s\" has the same \"dir\" as account \"%s\"",
				accounts[i].name, accounts[j].name);
			ok = false;
		}
	}
	return ok;
}

bool settings_accounts_read(struct settings *settings, struct conf_faults *faults)
{
	const struct conf_node *group = conf_child(settings->root, "account");
	bool ok = true;

	if (!group)
		return true;
	if (group->type != CONF_GROUP) {
		conf_fault(faults, group,
			"account must be a group of accounts { NAME: { ... }; }, not %s",
			conf_type_text(group->type));
		return false;
	}
	settings->accounts = calloc(group->count + 1, sizeof(*settings->accounts));
	if (!settings->accounts) {
		conf_fault(faults, group, "no memory for the accounts");
		return false;
	}
	settings->account_count = group->count;
	for (size_t i = 0; i < group->count; i++)
		ok = read_account(&settings->accounts[i], group->children[i], faults) && ok;
	return check_shared(settings, faults) && ok;
}

void settings_accounts_free(struct settings *settings)
{
	for (size_t i = 0; i < settings->account_count; i++)
		schema_free(rows, ROWS + 1, &settings->accounts[i]);
	free(settings->accounts);
}
