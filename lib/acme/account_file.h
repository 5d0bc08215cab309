/* SPDX-License-Identifier: ISC */
/*
 * acme/account_file.h - an account's two files, as the Python ACMEMS keeps them.
 *
 *   account.pem         the private key; made (P-256, PKCS#8, mode 0600) when there is none, never
 *                       replaced, whatever is in it
 *   registration.json   an object with "uri", the account's URL, "body", the account object, and
 *                       "terms_of_service", the CA's terms that the operator knows of;
 *                       members that we do not know are kept when it is written again
 */
#ifndef ACME_ACCOUNT_FILE_H
#define ACME_ACCOUNT_FILE_H

#include <stdbool.h>

#include <acmems/error.h>

typedef struct evp_pkey_st EVP_PKEY;
struct acmems_json;

enum account_key_origin {
	ACCOUNT_KEY_FOUND,
	ACCOUNT_KEY_MADE,
	ACCOUNT_KEY_TIGHTENED, /* found, and readable by others until now: its mode is 0600 now */
};

/* The directory is made if it is missing, mode 0700. Free with key_free(). NULL and *err. */
EVP_PKEY *account_file_key(
	const char *dir, enum account_key_origin *origin, struct acmems_error *err);

/*
 * Both are the caller's to free(), or NULL: there is no registration yet, or it tells no terms.
 * ret_terms may be NULL.
 */
bool account_file_load(const char *dir, char **ret_url, char **ret_terms, struct acmems_error *err);

/*
 * Writes the registration: url, terms, and the members of body (the CA's account object) over the
 * old ones; terms and body that are NULL stay as they were.
 */
bool account_file_save(const char *dir, const char *url, const char *terms,
	const struct acmems_json *body, struct acmems_error *err);

#endif
