/* SPDX-License-Identifier: ISC */
/* front.c - the one table of paths and methods. Reads no body and makes no decision of policy. */
#include "front.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/http.h>
#include "answer.h"
#include "sign.h"

/* A restart takes a few seconds. */
#define DRAINING_RETRY 10

struct front {
	struct generation *generation;
	struct acmems_http_server *server; /* NULL: nothing to listen on */
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
	uint64_t id = acmems_http_request_id(request);
	struct acmems_error err = {0};

	if (strcmp(acmems_http_request_method(request), "POST") != 0) {
		answer_method(id, "POST");
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

struct front *front_new(struct generation *generation, struct acmems_error *err)
{
	const struct settings_mgmt *mgmt = &generation->settings->mgmt;
	struct acmems_http_server_config config = {
		.room = "front",
		.listen = mgmt->listen.items,
		.max_body = (size_t)mgmt->max_size,
		.max_connections = (unsigned)mgmt->max_connections,
		.max_per_address = (unsigned)mgmt->max_per_address,
		.handler = on_request,
	};
	struct front *front = calloc(1, sizeof(*front));

	if (!front) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the front door");
		return NULL;
	}
	front->generation = generation;
	config.arg = front;
	/* an empty list turns the listener off */
	if (mgmt->listen.count == 0)
		return front;
	front->server = acmems_http_server_new(&config, err);
	if (!front->server) {
		free(front);
		return NULL;
	}
	return front;
}

void front_open(struct front *front)
{
	if (front->server)
		acmems_http_server_open(front->server);
}

void front_free(struct front *front)
{
	if (!front)
		return;
	acmems_http_server_free(front->server);
	free(front);
}
