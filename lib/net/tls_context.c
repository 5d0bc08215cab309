/* SPDX-License-Identifier: ISC */
/* tls_context.c - what all our servers' handshakes have in common. */
#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* Of TLS 1.2; those of TLS 1.3 are all of this kind. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM"

SSL_CTX *tls_context_new(struct acmems_error *err)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_cipher_list(context, CIPHERS) != 1 ||
		SSL_CTX_set_num_tickets(context, 0) != 1) {
		SSL_CTX_free(context);
		ERR_clear_error();
		acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot set up TLS");
		return NULL;
	}
	SSL_CTX_set_options(
		context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
				 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	return context;
}
