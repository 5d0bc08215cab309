/* SPDX-License-Identifier: ISC */
/* dns01-server_book.c - published values. There are as many as challenges under way, so a list does. */
#include "dns01-server_book.h"

#include <stdlib.h>
#include <string.h>

#include "dns01-server_zones.h"

static bool make_room(struct dns01_server_book *book, struct acmems_error *err)
{
	size_t room = book->room > 0 ? book->room * 2 : 16;
	struct dns01_server_entry *entries;

	if (book->count < book->room)
		return true;
	if (book->count >= DNS01_SERVER_VALUES_MAX)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"more than %d values are published", DNS01_SERVER_VALUES_MAX);
	entries = reallocarray(book->entries, room, sizeof(*entries));
	if (!entries)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to publish a value");
	book->entries = entries;
	book->room = room;
	return true;
}

static void free_entry(struct dns01_server_entry *entry)
{
	free(entry->name);
	free(entry->value);
}

bool dns01_server_book_add(struct dns01_server_book *book, uint64_t id, const char *name,
	const char *value, struct acmems_error *err)
{
	struct dns01_server_entry entry = {.id = id};

	if (!make_room(book, err))
		return false;
	entry.name = strdup(name);
	entry.value = strdup(value);
	if (!entry.name || !entry.value) {
		free_entry(&entry);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to publish a value");
	}
	book->entries[book->count++] = entry;
	return true;
}

void dns01_server_book_remove(struct dns01_server_book *book, uint64_t id)
{
	size_t left = 0;

	for (size_t i = 0; i < book->count; i++) {
		if (book->entries[i].id == id)
			free_entry(&book->entries[i]);
		else
			book->entries[left++] = book->entries[i];
	}
	book->count = left;
}

bool dns01_server_book_show(const struct dns01_server_book *book, const char *name,
	struct acmems_dns_reply *reply, void (*shown)(uint64_t id))
{
	bool exists = false;

	for (size_t i = 0; i < book->count; i++) {
		const struct dns01_server_entry *entry = &book->entries[i];

		if (!dns01_server_is_in(entry->name, name))
			continue;
		exists = true;
		if (strcmp(entry->name, name) == 0 && acmems_dns_reply_txt(reply, entry->value))
			shown(entry->id);
	}
	return exists;
}

void dns01_server_book_fini(struct dns01_server_book *book)
{
	while (book->count > 0)
		free_entry(&book->entries[--book->count]);
	free(book->entries);
	*book = (struct dns01_server_book){0};
}
