/* SPDX-License-Identifier: ISC */
/* tls_files.c - files into contexts, and looking after them. */
#include "net/tls_files.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/loop.h>

#include "net/tls_context.h"

#define LOOK_MS 2000
#define FILES 4
/* The whole chain may be in it, too. */
#define KEY_FILE_MAX 65536 /* bytes */
/* A chain of a client with some certificates on the way to its CA. */
#define CLIENT_CHAIN_MAX 32768 /* bytes */
#define CLIENT_DEPTH_MAX 8

struct tls_files {
	char *paths[FILES]; /* certificate, key; client_ca, client_crl or NULL */
	SSL_CTX *context;
	struct acmems_timer *timer;
	int64_t look_ms;
	uint64_t tried[FILES]; /* whether that worked or not */
	uint64_t seen[FILES]; /* at the last look */
	tls_files_told *told;
	void *arg;
};

/* ---- loading ---- */

static bool fail(struct acmems_error *err, const char *what, const char *path)
{
	unsigned long code = ERR_peek_error(); /* the first has the cause */
	const char *reason = ERR_reason_error_string(code);

	if (access(path, R_OK) < 0)
		acmems_error_errno(err, errno, "%s \"%s\" cannot be read", what, path);
	else if (ERR_GET_LIB(code) == ERR_LIB_X509 &&
		 ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH)
		acmems_error_set(err, ACMEMS_CONFIG, "%s \"%s\" does not belong to the certificate",
			what, path);
	else if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
		acmems_error_set(
			err, ACMEMS_CONFIG, "%s \"%s\" has nothing of the kind in it", what, path);
	else
		acmems_error_set(err, ACMEMS_CONFIG, "%s \"%s\" cannot be used: %s", what, path,
			reason ? reason : "unknown error");
	ERR_clear_error();
	return false;
}

/* OpenSSL would ask at the terminal. */
static int on_password(char *out, int room, int writing, void *arg)
{
	(void)out;
	(void)room;
	(void)writing;
	(void)arg;
	return -1;
}

/* So that nobody takes us for a server of another protocol, and HTTP/2 is not tried. */
static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *list, unsigned len, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1\x08http/1.0";

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto((unsigned char **)out, out_len, ours, sizeof(ours) - 1, list,
		    len) == OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_OK;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Read by us and not by OpenSSL, so that a file open to others is refused as any other secret is. */
static bool load_key(SSL_CTX *context, const char *path, struct acmems_error *err)
{
	EVP_PKEY *key = NULL;
	char *text = NULL;
	size_t len = 0;
	BIO *bio;
	bool ok;

	if (!acmems_file_read_secret(path, KEY_FILE_MAX, &text, &len, err))
		return acmems_error_context(err, "key");
	bio = BIO_new_mem_buf(text, (int)len);
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, on_password, NULL);
	ok = key && SSL_CTX_use_PrivateKey(context, key) == 1 &&
	     SSL_CTX_check_private_key(context) == 1;
	EVP_PKEY_free(key);
	BIO_free(bio);
	acmems_wipe(text, len);
	free(text);
	return ok || fail(err, "key", path);
}

static bool load_client_ca(SSL_CTX *context, const char *path, struct acmems_error *err)
{
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);

	if (!names || SSL_CTX_load_verify_file(context, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return fail(err, "client-ca", path);
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_max_cert_list(context, CLIENT_CHAIN_MAX);
	SSL_CTX_set_verify_depth(context, CLIENT_DEPTH_MAX);
	/* asked for, not insisted on; but a wrong one ends the handshake */
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return true;
}

static bool load_client_crl(SSL_CTX *context, const char *path, struct acmems_error *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (!lookup || X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) <= 0)
		return fail(err, "client-crl", path);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	return true;
}

