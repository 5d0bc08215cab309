/* SPDX-License-Identifier: ISC */
/* net/curl_trust.h - whom TLS connections to other servers trust. */
#ifndef NET_CURL_TRUST_H
#define NET_CURL_TRUST_H

#include <stdbool.h>

/*
 * Sets the trust anchors of an OpenSSL SSL_CTX: the system's hashed directory, looked up as needed, and
 * those in ca_file, if not NULL. The system's bundle, which would cost some 3 MB and 20 ms each time,
 * is read only where there is no such directory, or SSL_CERT_FILE is set.
 */
bool curl_trust_set(void *ssl_ctx, const char *ca_file);

#endif
