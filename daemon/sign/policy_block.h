/* SPDX-License-Identifier: ISC */
/*
 * policy_block.h - one auth block judged without waiting, and the record of which block came
 * closest. Between policy.c and policy_run.c.
 */
#ifndef POLICY_BLOCK_H
#define POLICY_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/auth.h>
#include <acmems/error.h>
#include "generation/generation.h"

/* Could every method say yes? Looks at headers and address only. *err: which method, why not. */
bool policy_block_possible(const struct block *block, const struct acmems_sign_request *request,
	struct acmems_error *err);

/* Does every name fit a domain? *fits is how many do; *err names the first that does not. */
bool policy_block_fits(const struct block *block, const struct acmems_csr *csr, size_t *fits,
	struct acmems_error *err);

/* The same without a word, and done with the first name that fits none. */
bool policy_block_fits_all(const struct block *block, const struct acmems_csr *csr);

/* How far a block let a request come: the farthest last. */
enum policy_rank {
	POLICY_RANK_NONE,
	POLICY_RANK_METHOD, /* a method can not say yes */
	POLICY_RANK_STRANGE, /* its methods could, but no name fits */
	POLICY_RANK_FITS, /* every name fits, and a method can not say yes */
	POLICY_RANK_NAMES, /* its methods could, but not every name fits */
	POLICY_RANK_CHECK, /* every name fits, and a method has said no */
};

#define POLICY_MISSES 3

/* The blocks that came closest so far, the closest first, and what they missed. Zero it first. */
struct policy_miss {
	struct {
		enum policy_rank rank;
		size_t fits;
		const char *block;
		char text[ACMEMS_ERROR_MESSAGE_MAX];
	} closest[POLICY_MISSES];
	size_t count; /* of these */
	/* what a method could not understand of the request, or "" */
	char malformed[ACMEMS_ERROR_MESSAGE_MAX];
};

/* Remembers it if the block came further than one of those remembered, or there is room. */
void policy_miss_note(struct policy_miss *miss, const struct block *block, enum policy_rank rank,
	size_t fits, const struct acmems_error *why);

/*
 * The refusal: a message that tells the client nothing but what of its request can not be understood;
 * as details the closest block and, where another one missed something else, those next to it.
 */
bool policy_miss_refuse(const struct policy_miss *miss, struct acmems_error *err);

#endif
