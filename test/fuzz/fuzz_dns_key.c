/* SPDX-License-Identifier: ISC */
/* fuzz_dns_key.c - key files as an operator may have them, of BIND and of Knot. */
#include <stdint.h>
#include <string.h>

#include <acmems/dns_update.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_error err = {0};
	struct acmems_tsig_key *key = acmems_tsig_key_read((const char *)data, size, &err);
	const char *name;

	if (!key) {
		if (err.code == ACMEMS_OK || err.message[0] == '\0')
			__builtin_trap();
		return 0;
	}
	name = acmems_tsig_key_name(key);
	if (!name || name[0] == '\0' || strlen(name) >= 1024)
		__builtin_trap();
	acmems_tsig_key_free(key);
	return 0;
}
