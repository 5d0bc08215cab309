/* SPDX-License-Identifier: ISC */
/*
 * op.h - the one contract of operations that take time, seen from the module.
 *
 * Everything a module is asked to do may take time, so every request comes as an operation, known
 * by a number. The core owns the operation, its arguments and its deadline:
 *
 *   start    The core calls the module's function with the number. The module answers
 *              false  "no": *err is filled, nothing was started, nothing will follow; or
 *              true   "yes": it will finish the operation exactly once, later.
 *   finish   acmems_op_finish() or acmems_op_finish_with(). An answer that is known at once may be
 *            given from inside the start function; the core hands it on from the loop all the same.
 *   cancel   When the core loses interest or the deadline has passed, it calls the function set
 *            with acmems_op_on_cancel(). Cancel is silent: the module drops the matter and does not
 *            finish it any more.
 *
 * Arguments handed to the start function stay valid until the module finishes the operation or its
 * cancel function returns. Finishing twice, after cancel, or a number that never was is a fault of
 * the module: it is logged with the module's name and does no harm, which is why operations are
 * numbers and not pointers.
 */
#ifndef ACMEMS_OP_H
#define ACMEMS_OP_H

#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>

/*
 * Sets what to call when operation `op` is cancelled or has run out of time. Without it, cancel
 * just forgets the operation. To be called from inside the start function.
 */
void acmems_op_on_cancel(uint64_t op, acmems_callback *cancel, void *arg);

/* Finishes: err NULL means done, otherwise *err is copied and says why not. */
void acmems_op_finish(uint64_t op, const struct acmems_error *err);

/* Finishes with a result; the bytes are copied. An operation that can find nothing gives len 0. */
void acmems_op_finish_with(uint64_t op, const void *data, size_t len);

#endif
