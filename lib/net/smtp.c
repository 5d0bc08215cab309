/* SPDX-License-Identifier: ISC */
/* smtp.c - a mail from its server's name to its answer: looked up by our resolver, the rest is curl's. */
#include <acmems/smtp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/crypto.h>
#include <acmems/loop.h>

#include "net/address.h"
#include "net/curl_mail.h"
#include "net/resolver.h"

#define TIMEOUT_MS 30000
#define HOST_MAX 254
#define ADDRESS_MAX 320 /* RFC 5321, 4.5.3.1 */
#define HOST_LETTERS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._"

struct smtp_call {
	struct smtp_call *next;
	uint64_t id;
	struct acmems_smtp_call call; /* our copies */
	char host[HOST_MAX];
	char port[6];
	bool literal;
	int64_t end_ms;
	uint64_t lookup;
	struct curl_mail *mail;
	acmems_smtp_done *done;
	void *arg;
};

static struct smtp_call *calls;
static uint64_t last_id;

/* ---- checks ---- */

static bool parse_port(const char *text, char port[6])
{
	unsigned long number = strtoul(text, NULL, 10);

	if (text[strspn(text, "0123456789")] != '\0' || strlen(text) > 5 || number == 0 ||
		number > 65535)
		return false;
	snprintf(port, 6, "%lu", number);
	return true;
}

static bool parse_url(struct smtp_call *call, const char *url, struct acmems_error *err)
{
	bool secure = strncasecmp(url, "smtps://", 8) == 0;
	const char *at = url + (secure ? 8 : 7);
	size_t len;

	if (!secure && strncasecmp(url, "smtp://", 7) != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"%.200s\" is not smtp://HOST[:PORT] or smtps://HOST[:PORT]", url);
	call->literal = *at == '[';
	len = call->literal ? strspn(++at, "0123456789abcdefABCDEF:.") : strspn(at, HOST_LETTERS);
	if (len == 0 || len >= HOST_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG, "\"%.200s\" has no host", url);
	snprintf(call->host, sizeof(call->host), "%.*s", (int)len, at);
	at += len;
	if (call->literal && *at++ != ']')
		return acmems_error_set(err, ACMEMS_CONFIG, "\"%.200s\" lacks a \"]\"", url);
	snprintf(call->port, sizeof(call->port), "%s", secure ? "465" : "25");
	if (*at == '\0' || strcmp(at, "/") == 0)
		return true;
	return (*at == ':' && parse_port(at + 1, call->port)) ||
	       acmems_error_set(err, ACMEMS_CONFIG, "\"%.200s\" has no proper port", url);
}

/* What can be an address between brackets; anything else could be more than one command. */
static bool check_address(const char *address, struct acmems_error *err)
{
	size_t len = strlen(address);

	for (const char *at = address; *at; at++) {
		if (*at <= ' ' || *at >= 0x7f || *at == '<' || *at == '>')
			len = 0;
	}
	if (len > 0 && len < ADDRESS_MAX && address[0] != '@' && strchr(address, '@'))
		return true;
	return acmems_error_set(err, ACMEMS_CONFIG, "\"%.200s\" is no mail address", address);
}

static bool check(
	struct smtp_call *out, const struct acmems_smtp_call *call, struct acmems_error *err)
{
	if (!parse_url(out, call->url, err) || !check_address(call->from, err))
		return false;
	if (!call->to || !call->to[0])
		return acmems_error_set(err, ACMEMS_CONFIG, "there is nobody to send it to");
	for (size_t i = 0; call->to[i]; i++) {
		if (!check_address(call->to[i], err))
			return false;
	}
	return true;
}

bool acmems_smtp_check(const struct acmems_smtp_call *call, struct acmems_error *err)
{
	struct smtp_call scratch = {0};

	return check(&scratch, call, err);
}

/* ---- memory ---- */

static void call_free(struct smtp_call *call)
{
	resolver_cancel(call->lookup);
	if (call->mail)
		curl_mail_cancel(call->mail);
	for (size_t i = 0; call->call.to && call->call.to[i]; i++)
		free((char *)call->call.to[i]);
	free((void *)call->call.to);
	free((char *)call->call.url);
	free((char *)call->call.ca_file);
	free((char *)call->call.user);
	if (call->call.password)
		acmems_wipe((char *)call->call.password, strlen(call->call.password));
	free((char *)call->call.password);
	free((char *)call->call.from);
	free((void *)call->call.message);
	free(call);
}

