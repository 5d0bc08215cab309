/* SPDX-License-Identifier: ISC */
/*
 * dns01-server_book.h - what is published: which challenge has which value at which name. Values at
 * one name stand side by side; each stays until every challenge that has it is taken out.
 */
#ifndef DNS01_SERVER_BOOK_H
#define DNS01_SERVER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/dns_server.h>
#include <acmems/error.h>

#define DNS01_SERVER_VALUES_MAX 8192

struct dns01_server_entry {
	uint64_t id; /* of the challenge */
	char *name; /* lower case, with the last dot */
	char *value;
};

/* Zeroed by its owner. */
struct dns01_server_book {
	struct dns01_server_entry *entries;
	size_t count;
	size_t room;
};

/* False and *err on failure. */
bool dns01_server_book_add(struct dns01_server_book *book, uint64_t id, const char *name,
	const char *value, struct acmems_error *err);

/* Harmless when there is none of this challenge. */
void dns01_server_book_remove(struct dns01_server_book *book, uint64_t id);

/*
 * Adds the values of a name to a reply, with shown(id) for every challenge whose value is added.
 * Whether the name exists: it has values, or is above one that has.
 */
bool dns01_server_book_show(const struct dns01_server_book *book, const char *name,
	struct acmems_dns_reply *reply, void (*shown)(uint64_t id));

/* Safe on a zeroed struct and twice. */
void dns01_server_book_fini(struct dns01_server_book *book);

#endif
