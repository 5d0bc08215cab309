/* SPDX-License-Identifier: ISC */
/*
 * pem.c - PEM armour (RFC 7468), read strictly. OpenSSL's reader skips whatever stands around a
 * block and accepts headers in it; what a stranger sends should be exactly one thing.
 */
#include "x509/pem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 40
#define FILE_NAME_MAX 255

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(const char **text, size_t *len)
{
	while (*len > 0 && is_space(**text)) {
		++*text;
		--*len;
	}
}

static bool skip_mark(const char **text, size_t *len, const char *mark)
{
	size_t mark_len = strlen(mark);

	if (*len < mark_len || memcmp(*text, mark, mark_len) != 0)
		return false;
	*text += mark_len;
	*len -= mark_len;
	return true;
}

/* Takes "LABEL-----" into label; false if it is not one. */
static bool take_label(const char **text, size_t *len, char label[LABEL_MAX])
{
	size_t n = 0;

	while (n < *len && n < LABEL_MAX - 1 &&
		((*text)[n] == ' ' || ((*text)[n] >= 'A' && (*text)[n] <= 'Z') ||
			((*text)[n] >= '0' && (*text)[n] <= '9')))
		n++;
	memcpy(label, *text, n);
	label[n] = '\0';
	*text += n;
	*len -= n;
	return skip_mark(text, len, dashes);
}

#define NO_DIGIT 64

/* RFC 4648, 4: the value of each character; NO_DIGIT for what is none. */
static const unsigned char *base64_values(void)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static unsigned char values[256];

	if (values['B'] == 1)
		return values;
	memset(values, NO_DIGIT, sizeof(values));
	for (size_t i = 0; i < 64; i++)
		values[(unsigned char)digits[i]] = (unsigned char)i;
	return values;
}

struct decoder {
	const unsigned char *values;
	unsigned char *out;
	size_t room;
	size_t len;
	uint32_t bits;
	unsigned held;
	unsigned padding;
	bool broken;
};

/* Four digits at a time, which is nearly all of a block; returns how many bytes it took. */
static size_t decode_fours(struct decoder *decoder, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t taken = 0;

	if (decoder->held > 0 || decoder->padding > 0)
		return 0;
	while (len - taken >= 4 && decoder->room - decoder->len >= 3) {
		unsigned a = decoder->values[at[0]], b = decoder->values[at[1]];
		unsigned c = decoder->values[at[2]], d = decoder->values[at[3]];
		unsigned char *out = decoder->out + decoder->len;

		if ((a | b | c | d) & NO_DIGIT)
			break;
		out[0] = (unsigned char)(a << 2 | b >> 4);
		out[1] = (unsigned char)(b << 4 | c >> 2);
		out[2] = (unsigned char)(c << 6 | d);
		decoder->len += 3;
		at += 4;
		taken += 4;
	}
	return taken;
}

static void decode(struct decoder *decoder, char c)
{
	unsigned value = decoder->values[(unsigned char)c];

	if (c == '=' && ++decoder->padding <= 2)
		return;
	if (value == NO_DIGIT || decoder->padding > 0) {
		decoder->broken = true;
		return;
	}
	decoder->bits = (decoder->bits << 6 | value) & 0xffff;
	decoder->held += 6;
	if (decoder->held < 8)
		return;
	decoder->held -= 8;
	if (decoder->len == decoder->room)
		decoder->broken = true;
	else
		decoder->out[decoder->len++] = (unsigned char)(decoder->bits >> decoder->held);
}

/* Padding has to fill up what is left over, and the bits left over have to be zero. */
static bool decoded_whole(const struct decoder *decoder)
{
	return !decoder->broken && decoder->held == 2 * decoder->padding &&
	       (decoder->bits & ((1u << decoder->held) - 1)) == 0;
}

static bool take_body(const char **text, size_t *len, struct decoder *decoder)
{
	while (*len > 0 && **text != '-' && !decoder->broken) {
		size_t taken = decode_fours(decoder, *text, *len);

		if (taken == 0) {
			if (!is_space(**text))
				decode(decoder, **text);
			taken = 1;
		}
		*text += taken;
		*len -= taken;
	}
	return decoded_whole(decoder);
}

static bool known_label(const char *label, const char *const *labels)
{
	for (; *labels; labels++) {
		if (strcmp(*labels, label) == 0)
			return true;
	}
	return false;
}

/* Two things that are easily mistaken for PEM. */
static const char *what_instead(const char *text, size_t len)
{
	/* a SEQUENCE with a length of one or two bytes more (X.690, 8.1.3.5) */
	if (len > 2 && text[0] == 0x30 && (text[1] == '\x81' || text[1] == '\x82'))
		return "; this is DER, which openssl's -inform DER makes PEM of";
	if (len <= FILE_NAME_MAX && !memchr(text, '\n', len) && !memchr(text, ' ', len))
		return "; is it the name of a file, and not what is in it?";
	return "";
}

static bool take_begin(const char **text, size_t *len, const char *const *labels,
	char label[LABEL_MAX], struct acmems_error *err)
{
	const char *hint;

	skip_space(text, len);
	if (*len == 0)
		return acmems_error_set(err, ACMEMS_NOT_FOUND, "there is no PEM block");
	hint = what_instead(*text, *len);
	if (!skip_mark(text, len, begin_mark) || !take_label(text, len, label))
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"this is not PEM: it has to begin with \"-----BEGIN %s-----\"%s", labels[0],
			hint);
	if (strstr(label, "PRIVATE KEY"))
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"this is a private key: never send it to anybody; what is wanted is a %s",
			labels[0]);
	if (!known_label(label, labels))
		return acmems_error_set(
			err, ACMEMS_BAD_REQUEST, "this is a %s, not a %s", label, labels[0]);
	/* curl -d takes the line ends out */
	if (*len == 0 || !is_space(**text))
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"the line ends are missing: with curl, use --data-binary instead of -d");
	return true;
}

static bool take_end(const char **text, size_t *len, const char *label, struct acmems_error *err)
{
	char end_label[LABEL_MAX];

	if (!skip_mark(text, len, end_mark) || !take_label(text, len, end_label) ||
		strcmp(label, end_label) != 0)
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"the PEM block does not end in \"-----END %s-----\"", label);
	return true;
}

bool pem_next(const char **text, size_t *len, const char *const *labels, size_t max_der,
	unsigned char **ret_der, size_t *ret_len, struct acmems_error *err)
{
	struct decoder decoder = {.values = base64_values(), .room = *len / 4 * 3 + 3};
	char label[LABEL_MAX];

	if (!take_begin(text, len, labels, label, err))
		return false;
	if (decoder.room > max_der)
		decoder.room = max_der;
	decoder.out = malloc(decoder.room ? decoder.room : 1);
	if (!decoder.out)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to decode PEM");
	if (!take_body(text, len, &decoder)) {
		if (decoder.len == max_der)
			acmems_error_set(err, ACMEMS_BAD_REQUEST,
				"the PEM block is larger than %zu bytes", max_der);
		else
			acmems_error_set(err, ACMEMS_BAD_REQUEST,
				"what stands in the PEM block is not base64");
	} else if (decoder.len == 0) {
		acmems_error_set(err, ACMEMS_BAD_REQUEST, "the PEM block is empty");
	} else if (take_end(text, len, label, err)) {
		*ret_der = decoder.out;
		*ret_len = decoder.len;
		return true;
	}
	free(decoder.out);
	return false;
}
