/* SPDX-License-Identifier: ISC */
/* paper.h - the three that play against an order: a CA, a solver, a client with CSR and key. */
#ifndef FLOW_PAPER_H
#define FLOW_PAPER_H

#include "acme/order.h"
#include "acme/transport.h"
#include "script.h"

#define CA "https://ca.example/"

struct pen; /* CSR, chain that fits, chain that does not */

struct pen *pen_new(char *const *names, size_t count);
void pen_free(struct pen *pen);
const struct acmems_csr *pen_csr(const struct pen *pen);
const char *pen_chain(const struct pen *pen);
const char *pen_other_chain(const struct pen *pen);

struct fake_ca;

struct fake_ca *fake_ca_new(struct script *script, const struct pen *pen);
void fake_ca_free(struct fake_ca *ca); /* fails when calls are open */
struct acme_transport fake_ca_transport(struct fake_ca *ca);

struct fake_solver;

struct fake_solver *fake_solver_new(struct script *script);
void fake_solver_free(struct fake_solver *solver);
struct acme_solver fake_solver_face(struct fake_solver *solver);

/* Somebody fetches the answer for this name. */
void fake_solver_seen(struct fake_solver *solver, const char *name);

/* Challenges that were presented, if only half, and not taken away. */
int fake_solver_left(const struct fake_solver *solver);

/* After every step: does what the script says next, if that is an action. Given by runner.c. */
void runner_act(void);

#endif
