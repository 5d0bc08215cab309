/* SPDX-License-Identifier: ISC */
/*
 * token_list.h - the tokens that are known, each by its digest, as an operator writes them down:
 *
 *   NAME HASH [EXPIRY [DOMAIN...]]
 *
 * Knows no request and no header.
 */
#ifndef TOKEN_LIST_H
#define TOKEN_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

#define TOKEN_DIGEST_LEN 32 /* SHA-256 */

struct token_entry {
	char *line; /* of which the texts below are parts, NULs between them */
	size_t line_len; /* bytes */
	const char *name;
	unsigned char digest[TOKEN_DIGEST_LEN]; /* of the token */
	int64_t expires; /* seconds since 1970-01-01 UTC; INT64_MAX: never */
	const char **domains; /* globs (acmems/glob.h) */
	size_t domain_count; /* 0: every name */
};

/* Zeroed, it is empty. */
struct token_list {
	struct token_entry *entries;
	size_t count;
	size_t room;
};

/*
 * Takes a line apart into a new entry, to be ended with token_entry_fini(). ACMEMS_CONFIG in *err says
 * which part of it is wrong.
 */
bool token_entry_read(
	struct token_entry *entry, const char *line, size_t len, struct acmems_error *err);

void token_entry_fini(struct token_entry *entry);

/* Adds a line that is an entry. */
bool token_list_add(
	struct token_list *list, const char *line, size_t len, struct acmems_error *err);

/*
 * Adds the lines of a text; those that are blank or begin with '#' are none. *err says "line N" in
 * front of what is wrong.
 */
bool token_list_add_text(struct token_list *list, const char *text, struct acmems_error *err);

/* Whether every name and every digest is there once. Puts the entries into another order. */
bool token_list_check(struct token_list *list, struct acmems_error *err);

/* The entry of that digest or NULL, in time that does not depend on which it is. */
const struct token_entry *token_list_find(
	const struct token_list *list, const unsigned char digest[TOKEN_DIGEST_LEN]);

/* Whether one of the entry's domains fits the name, or it has none. */
bool token_entry_fits(const struct token_entry *entry, const char *name);

/* Empties it. */
void token_list_fini(struct token_list *list);

#endif
