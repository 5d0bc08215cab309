/* SPDX-License-Identifier: ISC */
/* punycode.c - decoding (RFC 3492, 6.2) without keeping what comes out: only places and values count. */
#include "x509/punycode.h"

#include <stdint.h>
#include <string.h>

/* RFC 3492, 5 */
#define BASE 36u
#define T_MIN 1u
#define T_MAX 26u
#define SKEW 38u
#define DAMP 700u
#define INITIAL_BIAS 72u
#define INITIAL_N 0x80u

/* BASE for what is no digit. */
static uint32_t digit_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a');
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 26;
	return BASE;
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias)
		return T_MIN;
	return k >= bias + T_MAX ? T_MAX : k - bias;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	while (delta > ((BASE - T_MIN) * T_MAX) / 2) {
		delta /= BASE - T_MIN;
		k += BASE;
	}
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* One number of variable length added to *i; moves *at behind it. */
static bool take_delta(const char **at, const char *end, uint32_t bias, uint32_t *i)
{
	uint32_t weight = 1;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t digit = *at < end ? digit_of(**at) : BASE;
		uint32_t t = threshold(k, bias);

		if (digit >= BASE || digit > (UINT32_MAX - *i) / weight)
			return false;
		(*at)++;
		*i += digit * weight;
		if (digit < t)
			return true;
		if (weight > UINT32_MAX / (BASE - t))
			return false;
		weight *= BASE - t;
	}
}

bool punycode_decodes(const char *text, size_t len)
{
	const char *hyphen = memrchr(text, '-', len);
	const char *at = hyphen ? hyphen + 1 : text, *end = text + len;
	uint32_t points = hyphen ? (uint32_t)(hyphen - text) : 0;
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, i = 0;
	bool first = true;

	if (at == end || hyphen == text)
		return false;
	while (at < end) {
		uint32_t before = i;

		if (!take_delta(&at, end, bias, &i))
			return false;
		points++;
		bias = adapt(i - before, points, first);
		first = false;
		if (i / points > 0x10ffff - n)
			return false;
		n += i / points;
		if (n >= 0xd800 && n <= 0xdfff)
			return false;
		i = i % points + 1;
	}
	return true;
}
