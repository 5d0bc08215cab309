/* SPDX-License-Identifier: ISC */
/*
 * tls.h - TLS handshakes as an answer: tls-alpn-01 (RFC 8737).
 *
 * A server does nothing but handshakes: it shows the certificate that its owner chooses by server
 * name and ends the connection. Only clients that offer the protocol "acme-tls/1" are answered.
 */
#ifndef ACMEMS_TLS_H
#define ACMEMS_TLS_H

#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>

struct acmems_tls_identity;
struct acmems_tls_server;

/*
 * Makes a key and the self-signed certificate that answers a tls-alpn-01 challenge (RFC 8737, 3): the
 * identifier (DNS name or IP address, RFC 8738) as its only subjectAltName and the digest of the key
 * authorization in the critical acmeIdentifier extension. Both texts are used during the call only. NULL
 * and *err: ACMEMS_BAD_CSR for an identifier that is neither (a wildcard, say), ACMEMS_NO_MEMORY.
 */
struct acmems_tls_identity *acmems_tls_identity_new(
	const char *identifier, const char *key_authorization, struct acmems_error *err);

/* Frees it and its key; NULL is allowed. */
void acmems_tls_identity_free(struct acmems_tls_identity *identity);

/*
 * Chooses by the name in the client's hello (lower-case letters, digits, '.', '-' and '_', never empty;
 * for an IP address its reverse name, RFC 8738, 6). Name and peer are valid during the call. NULL: not
 * mine. The server has taken what it needs of the identity when it returns to the loop; from then on it
 * may be freed.
 */
typedef const struct acmems_tls_identity *acmems_tls_choose(
	void *arg, const char *server_name, const struct acmems_address *peer);

/* All of it is copied. */
struct acmems_tls_server_config {
	const char *room; /* for the log; 31 bytes of it count */
	char *const
		*listen; /* "0.0.0.0:443", "[::]:443", NULL at the end; none: nothing is heard */
	/* Per address listened on, as the newest server says it. */
	unsigned max_connections; /* at once, above which the oldest is cut; 0: 256 */
	unsigned max_per_address; /* the same for one client's address; 0: a quarter of that */
	int64_t deadline_ms; /* for a whole handshake; 0: 10,000 */
	acmems_tls_choose *choose; /* may free servers, also its own */
	void *arg; /* choose's; not copied */
};

/*
 * Listens, and returns a server that is not open: it is asked nothing so far. Addresses are shared as
 * those of HTTP servers: the newest server is asked first, the older ones if it does not know the name.
 * The caller's to free. NULL and *err (which address, why) on failure.
 */
struct acmems_tls_server *acmems_tls_server_new(
	const struct acmems_tls_server_config *config, struct acmems_error *err);

/* From now on names are offered to it. */
void acmems_tls_server_open(struct acmems_tls_server *server);

/* Closes addresses that no other server holds, and frees it. NULL is allowed. */
void acmems_tls_server_free(struct acmems_tls_server *server);

#endif
