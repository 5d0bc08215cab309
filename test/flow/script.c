/* SPDX-License-Identifier: ISC */
/* script.c - see script.h. */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#define LINE_MAX_BYTES 16384

void script_fail(const struct script *script, const char *format, ...)
{
	unsigned line = script->at < script->step_count ? script->steps[script->at].line : 0;
	va_list args;

	fprintf(stderr, "%s:%u: ", script->file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(1);
}

static char *copy(const char *text)
{
	char *made = strdup(text);

	if (!made)
		abort();
	return made;
}

/* Cuts the next word off; "" at the end. */
static char *word(char **rest)
{
	char *start = *rest + strspn(*rest, " \t");
	char *end = start + strcspn(start, " \t");

	*rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return start;
}

static size_t words(char *rest, char **out)
{
	size_t count = 0;

	for (char *one = word(&rest); *one != '\0' && count < SCRIPT_WORDS_MAX; one = word(&rest))
		out[count++] = copy(one);
	return count;
}

/* "LEFT = RIGHT": cuts at the '=' that stands alone. */
static char *cut_answer(char *rest)
{
	char *mark = strstr(rest, " = ");

	if (!mark)
		return copy("ok");
	*mark = '\0';
	return copy(mark + 3);
}

static int64_t take_after(char *answer)
{
	char *mark = strstr(answer, "after=");
	int64_t ms;

	if (!mark || (mark != answer && mark[-1] != ' '))
		return 0;
	ms = strtol(mark + 6, &mark, 10);
	memmove(answer, mark + strspn(mark, " "), strlen(mark + strspn(mark, " ")) + 1);
	return ms;
}

static void add_step(
	struct script *script, enum step_kind kind, unsigned line, int64_t gap, char *rest)
{
	struct step *step = &script->steps[script->step_count++];

	if (script->step_count >= SCRIPT_STEPS_MAX)
		script_fail(script, "too many steps");
	*step = (struct step){.kind = kind, .line = line, .gap_ms = gap};
	step->answer = cut_answer(rest);
	step->what = copy(word(&rest));
	step->detail = copy(rest + strspn(rest, " "));
	if (strncmp(step->answer, "badNonce ", 9) == 0) {
		char *end;

		step->bad_nonces = (unsigned)strtoul(step->answer + 9, &end, 10);
		end += strspn(end, " ");
		memmove(step->answer, end, strlen(end) + 1);
	}
	step->after_ms =
		take_after(kind == STEP_SEEN || kind == STEP_ABORT ? step->detail : step->answer);
	if (kind == STEP_ABORT)
		step->after_ms = strtol(step->what, NULL, 10);
}

static bool read_setting(struct script *script, const char *key, char *rest)
{
	if (strcmp(key, "names") == 0)
		script->name_count = words(rest, script->names);
	else if (strcmp(key, "types") == 0)
		words(rest, script->types);
	else if (strcmp(key, "deadline") == 0)
		script->deadline_ms = strtol(rest, NULL, 10);
	else if (strcmp(key, "leaves") == 0)
		script->leaves = (int)strtol(rest, NULL, 10);
	else if (strcmp(key, "account") == 0)
		script->new_account = strncmp(rest, "new", 3) == 0;
	else if (strcmp(key, "says") == 0 && script->say_count < SCRIPT_WORDS_MAX)
		script->says[script->say_count++] = copy(rest);
	else
		return false;
	return true;
}

static void read_line(struct script *script, char *rest, unsigned line)
{
	static const char *const kinds[] = {"POST", "present", "cleanup", "seen", "abort", "ends"};
	char *key = word(&rest);
	int64_t gap = -1;

	if (*key == '\0' || *key == '#')
		return;
	if (*key == '+') {
		gap = strtol(key + 1, NULL, 10);
		key = word(&rest);
	}
	if (read_setting(script, key, rest))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(key, kinds[i]) == 0) {
			add_step(script, (enum step_kind)i, line, gap, rest);
			return;
		}
	}
	fprintf(stderr, "%s:%u: what is \"%s\"?\n", script->file, line, key);
	exit(1);
}

void script_load(struct script *script, const char *file)
{
	static char text[LINE_MAX_BYTES];
	FILE *stream = fopen(file, "r");
	unsigned line = 0;

	*script = (struct script){.file = file, .deadline_ms = 60000};
	if (!stream) {
		perror(file);
		exit(1);
	}
	while (fgets(text, sizeof(text), stream)) {
		text[strcspn(text, "\n")] = '\0';
		read_line(script, text, ++line);
	}
	fclose(stream);
	if (script->name_count == 0)
		script->names[script->name_count++] = copy("a.example");
	if (!script->types[0])
		script->types[0] = copy("http-01");
}

void script_free(struct script *script)
{
	for (size_t i = 0; i < script->step_count; i++) {
		free(script->steps[i].what);
		free(script->steps[i].detail);
		free(script->steps[i].answer);
	}
	for (size_t i = 0; i < SCRIPT_WORDS_MAX; i++) {
		free(script->names[i]);
		free(script->types[i]);
		free(script->says[i]);
	}
}

struct step *script_next(struct script *script)
{
	return script->at < script->step_count ? &script->steps[script->at] : NULL;
}

struct step *script_take(
	struct script *script, enum step_kind kind, const char *what, const char *detail)
{
	struct step *step = script_next(script);
	int64_t gap = acmems_clock_ms() - script->last_ms;

	if (!step || step->kind != kind || strcmp(step->what, what) != 0)
		script_fail(script, "not expected now: %s %s", what, detail);
	if (strcmp(step->detail, "*") != 0 && strcmp(step->detail, detail) != 0)
		script_fail(script, "%s: got '%s' instead of '%s'", what, detail, step->detail);
	if (step->gap_ms >= 0 && gap != step->gap_ms)
		script_fail(script, "%s comes after %lld ms", what, (long long)gap);
	script->last_ms = acmems_clock_ms();
	if (step->bad_nonces > 0) {
		step->bad_nonces--;
		step->gap_ms = -1; /* was that of the first attempt */
	} else {
		script->at++;
	}
	return step;
}
