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

STACK_OF(X509) * http_tls_chain(struct bufferevent *bev)
{
	const SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (!ssl || !SSL_get0_peer_certificate(ssl) || SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	return SSL_get0_verified_chain(ssl);
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
