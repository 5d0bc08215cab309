/* SPDX-License-Identifier: ISC */
/* policy.c - what can be said of a request before its CSR is read, and of a CSR before any block is
 * asked. The judgement itself is policy_run.c's. */
#include "sign/policy.h"

#include "sign/policy_block.h"

bool policy_possible(const struct generation *generation, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct policy_miss miss = {0};
	struct acmems_error why = {0};

	for (size_t i = 0; i < generation->block_count; i++) {
		const struct block *block = &generation->blocks[i];

		if (policy_block_possible(block, request, &why))
			return true;
		policy_miss_note(&miss, block, POLICY_RANK_METHOD, 0, &why);
	}
	return policy_miss_refuse(&miss, err);
}

static const char *kind_text(enum acmems_name_kind kind)
{
	switch (kind) {
	case ACMEMS_NAME_DNS:
		return "DNS name";
	case ACMEMS_NAME_IP:
		return "IP address";
	case ACMEMS_NAME_EMAIL:
		return "e-mail address";
	case ACMEMS_NAME_URI:
		return "URI";
	case ACMEMS_NAME_OTHER:
		return "other name";
	}
	return "name of unknown kind";
}

bool policy_names(const struct acmems_csr *csr, struct acmems_error *err)
{
	for (size_t i = 0; i < csr->name_count; i++) {
		const struct acmems_name *name = &csr->names[i];

		if (name->kind != ACMEMS_NAME_DNS)
			return acmems_error_set(err, ACMEMS_BAD_CSR,
				"the CSR asks for the %s \"%s\": only DNS names can be had here",
				kind_text(name->kind), name->text);
	}
	return true;
}
