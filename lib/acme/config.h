/* SPDX-License-Identifier: ISC */
/* acme/config.h - a checked copy of struct acme_config. */
#ifndef ACME_CONFIG_H
#define ACME_CONFIG_H

#include <stdbool.h>

#include "acme/client.h"

#define CONFIG_CONTACTS_MAX 16

/* Copies and checks; false and *err (ACMEMS_CONFIG, ACMEMS_NO_MEMORY), and nothing to free then. */
bool acme_config_copy(
	struct acme_config *copy, const struct acme_config *original, struct acmems_error *err);

/* Frees, and wipes the MAC key. Safe on a zeroed struct. */
void acme_config_free(struct acme_config *config);

#endif
