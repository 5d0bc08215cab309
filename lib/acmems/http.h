/* SPDX-License-Identifier: ISC */
/*
 * http.h - HTTP for modules: listeners with handlers, and calls to other servers.
 *
 * A server is one handler on one or more listening addresses. Addresses are shared: several servers
 * (those of two generations during a reload, say) may listen on one, and a request is offered to
 * the newest first; a handler that declines passes it to the next older one, and the last to a 404.
 *
 * A request is known by a number from then on, because its client may leave at any time: replying
 * to a request that is gone does nothing. Bounds on size, time, header form and number of
 * connections are kept before a handler sees anything.
 */
#ifndef ACMEMS_HTTP_H
#define ACMEMS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>
#include <acmems/loop.h>

struct acmems_http_header {
	const char *name; /* a token (RFC 9110, 5.1), in any case */
	const char *value; /* without line ends; may be "" */
};

/* ---- server ---- */

struct acmems_http_server;
struct acmems_http_request;

/* What becomes of an offered request. */
enum acmems_http_taken {
	ACMEMS_HTTP_DECLINED, /* not mine */
	ACMEMS_HTTP_TAKEN, /* replied, or will reply by number later */
};

/* The request is valid during the call and, by number, until it is replied to or gone. */
typedef enum acmems_http_taken acmems_http_handler(void *arg, struct acmems_http_request *request);

struct acmems_http_server_config {
	const char *room; /* for the log */
	char *const *listen; /* "192.0.2.1:80", "[::]:80", "unix:/path", NULL at the end; copied */
	size_t max_body; /* bytes; larger is answered 413 */
	/* Over all of an address's listeners, above which the quietest is cut; 0: 4096. */
	unsigned max_connections;
	unsigned max_per_address; /* IPv4 address or IPv6 /64; 0: 1024 */
	int64_t deadline_ms; /* from accept, or the end of the last reply, to a whole request; 0:
	                              10,000 */
	acmems_http_handler *handler;
	void *arg; /* the handler's */
};

/*
 * Binds the addresses (those that no server holds yet) and returns a server that is not open: it is
 * offered nothing so far. NULL and *err (which address, why) on failure.
 */
struct acmems_http_server *acmems_http_server_new(
	const struct acmems_http_server_config *config, struct acmems_error *err);

/* From now on requests are offered to it. */
void acmems_http_server_open(struct acmems_http_server *server);

/*
 * Offers it nothing any more and frees it. Addresses that no other server holds are closed. Requests
 * it has taken stay and can be replied to. NULL is allowed.
 */
void acmems_http_server_free(struct acmems_http_server *server);

uint64_t acmems_http_request_id(const struct acmems_http_request *request);
struct acmems_http_request *acmems_http_request_find(uint64_t id); /* NULL: replied or gone */
const char *acmems_http_request_method(const struct acmems_http_request *request); /* "GET" ... */
const char *acmems_http_request_path(const struct acmems_http_request *request); /* no query */
const struct acmems_address *acmems_http_request_peer(const struct acmems_http_request *request);

/* Value of a header, or NULL; of repeated ones the first (known ones are never repeated). */
const char *acmems_http_request_header(const struct acmems_http_request *request, const char *name);

/* The body; *ret_len may be 0. Valid as long as the request. */
const void *acmems_http_request_body(const struct acmems_http_request *request, size_t *ret_len);

/* Have callback(arg) called from the loop if the client leaves before the reply. */
void acmems_http_request_on_gone(uint64_t id, acmems_callback *callback, void *arg);

/*
 * Replies, once; body may be NULL with len 0, and is copied. Content-Length, Date and, for errors,
 * Connection: close are added. False when the request is gone, which is no fault.
 */
bool acmems_http_reply(uint64_t id, int status, const struct acmems_http_header *headers,
	size_t header_count, const void *body, size_t len);

/* ---- client ---- */

/* All of it is copied. */
struct acmems_http_call {
	const char *method; /* "GET", "HEAD", "POST" */
	const char *url; /* https:// or http:// */
	const struct acmems_http_header *headers; /* besides Host and Content-Length */
	size_t header_count; /* may be 0 */
	const void *body; /* NULL: none */
	size_t body_len; /* bytes */
	size_t max_answer; /* bytes of body; more is ACMEMS_BAD_ANSWER; 0: 65,536 */
	int64_t timeout_ms; /* for everything, name resolution included; 0: 30,000 */
	const char *ca_file; /* extra trust anchors, PEM; NULL for the system's only */
	bool plain; /* http:// is allowed too */
};

/* Valid during the callback. */
struct acmems_http_answer {
	int status; /* the server's, whatever it is */
	const char *body; /* NUL-terminated behind len bytes */
	size_t len;
	const struct acmems_http_header *headers; /* names in lower case */
	size_t header_count;
	unsigned tries; /* of acmems_http_insist(): how often it was asked; else 0 */
};

/* Either answer (whatever its status) or err is given. */
typedef void acmems_http_done(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *err);

/*
 * Starts a call; done comes exactly once, from the loop, unless it is cancelled. No redirects, no
 * proxies, no cookies. Returns its number, or 0 and *err.
 */
uint64_t acmems_http_call_start(const struct acmems_http_call *call, acmems_http_done *done,
	void *arg, struct acmems_error *err);

/* Silent; harmless for a number that is done. */
void acmems_http_call_cancel(uint64_t id);

/*
 * As acmems_http_call_start(), and made again after a pause while nobody answers or the status is 429
 * or 5xx, until the call's timeout is over; a single try has half of it, 10 s at least. The last try's
 * answer or error is handed on. Only for requests that may arrive twice. 0 and *err on failure to
 * start.
 */
uint64_t acmems_http_insist(const struct acmems_http_call *call, acmems_http_done *done, void *arg,
	struct acmems_error *err);

/* Silent; harmless for a number that is done. */
void acmems_http_insist_cancel(uint64_t id);

/*
 * The value of an Authorization header for basic authentication (RFC 7617), the caller's to wipe and
 * free(). NULL and *err: no memory, or the user has a colon.
 */
char *acmems_http_basic(const char *user, const char *password, struct acmems_error *err);

/*
 * What an answer says of itself as an error: the status, and the beginning of the body in printable
 * characters; ACMEMS_CONFIG for 401 and 403, ACMEMS_UNAVAILABLE for 429 and 5xx, else
 * ACMEMS_BAD_ANSWER. Returns false.
 */
bool acmems_http_answer_error(const struct acmems_http_answer *answer, struct acmems_error *err);

/* First header of that name in an answer, any case, or NULL. */
const char *acmems_http_answer_header(const struct acmems_http_answer *answer, const char *name);

#endif