static bool load_into(SSL_CTX *context, char *const paths[FILES], struct acmems_error *err)
{
	SSL_CTX_set_default_passwd_cb(context, on_password);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	if (paths[0] && SSL_CTX_use_certificate_chain_file(context, paths[0]) != 1)
		return fail(err, "certificate", paths[0]);
	return (!paths[1] || load_key(context, paths[1], err)) &&
	       (!paths[2] || load_client_ca(context, paths[2], err)) &&
	       (!paths[3] || load_client_crl(context, paths[3], err));
}

static SSL_CTX *load(char *const paths[FILES], struct acmems_error *err)
{
	SSL_CTX *context = tls_context_new(err);

	ERR_clear_error();
	if (!context || load_into(context, paths, err))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

bool tls_files_check(const struct tls_files_config *config, struct acmems_error *err)
{
	char *const paths[FILES] = {(char *)config->certificate, (char *)config->key,
		(char *)config->client_ca, (char *)config->client_crl};
	SSL_CTX *context = load(paths, err);

	SSL_CTX_free(context);
	return context != NULL;
}

/* ---- looking ---- */

static void look(const struct tls_files *files, uint64_t stamps[FILES])
{
	for (int i = 0; i < FILES; i++)
		stamps[i] = files->paths[i] ? acmems_file_stamp(files->paths[i]) : 0;
}

static bool is_same(const uint64_t one[FILES], const uint64_t other[FILES])
{
	return memcmp(one, other, FILES * sizeof(*one)) == 0;
}

static void load_anew(struct tls_files *files)
{
	struct acmems_error err = {0};
	SSL_CTX *context = load(files->paths, &err);

	if (context) {
		SSL_CTX_free(files->context);
		files->context = context;
	}
	if (files->told)
		files->told(files->arg, context ? NULL : &err);
}

static void on_look(void *arg)
{
	struct tls_files *files = arg;
	uint64_t now[FILES];
	bool settled;

	acmems_timer_start(files->timer, files->look_ms);
	look(files, now);
	settled = is_same(now, files->seen);
	memcpy(files->seen, now, sizeof(now));
	if (!settled || is_same(now, files->tried))
		return;
	memcpy(files->tried, now, sizeof(now));
	load_anew(files);
}

/* ---- the whole ---- */

static bool copy_paths(struct tls_files *files, const struct tls_files_config *config)
{
	const char *const paths[FILES] = {
		config->certificate, config->key, config->client_ca, config->client_crl};

	for (int i = 0; i < FILES; i++) {
		files->paths[i] = paths[i] ? strdup(paths[i]) : NULL;
		if (paths[i] && !files->paths[i])
			return false;
	}
	return true;
}

static bool set_up(
	struct tls_files *files, const struct tls_files_config *config, struct acmems_error *err)
{
	files->look_ms = config->look_ms > 0 ? config->look_ms : LOOK_MS;
	files->told = config->told;
	files->arg = config->arg;
	files->timer = acmems_timer_new(on_look, files);
	if (!copy_paths(files, config) || !files->timer)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a certificate");
	/* before, so that a change while they are loaded is seen */
	look(files, files->tried);
	memcpy(files->seen, files->tried, sizeof(files->seen));
	files->context = load(files->paths, err);
	return files->context != NULL;
}

struct tls_files *tls_files_new(const struct tls_files_config *config, struct acmems_error *err)
{
	struct tls_files *files = calloc(1, sizeof(*files));

	if (!files) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a certificate");
		return NULL;
	}
	if (!set_up(files, config, err)) {
		tls_files_free(files);
		return NULL;
	}
	acmems_timer_start(files->timer, files->look_ms);
	return files;
}

void tls_files_free(struct tls_files *files)
{
	if (!files)
		return;
	acmems_timer_free(files->timer);
	SSL_CTX_free(files->context);
	for (int i = 0; i < FILES; i++)
		free(files->paths[i]);
	free(files);
}

SSL_CTX *tls_files_context(const struct tls_files *files)
{
	return files->context;
}
