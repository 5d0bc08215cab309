/* SPDX-License-Identifier: ISC */
/*
 * storage.h - modules that keep signed chains, so that equal CSRs get equal certificates.
 *
 * The key of an entry is the CSR, byte for byte as the client sent it. Whether a kept chain is still
 * fresh enough is the module's to decide: its options say how long before the end it is renewed.
 *
 * get and put are needed, all else may be NULL. Operations may overlap, also on one entry. An
 * error of get costs a new certificate and one of put a warning, never the client's answer.
 */
#ifndef ACMEMS_STORAGE_H
#define ACMEMS_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

struct acmems_entry {
	const void *csr; /* the PEM as the client sent it */
	size_t csr_len; /* bytes */
	const void *chain; /* PEM, leaf first; NULL but in put */
	size_t chain_len; /* bytes; 0 but in put */
};

struct acmems_storage_ops {
	/* Operation, within 10 s: finish with the chain if there is a fresh one, else with len 0. */
	bool (*get)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
	/* Operation, 5 s: keep the chain, replacing an older one; durable when it is finished. */
	bool (*put)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
	/* Operation: finish with all kept CSRs (PEM), one behind the other. Nobody asks yet. */
	bool (*list)(void *instance, uint64_t op, struct acmems_error *err);
	/* Operation: forget the entry; one that is not there is success. Nobody asks yet. */
	bool (*remove)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
	/* Operation, 2 s: as get, but whether the chain is fresh or not. */
	bool (*peek)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
	/*
	 * Operation, 30 s: finish with the entry that comes behind this one in an order of the module's own;
	 * csr NULL asks for the first. An entry is its CSR, a NUL byte, and its chain, fresh or not;
	 * len 0 means that there are no more. Who walks on from one to the next meets every entry that
	 * is there all the time once, also when this one has been removed meanwhile. Without it
	 * nobody is told of certificates that near their end.
	 */
	bool (*next)(void *instance, uint64_t op, const struct acmems_entry *entry,
		struct acmems_error *err);
};

#endif
