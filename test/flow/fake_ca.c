/* SPDX-License-Identifier: ISC */
/*
 * fake_ca.c - a CA that answers what the scenario says, and is strict about what it is sent: method,
 * content type, URL, nonce, key or account in every JWS. The directory and nonces it gives unasked.
 */
#include "paper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

#include "acme/json.h"

#define BODY_MAX 20000
#define ACCOUNT CA "acct/1"
#define NONCES_MAX 2000

struct call {
	struct call *next;
	struct fake_ca *ca;
	uint64_t id;
	struct acmems_timer *timer;
	bool lost;
	int status;
	char body[BODY_MAX];
	char type[64];
	char nonce[24];
	char location[256];
	char retry_after[64];
	acmems_http_done *done;
	void *arg;
};

struct fake_ca {
	struct script *script;
	const struct pen *pen;
	struct call *calls;
	uint64_t last_id;
	unsigned nonces_given;
	bool nonce_used[NONCES_MAX];
};

static void drop(struct call *call)
{
	struct call **at = &call->ca->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	acmems_timer_free(call->timer);
	free(call);
}

static void deliver(void *arg)
{
	struct call *call = arg;
	struct acmems_http_header headers[4];
	struct acmems_http_answer answer = {.status = call->status,
		.body = call->body,
		.len = strlen(call->body),
		.headers = headers};
	struct acmems_error err = {0};

	headers[answer.header_count++] = (struct acmems_http_header){"content-type", call->type};
	if (call->nonce[0] != '\0')
		headers[answer.header_count++] =
			(struct acmems_http_header){"replay-nonce", call->nonce};
	if (call->location[0] != '\0')
		headers[answer.header_count++] =
			(struct acmems_http_header){"location", call->location};
	if (call->retry_after[0] != '\0')
		headers[answer.header_count++] =
			(struct acmems_http_header){"retry-after", call->retry_after};
	acmems_error_set(&err, ACMEMS_UNAVAILABLE, "connection lost");
	/* detached, so that whatever comes from the callback finds it gone */
	acmems_timer_free(call->timer);
	call->timer = NULL;
	for (struct call **at = &call->ca->calls; *at; at = &(*at)->next) {
		if (*at == call) {
			*at = call->next;
			break;
		}
	}
	call->done(call->arg, call->lost ? NULL : &answer, call->lost ? &err : NULL);
	free(call);
}

/* Copies text into the body; "@x behind a quote becomes the CA's URL, $CHAIN and $OTHER chains. */
static void write_body(struct call *call, const char *text)
{
	size_t used = 0;

	if (strcmp(text, "$CHAIN") == 0) {
		snprintf(call->body, sizeof(call->body), "%s", pen_chain(call->ca->pen));
		return;
	}
	if (strcmp(text, "$OTHER") == 0) {
		snprintf(call->body, sizeof(call->body), "%s", pen_other_chain(call->ca->pen));
		return;
	}
	for (; *text != '\0' && used < sizeof(call->body) - 64; text++) {
		call->body[used++] = *text;
		if (text[0] == '"' && text[1] == '@') {
			used += (size_t)snprintf(call->body + used, 64, "%s", CA);
			text++;
		}
	}
	call->body[used] = '\0';
}

static void give_nonce(struct call *call)
{
	if (call->ca->nonces_given >= NONCES_MAX)
		script_fail(call->ca->script, "too many nonces");
	snprintf(call->nonce, sizeof(call->nonce), "n%u", call->ca->nonces_given++);
}

static void decode(struct fake_ca *ca, const struct acmems_json *json, const char *name, char *out,
	size_t room)
{
	struct acmems_error err = {0};
	const char *text;
	size_t len = room - 1;

	if (!acmems_json_need_text(json, name, 2 * room, &text, &err) ||
		!acmems_unbase64url(text, strlen(text), (unsigned char *)out, &len))
		script_fail(ca->script, "the JWS has no %s", name);
	out[len] = '\0';
}

static void check_protected(struct fake_ca *ca, const char *protected, const char *url)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(protected, strlen(protected), &err);
	const char *nonce;
	const char *sent;
	const char *kid;
	bool is_new = strcmp(url, CA "new-acct") == 0;
	unsigned long number;

	if (!json || !acmems_json_need_text(json, "nonce", 64, &nonce, &err) ||
		!acmems_json_need_text(json, "url", 2048, &sent, &err) ||
		!acmems_json_text(json, "kid", 2048, &kid, &err))
		script_fail(ca->script, "protected header: %s", protected);
	number = strtoul(nonce + 1, NULL, 10);
	if (number >= ca->nonces_given || ca->nonce_used[number])
		script_fail(ca->script, "nonce %s is not a fresh one", nonce);
	ca->nonce_used[number] = true;
	if (strcmp(sent, url) != 0 || is_new != !kid)
		script_fail(ca->script, "protected header of %s: %s", url, protected);
	acmems_json_free(json);
}

