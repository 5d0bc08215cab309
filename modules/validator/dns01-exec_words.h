/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_words.h - how the programs of each convention are told what to do.
 */
#ifndef DNS01_EXEC_WORDS_H
#define DNS01_EXEC_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include <acmems/child.h>

enum dns01_exec_convention { EXEC_LEGO, EXEC_LEGO_RAW, EXEC_DEHYDRATED, EXEC_CERTBOT };

/* What is to be published, or taken away. */
struct dns01_exec_facts {
	bool cleanup;
	bool http; /* http-01: value is the key authorization, and goes into a file */
	const char *domain; /* the name, without "*." */
	const char *owner; /* of the TXT record, with the dot at its end */
	const char *value;
	const char *token;
	const char *key_authorization;
	const char *output; /* cleanup: what the program printed when it published */
};

#define DNS01_EXEC_VARIABLES 8

/* Points into the facts. */
struct dns01_exec_words {
	const char *arguments[6]; /* NULL at the end */
	struct acmems_child_variable variables[DNS01_EXEC_VARIABLES];
	size_t variable_count;
};

void dns01_exec_say(enum dns01_exec_convention convention, const struct dns01_exec_facts *facts,
	struct dns01_exec_words *words);

#endif
