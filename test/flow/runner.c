/* SPDX-License-Identifier: ISC */
/*
 * runner.c - plays one scenario: an order against a CA and a solver on paper, in virtual time.
 *
 * A scenario is plain text. Lines beginning with '#' are comments. First the setting, all of it
 * optional:
 *
 *   names a.example *.b.example       of the CSR; default: a.example
 *   types http-01 dns-01              that the solver solves; default: http-01
 *   deadline 60000                    of the order, ms
 *   account new                       not known from disk: newAccount is to be sent
 *   leaves 1                          challenges that stay behind, where clean-up is made to fail
 *   says TEXT                         the error's message or details contain TEXT
 *
 * Then the steps, in the order in which they must happen. Anything that happens otherwise, or does
 * not happen, fails the test. "+50 " before a step: exactly 50 ms after the step before.
 *
 *   POST PATH PAYLOAD = ANSWER        what must be sent to https://ca.example/PATH: JSON, "-" for
 *                                     POST-as-GET, "$CSR" for the CSR's finalize, "*" for anything
 *   present NAME TYPE = ok            solver: ok, error (later), refuse (at once), never
 *   cleanup NAME TYPE = ok            as above
 *   seen NAME after=10                action: 10 ms later, somebody fetches the answer for NAME
 *   abort 10                          action: 10 ms later, the order is given up
 *   ends ok                           or ends CODE [PROBLEM]: "timeout", "bad-answer" ...
 *
 * ANSWER is "STATUS [OPTION...] BODY", "lost" or "never"; "badNonce N ANSWER" rejects N nonces first,
 * "after=MS ANSWER" lets time pass. Options: location=PATH, retry-after=TEXT, retry-date=SECONDS (a
 * date that far ahead), type=MEDIA-TYPE. In a BODY "@PATH (behind a quote) stands for a URL of the
 * CA, and $CHAIN and $OTHER for a chain that fits the CSR and one that does not.
 *
 * The directory and newNonce are answered by themselves. At the end nothing may be left behind:
 * challenges, calls, timers.
 */
#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/file.h>
#include <acmems/loop.h>

#include "acme/client.h"
#include "unit/virtual_loop.h"

static struct {
	struct script script;
	struct fake_solver *solver;
	struct acme_order *order;
	struct acmems_timer *actor;
	bool ended;
	char dir[256]; /* the account's */
} game;

static void do_action(void *arg)
{
	struct step *step = script_next(&game.script);

	(void)arg;
	game.script.at++;
	game.script.last_ms = acmems_clock_ms();
	if (step->kind == STEP_SEEN)
		fake_solver_seen(game.solver, step->what);
	else
		acme_order_abort(game.order);
	runner_act();
}

void runner_act(void)
{
	struct step *step = script_next(&game.script);

	if (step && (step->kind == STEP_SEEN || step->kind == STEP_ABORT) &&
		step->bad_nonces == 0 && !acmems_timer_running(game.actor))
		acmems_timer_start(game.actor, step->after_ms);
}

static void check_words(const struct acmems_error *err)
{
	for (size_t i = 0; i < game.script.say_count; i++) {
		if (!strstr(err->message, game.script.says[i]) &&
			!strstr(err->detail, game.script.says[i]))
			script_fail(&game.script, "'%s' is not in: %s\n%s", game.script.says[i],
				err->message, err->detail);
	}
}

static void on_end(void *arg, const char *chain, size_t len, const struct acmems_error *err)
{
	struct step *next = script_next(&game.script);
	char code[32];

	(void)arg;
	snprintf(code, sizeof(code), "%s", err ? acmems_code_name(err->code) : "ok");
	for (char *space = strchr(code, ' '); space; space = strchr(space, ' '))
		*space = '-';
	if (game.ended || !chain == !err)
		script_fail(&game.script, "ended twice, or both ways");
	if (!next || next->kind != STEP_END || strcmp(next->what, code) != 0)
		script_fail(&game.script, "ends with %s: %s\n%s", code, err ? err->message : "",
			err ? err->detail : "");
	script_take(&game.script, STEP_END, code, err ? err->problem : "");
	if (err)
		check_words(err);
	else if (len != strlen(chain))
		script_fail(&game.script, "the chain's length is wrong");
	game.order = NULL;
	game.ended = true;
}

static void write_registration(const char *dir)
{
	static const char text[] = "{\"uri\":\"" CA "acct/1\",\"body\":{\"status\":\"valid\"}}";
	struct acmems_error err = {0};
	char path[300];

	snprintf(path, sizeof(path), "%s/registration.json", dir);
	if (!acmems_file_write(path, text, strlen(text), 0600, &err))
		script_fail(&game.script, "%s", err.message);
}

/* At exit, so that a failed scenario leaves nothing behind either. */
static void remove_all(void)
{
	static const char *const files[] = {"account.pem", "registration.json"};
	char path[300];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", game.dir, files[i]);
		unlink(path);
	}
	rmdir(game.dir);
}

static struct acme_client *begin(const char *dir, const struct acme_transport *transport)
{
	struct acmems_error err = {0};
	struct acme_client *client;

	if (!game.script.new_account)
		write_registration(dir);
	client = acme_client_new(
		&(struct acme_config){
			.name = "paper", .directory = CA "dir", .dir = dir, .transport = transport},
		&err);
	if (!client)
		script_fail(&game.script, "%s", err.message);
	acme_client_start(client);
	return client;
}

static void play(struct acme_client *client, const struct pen *pen)
{
	struct acmems_error err = {0};
	struct acme_order_config config = {.csr = pen_csr(pen),
		.solver = fake_solver_face(game.solver),
		.deadline_ms = game.script.deadline_ms};

	game.script.last_ms = acmems_clock_ms();
	game.order = acme_order_start(client, &config, on_end, NULL, &err);
	if (!game.order)
		script_fail(&game.script, "%s", err.message);
	runner_act();
	if (!virtual_until(&game.ended, game.script.deadline_ms + 120000))
		script_fail(
			&game.script, "does not end; in state %s", acme_order_state(game.order));
	if (script_next(&game.script))
		script_fail(&game.script, "ended before this step");
	if (fake_solver_left(game.solver) != game.script.leaves)
		script_fail(&game.script, "%d challenges are left behind",
			fake_solver_left(game.solver));
}

int main(int argc, char **argv)
{
	struct acme_transport transport;
	struct acme_client *client;
	struct fake_ca *ca;
	struct pen *pen;

	snprintf(game.dir, sizeof(game.dir), "%s/acmems-flow-XXXXXX", P_tmpdir);
	if (argc != 2 || !mkdtemp(game.dir)) {
		fprintf(stderr, "usage: runner SCENARIO\n");
		return 2;
	}
	atexit(remove_all);
	script_load(&game.script, argv[1]);
	virtual_reset();
	game.actor = acmems_timer_new(do_action, NULL);
	pen = pen_new(game.script.names, game.script.name_count);
	ca = fake_ca_new(&game.script, pen);
	game.solver = fake_solver_new(&game.script);
	transport = fake_ca_transport(ca);
	client = begin(game.dir, &transport);
	play(client, pen);
	acme_client_free(client);
	fake_solver_free(game.solver);
	fake_ca_free(ca);
	acmems_timer_free(game.actor);
	if (virtual_timers() != 0)
		script_fail(&game.script, "%d timers are left behind", virtual_timers());
	pen_free(pen);
	script_free(&game.script);
	return 0;
}
