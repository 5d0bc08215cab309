/* SPDX-License-Identifier: ISC */
/*
 * command_persist.c - see command_persist.h.
 *
 * Who the account is stands in its directory; what the CA calls itself, and whether it wants the
 * account's URL or a hash of it, only the CA knows, so that it is asked.
 */
#include "command_persist.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <acmems/dns.h>
#include <acmems/validator.h>

#include "acme/account_file.h"
#include "acme/directory.h"
#include "acme/jwk.h"
#include "acme/persist.h"
#include "base/loop.h"
#include "base/str.h"
#include "command.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "settings/settings.h"
#include "x509/key.h"

#define STRING_MAX 255 /* RFC 1035, 3.3 */

/* ---- texts ---- */

/* Letters, digits, hyphens and underscores between dots, and the last label is no number. */
static bool is_host(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	const char *last = strrchr(text, '.');
	size_t len = strlen(text);

	last = last ? last + 1 : text;
	return len > 0 && text[0] != '.' && strspn(text, allowed) == len && !strstr(text, "..") &&
	       last[strspn(last, "0123456789")] != '\0';
}

bool persist_name_read(const char *text, struct persist_name *name, struct acmems_error *err)
{
	struct acmems_challenge challenge = {.type = PERSIST_TYPE, .identifier = name->text};
	struct acmems_error ignored = {0};
	char owner[ACMEMS_DNS_NAME_MAX];
	size_t len;

	*name = (struct persist_name){.wildcard = strncmp(text, "*.", 2) == 0};
	text += name->wildcard ? 2 : 0;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '.')
		len--;
	for (size_t i = 0; len < PERSIST_NAME_MAX && i < len; i++)
		name->text[i] = (char)tolower((unsigned char)text[i]);
	if (!is_host(name->text) || !acmems_dns_name_check(name->text, &ignored))
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"\"%.100s\" is not the name of a host (www.example.org, *.example.org)",
			text);
	if (!acmems_challenge_txt_name(&challenge, owner))
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"\"%.100s\" is too long for a record of its own", text);
	return true;
}

/* Quoted in pieces; what stands in the value needs no escapes (json_is_url(), names). */
static void put_strings(struct str *line, const char *value)
{
	size_t len = strlen(value);

	for (size_t at = 0; at < len; at += STRING_MAX)
		str_addf(line, " \"%.*s\"", STRING_MAX, value + at);
}

char *persist_line(const struct persist_name *name, const char *issuer, const char *account_uri)
{
	struct str line, value;

	str_init(&value, PERSIST_URI_MAX + 1024);
	str_init(&line, PERSIST_URI_MAX + 2048);
	str_addf(&value, "%s; accounturi=%s%s", issuer, account_uri,
		name->wildcard ? "; policy=wildcard" : "");
	str_addf(&line, "_validation-persist.%s. IN TXT", name->text);
	if (str_text(&value))
		put_strings(&line, str_text(&value));
	else
		line.failed = true;
	str_add(&line, "\n");
	str_fini(&value);
	return str_take(&line);
}

/* ---- the account ---- */

static char *account_url(const struct settings_account *account, struct acmems_error *err)
{
	char *url;

	if (account_file_load(account->dir, &url, NULL, err) && !url)
		acmems_error_set(err, ACMEMS_NOT_FOUND,
			"it is not registered (there is no %s/registration.json): start acmems, "
			"which registers it, and ask again",
			account->dir);
	return err->code == ACMEMS_OK ? url : NULL;
}

static bool thumbprint_of(const struct settings_account *account, char out[JWK_THUMBPRINT_LEN + 1],
	struct acmems_error *err)
{
	char path[4096];
	EVP_PKEY *key;
	bool ok;

	snprintf(path, sizeof(path), "%s/account.pem", account->dir);
	key = key_load(path, err);
	if (!key)
		return false;
	ok = jwk_thumbprint(key, out, err);
	key_free(key);
	return ok;
}

/* ---- the CA ---- */

