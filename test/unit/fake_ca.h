/* SPDX-License-Identifier: ISC */
/* fake_ca.h - accounts, front door and flights that only write down what was asked of them. */
#ifndef FAKE_CA_H
#define FAKE_CA_H

#include <stdbool.h>
#include <stddef.h>

extern struct fake_ca {
	bool refuse_account; /* acme_client_new() fails */
	bool refuse_front; /* front_new() fails */
	unsigned clients; /* alive */
	unsigned started;
	unsigned fronts; /* alive */
	unsigned open;
	unsigned aborts; /* flight_abort() calls */
} fake_ca;

#endif
