/* SPDX-License-Identifier: ISC */
/* front.c - the one table of paths and methods. Reads no body and makes no decision of policy. */
#include "sign/front.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/http.h>
#include <acmems/log.h>
#include "sign/answer.h"
#include "net/http_server.h"
#include "net/http_terms.h"
#include "sign/own_cert.h"
#include "sign/sign.h"

/* A restart takes a few seconds. */
#define DRAINING_RETRY 10
/* What is read beyond max-size, so that who posts the wrong file gets to know the limit. */
#define SURPLUS_MAX 65536

struct front {
	struct generation *generation;
	struct own_cert *own; /* NULL: the listener's certificate is somebody else's care */
	struct acmems_http_server *servers[2]; /* without TLS, with TLS; NULL: nowhere */
};

static const char usage[] =
	"This is acmems. It signs certificate requests (CSR) in PEM, posted to /sign:\n"
	"\n"
	"  openssl ecparam -name prime256v1 -genkey -noout -out www.key\n"
	"  openssl req -new -key www.key -subj / -addext \"subjectAltName=DNS:www.example.org\" "
	"-out www.csr\n"
	"\n"
	"  curl -fsS --data-binary @www.csr http://THIS-SERVER/sign > www.pem\n"
	"or\n"
	"  wget -qO www.pem --post-file=www.csr http://THIS-SERVER/sign\n"
	"\n"
	"With a shared secret add this header, the HMAC of the posted bytes:\n"
	"  Authentication: hmac name=sha256, hash=HEX\n"
	"or, with a token:\n"
	"  Authorization: Bearer TOKEN\n"
	"\n"
	"The answer is the certificate with its chain, the certificate first. An ETag comes with "
	"it:\n"
	"--etag-save and --etag-compare of curl fetch it only when it is new.\n";

static bool is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static void on_root(struct front *front, struct acmems_http_request *request)
{
	uint64_t id = acmems_http_request_id(request);

	(void)front;
	if (is_read(acmems_http_request_method(request)))
		answer_text(id, usage);
	else
		answer_method(id, "GET, HEAD");
}

static void on_sign(struct front *front, struct acmems_http_request *request)
{
	int64_t max = front->generation->settings->mgmt.max_size;
	uint64_t id = acmems_http_request_id(request);
	struct acmems_error err = {0};
	size_t len;

	if (strcmp(acmems_http_request_method(request), "POST") != 0) {
		answer_method(id, "POST");
		return;
	}
	acmems_http_request_body(request, &len);
	if (len > (size_t)max) {
		acmems_error_set(&err, ACMEMS_TOO_LARGE,
			"the body has %zu bytes, and max-size is %lld: a CSR is smaller", len,
			(long long)max);
		answer_error(id, &err);
		return;
	}
	if (!front->generation->draining) {
		sign_start(front->generation, request);
		return;
	}
	acmems_error_set(&err, ACMEMS_UNAVAILABLE, "the server is stopping");
	err.retry_after = DRAINING_RETRY;
	answer_error(id, &err);
}

static const struct {
	const char *path;
	void (*handle)(struct front *front, struct acmems_http_request *request);
} routes[] = {
	{"/sign", on_sign},
	{"/", on_root},
};

/* Another server of ours may share the address, and these paths are never the front's (RFC 8615). */
static bool is_foreign(const char *path)
{
	static const char prefix[] = "/.well-known/";

	return strncmp(path, prefix, sizeof(prefix) - 1) == 0;
}

static enum acmems_http_taken on_request(void *arg, struct acmems_http_request *request)
{
	struct front *front = arg;
	const char *path = acmems_http_request_path(request);
	struct acmems_error err = {0};

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(path, routes[i].path) == 0) {
			routes[i].handle(front, request);
			return ACMEMS_HTTP_TAKEN;
		}
	}
	if (is_foreign(path))
		return ACMEMS_HTTP_DECLINED;
	acmems_error_set(&err, ACMEMS_NOT_FOUND, "nothing is here: post CSRs to /sign");
	answer_error(acmems_http_request_id(request), &err);
	return ACMEMS_HTTP_TAKEN;
}

