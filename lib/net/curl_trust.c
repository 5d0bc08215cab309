/* SPDX-License-Identifier: ISC */
/*
 * curl_trust.c - trust anchors by OpenSSL's own lookups instead of curl's bundle. OpenSSL has a bundle
 * too, and reads it whole for every connection; so it is left alone where the hashed directory is.
 */
#include "net/curl_trust.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "9d04f354.0" and the like, as openssl-rehash(1) makes them. */
static bool is_hashed(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       strspn(name + 9, "0123456789") > 0;
}

static bool has_hashed(const char *path)
{
	DIR *dir = opendir(path);
	bool found = false;

	for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && !found;
		entry = readdir(dir))
		found = is_hashed(entry->d_name);
	if (dir)
		closedir(dir);
	return found;
}

/* Is any of the directories that OpenSSL will look into of use? */
static bool has_directory(void)
{
	const char *list = secure_getenv(X509_get_default_cert_dir_env());
	char path[512];
	bool found = false;

	for (list = list ? list : X509_get_default_cert_dir(); *list && !found;
		list += *list == ':') {
		size_t len = strcspn(list, ":");

		snprintf(path, sizeof(path), "%.*s", (int)len, list);
		found = has_hashed(path);
		list += len;
	}
	return found;
}

bool curl_trust_set(void *ssl_ctx, const char *ca_file)
{
	SSL_CTX *ctx = ssl_ctx;
	bool ok = SSL_CTX_set_default_verify_dir(ctx) == 1;

	if (secure_getenv(X509_get_default_cert_file_env()) || !has_directory())
		ok = SSL_CTX_set_default_verify_file(ctx) == 1 && ok;
	if (ca_file)
		ok = SSL_CTX_load_verify_file(ctx, ca_file) == 1;
	ERR_clear_error();
	return ok;
}
