/* SPDX-License-Identifier: ISC */
/*
 * x509/der.h - walks over DER (X.690) by hand, for what must be known before OpenSSL may decode it.
 */
#ifndef X509_DER_H
#define X509_DER_H

#include <stdbool.h>
#include <stddef.h>

#define DER_INTEGER 0x02u
#define DER_BIT_STRING 0x03u
#define DER_NULL 0x05u
#define DER_OID 0x06u
#define DER_SEQUENCE 0x30u
#define DER_SET 0x31u

/* Bytes not yet walked over; points into the caller's memory. */
struct der {
	const unsigned char *data;
	size_t len;
};

/* The tag of the next element, 0 at the end. */
unsigned der_peek(const struct der *der);

/*
 * Takes the next element, which must have this tag, a definite length in its shortest form, and fit
 * whole. *ret is its content. False, and der as it was, for anything else.
 */
bool der_take(struct der *der, unsigned tag, struct der *ret);

/* Takes a BIT STRING of whole bytes; *ret is those. */
bool der_take_bits(struct der *der, struct der *ret);

/* Takes a positive INTEGER in its shortest form; *ret is its magnitude without leading zeros. */
bool der_take_positive(struct der *der, struct der *ret);

/* Bits of a magnitude. */
size_t der_bits(const struct der *magnitude);

#endif
