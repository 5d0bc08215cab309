/* SPDX-License-Identifier: ISC */
/* tls_hello.c - the callbacks that answer a client's hello. */
#include "net/tls_hello.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/tls_identity.h"
#include "net/tls_context.h"

#define PROTOCOL "acme-tls/1" /* RFC 8737, 6.2 */

/* Finds it in a list of names, each with its length in front (RFC 7301, 3.1); NULL: it is not there. */
static const unsigned char *find_protocol(const unsigned char *list, size_t len)
{
	while (len > 0 && list[0] < len) {
		if (list[0] == strlen(PROTOCOL) && memcmp(list + 1, PROTOCOL, list[0]) == 0)
			return list + 1;
		len -= 1 + (size_t)list[0];
		list += 1 + (size_t)list[0];
	}
	return NULL;
}

/* The library asks for a protocol only if some are offered; so offering none is caught here. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls_hello *hello = SSL_get_app_data(ssl);
	const unsigned char *offer;
	size_t len;

	(void)arg;
	if (SSL_client_hello_get0_ext(
		    ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &offer, &len) == 1 &&
		len > 2 && find_protocol(offer + 2, len - 2))
		return SSL_CLIENT_HELLO_SUCCESS;
	hello->refused = "does not offer " PROTOCOL;
	*alert = SSL_AD_NO_APPLICATION_PROTOCOL;
	return SSL_CLIENT_HELLO_ERROR;
}

static int on_protocols(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *list, unsigned len, void *arg)
{
	(void)ssl;
	(void)arg;
	*out = find_protocol(list, len);
	*out_len = (unsigned char)strlen(PROTOCOL);
	return *out ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Takes over what may be in the name of a host or address, in lower case. */
static bool copy_name(const char *from, char to[TLS_HELLO_NAME_MAX])
{
	size_t i = 0;

	for (; i < TLS_HELLO_NAME_MAX - 1 && from[i]; i++) {
		char c = from[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '.' &&
			 c != '-' && c != '_')
			break;
		to[i] = c;
	}
	if (from[i])
		i = 0;
	to[i] = '\0';
	return i > 0;
}

/* The library has seen to it that there is one name at most, without NUL in it. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	struct tls_hello *hello = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct acmems_tls_identity *identity;

	(void)arg;
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	if (!name || !copy_name(name, hello->name)) {
		hello->refused = name ? "asks for no name of a host" : "names no server";
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	identity = hello->choose(hello->arg, hello->name);
	if (!identity) {
		hello->refused = "asks for a name that nothing is known of";
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	if (SSL_use_certificate(ssl, identity->cert) == 1 &&
		SSL_use_PrivateKey(ssl, identity->key) == 1)
		return SSL_TLSEXT_ERR_OK;
	*alert = SSL_AD_INTERNAL_ERROR;
	hello->refused = "can not be served: no memory";
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SSL_CTX *tls_hello_context(struct acmems_error *err)
{
	SSL_CTX *context = tls_context_new(err);

	if (!context)
		return NULL;
	SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
	SSL_CTX_set_tlsext_servername_callback(context, on_name);
	SSL_CTX_set_alpn_select_cb(context, on_protocols, NULL);
	return context;
}

SSL *tls_hello_ssl(SSL_CTX *context, struct tls_hello *hello, int fd)
{
	SSL *ssl = SSL_new(context);

	if (ssl && (SSL_set_app_data(ssl, hello) != 1 || SSL_set_fd(ssl, fd) != 1)) {
		SSL_free(ssl);
		ssl = NULL;
	}
	ERR_clear_error();
	return ssl;
}
