/* SPDX-License-Identifier: ISC */
/* curl_trust.c - trust anchors by OpenSSL's own lookups instead of curl's bundle. */
#include "net/curl_trust.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

bool curl_trust_set(void *ssl_ctx, const char *ca_file)
{
	SSL_CTX *ctx = ssl_ctx;
	bool ok = SSL_CTX_set_default_verify_paths(ctx) == 1;

	if (ca_file)
		ok = SSL_CTX_load_verify_file(ctx, ca_file) == 1;
	ERR_clear_error();
	return ok;
}