static bool copy_text(const char **target, const char *text)
{
	*target = text ? strdup(text) : NULL;
	return !text || *target;
}

static bool copy_to(struct smtp_call *call, const char *const *to)
{
	size_t count = 0;
	const char **copy;

	while (to[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	call->call.to = copy;
	for (size_t i = 0; copy && i < count; i++) {
		if (!copy_text(&copy[i], to[i]))
			return false;
	}
	return copy != NULL;
}

static bool copy_call(struct smtp_call *call, const struct acmems_smtp_call *from)
{
	void *message = malloc(from->message_len + 1);

	call->call.message = message;
	call->call.message_len = from->message_len;
	call->call.starttls = from->starttls;
	call->call.timeout_ms = from->timeout_ms > 0 ? from->timeout_ms : TIMEOUT_MS;
	if (!message)
		return false;
	memcpy(message, from->message, from->message_len);
	return copy_text(&call->call.url, from->url) &&
	       copy_text(&call->call.ca_file, from->ca_file) &&
	       copy_text(&call->call.user, from->user) &&
	       copy_text(
		       &call->call.password, from->user && !from->password ? "" : from->password) &&
	       copy_text(&call->call.from, from->from) && copy_to(call, from->to);
}

static void unlink_call(struct smtp_call *call)
{
	struct smtp_call **at = &calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
}

/* ---- a call ---- */

static void call_done(struct smtp_call *call, const char *answer, const struct acmems_error *err)
{
	unlink_call(call);
	call->done(call->arg, answer, err);
	call_free(call);
}

static void on_mail(void *arg, const char *answer, const struct acmems_error *err)
{
	struct smtp_call *call = arg;

	call->mail = NULL;
	call_done(call, answer, err);
}

static bool start_mail(struct smtp_call *call, const char *resolve, struct acmems_error *err)
{
	int64_t left = call->end_ms - acmems_clock_ms();
	struct curl_mail_request request = {.call = &call->call,
		.host = call->host,
		.resolve = resolve,
		.timeout_ms = left > 1 ? left : 1};

	call->mail = curl_mail_start(&request, on_mail, call, err);
	return call->mail != NULL;
}

static void on_addresses(void *arg, const struct acmems_address *addresses, size_t count,
	const struct acmems_error *why)
{
	struct smtp_call *call = arg;
	struct acmems_error err = {0};
	char text[ADDRESS_RESOLVE_MAX];

	call->lookup = 0;
	if (why) {
		err = *why;
		call_done(call, NULL, &err);
		return;
	}
	address_resolve_text(call->host, call->port, addresses, count, text);
	if (!start_mail(call, text, &err))
		call_done(call, NULL, &err);
}

static bool begin(struct smtp_call *call, struct acmems_error *err)
{
	call->end_ms = acmems_clock_ms() + call->call.timeout_ms;
	if (call->literal)
		return start_mail(call, NULL, err);
	call->lookup = resolver_start(call->host, call->call.timeout_ms, on_addresses, call, err);
	return call->lookup != 0;
}

uint64_t acmems_smtp_start(const struct acmems_smtp_call *from, acmems_smtp_done *done, void *arg,
	struct acmems_error *err)
{
	struct smtp_call *call = calloc(1, sizeof(*call));
	struct smtp_call scratch = {0};

	if (!call || !copy_call(call, from)) {
		if (call)
			call_free(call);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a mail");
		return 0;
	}
	call->done = done;
	call->arg = arg;
	if (!check(&scratch, from, err)) {
		call_free(call);
		return 0;
	}
	memcpy(call->host, scratch.host, sizeof(call->host));
	memcpy(call->port, scratch.port, sizeof(call->port));
	call->literal = scratch.literal;
	call->id = ++last_id;
	call->next = calls;
	calls = call;
	if (begin(call, err))
		return call->id;
	unlink_call(call);
	call_free(call);
	return 0;
}

void acmems_smtp_cancel(uint64_t id)
{
	struct smtp_call *call = calls;

	while (call && call->id != id)
		call = call->next;
	if (!call)
		return;
	unlink_call(call);
	call_free(call);
}
