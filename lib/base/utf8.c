/* SPDX-License-Identifier: ISC */
/* utf8.c - one sequence of UTF-8 taken apart. */
#include "base/utf8.h"

static size_t length_by_first(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if ((first & 0xf0) == 0xe0)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t utf8_decode(const void *text, size_t len, uint32_t *ret_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = text;
	size_t need = length_by_first(bytes[0]);
	uint32_t point = bytes[0];

	if (need == 0 || need > len)
		return 0;
	if (need > 1)
		point &= 0xffu >> (need + 1);
	for (size_t i = 1; i < need; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	if (point < least[need] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return need;
}

bool utf8_harmless(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {{0, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e},
		{0x2066, 0x2069}, {0xfeff, 0xfeff}};

	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (point >= harmful[i].first && point <= harmful[i].last)
			return false;
	}
	return true;
}