static void on_directory(void *arg, const struct acmems_error *err)
{
	struct acmems_error *failed = arg;

	if (err)
		*failed = *err;
	loop_stop();
}

/* Waits for it: there is nothing else to be done. */
static bool fetch(struct directory_keeper *keeper, struct acmems_error *err)
{
	if (directory_keeper_fetch(keeper, err))
		loop_run();
	return err->code == ACMEMS_OK;
}

static bool account_uri(const struct settings_account *account, const struct directory *directory,
	const struct persist_name *name, const char *url, char out[PERSIST_URI_MAX],
	struct acmems_error *err)
{
	char thumbprint[JWK_THUMBPRINT_LEN + 1];

	snprintf(out, PERSIST_URI_MAX, "%s", url);
	if (!directory->account_hash_prefix)
		return true;
	return thumbprint_of(account, thumbprint, err) &&
	       (persist_hash_uri(
			directory->account_hash_prefix, name->text, thumbprint, url, out) ||
		       acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a hash"));
}

static bool print(const struct settings_account *account, const struct directory *directory,
	const struct persist_name *name, const char *url, struct acmems_error *err)
{
	char uri[PERSIST_URI_MAX];
	char *line;

	if (!directory->issuers)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"the directory of the CA (%s) does not say by which name it goes in "
			"records; its documentation should",
			account->directory);
	if (!account_uri(account, directory, name, url, uri, err))
		return false;
	line = persist_line(name, directory->issuers[0], uri);
	if (!line)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a record");
	fputs(line, stdout);
	free(line);
	return true;
}

static bool ask_and_print(const struct settings_account *account, const struct persist_name *name,
	const char *url, struct acmems_error *err)
{
	struct directory_keeper keeper = {.url = account->directory,
		.ca_file = account->ca_file,
		.transport = &acme_transport_http,
		.done = on_directory,
		.arg = err};
	bool ok;

	if (!directory_keeper_init(&keeper))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
	ok = fetch(&keeper, err) && print(account, keeper.current, name, url, err);
	directory_keeper_fini(&keeper);
	return ok;
}

/* ---- the command ---- */

static int fail(const struct settings_account *account, const struct acmems_error *err)
{
	fprintf(stderr, "acmems: account \"%s\": %s\n", account->name, err->message);
	return err->code == ACMEMS_NOT_FOUND ? EX_NOINPUT : EX_UNAVAILABLE;
}

static int print_one(const struct settings_account *account, const struct persist_name *name)
{
	struct acmems_error err = {0};
	char *url = account_url(account, &err);
	int status = EX_OK;

	if (!url || !ask_and_print(account, name, url, &err))
		status = fail(account, &err);
	free(url);
	return status;
}

/* The default account's record; when there is none, that of each. */
static int print_all(const struct settings *settings, const struct persist_name *name)
{
	const char *only = settings->mgmt.default_account;
	int worst = EX_OK;

	for (size_t i = 0; i < settings->account_count; i++) {
		const struct settings_account *account = &settings->accounts[i];
		int status;

		if (only && strcmp(account->name, only) != 0)
			continue;
		if (!only && settings->account_count > 1)
			printf("; account \"%s\"\n", account->name);
		status = print_one(account, name);
		worst = status == EX_OK ? worst : status;
	}
	return worst;
}

int command_persist(const struct cli *cli)
{
	struct conf_faults faults = {0};
	struct acmems_error err = {0};
	struct persist_name name;
	struct settings *settings;
	int status = EX_CONFIG;

	if (!persist_name_read(cli->persist, &name, &err) || !loop_init(&err)) {
		fprintf(stderr, "acmems: %s\n", err.message);
		return err.code == ACMEMS_BAD_REQUEST ? EX_USAGE : EX_OSERR;
	}
	settings = settings_load(cli->config, &faults);
	if (settings)
		status = print_all(settings, &name);
	else
		command_print_faults(&faults);
	settings_free(settings);
	conf_faults_fini(&faults);
	http_client_fini();
	resolver_fini();
	loop_fini();
	return status;
}
