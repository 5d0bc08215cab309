/* SPDX-License-Identifier: ISC */
/* fake_solver.c - a solver that does what the scenario says, and remembers what is published. */
#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

struct job {
	struct job *next;
	struct fake_solver *solver;
	uint64_t id;
	struct acmems_timer *timer;
	bool fails;
	void (*done)(void *arg, const struct acmems_error *err);
	void *arg;
};

struct shown {
	struct shown *next;
	char name[256];
	char token[256];
	uint64_t id;
};

struct fake_solver {
	struct script *script;
	struct job *jobs;
	struct shown *shown;
	uint64_t last_id;
};

static void drop(struct job *job)
{
	struct job **at = &job->solver->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	acmems_timer_free(job->timer);
	free(job);
}

static void on_due(void *arg)
{
	struct job *job = arg;
	struct job copy = *job;
	struct acmems_error err = {0};

	acmems_error_set(&err, ACMEMS_SYSTEM, "solver said no");
	drop(job);
	copy.done(copy.arg, copy.fails ? &err : NULL);
}

static uint64_t begin(struct fake_solver *solver, const struct step *step,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct job *job;

	if (strcmp(step->answer, "refuse") == 0) {
		acmems_error_set(err, ACMEMS_SYSTEM, "solver refused");
		return 0;
	}
	job = calloc(1, sizeof(*job));
	if (!job)
		abort();
	*job = (struct job){.next = solver->jobs,
		.solver = solver,
		.id = ++solver->last_id,
		.fails = strcmp(step->answer, "error") == 0,
		.done = done,
		.arg = arg};
	job->timer = acmems_timer_new(on_due, job);
	solver->jobs = job;
	if (strcmp(step->answer, "never") != 0)
		acmems_timer_start(job->timer, step->after_ms);
	return job->id;
}

/* A type that asks for a standing record says what it may be, and no other does. */
static void check_lists(struct fake_solver *solver, const struct acmems_challenge *one)
{
	bool wanted = strcmp(one->type, "dns-persist-01") == 0;

	if (!one->issuer_domain_names != !wanted || !one->account_uris != !wanted)
		script_fail(solver->script, "lists of %s", one->type);
	else if (wanted && (!one->issuer_domain_names[0] || !one->account_uris[0]))
		script_fail(solver->script, "no issuer or account for a standing record");
}

static void note(struct fake_solver *solver, const char *name, const struct acmems_challenge *one)
{
	struct shown *shown = calloc(1, sizeof(*shown));
	size_t len = strlen(one->token);

	if (!shown)
		abort();
	if (strncmp(one->key_authorization, one->token, len) != 0 ||
		(len > 0 && strlen(one->key_authorization) != len + 1 + 43))
		script_fail(solver->script, "key authorization '%s'", one->key_authorization);
	check_lists(solver, one);
	snprintf(shown->name, sizeof(shown->name), "%s", name);
	snprintf(shown->token, sizeof(shown->token), "%s", one->token);
	shown->id = one->id;
	shown->next = solver->shown;
	solver->shown = shown;
}

static void full_name(const struct acmems_challenge *one, char *out, size_t room)
{
	snprintf(out, room, "%s%s", one->wildcard ? "*." : "", one->identifier);
}

static uint64_t present(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct fake_solver *solver = ctx;
	struct step *step;
	char name[256];
	uint64_t id;

	full_name(challenge, name, sizeof(name));
	step = script_take(solver->script, STEP_PRESENT, name, challenge->type);
	id = begin(solver, step, done, arg, err);
	if (id != 0)
		note(solver, name, challenge);
	runner_act();
	return id;
}

static uint64_t cleanup(void *ctx, const struct acmems_challenge *challenge,
	void (*done)(void *arg, const struct acmems_error *err), void *arg,
	struct acmems_error *err)
{
	struct fake_solver *solver = ctx;
	struct shown **at = &solver->shown;
	struct step *step;
	char name[256];

	full_name(challenge, name, sizeof(name));
	step = script_take(solver->script, STEP_CLEANUP, name, challenge->type);
	while (*at &&
		(strcmp((*at)->name, name) != 0 || strcmp((*at)->token, challenge->token) != 0))
		at = &(*at)->next;
	if (!*at)
		script_fail(solver->script, "%s was never presented", name);
	if (strcmp(step->answer, "ok") == 0) {
		struct shown *gone = *at;

		*at = gone->next;
		free(gone);
	}
	runner_act();
	return begin(solver, step, done, arg, err);
}

static void cancel(void *ctx, uint64_t id)
{
	struct fake_solver *solver = ctx;

	for (struct job *job = solver->jobs; job; job = job->next) {
		if (job->id == id) {
			drop(job);
			return;
		}
	}
	script_fail(solver->script, "the solver is to cancel what it does not do");
}

struct fake_solver *fake_solver_new(struct script *script)
{
	struct fake_solver *solver = calloc(1, sizeof(*solver));

	if (!solver)
		abort();
	solver->script = script;
	return solver;
}

void fake_solver_free(struct fake_solver *solver)
{
	if (solver->jobs)
		script_fail(solver->script, "a solver's job was forgotten");
	while (solver->shown) {
		struct shown *gone = solver->shown;

		solver->shown = gone->next;
		free(gone);
	}
	free(solver);
}

struct acme_solver fake_solver_face(struct fake_solver *solver)
{
	return (struct acme_solver){.types = (const char *const *)solver->script->types,
		.present = present,
		.cleanup = cleanup,
		.cancel = cancel,
		.ctx = solver};
}

void fake_solver_seen(struct fake_solver *solver, const char *name)
{
	for (struct shown *shown = solver->shown; shown; shown = shown->next) {
		if (strcmp(shown->name, name) == 0)
			acmems_challenge_seen(shown->id);
	}
}

int fake_solver_left(const struct fake_solver *solver)
{
	int count = 0;

	for (const struct shown *shown = solver->shown; shown; shown = shown->next)
		count++;
	return count;
}
