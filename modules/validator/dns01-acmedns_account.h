/* SPDX-License-Identifier: ISC */
/*
 * dns01-acmedns_account.h - accounts at acme-dns servers, in the JSON file that other clients keep,
 * too: {"example.org": {"username", "password", "fulldomain", "subdomain", ...}, ...}. Names of
 * members are taken in any case. Part of validator-dns01-acmedns.
 */
#ifndef DNS01_ACMEDNS_ACCOUNT_H
#define DNS01_ACMEDNS_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/dns.h>
#include <acmems/error.h>
#include <acmems/json.h>

#define ACMEDNS_TEXT_MAX 256
#define ACMEDNS_URL_MAX 2048

struct acmedns_account {
	char username[ACMEDNS_TEXT_MAX];
	char password[ACMEDNS_TEXT_MAX];
	char subdomain[ACMEDNS_TEXT_MAX];
	char fulldomain[ACMEMS_DNS_NAME_MAX];
	char server_url[ACMEDNS_URL_MAX]; /* "": not said */
};

/*
 * The account of a name, to be wiped. False with ACMEMS_NOT_FOUND when the file, or the name in it, is
 * not there, and with another code when the file is not as it should be.
 */
bool acmedns_account_load(const char *path, const char *name, struct acmedns_account *account,
	struct acmems_error *err);

/* Whether the file is there and as it should be; errors as above. */
bool acmedns_account_try(const char *path, struct acmems_error *err);

/* What a server said to a registration. */
bool acmedns_account_parse(
	const struct acmems_json *json, struct acmedns_account *account, struct acmems_error *err);

/* Puts the account of a name into the file, which keeps all else that it has, with mode 0600.
 * allow_from ends with NULL. */
bool acmedns_account_save(const char *path, const char *name, const struct acmedns_account *account,
	char *const *allow_from, struct acmems_error *err);

/* Whether two names are the same one, with or without a dot at the end. */
bool acmedns_same_name(const char *a, const char *b);

#endif
