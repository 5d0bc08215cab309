/* SPDX-License-Identifier: ISC */
/*
 * etag.h - the entity tag of a chain: SHA-256 of the leaf's DER, in hex and quotes. Chains that are
 * served from a storage are the same again and again, so the last one is remembered with its tag.
 */
#ifndef ETAG_H
#define ETAG_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

#define ETAG_MAX 67

/* Zero it, then use it; it costs about the leaf's text. */
struct etag {
	char text[ETAG_MAX];
	char *leaf; /* the text it is of, up to the end of the first block; NULL: none */
	size_t leaf_len;
};

/* Sets etag->text for this chain. False unless it begins with one certificate in PEM. */
bool etag_of(struct etag *etag, const char *chain, size_t len, struct acmems_error *err);

/* Frees what it remembers. */
void etag_fini(struct etag *etag);

#endif
