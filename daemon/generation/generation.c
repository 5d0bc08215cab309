/* SPDX-License-Identifier: ISC */
/* generation.c - its memory, and who holds it. */
#include "generation/generation.h"

#include <stdlib.h>

void generation_free(struct generation *generation)
{
	if (!generation)
		return;
	for (size_t i = 0; i < generation->block_count; i++)
		free(generation->blocks[i].methods);
	for (size_t i = 0; i < generation->account_count; i++)
		acme_client_free(generation->accounts[i].client);
	for (size_t i = 0; i < generation->instance_count; i++)
		instance_free(generation->instances[i]);
	free(generation->own);
	free(generation->blocks);
	free(generation->accounts);
	free(generation->instances);
	settings_free(generation->settings);
	free(generation);
}

void generation_hold(struct generation *generation)
{
	generation->holds++;
}

void generation_drop(struct generation *generation)
{
	generation->holds--;
	if (generation->holds == 0 && generation->idle)
		generation->idle(generation->idle_arg);
}
