/* SPDX-License-Identifier: ISC */
/* token_list.c - all tokens that are known. */
#include "token_list.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>

#define ENTRIES_MAX 10000

static bool make_room(struct token_list *list, struct acmems_error *err)
{
	size_t room = list->room > 0 ? 2 * list->room : 16;
	struct token_entry *entries;

	if (list->count == ENTRIES_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG, "more than %d tokens", ENTRIES_MAX);
	if (list->count < list->room)
		return true;
	entries = reallocarray(list->entries, room, sizeof(*entries));
	if (!entries)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for %zu tokens", room);
	list->entries = entries;
	list->room = room;
	return true;
}

bool token_list_add(struct token_list *list, const char *line, size_t len, struct acmems_error *err)
{
	struct token_entry entry;

	if (!token_entry_read(&entry, line, len, err))
		return false;
	if (!make_room(list, err)) {
		token_entry_fini(&entry);
		return false;
	}
	list->entries[list->count++] = entry;
	return true;
}

bool token_list_add_text(struct token_list *list, const char *text, struct acmems_error *err)
{
	size_t number = 1;

	for (const char *line = text; *line; number++) {
		size_t len = strcspn(line, "\n");
		size_t blank = strspn(line, " \t\r");

		if (blank < len && line[blank] != '#' && !token_list_add(list, line, len, err))
			return acmems_error_context(err, "line %zu", number);
		line += len + (line[len] == '\n');
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct token_entry *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static int by_digest(const void *a, const void *b)
{
	const struct token_entry *one = a, *other = b;

	return memcmp(one->digest, other->digest, TOKEN_DIGEST_LEN);
}

bool token_list_check(struct token_list *list, struct acmems_error *err)
{
	struct token_entry *entries = list->entries;

	if (list->count > 0)
		qsort(entries, list->count, sizeof(*entries), by_digest);
	for (size_t i = 1; i < list->count; i++) {
		if (by_digest(&entries[i - 1], &entries[i]) == 0)
			return acmems_error_set(err, ACMEMS_CONFIG,
				"tokens \"%s\" and \"%s\" have the same digest",
				entries[i - 1].name, entries[i].name);
	}
	if (list->count > 0)
		qsort(entries, list->count, sizeof(*entries), by_name);
	for (size_t i = 1; i < list->count; i++) {
		if (by_name(&entries[i - 1], &entries[i]) == 0)
			return acmems_error_set(err, ACMEMS_CONFIG,
				"there are two tokens with the name \"%s\"", entries[i].name);
	}
	return true;
}

const struct token_entry *token_list_find(
	const struct token_list *list, const unsigned char digest[TOKEN_DIGEST_LEN])
{
	const struct token_entry *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (acmems_equal(list->entries[i].digest, digest, TOKEN_DIGEST_LEN))
			found = &list->entries[i];
	}
	return found;
}

void token_list_fini(struct token_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		token_entry_fini(&list->entries[i]);
	free(list->entries);
	*list = (struct token_list){0};
}
