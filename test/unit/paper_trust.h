/* SPDX-License-Identifier: ISC */
/*
 * paper_trust.h - a certification authority on paper, for TLS on loopback: its own certificate in a
 * file, and a server's key and certificate for 127.0.0.1, localhost and *.paper.test.
 */
#ifndef PAPER_TRUST_H
#define PAPER_TRUST_H

#include <openssl/ssl.h>

struct paper_trust {
	EVP_PKEY *key;
	X509 *root;
	SSL_CTX *server;
};

/* Makes keys and certificates, and writes the root's to a file, if one is named. */
void paper_trust_init(struct paper_trust *trust, const char *ca_file);
void paper_trust_fini(struct paper_trust *trust);

#endif
