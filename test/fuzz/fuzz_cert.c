/* SPDX-License-Identifier: ISC */
/* fuzz_cert.c - whatever a CA or a storage may hand out as a chain. */
#include <stdint.h>

#include <acmems/x509.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_error err = {0};
	struct acmems_cert cert = {0};

	if (acmems_cert_read((const char *)data, size, &cert, &err) && cert.chain_length == 0)
		__builtin_trap();
	return 0;
}
