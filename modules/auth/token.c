/* SPDX-License-Identifier: ISC */
/*
 * auth/token.c - lets those in who show a token that is known: `Authorization: Bearer TOKEN` (RFC
 * 6750), `token = "/etc/acmems/tokens";`.
 *
 * Of tokens only SHA-256 digests are kept. That is enough as long as nobody can guess them, which is
 * why short ones are not looked at. A token can end on a date and be good for some names only.
 *
 * The file is looked at every second. One that has changed and can not be used leaves the tokens as
 * they were.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/auth.h>
#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/module.h>
#include <acmems/notify.h>

#include "token_list.h"

#define ROOM "auth-token"
#define FILE_MAX (1u << 20)
#define LOOK_MS 1000
/* characters of a token: 128 bits in hex, and more than anybody has use for */
#define TOKEN_MIN 32
#define TOKEN_MAX 512

struct token {
	struct acmems_instance self;
	struct acmems_list tokens;
	char *tokens_file;
	struct token_list list;
	struct acmems_timer *timer;
	uint64_t tried; /* the file's stamp when it was read, whether that worked or not */
	uint64_t seen; /* at the last look */
};

static const struct acmems_option options[] = {
	{.name = "tokens-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct token, tokens_file),
		.flags = ACMEMS_DIRECT,
		.min = 1,
		.max = 4095,
		.help = "file of lines NAME SHA256 [EXPIRY [DOMAIN...]]"},
	{.name = "tokens",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct token, tokens),
		.flags = ACMEMS_SECRET,
		.max = 1000,
		.help = "such lines"},
};

/* ---- what is known ---- */

static bool read_file(const char *path, struct token_list *list, struct acmems_error *err)
{
	char *text = NULL;
	size_t len = 0;
	bool ok;

	if (!acmems_file_read_secret(path, FILE_MAX, &text, &len, err))
		return acmems_error_context(err, "tokens-file");
	ok = token_list_add_text(list, text, err) ||
	     acmems_error_context(err, "tokens-file \"%s\"", path);
	acmems_wipe(text, len);
	free(text);
	return ok;
}

/* All tokens into an empty list, which is empty again on failure. */
static bool read_tokens(
	const struct token *token, struct token_list *list, struct acmems_error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < token->tokens.count; i++) {
		const char *line = token->tokens.items[i];

		ok = token_list_add(list, line, strlen(line), err) ||
		     acmems_error_context(err, "tokens: entry %zu", i + 1);
	}
	if (ok && token->tokens_file)
		ok = read_file(token->tokens_file, list, err);
	ok = ok && token_list_check(list, err);
	if (!ok)
		token_list_fini(list);
	return ok;
}

static void read_anew(struct token *token)
{
	struct acmems_error err = {0};
	struct token_list list = {0};

	if (!read_tokens(token, &list, &err)) {
		acmems_log(ACMEMS_LOG_WARNING, ROOM, token->self.name,
			"the tokens stay as they were: %s", err.message);
		return;
	}
	token_list_fini(&token->list);
	token->list = list;
	acmems_log(ACMEMS_LOG_NOTICE, ROOM, token->self.name,
		"tokens-file \"%s\" has changed: there are %zu tokens now", token->tokens_file,
		list.count);
}

/* A change counts when there is none more at the next look: somebody may be writing. */
static void on_look(void *arg)
{
	struct token *token = arg;
	uint64_t now = acmems_file_stamp(token->tokens_file);
	bool settled = now == token->seen;

	acmems_timer_start(token->timer, LOOK_MS);
	token->seen = now;
	if (!settled || now == token->tried)
		return;
	token->tried = now;
	read_anew(token);
}

/* ---- the header ---- */

/* What is behind the scheme Bearer, or NULL when it is another scheme. */
static const char *after_scheme(const char *header)
{
	static const char scheme[] = "Bearer";
	const char *end = header + strlen(scheme);

	if (strncasecmp(header, scheme, strlen(scheme)) != 0 || (*end && *end != ' '))
		return NULL;
	return end + strspn(end, " ");
}

/* Length of the b64token (RFC 6750, 2.1) that the text is; 0: it is none, or too long. */
static size_t token_length(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-._~+/");

	if (len > 0)
		len += strspn(text + len, "=");
	return text[len] || len > TOKEN_MAX ? 0 : len;
}

static bool find_token(const struct acmems_http_request *request, const char **text, size_t *len,
	struct acmems_error *err)
{
	const char *header = acmems_http_request_header(request, "Authorization");

