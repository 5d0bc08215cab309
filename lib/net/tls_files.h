/* SPDX-License-Identifier: ISC */
/*
 * net/tls_files.h - the certificate of an HTTPS server: it, its key and the CA of its clients from
 * files, which are looked at every few seconds and loaded anew when they have changed.
 *
 * Both files of a pair can not be replaced at once: so a change counts when nothing more has changed
 * for one more look. A set that can not be used leaves the old one in place.
 */
#ifndef NET_TLS_FILES_H
#define NET_TLS_FILES_H

#include <stdint.h>

#include <acmems/error.h>

typedef struct ssl_ctx_st SSL_CTX;

struct tls_files;

/* After files have changed: err says why the old ones stay in use, NULL that the new ones are. */
typedef void tls_files_told(void *arg, const struct acmems_error *err);

/* All of it is copied. */
struct tls_files_config {
	const char *certificate; /* PEM, the certificate first, then its chain */
	const char *key; /* PEM; may be in the same file; refused if others may read it */
	const char *client_ca; /* PEM; NULL: clients are not asked for certificates */
	const char *
		client_crl; /* PEM, revoked ones, of every CA; NULL: nobody looks; with client_ca */
	int64_t look_ms; /* between looks; 0: 2,000 */
	tls_files_told *told; /* may be NULL */
	void *arg;
};

/* Loads them. NULL and *err (which file, why) on failure. */
struct tls_files *tls_files_new(const struct tls_files_config *config, struct acmems_error *err);

/* What is loaded stays valid for the connections that use it. NULL is allowed. */
void tls_files_free(struct tls_files *files);

/* Could they be loaded? Nothing is kept. Certificate and key may be NULL here: nobody looks then. */
bool tls_files_check(const struct tls_files_config *config, struct acmems_error *err);

/* What to make connections of; valid until the loop is back. */
SSL_CTX *tls_files_context(const struct tls_files *files);

#endif