static void http_date(int64_t wall, char *out, size_t room)
{
	time_t when = (time_t)wall;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, room, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static bool option(const char **text, const char *name, char *out, size_t room)
{
	size_t len = strlen(name);
	size_t value;

	if (strncmp(*text, name, len) != 0)
		return false;
	value = strcspn(*text + len, " ");
	snprintf(out, room, "%.*s", (int)value, *text + len);
	*text += len + value;
	*text += strspn(*text, " ");
	return true;
}

static void write_answer(struct call *call, const char *text)
{
	char value[128];

	if (strcmp(text, "lost") == 0) {
		call->lost = true;
		return;
	}
	call->status = (int)strtol(text, (char **)&text, 10);
	if (call->status < 200)
		script_fail(call->ca->script, "what is the answer '%s'?", text);
	text += strspn(text, " ");
	snprintf(call->type, sizeof(call->type), "%s",
		call->status < 300 ? "application/json" : "application/problem+json");
	for (bool more = true; more;) {
		more = false;
		if (option(&text, "location=", value, sizeof(value))) {
			snprintf(call->location, sizeof(call->location), "%s%s", CA, value);
			more = true;
		}
		if (option(&text, "retry-after=", call->retry_after, sizeof(call->retry_after)))
			more = true;
		if (option(&text, "retry-date=", value, sizeof(value))) {
			http_date(acmems_clock_wall() + strtol(value, NULL, 10), call->retry_after,
				sizeof(call->retry_after));
			more = true;
		}
		if (option(&text, "type=", call->type, sizeof(call->type)))
			more = true;
	}
	if (strcmp(text, "$CHAIN") == 0 || strcmp(text, "$OTHER") == 0)
		snprintf(call->type, sizeof(call->type), "application/pem-certificate-chain");
	write_body(call, text);
}

/* "$CSR" stands for the CSR; POST-as-GET is "-". */
static void shorten(const struct fake_ca *ca, char *payload, size_t room)
{
	const struct acmems_csr *csr = pen_csr(ca->pen);
	char *text = malloc(ACMEMS_BASE64URL_LEN(csr->der_len) + 1);
	char whole[4200];

	if (!text)
		abort();
	acmems_base64url(csr->der, csr->der_len, text);
	snprintf(whole, sizeof(whole), "{\"csr\":\"%s\"}", text);
	free(text);
	if (payload[0] == '\0')
		snprintf(payload, room, "-");
	else if (strcmp(payload, whole) == 0)
		snprintf(payload, room, "$CSR");
}

static void answer_post(struct call *call, const struct acmems_http_call *http)
{
	struct fake_ca *ca = call->ca;
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse(http->body, http->body_len, &err);
	char protected[4096];
	char payload[8192];
	struct step *step;
	bool bad;

	if (!json || strcmp(http->headers[0].value, "application/jose+json") != 0 ||
		strncmp(http->url, CA, strlen(CA)) != 0)
		script_fail(ca->script, "%s is sent something that is no JWS", http->url);
	decode(ca, json, "protected", protected, sizeof(protected));
	decode(ca, json, "payload", payload, sizeof(payload));
	acmems_json_free(json);
	check_protected(ca, protected, http->url);
	shorten(ca, payload, sizeof(payload));
	step = script_next(ca->script);
	bad = step && step->bad_nonces > 0;
	step = script_take(ca->script, STEP_POST, http->url + strlen(CA), payload);
	if (bad)
		write_answer(call, "400 {\"type\":\"urn:ietf:params:acme:error:badNonce\"}");
	else if (strcmp(step->answer, "never") != 0)
		write_answer(call, step->answer);
	if (!call->lost)
		give_nonce(call);
	if (bad || strcmp(step->answer, "never") != 0)
		acmems_timer_start(call->timer, bad ? 0 : step->after_ms);
	runner_act();
}

static uint64_t start(void *ctx, const struct acmems_http_call *http, acmems_http_done *done,
	void *arg, struct acmems_error *err)
{
	struct fake_ca *ca = ctx;
	struct call *call = calloc(1, sizeof(*call));

	(void)err;
	if (!call)
		abort();
	*call = (struct call){.next = ca->calls,
		.ca = ca,
		.id = ++ca->last_id,
		.status = 200,
		.done = done,
		.arg = arg};
	snprintf(call->type, sizeof(call->type), "application/json");
	call->timer = acmems_timer_new(deliver, call);
	ca->calls = call;
	if (strcmp(http->method, "POST") == 0) {
		answer_post(call, http);
		return call->id;
	}
	if (strcmp(http->url, CA "dir") == 0)
		write_body(call, "{\"newNonce\":\"@nonce\",\"newAccount\":\"@new-acct\","
				 "\"newOrder\":\"@new-order\",\"meta\":{"
				 "\"accountHashPrefix\":\"@hash/\","
				 "\"issuerDomainNames\":[\"ca.example\"]}}");
	else if (strcmp(http->method, "HEAD") == 0 && strcmp(http->url, CA "nonce") == 0)
		give_nonce(call);
	else
		script_fail(ca->script, "%s %s: resources are fetched by POST-as-GET", http->method,
			http->url);
	acmems_timer_start(call->timer, 0);
	return call->id;
}

static void cancel(void *ctx, uint64_t id)
{
	struct fake_ca *ca = ctx;

	for (struct call *call = ca->calls; call; call = call->next) {
		if (call->id == id) {
			drop(call);
			return;
		}
	}
}

struct fake_ca *fake_ca_new(struct script *script, const struct pen *pen)
{
	struct fake_ca *ca = calloc(1, sizeof(*ca));

	if (!ca)
		abort();
	ca->script = script;
	ca->pen = pen;
	return ca;
}

void fake_ca_free(struct fake_ca *ca)
{
	if (ca->calls)
		script_fail(ca->script, "calls to the CA were forgotten");
	free(ca);
}

struct acme_transport fake_ca_transport(struct fake_ca *ca)
{
	return (struct acme_transport){start, cancel, ca};
}