	*text = header ? after_scheme(header) : NULL;
	if (!*text)
		return acmems_error_set(
			err, ACMEMS_REFUSED, "no Authorization header of the scheme Bearer");
	*len = token_length(*text);
	if (*len == 0)
		return acmems_error_set(err, ACMEMS_BAD_REQUEST,
			"Authorization header is not \"Bearer TOKEN\" with a token of at most %d "
			"letters, digits and -._~+/=",
			TOKEN_MAX);
	return *len >= TOKEN_MIN ||
	       acmems_error_set(err, ACMEMS_REFUSED,
		       "the token has %zu characters: those with less than %d are never known",
		       *len, TOKEN_MIN);
}

/* ---- judgement ---- */

/* Looks for the two slips that make a digest another one than the token's. Returns false. */
static bool refuse_unknown(
	const struct token_list *list, const char *text, size_t len, struct acmems_error *err)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	char line[TOKEN_MAX + 1];
	const struct token_entry *entry = NULL;

	if (acmems_unhex(text, len, digest, TOKEN_DIGEST_LEN))
		entry = token_list_find(list, digest);
	if (entry)
		return acmems_error_set(err, ACMEMS_REFUSED,
			"unknown token: it is what stands at \"%s\", where its digest belongs",
			entry->name);
	memcpy(line, text, len);
	line[len] = '\n';
	if (acmems_digest("sha256", line, len + 1, digest) == TOKEN_DIGEST_LEN)
		entry = token_list_find(list, digest);
	acmems_wipe(line, sizeof(line));
	acmems_wipe(digest, sizeof(digest));
	if (entry)
		return acmems_error_set(err, ACMEMS_REFUSED,
			"unknown token: the digest of \"%s\" is that of it and a line end",
			entry->name);
	return acmems_error_set(err, ACMEMS_REFUSED, "unknown token");
}

/* The entry of the token that the request shows, if it is still good. */
static const struct token_entry *find_entry(const struct token *token,
	const struct acmems_http_request *request, struct acmems_error *err)
{
	unsigned char digest[ACMEMS_DIGEST_MAX];
	const struct token_entry *entry;
	char expired[ACMEMS_EVENT_TIME_MAX];
	const char *text;
	size_t len;

	if (!find_token(request, &text, &len, err))
		return NULL;
	if (acmems_digest("sha256", text, len, digest) != TOKEN_DIGEST_LEN) {
		acmems_error_set(err, ACMEMS_FAULT, "cannot compute a digest");
		return NULL;
	}
	entry = token_list_find(&token->list, digest);
	acmems_wipe(digest, sizeof(digest));
	if (!entry) {
		refuse_unknown(&token->list, text, len, err);
		return NULL;
	}
	if (acmems_clock_wall() < entry->expires)
		return entry;
	acmems_event_time(entry->expires, expired);
	acmems_error_set(err, ACMEMS_REFUSED, "token \"%s\" expired %s", entry->name, expired);
	return NULL;
}

static bool token_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	return find_entry(instance, request->http, err) != NULL;
}

static bool token_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	const struct token *token = instance;
	const struct token_entry *entry = find_entry(token, request->http, err);
	char peer[ACMEMS_ADDRESS_TEXT_MAX];

	if (!entry)
		return false;
	for (size_t i = 0; i < request->csr->name_count; i++) {
		const struct acmems_name *name = &request->csr->names[i];

		if (name->kind != ACMEMS_NAME_DNS || !token_entry_fits(entry, name->text))
			return acmems_error_set(err, ACMEMS_REFUSED,
				"token \"%s\" is not for \"%s\"", entry->name, name->text);
	}
	acmems_log(ACMEMS_LOG_INFO, ROOM, token->self.name, "%s has shown the token \"%s\"",
		acmems_address_text(&request->peer, peer), entry->name);
	acmems_op_finish(op, NULL);
	return true;
}

/* ---- life ---- */

/* The file is read here and not in start, so that a test of the configuration finds its faults. */
static bool token_check(void *instance, struct acmems_error *err)
{
	struct token *token = instance;

	if (!token->tokens_file && token->tokens.count == 0)
		return acmems_error_set(err, ACMEMS_CONFIG, "write tokens-file or tokens");
	if (token->tokens_file)
		token->tried = acmems_file_stamp(token->tokens_file);
	token->seen = token->tried;
	return read_tokens(token, &token->list, err);
}

static bool token_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct token *token = instance;

	if (token->tokens_file) {
		token->timer = acmems_timer_new(on_look, token);
		if (!token->timer)
			return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to start");
		acmems_timer_start(token->timer, LOOK_MS);
	}
	acmems_op_finish(op, NULL);
	return true;
}

static void token_release(void *instance)
{
	struct token *token = instance;

	acmems_timer_free(token->timer);
	token->timer = NULL;
	token_list_fini(&token->list);
}

static const struct acmems_auth_ops ops = {.possible = token_possible, .check = token_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "token"),
	.version = ACMEMS_VERSION,
	.summary = "lets clients in that show a token that is known",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct token),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = token_check,
	.start = token_start,
	.release = token_release,
};
