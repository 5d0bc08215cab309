/* SPDX-License-Identifier: ISC */
/* policy_block.c - what can be said of a request and one block at once. Asks nobody, waits for
 * nothing. */
#include "sign/policy_block.h"

#include <stdio.h>
#include <string.h>

#include <acmems/glob.h>
#include <acmems/log.h>

bool policy_block_possible(const struct block *block, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct acmems_sign_request bare = {
		.peer = request->peer, .http = request->http, .client = request->client};

	/* settings refuse such blocks; should one slip through it must not let anybody in */
	if (block->method_count == 0 || block->domains.count == 0)
		return acmems_error_set(err, ACMEMS_REFUSED, "has no method or no domains");
	for (size_t i = 0; i < block->method_count; i++) {
		const struct instance *method = block->methods[i];

		if (!method->ops.auth.check)
			return acmems_error_set(
				err, ACMEMS_REFUSED, "%s offers no check", method->module->owner);
		if (method->ops.auth.possible &&
			!method->ops.auth.possible(method->data, &bare, err))
			return acmems_error_context(err, "%s", method->module->owner);
	}
	return true;
}

static bool fits_any(const struct acmems_list *domains, const char *name)
{
	for (size_t i = 0; i < domains->count; i++) {
		if (acmems_glob_match(domains->items[i], name, true))
			return true;
	}
	return false;
}

static bool allowed(const struct block *block, const struct acmems_name *name)
{
	return name->kind == ACMEMS_NAME_DNS && (block->wildcards || !name->wildcard) &&
	       fits_any(&block->domains, name->text);
}

bool policy_block_fits_all(const struct block *block, const struct acmems_csr *csr)
{
	for (size_t i = 0; i < csr->name_count; i++) {
		if (!allowed(block, &csr->names[i]))
			return false;
	}
	return csr->name_count > 0;
}

bool policy_block_fits(const struct block *block, const struct acmems_csr *csr, size_t *fits,
	struct acmems_error *err)
{
	const struct acmems_name *missed = NULL;

	*fits = 0;
	for (size_t i = 0; i < csr->name_count; i++) {
		const struct acmems_name *name = &csr->names[i];

		if (allowed(block, name))
			(*fits)++;
		else if (!missed)
			missed = name;
	}
	if (*fits > 0 && !missed)
		return true;
	if (!missed)
		return acmems_error_set(err, ACMEMS_REFUSED, "there is no name to judge");
	if (missed->wildcard && !block->wildcards)
		return acmems_error_set(err, ACMEMS_REFUSED,
			"\"%s\" is a wildcard, and the block refuses these (%zu of %zu names fit)",
			missed->text, *fits, csr->name_count);
	return acmems_error_set(err, ACMEMS_REFUSED,
		"\"%s\" fits none of its domains (%zu of %zu names do)", missed->text, *fits,
		csr->name_count);
}

void policy_miss_note(struct policy_miss *miss, const struct block *block, enum policy_rank rank,
	size_t fits, const struct acmems_error *why)
{
	size_t at = miss->count;

	acmems_log(ACMEMS_LOG_DEBUG, "policy", block->name, "%s", why->message);
	if (why->code == ACMEMS_BAD_REQUEST && !miss->malformed[0])
		snprintf(miss->malformed, sizeof(miss->malformed), "%s", why->message);
	while (at > 0 &&
		(rank > miss->closest[at - 1].rank ||
			(rank == miss->closest[at - 1].rank && fits > miss->closest[at - 1].fits)))
		at--;
	if (at == POLICY_MISSES)
		return;
	if (miss->count < POLICY_MISSES)
		miss->count++;
	memmove(&miss->closest[at + 1], &miss->closest[at],
		(miss->count - at - 1) * sizeof(miss->closest[0]));
	miss->closest[at].rank = rank;
	miss->closest[at].fits = fits;
	miss->closest[at].block = block->name;
	snprintf(miss->closest[at].text, sizeof(miss->closest[at].text), "%s", why->message);
}

bool policy_miss_refuse(const struct policy_miss *miss, struct acmems_error *err)
{
	if (miss->malformed[0])
		acmems_error_set(err, ACMEMS_BAD_REQUEST, "%s", miss->malformed);
	else
		acmems_error_set(err, ACMEMS_REFUSED, "this request is not allowed here");
	if (miss->count == 0)
		acmems_error_detail(err, "policy", "there is no auth block");
	/* one that is far away is worth a word only if none is nearer */
	for (size_t i = 0; i < miss->count; i++) {
		if (miss->closest[i].rank > POLICY_RANK_METHOD ||
			miss->closest[0].rank == POLICY_RANK_METHOD)
			acmems_error_detail(err, miss->closest[i].block, miss->closest[i].text);
	}
	return false;
}
