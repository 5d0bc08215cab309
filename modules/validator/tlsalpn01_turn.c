/* SPDX-License-Identifier: ISC */
/* tlsalpn01_turn.c - an operation that waits for its turn. */
#include "tlsalpn01_turn.h"

#include <stdlib.h>

#include <acmems/op.h>

static void on_late(void *arg)
{
	struct tlsalpn01_turn *turn = arg;
	struct acmems_error err = {0};
	uint64_t op = turn->op;

	turn->op = 0;
	acmems_error_set(&err, ACMEMS_UNAVAILABLE,
		"another order has been validating %s by tls-alpn-01 for %d seconds", turn->name,
		TLSALPN01_WAIT_MS / 1000);
	acmems_op_finish(op, &err);
}

static void on_cancel(void *arg)
{
	struct tlsalpn01_turn *turn = arg;

	turn->op = 0;
	acmems_timer_stop(turn->timer);
}

struct tlsalpn01_turn *tlsalpn01_turn_new(uint64_t id, uint64_t op)
{
	struct tlsalpn01_turn *turn = calloc(1, sizeof(*turn));

	if (!turn)
		return NULL;
	turn->timer = acmems_timer_new(on_late, turn);
	if (!turn->timer) {
		free(turn);
		return NULL;
	}
	turn->id = id;
	turn->op = op;
	return turn;
}

void tlsalpn01_turn_free(struct tlsalpn01_turn *turn)
{
	if (turn)
		acmems_timer_free(turn->timer);
	free(turn);
}

void tlsalpn01_turn_wait(struct tlsalpn01_turn *turn)
{
	acmems_op_on_cancel(turn->op, on_cancel, turn);
	acmems_timer_start(turn->timer, TLSALPN01_WAIT_MS);
}

void tlsalpn01_turn_come(struct tlsalpn01_turn *turn)
{
	uint64_t op = turn->op;

	turn->op = 0;
	acmems_timer_stop(turn->timer);
	if (op != 0)
		acmems_op_finish(op, NULL);
}
