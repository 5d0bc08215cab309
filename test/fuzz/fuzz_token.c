/* SPDX-License-Identifier: ISC */
/* fuzz_token.c - files of auth-token, and the header that it is sent. */
#include <stdio.h>

#include "modules/auth/token.c"
#include "modules/auth/token_entry.c"
#include "modules/auth/token_list.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct token_entry *entry)
{
	if (!*entry->name || strlen(entry->name) > NAME_MAX_LEN || entry->expires < -86400)
		__builtin_trap();
	for (size_t i = 0; i < entry->domain_count; i++) {
		if (!*entry->domains[i] || strpbrk(entry->domains[i], " \t\r\n"))
			__builtin_trap();
	}
	token_entry_fits(entry, "www.example.org");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_error err = {0};
	struct token_list list = {0};
	char *text = strndup((const char *)data, size);
	const char *token;

	if (!text)
		return 0;
	if (token_list_add_text(&list, text, &err) && token_list_check(&list, &err)) {
		for (size_t i = 0; i < list.count; i++)
			check_entry(&list.entries[i]);
	} else if (err.code == ACMEMS_OK || err.message[0] == '\0') {
		__builtin_trap();
	}
	token_list_fini(&list);
	token = after_scheme(text);
	if (token && token_length(token) > TOKEN_MAX)
		__builtin_trap();
	free(text);
	return 0;
}
