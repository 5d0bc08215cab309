/* SPDX-License-Identifier: ISC */
/*
 * fuzz_persist_record.c - TXT records of anybody, as dns-persist01 judges them. What it tells must be
 * one printable line; only a record with all that is needed may be right.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/validator/dns-persist01_record.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const issuers[] = {"ca.example", NULL};
	static const char *const uris[] = {"https://ca.example/1", NULL};
	struct acmems_challenge challenge = {.type = "dns-persist-01",
		.identifier = "example.org",
		.issuer_domain_names = issuers,
		.account_uris = uris};
	struct record_verdict verdict;
	char *text = malloc(size + 1);
	char out[512];

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int wildcard = 0; wildcard < 2; wildcard++) {
		challenge.wildcard = wildcard;
		record_judge(&challenge, 1800000000, text, size, &verdict);
		record_explain(
			&verdict, "_validation-persist.example.org", &challenge, out, sizeof(out));
		for (const char *at = out; *at != '\0'; at++)
			must(*at >= ' ' && *at <= '~');
		if (verdict.fault != RECORD_GOOD)
			continue;
		must(strstr(text, uris[0]) != NULL && strlen(text) == size);
		must(!wildcard || strcasestr(text, "wildcard") != NULL);
	}
	free(text);
	return 0;
}