/* ---- listeners ---- */

static bool has_tls(const struct settings_mgmt *mgmt)
{
	return mgmt->tls.certificate != NULL;
}

static bool is_unix(const char *text)
{
	return strncmp(text, "unix:", 5) == 0;
}

/* Which of mgmt's addresses TLS is spoken on. */
static bool speaks_tls(const struct settings_mgmt *mgmt, const char *text)
{
	return has_tls(mgmt) && !mgmt->tls.listen.given && !is_unix(text);
}

/* The addresses with or without TLS, NULL at the end; texts stay the settings'. */
static char **select_listen(const struct settings_mgmt *mgmt, bool tls)
{
	char **texts = calloc(mgmt->listen.count + mgmt->tls.listen.count + 1, sizeof(*texts));
	size_t count = 0;

	if (!texts)
		return NULL;
	for (size_t i = 0; i < mgmt->listen.count; i++) {
		if (speaks_tls(mgmt, mgmt->listen.items[i]) == tls)
			texts[count++] = mgmt->listen.items[i];
	}
	for (size_t i = 0; tls && i < mgmt->tls.listen.count; i++)
		texts[count++] = mgmt->tls.listen.items[i];
	return texts;
}

static void on_files(void *arg, const struct acmems_error *err)
{
	(void)arg;
	if (err)
		acmems_log(ACMEMS_LOG_WARNING, "front", NULL,
			"mgmt.tls: files have changed, and those before stay in use: %s",
			err->message);
	else
		acmems_log(ACMEMS_LOG_NOTICE, "front", NULL,
			"mgmt.tls: files have changed, and are in use now");
}

/* Nothing is made where there is nothing to listen on. */
static bool listen_on(struct front *front, bool tls, char *const *texts, struct acmems_error *err)
{
	const struct settings_mgmt *mgmt = &front->generation->settings->mgmt;
	struct tls_files_config files = settings_tls_files(&mgmt->tls);
	struct http_terms *terms;
	struct acmems_http_server_config config = {
		.room = "front",
		.listen = texts,
		.max_body = (size_t)mgmt->max_size + SURPLUS_MAX,
		.max_connections = (unsigned)mgmt->max_connections,
		.max_per_address = (unsigned)mgmt->max_per_address,
		.handler = on_request,
		.arg = front,
	};

	if (!texts[0])
		return true;
	files.told = on_files;
	if (tls && mgmt->tls.self.count > 0 && !own_cert_prepare(&mgmt->tls, err))
		return false;
	terms = http_terms_new(
		tls ? &files : NULL, mgmt->trusted_proxies.items, mgmt->proxy_protocol, err);
	if (!terms)
		return false;
	front->servers[tls] = http_server_new(&config, terms, err);
	http_terms_drop(terms);
	return front->servers[tls] != NULL;
}

struct front *front_new(struct generation *generation, struct acmems_error *err)
{
	struct front *front = calloc(1, sizeof(*front));
	bool ok = true;

	if (!front) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the front door");
		return NULL;
	}
	front->generation = generation;
	for (int tls = 0; tls < 2 && ok; tls++) {
		char **texts = select_listen(&generation->settings->mgmt, tls);

		if (!texts)
			acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the front door");
		ok = texts && listen_on(front, tls, texts, err);
		free(texts);
	}
	if (ok && generation->own && front->servers[1]) {
		front->own = own_cert_new(generation, err);
		ok = front->own != NULL;
	}
	if (ok)
		return front;
	front_free(front);
	return NULL;
}

void front_open(struct front *front)
{
	if (front->own)
		own_cert_begin(front->own);
	for (int i = 0; i < 2; i++) {
		if (front->servers[i])
			acmems_http_server_open(front->servers[i]);
	}
}

void front_free(struct front *front)
{
	if (!front)
		return;
	own_cert_free(front->own);
	for (int i = 0; i < 2; i++)
		acmems_http_server_free(front->servers[i]);
	free(front);
}
