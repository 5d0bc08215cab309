/* SPDX-License-Identifier: ISC */
/* der.c - a walker over DER that believes nothing. */
#include "x509/der.h"

unsigned der_peek(const struct der *der)
{
	return der->len > 0 ? der->data[0] : 0;
}

/* Length octets at data[1..]; *head is how many bytes tag and length take. */
static bool take_length(const struct der *der, size_t *head, size_t *len)
{
	size_t count;

	if (der->len < 2)
		return false;
	*head = 2;
	*len = der->data[1];
	if (*len < 0x80)
		return true;
	count = *len & 0x7f;
	if (count == 0 || count > 3 || der->len < 2 + count)
		return false;
	*len = 0;
	for (size_t i = 0; i < count; i++)
		*len = *len << 8 | der->data[2 + i];
	*head = 2 + count;
	return *len >= 0x80 && der->data[2] != 0;
}

bool der_take(struct der *der, unsigned tag, struct der *ret)
{
	size_t head, len;

	if (der_peek(der) != tag || !take_length(der, &head, &len) || len > der->len - head)
		return false;
	ret->data = der->data + head;
	ret->len = len;
	der->data += head + len;
	der->len -= head + len;
	return true;
}

bool der_take_bits(struct der *der, struct der *ret)
{
	if (!der_take(der, DER_BIT_STRING, ret) || ret->len < 1 || ret->data[0] != 0)
		return false;
	ret->data++;
	ret->len--;
	return true;
}

bool der_take_positive(struct der *der, struct der *ret)
{
	if (!der_take(der, DER_INTEGER, ret) || ret->len < 1 || ret->data[0] >= 0x80)
		return false;
	if (ret->data[0] == 0) {
		if (ret->len < 2 || ret->data[1] < 0x80)
			return false;
		ret->data++;
		ret->len--;
	}
	return true;
}

size_t der_bits(const struct der *magnitude)
{
	size_t bits = magnitude->len * 8;

	for (unsigned mask = 0x80; mask && bits && !(magnitude->data[0] & mask); mask >>= 1)
		bits--;
	return bits;
}
