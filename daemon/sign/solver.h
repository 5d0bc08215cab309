/* SPDX-License-Identifier: ISC */
/*
 * solver.h - a validator instance as what an order wants: something that solves challenges.
 *
 * Life: init -> solver_face() handed to an order -> the order's end -> fini.
 */
#ifndef SOLVER_H
#define SOLVER_H

#include "acme/order.h"
#include "registry/registry.h"

struct solver_call;

struct solver {
	const struct instance *validator;
	struct solver_call *calls; /* operations under way */
};

void solver_init(struct solver *solver, const struct instance *validator);

/* Silently cancels what is still under way. */
void solver_fini(struct solver *solver);

/* The order's view of it; solver must outlive the order. */
struct acme_solver solver_face(struct solver *solver);

#endif
