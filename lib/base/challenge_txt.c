/* SPDX-License-Identifier: ISC */
/* challenge_txt.c - name and value of the TXT record that meets a challenge (acmems/validator.h). */
#include <acmems/validator.h>

#include <stdio.h>
#include <string.h>

#include <acmems/crypto.h>

#define SHA256_LEN 32
#define NAME_LEN_MAX 253 /* RFC 1035, 3.1, in presentation form without the last dot */
#define LABEL_BYTES 10
#define LABEL_LEN 16

bool acmems_challenge_txt(
	const struct acmems_challenge *challenge, char out[ACMEMS_CHALLENGE_TXT_MAX])
{
	unsigned char digest[ACMEMS_DIGEST_MAX];

	if (acmems_digest("sha256", challenge->key_authorization,
		    strlen(challenge->key_authorization), digest) != SHA256_LEN)
		return false;
	acmems_base64url(digest, SHA256_LEN, out);
	return true;
}

/* RFC 4648, 6, in lower case; the number of bytes leaves no bits over. */
static void base32(const unsigned char bytes[LABEL_BYTES], char out[LABEL_LEN + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < LABEL_BYTES; i++) {
		bits = (bits << 8 | bytes[i]) & 0xffff;
		held += 8;
		while (held >= 5) {
			held -= 5;
			*out++ = digits[bits >> held & 31];
		}
	}
	*out = '\0';
}

static bool account_prefix(const struct acmems_challenge *challenge, char *out, size_t room)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char label[LABEL_LEN + 1];

	if (acmems_digest("sha256", challenge->account_url, strlen(challenge->account_url),
		    digest) != SHA256_LEN)
		return false;
	base32(digest, label);
	snprintf(out, room, "_%s._acme-challenge", label);
	return true;
}

bool acmems_challenge_txt_name(
	const struct acmems_challenge *challenge, char out[ACMEMS_DNS_NAME_MAX])
{
	char account[1 + LABEL_LEN + sizeof("._acme-challenge")];
	const char *prefix = NULL;
	int len;

	if (strcmp(challenge->type, "dns-01") == 0)
		prefix = "_acme-challenge";
	else if (strcmp(challenge->type, "dns-persist-01") == 0)
		prefix = "_validation-persist";
	else if (strcmp(challenge->type, "dns-account-01") == 0 &&
		 account_prefix(challenge, account, sizeof(account)))
		prefix = account;
	if (!prefix)
		return false;
	len = snprintf(out, ACMEMS_DNS_NAME_MAX, "%s.%s", prefix, challenge->identifier);
	return len > 0 && len <= NAME_LEN_MAX;
}
