/* SPDX-License-Identifier: ISC */
/* x509/pem.h - PEM blocks from hostile bytes: bounded, strict about what stands around them. */
#ifndef X509_PEM_H
#define X509_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/error.h>

/*
 * Takes the next block at *text (advances *text and *len behind it; RFC 7468). Only white space may
 * stand before it. label must be one of labels (NULL at the end). *ret_der, of 1 to max_der bytes,
 * is the caller's to free(). Errors are ACMEMS_BAD_REQUEST with a sentence that contains nothing
 * but printable ASCII; ACMEMS_NOT_FOUND when only white space is left; ACMEMS_NO_MEMORY.
 */
bool pem_next(const char **text, size_t *len, const char *const *labels, size_t max_der,
	unsigned char **ret_der, size_t *ret_len, struct acmems_error *err);

#endif
