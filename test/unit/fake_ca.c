/* SPDX-License-Identifier: ISC */
/* fake_ca.c - see fake_ca.h. Linked ahead of what it stands in for. */
#include "fake_ca.h"

#include <stdlib.h>

#include "acme/client.h"
#include "sign/flight.h"
#include "sign/front.h"

struct fake_ca fake_ca;

struct acme_client {
	char *name;
};

const struct acme_transport acme_transport_http = {0};

struct acme_client *acme_client_new(const struct acme_config *config, struct acmems_error *err)
{
	struct acme_client *client;

	if (fake_ca.refuse_account) {
		acmems_error_set(err, ACMEMS_SYSTEM, "%s: the key is empty", config->dir);
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	fake_ca.clients++;
	return client;
}

void acme_client_start(struct acme_client *client)
{
	(void)client;
	fake_ca.started++;
}

void acme_client_free(struct acme_client *client)
{
	if (client)
		fake_ca.clients--;
	free(client);
}

struct front {
	bool open;
};

struct front *front_new(struct generation *generation, struct acmems_error *err)
{
	(void)generation;
	if (fake_ca.refuse_front) {
		acmems_error_set(err, ACMEMS_SYSTEM, "the address is in use");
		return NULL;
	}
	fake_ca.fronts++;
	return calloc(1, sizeof(struct front));
}

void front_open(struct front *front)
{
	front->open = true;
	fake_ca.open++;
}

void front_free(struct front *front)
{
	if (!front)
		return;
	fake_ca.fronts--;
	fake_ca.open -= front->open;
	free(front);
}

void flight_abort(const struct generation *generation)
{
	(void)generation;
	fake_ca.aborts++;
}
