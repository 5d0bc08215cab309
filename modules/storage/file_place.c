/* SPDX-License-Identifier: ISC */
/* storage/file_place.c - names of folders made from CSRs. */
#include "file_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/file.h>

bool place_of(struct place *place, const char *directory, const struct acmems_entry *entry,
	struct acmems_error *err)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	int len;

	if (acmems_digest("sha384", entry->csr, entry->csr_len, digest) != PLACE_DIGEST_LEN)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot digest the CSR");
	memcpy(place->digest, digest, PLACE_DIGEST_LEN);
	acmems_hex(digest, PLACE_DIGEST_LEN, place->hex);
	/* the longest directory leaves room for every name behind it */
	len = snprintf(place->path, sizeof(place->path), "%s/%.2s/%s", directory, place->hex,
		place->hex + 2);
	place->folder_len = (size_t)len;
	place->parent_len = (size_t)len - PLACE_NAME_LEN - 1;
	return true;
}

const char *place_at(struct place *place, const char *name)
{
	snprintf(place->path + place->folder_len, sizeof(place->path) - place->folder_len, "%s%s",
		*name ? "/" : "", name);
	return place->path;
}

/* Whether csr.pem is there and is the CSR, byte for byte. */
bool place_has_csr(struct place *place, const struct acmems_entry *entry, struct acmems_error *err)
{
	char *csr = NULL;
	size_t len = 0;
	bool same;

	if (!acmems_file_read(place_at(place, "csr.pem"), FILE_CSR_MAX, &csr, &len, err))
		return false;
	same = len == entry->csr_len && memcmp(csr, entry->csr, len) == 0;
	free(csr);
	if (!same)
		return acmems_error_set(err, ACMEMS_SYSTEM,
			"csr.pem is not the CSR that its folder is named after");
	return true;
}
