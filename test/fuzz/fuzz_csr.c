/* SPDX-License-Identifier: ISC */
/*
 * fuzz_csr.c - whatever a client may post as a CSR, as PEM and, so that the armour does not stop the
 * fuzzer, as bare DER. Names that come out must be printable, messages too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "x509/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			__builtin_trap();
}

static void read_one(const void *body, size_t len)
{
	struct acmems_error err = {0};
	struct acmems_csr *csr = csr_read(body, len, &err);

	must_be_printable(err.message);
	if (csr && csr->name_count == 0)
		__builtin_trap();
	for (size_t i = 0; csr && i < csr->name_count; i++)
		must_be_printable(csr->names[i].text);
	csr_free(csr);
}

static void armour(struct str *out, const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	str_add(out, "-----BEGIN CERTIFICATE REQUEST-----\n");
	for (size_t i = 0; i < size; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;
		char four[4];

		bits |= i + 1 < size ? (uint32_t)data[i + 1] << 8 : 0;
		bits |= i + 2 < size ? data[i + 2] : 0;
		for (int j = 0; j < 4; j++)
			four[j] = digits[bits >> (18 - 6 * j) & 63];
		if (i + 2 >= size)
			four[3] = '=';
		if (i + 1 >= size)
			four[2] = '=';
		str_add_bytes(out, four, 4);
	}
	str_add(out, "\n-----END CERTIFICATE REQUEST-----\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str pem;

	read_one(data, size);
	str_init(&pem, 200000);
	armour(&pem, data, size);
	if (str_text(&pem))
		read_one(pem.data, pem.len);
	str_fini(&pem);
	return 0;
}
