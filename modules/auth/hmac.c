/* SPDX-License-Identifier: ISC */
/*
 * auth/hmac.c - lets those in who know a secret and prove it over the exact bytes of the body:
 * `hmac: { digest = "sha256"; key = "..."; };`.
 *
 * The proof comes in a header, `Authentication: hmac name=DIGEST, hash=HEX` or the same as
 * `Authorization:`. Between the parameters stand a comma, white space, or both, in any order and
 * case. OpenSSL 3 calls the digests SHA2-256 and so on, so "sha2-256" is "sha256".
 *
 * A proof is good for one CSR, which only its owner's key can make use of, so nothing guards
 * against sending it twice.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/auth.h>
#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/module.h>

#define KEY_FILE_MAX 4096

struct hmac {
	struct acmems_instance self;
	int digest;
	char *key;
	char *key_file;
	char *secret; /* of key-file; NULL: key is the secret */
	size_t secret_len;
};

static const char *const digests[] = {"sha256", "sha384", "sha512", "sha224", "sha1", NULL};

static const struct acmems_option options[] = {
	{.name = "digest",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct hmac, digest),
		.fallback = "sha256",
		.choices = digests,
		.help = "digest that the clients use"},
	{.name = "key",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct hmac, key),
		.flags = ACMEMS_SECRET,
		.min = 1,
		.max = KEY_FILE_MAX,
		.help = "the secret that clients share with the daemon"},
	{.name = "key-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct hmac, key_file),
		.min = 1,
		.max = 4095,
		.help = "file that holds the secret; a line end behind it does not count"},
};

/* A piece of a header. */
struct text {
	const char *start;
	size_t len;
};

struct hmac_header {
	struct text name;
	struct text hash;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool text_is(const struct text *text, const char *word)
{
	return strlen(word) == text->len && strncasecmp(text->start, word, text->len) == 0;
}

/* The scheme's parameters, or NULL when it is another scheme. */
static const char *after_scheme(const char *header)
{
	while (is_space(*header))
		header++;
	if (strncasecmp(header, "hmac", 4) != 0 || (header[4] && !is_space(header[4])))
		return NULL;
	return header + 4;
}

static const char *skip_separators(const char *at)
{
	while (is_space(*at) || *at == ',')
		at++;
	return at;
}

/* One run of letters, digits and '-'; an empty one is no word. Returns what follows or NULL. */
static const char *take_word(const char *at, struct text *word)
{
	static const char word_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-";

	word->start = at;
	word->len = strspn(at, word_letters);
	return word->len > 0 ? at + word->len : NULL;
}

/* A word, or the same in quotes, with a separator or the end behind it. */
static const char *take_value(const char *at, struct text *value)
{
	bool quoted = *at == '"';

	at = take_word(at + quoted, value);
	if (!at)
		return NULL;
	if (quoted) {
		if (*at != '"')
			return NULL;
		at++;
	}
	return *at == '\0' || *at == ',' || is_space(*at) ? at : NULL;
}

/*
 * Reads the parameters of a header of our scheme. Each must be there once; one that we do not know
 * is a no, as its sender expects something of it.
 */
static bool parse_parameters(const char *at, struct hmac_header *header)
{
	*header = (struct hmac_header){0};
	for (at = skip_separators(at); *at; at = skip_separators(at)) {
		struct text word, *target;

		at = take_word(at, &word);
		if (!at || *at != '=')
			return false;
		if (text_is(&word, "name"))
			target = &header->name;
		else if (text_is(&word, "hash"))
			target = &header->hash;
		else
			return false;
		if (target->start)
			return false;
		at = take_value(at + 1, target);
		if (!at)
			return false;
	}
	return header->name.start && header->hash.start;
}

/* Whether a client's name for a digest means ours: "sha256", or as OpenSSL 3 says "SHA2-256". */
static bool names_digest(const struct text *name, const char *digest)
{
	struct text bits = {.start = name->start + 5, .len = name->len - 5};

	if (text_is(name, digest))
		return true;
	return name->len > 5 && strncasecmp(name->start, "sha2-", 5) == 0 &&
	       strcmp(digest, "sha1") != 0 && text_is(&bits, digest + 3);
}

/* The first header of our scheme, its parameters read. */
static bool find_header(const struct acmems_http_request *request, struct hmac_header *header,
	struct acmems_error *err)
{
	static const char *const fields[] = {"Authentication", "Authorization"};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *text = acmems_http_request_header(request, fields[i]);
		const char *parameters = text ? after_scheme(text) : NULL;

