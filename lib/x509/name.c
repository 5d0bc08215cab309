/* SPDX-License-Identifier: ISC */
/* name.c - rules for DNS names, and texts made harmless. */
#include "x509/name.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "x509/punycode.h"

#define LABEL_MAX 63
#define DNS_MAX 253

const char *name_printable(const char *text, size_t len, char *out, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (used + 8 > room) {
			memcpy(out + used, "...", 4);
			return out;
		}
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
			out[used++] = (char)c;
		else
			used += (size_t)snprintf(out + used, room - used, "\\x%02x", c);
	}
	out[used] = '\0';
	return out;
}

static bool bad(const char *text, size_t len, const char *why, struct acmems_error *err)
{
	char shown[300];

	return acmems_error_set(err, ACMEMS_BAD_CSR, "\"%s\" is not a usable DNS name: %s",
		name_printable(text, len, shown, sizeof(shown)), why);
}

/* One label; answers why it is wrong, or NULL. */
static const char *label_fault(const char *label, size_t len)
{
	if (len == 0)
		return "it has an empty label (a dot too many)";
	if (len > LABEL_MAX)
		return "a label is longer than 63 characters";
	if (label[0] == '-' || label[len - 1] == '-')
		return "a label begins or ends with a hyphen";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)label[i];

		if (c == '*')
			return "\"*\" may only stand for the whole first label";
		if (c == '_')
			return "underscores are not allowed in certificates";
		if (c >= 0x80)
			return "names beyond ASCII have to be written as xn--...";
		if (!isalnum(c) && c != '-')
			return "it has a character that is no letter, digit or hyphen";
	}
	/* RFC 5890: only A-labels have hyphens in third and fourth place */
	if (len < 4 || label[2] != '-' || label[3] != '-')
		return NULL;
	if (strncasecmp(label, "xn", 2) != 0)
		return "hyphens in third and fourth place are reserved";
	return punycode_decodes(label + 4, len - 4) ? NULL : "what follows xn-- is no punycode";
}

static bool all_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static const char *labels_fault(const char *text, size_t len)
{
	size_t labels = 0;

	for (size_t begin = 0; begin <= len; labels++) {
		const char *dot = memchr(text + begin, '.', len - begin);
		size_t end = dot ? (size_t)(dot - text) : len;
		const char *fault = label_fault(text + begin, end - begin);

		if (fault)
			return fault;
		if (!dot && all_digits(text + begin, end - begin))
			return "its last label is a number (an IP address is no DNS name)";
		begin = end + 1;
	}
	return labels < 2 ? "it has no dot" : NULL;
}

bool name_dns(const char *text, size_t len, char out[NAME_DNS_MAX], bool *wildcard,
	struct acmems_error *err)
{
	size_t skip = len >= 2 && text[0] == '*' && text[1] == '.' ? 2 : 0;
	const char *fault;

	if (len == 0)
		return acmems_error_set(err, ACMEMS_BAD_CSR, "there is an empty DNS name");
	if (len > DNS_MAX)
		return bad(text, len, "it is longer than 253 characters", err);
	fault = labels_fault(text + skip, len - skip);
	if (fault)
		return bad(text, len, fault, err);
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[len] = '\0';
	*wildcard = skip > 0;
	return true;
}

bool name_ip(const unsigned char *bytes, size_t len, char out[64])
{
	if (len == 4)
		return inet_ntop(AF_INET, bytes, out, 64) != NULL;
	if (len == 16)
		return inet_ntop(AF_INET6, bytes, out, 64) != NULL;
	return false;
}
