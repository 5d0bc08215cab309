/* SPDX-License-Identifier: ISC */
/* storage/file_place.h - where an entry lies in the directory. Part of storage-file. */
#ifndef STORAGE_FILE_PLACE_H
#define STORAGE_FILE_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>
#include <acmems/storage.h>

#define FILE_CSR_MAX 65536
#define FILE_CHAIN_MAX 262144
#define PLACE_DIGEST_LEN 48
#define PLACE_HEX_LEN 96
/* Of the folder's own name: DIRECTORY/HE/XREST without HE. */
#define PLACE_NAME_LEN (PLACE_HEX_LEN - 2)
#define PLACE_FOLDERS 256

struct place {
	unsigned char digest[PLACE_DIGEST_LEN]; /* SHA-384 of the CSR */
	char hex[PLACE_HEX_LEN + 1]; /* the same, in digits */
	size_t parent_len; /* of DIRECTORY/HE */
	size_t folder_len; /* of DIRECTORY/HE/XREST */
	char path[PATH_MAX];
};

/* False and *err: the CSR can not be digested. */
bool place_of(struct place *place, const char *directory, const struct acmems_entry *entry,
	struct acmems_error *err);

/* The path of a file of the entry; "" for its folder. The place's own, until the next call. */
const char *place_at(struct place *place, const char *name);

/* Whether csr.pem is there and is the CSR, byte for byte. */
bool place_has_csr(struct place *place, const struct acmems_entry *entry, struct acmems_error *err);

#endif
