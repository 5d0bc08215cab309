/* SPDX-License-Identifier: ISC */
/*
 * validator/http01.c - answers http-01 challenges itself (RFC 8555, 8.3).
 *
 * A small HTTP server serves what was presented, found by the token alone: the CA's requests may
 * come through a proxy that rewrites whatever else they hold. Everything unknown is declined, so
 * that the instance of another generation behind the same address can have it.
 *
 * One token may be presented by several orders at once; it stays until the last has cleaned up. Only
 * the CA chooses tokens, so the table needs no secret hash.
 */
#include <stdlib.h>
#include <string.h>

#include <acmems/http.h>
#include <acmems/module.h>
#include <acmems/validator.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(answer) ((void)(answer))
#include <uthash.h>

#define ROOM "http01"
#define PATH "/.well-known/acme-challenge/"
#define ANSWERS_MAX 8192
#define HOLDERS_MAX 256

/* What one token is answered with. */
struct answer {
	char *token;
	char *key_authorization;
	size_t holder_count;
	uint64_t *holders; /* challenges that have presented it */
	UT_hash_handle hh;
};

struct http01 {
	struct acmems_instance self;
	struct acmems_list listen;
	struct acmems_http_server *server;
	struct answer *answers;
};

static const struct acmems_option options[] = {
	{.name = "listen",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct http01, listen),
		.fallback = "0.0.0.0:1380, [::]:1380",
		.help = "addresses on which the CA's requests arrive; an empty list: none"},
};

static struct answer *find_answer(struct http01 *http01, const char *token)
{
	struct answer *answer;

	HASH_FIND_STR(http01->answers, token, answer);
	return answer;
}

static void free_answer(struct answer *answer)
{
	if (!answer)
		return;
	free(answer->token);
	free(answer->key_authorization);
	free(answer->holders);
	free(answer);
}

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to present a token");
}

static struct answer *add_answer(
	struct http01 *http01, const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct answer *answer;

	if (HASH_COUNT(http01->answers) >= ANSWERS_MAX) {
		acmems_error_set(
			err, ACMEMS_UNAVAILABLE, "more than %d tokens are presented", ANSWERS_MAX);
		return NULL;
	}
	answer = calloc(1, sizeof(*answer));
	if (answer) {
		answer->token = strdup(challenge->token);
		answer->key_authorization = strdup(challenge->key_authorization);
	}
	if (!answer || !answer->token || !answer->key_authorization) {
		free_answer(answer);
		no_memory(err);
		return NULL;
	}
	HASH_ADD_STR(http01->answers, token, answer);
	if (!answer->hh.tbl) {
		free_answer(answer);
		no_memory(err);
		return NULL;
	}
	return answer;
}

static void remove_answer(struct http01 *http01, struct answer *answer)
{
	HASH_DEL(http01->answers, answer);
	free_answer(answer);
}

static size_t find_holder(const struct answer *answer, uint64_t id)
{
	size_t i = 0;

	while (i < answer->holder_count && answer->holders[i] != id)
		i++;
	return i;
}

static bool add_holder(struct answer *answer, uint64_t id, struct acmems_error *err)
{
	uint64_t *holders;

	if (find_holder(answer, id) < answer->holder_count)
		return true;
	if (answer->holder_count == HOLDERS_MAX)
		return acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"a token is presented %d times already", HOLDERS_MAX);
	holders = reallocarray(answer->holders, answer->holder_count + 1, sizeof(*holders));
	if (!holders)
		return no_memory(err);
	answer->holders = holders;
	holders[answer->holder_count++] = id;
	return true;
}

static bool http01_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct http01 *http01 = instance;
	struct answer *answer;

	if (!http01->server)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"validator \"%s\" has no listener to answer the CA with (listen is empty)",
			http01->self.name);
	answer = find_answer(http01, challenge->token);
	if (answer && strcmp(answer->key_authorization, challenge->key_authorization) != 0)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"the CA gave two accounts the same token, \"%.64s\"", challenge->token);
	if (!answer)
		answer = add_answer(http01, challenge, err);
	if (!answer)
		return false;
	if (!add_holder(answer, challenge->id, err)) {
		if (answer->holder_count == 0)
			remove_answer(http01, answer);
		return false;
	}
	acmems_op_finish(op, NULL);
	return true;
}

static bool http01_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	struct http01 *http01 = instance;
	struct answer *answer;
	size_t at;

	(void)err;
	answer = find_answer(http01, challenge->token);
	at = answer ? find_holder(answer, challenge->id) : 0;
	if (answer && at < answer->holder_count) {
		answer->holders[at] = answer->holders[--answer->holder_count];
		if (answer->holder_count == 0)
			remove_answer(http01, answer);
	}
	acmems_op_finish(op, NULL);
	return true;
}

/* The answer that is asked for, or NULL. */
static struct answer *asked(struct http01 *http01, const struct acmems_http_request *request)
{
	const char *method = acmems_http_request_method(request);
	const char *path = acmems_http_request_path(request);

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return NULL;
	if (!http01->answers || strncmp(path, PATH, strlen(PATH)) != 0)
		return NULL;
	path += strlen(PATH);
	return find_answer(http01, path);
}

static enum acmems_http_taken on_request(void *arg, struct acmems_http_request *request)
{
	static const struct acmems_http_header headers[] = {
		{"Content-Type", "application/octet-stream"},
		{"Cache-Control", "no-store"},
	};
	struct http01 *http01 = arg;
	const struct answer *answer = asked(http01, request);
	char peer[ACMEMS_ADDRESS_TEXT_MAX];

	if (!answer)
		return ACMEMS_HTTP_DECLINED;
	acmems_log(ACMEMS_LOG_DEBUG, ROOM, http01->self.name, "%s fetches token \"%s\"",
		acmems_address_text(acmems_http_request_peer(request), peer), answer->token);
	for (size_t i = 0; i < answer->holder_count; i++)
		acmems_challenge_seen(answer->holders[i]);
	acmems_http_reply(acmems_http_request_id(request), 200, headers,
		sizeof(headers) / sizeof(headers[0]), answer->key_authorization,
		strlen(answer->key_authorization));
	return ACMEMS_HTTP_TAKEN;
}

static bool http01_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct http01 *http01 = instance;
	struct acmems_http_server_config config = {
		.room = ROOM,
		.listen = http01->listen.items,
		.max_body = 1024,
		.handler = on_request,
		.arg = http01,
	};

	if (http01->listen.count > 0) {
		http01->server = acmems_http_server_new(&config, err);
		if (!http01->server)
			return false;
		acmems_http_server_open(http01->server);
	}
	acmems_op_finish(op, NULL);
	return true;
}

static void http01_release(void *instance)
{
	struct http01 *http01 = instance;
	struct answer *answer, *next;

	acmems_http_server_free(http01->server);
	http01->server = NULL;
	HASH_ITER(hh, http01->answers, answer, next)
	{
		remove_answer(http01, answer);
	}
}

static const char *const types[] = {"http-01", NULL};

static const struct acmems_validator_ops ops = {
	.types = types, .present = http01_present, .cleanup = http01_cleanup};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "http01"),
	.version = ACMEMS_VERSION,
	.summary = "answers http-01 challenges with a small web server of its own",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct http01),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.start = http01_start,
	.release = http01_release,
};
