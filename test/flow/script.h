/* SPDX-License-Identifier: ISC */
/* script.h - a scenario in memory. What its lines mean stands at the top of runner.c. */
#ifndef FLOW_SCRIPT_H
#define FLOW_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPT_STEPS_MAX 400
#define SCRIPT_WORDS_MAX 16

enum step_kind {
	STEP_POST,
	STEP_PRESENT,
	STEP_CLEANUP,
	STEP_SEEN,
	STEP_ABORT,
	STEP_END,
};

struct step {
	enum step_kind kind;
	unsigned line;
	int64_t gap_ms; /* since the step before; -1: any */
	char *what; /* path of a POST, name of a challenge, code of the end */
	char *detail; /* payload of a POST ("-": POST-as-GET, "*": any), challenge type */
	char *answer; /* behind the '=' */
	unsigned bad_nonces; /* answered before that */
	int64_t after_ms; /* of the answer, of an action */
};

struct script {
	char *names[SCRIPT_WORDS_MAX];
	size_t name_count;
	char *types[SCRIPT_WORDS_MAX + 1];
	int64_t deadline_ms;
	bool new_account;
	int leaves; /* challenges that may stay behind */
	char *says[SCRIPT_WORDS_MAX]; /* texts of the error's message or detail */
	size_t say_count;
	struct step steps[SCRIPT_STEPS_MAX];
	size_t step_count;
	size_t at; /* the step that must come next */
	int64_t last_ms; /* when the last one came */
	const char *file;
};

void script_load(struct script *script, const char *file);
void script_free(struct script *script);

/*
 * Something has happened: it must be the next step. Returns it and goes on, or ends the test; a POST
 * whose bad nonces are not used up stays the next step.
 */
struct step *script_take(
	struct script *script, enum step_kind kind, const char *what, const char *detail);

/* Whether there is another step, and of what kind. */
struct step *script_next(struct script *script);

/* Ends the test with a message and the place in the script. */
void script_fail(const struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
