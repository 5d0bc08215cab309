/* SPDX-License-Identifier: ISC */
/* fuzz_hmac_header.c - the header of auth-hmac, from anybody who reaches the port. */
#include "modules/auth/hmac.c"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(const char *text, size_t size, const struct text *piece)
{
	if (piece->len == 0 || piece->start < text || piece->start + piece->len > text + size)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hmac_header header;
	const char *parameters;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	parameters = after_scheme(text);
	if (parameters && parse_parameters(parameters, &header)) {
		check_inside(text, size, &header.name);
		check_inside(text, size, &header.hash);
		for (size_t i = 0; digests[i]; i++)
			names_digest(&header.name, digests[i]);
	}
	free(text);
	return 0;
}
