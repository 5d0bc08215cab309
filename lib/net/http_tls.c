/* SPDX-License-Identifier: ISC */
/* http_tls.c - bufferevents over OpenSSL. */
#include "net/http_tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>

struct bufferevent *http_tls_new(struct event_base *base, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	struct bufferevent *bev = NULL;

	/* what other connections left behind would pass for a fault of this one */
	ERR_clear_error();
	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(
		base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (!bev) {
		SSL_free(ssl);
		return NULL;
	}
	/* HTTP has lengths of its own */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

/* As the library does in a handshake. NULL: good; else why not. */
static const char *verify(STACK_OF(X509) * chain, SSL_CTX *now)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	const char *why = "no memory";

	if (context &&
		X509_STORE_CTX_init(context, SSL_CTX_get_cert_store(now), sk_X509_value(chain, 0),
			chain) == 1 &&
		X509_STORE_CTX_set_default(context, "ssl_client") == 1 &&
		X509_VERIFY_PARAM_set1(
			X509_STORE_CTX_get0_param(context), SSL_CTX_get0_param(now)) == 1)
		why = X509_verify_cert(context) == 1
			      ? NULL
			      : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
	X509_STORE_CTX_free(context);
	ERR_clear_error();
	return why;
}

STACK_OF(X509) * http_tls_chain(struct bufferevent *bev, SSL_CTX *now, const char **why)
{
	const SSL *ssl = bufferevent_openssl_get_ssl(bev);
	STACK_OF(X509) * chain;

	*why = NULL;
	if (!ssl || !SSL_get0_peer_certificate(ssl) || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	chain = SSL_get0_verified_chain(ssl);
	if (chain)
		*why = now ? verify(chain, now) : "nobody is asked for one";
	return *why ? NULL : chain;
}

const char *http_tls_farewell(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	unsigned long code;

	if (!ssl)
		return NULL;
	code = bufferevent_get_openssl_error(bev);
	if (code == 0 && SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
	return code ? ERR_reason_error_string(code) : NULL;
}
