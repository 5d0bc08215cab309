/* SPDX-License-Identifier: ISC */
/* etag.c - the tag made from a leaf, or remembered. */
#include "sign/etag.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include "x509/pem.h"

#define LEAF_MAX 65536
#define DIGEST_LEN 32

/* Without memory to remember it in it is made again, which is no fault. */
static void remember(struct etag *etag, const char *chain, size_t leaf_len)
{
	char *leaf = realloc(etag->leaf, leaf_len);

	if (!leaf) {
		etag_fini(etag);
		return;
	}
	memcpy(leaf, chain, leaf_len);
	etag->leaf = leaf;
	etag->leaf_len = leaf_len;
}

bool etag_of(struct etag *etag, const char *chain, size_t len, struct acmems_error *err)
{
	static const char *const labels[] = {"CERTIFICATE", NULL};
	unsigned char digest[ACMEMS_DIGEST_MAX];
	const char *rest = chain;
	size_t rest_len = len;
	unsigned char *der;
	size_t der_len, digest_len;

	if (etag->leaf && len >= etag->leaf_len && memcmp(chain, etag->leaf, etag->leaf_len) == 0)
		return true;
	if (!pem_next(&rest, &rest_len, labels, LEAF_MAX, &der, &der_len, err))
		return acmems_error_context(err, "no certificate chain");
	digest_len = acmems_digest("sha256", der, der_len, digest);
	free(der);
	if (digest_len != DIGEST_LEN)
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory for a certificate's digest");
	etag->text[0] = '"';
	acmems_hex(digest, DIGEST_LEN, etag->text + 1);
	memcpy(etag->text + 1 + 2 * DIGEST_LEN, "\"", 2);
	remember(etag, chain, len - rest_len);
	return true;
}

void etag_fini(struct etag *etag)
{
	free(etag->leaf);
	etag->leaf = NULL;
	etag->leaf_len = 0;
}
