/* SPDX-License-Identifier: ISC */
/*
 * base/op_core.h - operations from the core's side: start, deadline, cancel. The module's side and
 * the rules are in acmems/op.h.
 *
 * done() comes exactly once for every op_run() that returned a number, from the loop, with what the
 * module said or with ACMEMS_TIMEOUT when the deadline passed - unless op_cancel() came first. The
 * number is dead before done() runs, so done() may free whatever it likes.
 */
#ifndef BASE_OP_CORE_H
#define BASE_OP_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/op.h>

/* Calls the module: its start function with the arguments that ctx stands for. */
typedef bool op_start_fn(void *ctx, uint64_t op, struct acmems_error *err);

/* err NULL on success; data/len as given to acmems_op_finish_with(), valid during the call. */
typedef void op_done_fn(void *arg, const struct acmems_error *err, const void *data, size_t len);

struct op_spec {
	const char *owner; /* whose fault it is when rules are broken: "validator-http01"; static or
	                        as long-lived as the process */
	const char *what; /* "present", for logs and time-out messages; static */
	int64_t deadline_ms; /* from now; > 0 */
	op_start_fn *start;
	void *ctx; /* used during op_run() only */
	op_done_fn *done;
	void *arg;
};

/* Starts an operation. Returns its number, or 0 with *err when the module or memory said no. */
uint64_t op_run(const struct op_spec *spec, struct acmems_error *err);

/* Silent cancel; harmless for 0 and for numbers that are done. */
void op_cancel(uint64_t op);

/* Operations under way; for tests and for draining. */
size_t op_count(void);

/* How many rules modules have broken so far; for tests. */
size_t op_faults(void);

/* Frees the tables. Nothing may be under way. */
void op_fini(void);

#endif