		if (!parameters)
			continue;
		if (parse_parameters(parameters, header))
			return true;
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"%s header is not \"hmac name=DIGEST, hash=HEX\"", fields[i]);
	}
	return acmems_error_set(err, ACMEMS_REFUSED, "no Authentication header of the scheme hmac");
}

static bool find_ours(const struct hmac *hmac, const struct acmems_http_request *request,
	struct hmac_header *header, struct acmems_error *err)
{
	if (!find_header(request, header, err))
		return false;
	if (!names_digest(&header->name, digests[hmac->digest]))
		return acmems_error_set(err, ACMEMS_REFUSED,
			"header names the digest \"%.*s\", not %s",
			(int)(header->name.len < 32 ? header->name.len : 32), header->name.start,
			digests[hmac->digest]);
	return true;
}

static bool hmac_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	struct hmac_header header;

	return find_ours(instance, request->http, &header, err);
}

static bool is_proof(const struct hmac *hmac, const struct acmems_sign_request *request,
	const struct text *hash, struct acmems_error *err)
{
	const char *secret = hmac->secret ? hmac->secret : hmac->key;
	size_t secret_len = hmac->secret ? hmac->secret_len : strlen(hmac->key);
	unsigned char expected[ACMEMS_DIGEST_MAX], given[ACMEMS_DIGEST_MAX];
	size_t len = acmems_hmac(digests[hmac->digest], secret, secret_len, request->body,
		request->body_len, expected);
	bool same;

	if (len == 0)
		return acmems_error_set(err, ACMEMS_FAULT, "cannot compute the HMAC");
	if (!acmems_unhex(hash->start, hash->len, given, len)) {
		acmems_wipe(expected, sizeof(expected));
		return acmems_error_set(
			err, ACMEMS_REFUSED, "the hash is not %zu hex digits", 2 * len);
	}
	same = acmems_equal(expected, given, len);
	acmems_wipe(expected, sizeof(expected));
	if (!same)
		return acmems_error_set(err, ACMEMS_REFUSED,
			"the hash does not fit: another key, or the body was changed");
	return true;
}

static bool hmac_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	struct hmac *hmac = instance;
	struct hmac_header header;

	if (!find_ours(hmac, request->http, &header, err) ||
		!is_proof(hmac, request, &header.hash, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

/* The file is read here and not in start, so that a test of the configuration finds its faults. */
static bool hmac_check(void *instance, struct acmems_error *err)
{
	struct hmac *hmac = instance;

	if (!hmac->key == !hmac->key_file)
		return acmems_error_set(err, ACMEMS_CONFIG, "write either key or key-file");
	return hmac->key ||
	       acmems_file_read_secret(
		       hmac->key_file, KEY_FILE_MAX, &hmac->secret, &hmac->secret_len, err) ||
	       acmems_error_context(err, "key-file");
}

static void hmac_release(void *instance)
{
	struct hmac *hmac = instance;

	if (hmac->secret)
		acmems_wipe(hmac->secret, hmac->secret_len);
	free(hmac->secret);
	hmac->secret = NULL;
}

static const struct acmems_auth_ops ops = {.possible = hmac_possible, .check = hmac_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "hmac"),
	.version = ACMEMS_VERSION,
	.summary = "lets clients in that prove to know a secret",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct hmac),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = hmac_check,
	.release = hmac_release,
};
