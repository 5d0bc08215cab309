/* SPDX-License-Identifier: ISC */
/*
 * http_evhttp.c - evhttp on one listening socket.
 *
 * evhttp 2.1 has no hook for a new connection. Its maker of bufferevents is called before it has made
 * one, so the guard goes on from the loop, right after: then the callback argument of the
 * bufferevent is the connection. That is an internal of 2.1, hence the check of the version.
 *
 * Reading is off while a request is being answered, and turning it on lets one more byte end the
 * process; so a client that leaves is noticed by an event of our own. It is made only when somebody
 * asks, and only for requests that are still open when the loop comes round: most are answered in the
 * round they came in.
 */
#include "net/http_evhttp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include <acmems/log.h>

#include "base/loop.h"
#include "net/http_check.h"
#include "net/http_request.h"
#include "net/http_terms.h"
#include "net/http_tls.h"
#include "net/spare.h"

/* How long accepting rests when no descriptor is left. */
#define REST_MS 200
#define QUIET_MS 10000

struct http_evhttp {
	struct evhttp *evhttp;
	struct evhttp_bound_socket *bound; /* NULL once stopped */
	struct evconnlistener *listener;
	struct acmems_timer *rest;
	struct http_door *door;
	http_evhttp_offer *offer;
	int64_t quiet_until;
	struct http_evhttp *next;
};

static struct {
	struct http_evhttp *first; /* the listener's error callback has no argument of ours */
	struct acmems_http_request *unwatched; /* asked for, and no event made so far */
	struct acmems_timer *round;
} all;

static void unwatch(struct acmems_http_request *request)
{
	if (request->closed)
		event_free(request->closed);
	request->closed = NULL;
	if (!request->unwatched)
		return;
	request->unwatched = false;
	DL_DELETE2(all.unwatched, request, previous_unwatched, next_unwatched);
	if (!all.unwatched)
		acmems_timer_stop(all.round);
}

/* ---- answers ---- */

/* The request is no more after this; its connection may be none either. */
static void send_and_forget(struct acmems_http_request *request, int status)
{
	struct evhttp_request *evhttp = request->evhttp;

	unwatch(request);
	http_guard_idle(request->guard);
	http_request_detach(request);
	evhttp_send_reply(evhttp, status, NULL, NULL);
}

static void send_text(struct evhttp_request *evhttp, int status, const char *text)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(evhttp);

	evhttp_add_header(headers, "Content-Type", "text/plain; charset=utf-8");
	evhttp_add_header(headers, "Connection", "close");
	evbuffer_add_printf(evhttp_request_get_output_buffer(evhttp), "%s\n", text);
	evhttp_send_reply(evhttp, status, NULL, NULL);
}

static bool add_headers(
	struct acmems_http_request *request, const struct acmems_http_header *headers, size_t count)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(request->evhttp);

	/* evhttp refuses line ends in names and values */
	for (size_t i = 0; i < count; i++)
		if (evhttp_add_header(out, headers[i].name, headers[i].value) < 0)
			return false;
	return true;
}

static bool add_body(struct acmems_http_request *request, const void *body, size_t len)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(request->evhttp);
	char text[24];

	if (len == 0)
		return true;
	if (!evhttp_find_header(out, "Content-Type") &&
		evhttp_add_header(out, "Content-Type", "text/plain; charset=utf-8") < 0)
		return false;
	if (evhttp_request_get_command(request->evhttp) != EVHTTP_REQ_HEAD)
		return evbuffer_add(evhttp_request_get_output_buffer(request->evhttp), body, len) ==
		       0;
	snprintf(text, sizeof(text), "%zu", len);
	return evhttp_add_header(out, "Content-Length", text) == 0;
}

static bool must_close(const struct acmems_http_request *request, int status)
{
	return status >= 400 || http_guard_is_leaving(request->guard);
}

bool acmems_http_reply(uint64_t id, int status, const struct acmems_http_header *headers,
	size_t header_count, const void *body, size_t len)
{
	struct acmems_http_request *request = acmems_http_request_find(id);
	struct evkeyvalq *out;

	if (!request)
		return false;
	out = evhttp_request_get_output_headers(request->evhttp);
	if (!add_headers(request, headers, header_count) || !add_body(request, body, len)) {
		evhttp_clear_headers(out);
		status = 500;
	}
	if (must_close(request, status))
		evhttp_add_header(out, "Connection", "close");
	send_and_forget(request, status);
	return true;
}

void http_evhttp_refuse(uint64_t id, int status, const char *text)
{
	char line[128];

	snprintf(line, sizeof(line), "%s\n", text);
	acmems_http_reply(id, status, NULL, 0, line, strlen(line));
}

/* ---- clients that leave ---- */

static void on_client_closed(evutil_socket_t fd, short what, void *arg)
{
	struct acmems_http_request *request = arg;
	struct evhttp_request *evhttp = request->evhttp;

	(void)fd;
	(void)what;
	unwatch(request);
	http_guard_idle(request->guard);
	http_request_gone(request);
	/* evhttp frees a request only by answering it; who closed but one direction gets to read it */
	send_text(evhttp, 503, "the connection was closed before the answer");
}

static void watch(struct acmems_http_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request->evhttp);

	if (!connection)
		return;
	request->closed = event_new(loop_base(),
		bufferevent_getfd(evhttp_connection_get_bufferevent(connection)), EV_CLOSED,
		on_client_closed, request);
	/* without it the client is merely noticed later */
	if (request->closed && event_add(request->closed, NULL) < 0) {
		event_free(request->closed);
		request->closed = NULL;
	}
}

static void on_round(void *arg)
{
	(void)arg;
	while (all.unwatched) {
		struct acmems_http_request *request = all.unwatched;

		unwatch(request);
		watch(request);
	}
}

void acmems_http_request_on_gone(uint64_t id, acmems_callback *callback, void *arg)
{
	struct acmems_http_request *request = acmems_http_request_find(id);

	if (!request)
		return;
	request->gone = callback;
	request->gone_arg = arg;
	if (request->closed || request->unwatched)
		return;
	if (!all.unwatched)
		acmems_timer_start(all.round, 0);
	DL_APPEND2(all.unwatched, request, previous_unwatched, next_unwatched);
	request->unwatched = true;
}

static void tell(const struct http_guard *guard, const char *what, const char *why)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	acmems_log(ACMEMS_LOG_DEBUG, "http", http_guard_name(guard), "%s: %s: %s",
		acmems_address_text(http_guard_peer(guard), text), what, why);
}

/* The connection goes, whatever the reason. */
static void on_connection_end(struct evhttp_connection *connection, void *arg)
{
	struct http_guard *guard = arg;
	struct acmems_http_request *request = http_guard_request(guard);
	const char *fault = http_tls_farewell(evhttp_connection_get_bufferevent(connection));

	if (fault)
		tell(guard, "TLS failed", fault);
	evhttp_connection_set_closecb(connection, NULL, NULL);
	if (request) {
		struct evhttp_request *evhttp = request->evhttp;

		unwatch(request);
		http_request_gone(request);
		/* evhttp has let go of it after a fault, and frees it itself otherwise */
		if (!evhttp_request_get_connection(evhttp))
			evhttp_request_free(evhttp);
	}
	http_guard_free(guard);
}

/* ---- connections ---- */

static bool adopt(struct http_guard *guard, struct bufferevent *bev)
{
	void *connection = NULL;

	bufferevent_getcb(bev, NULL, NULL, NULL, &connection);
	if (!connection || !http_guard_set_connection(guard, connection))
		return false;
	evhttp_connection_set_closecb(connection, on_connection_end, guard);
	return true;
}

/* The one place to put TLS under a connection. */
static struct bufferevent *on_new_connection(struct event_base *base, void *arg)
{
	struct http_evhttp *http = arg;
	const struct http_terms *terms = http->door->terms;
	struct bufferevent *bev = terms && terms->tls
					  ? http_tls_new(base, tls_files_context(terms->tls))
					  : bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	/* requests on a connection without guard are refused */
	if (bev)
		http_guard_new(http->door, bev);
	return bev;
}

static struct http_evhttp *find_listener(const struct evconnlistener *listener)
{
	struct http_evhttp *http;

	LL_FOREACH(all.first, http)
	{
		if (http->bound && http->listener == listener)
			return http;
	}
	return NULL;
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	int errnum = EVUTIL_SOCKET_ERROR();
	struct http_evhttp *http = find_listener(listener);
	int64_t now = acmems_clock_ms();

	(void)arg;
	if (!http)
		return;
	/* else the loop would spin on a queue that can not be emptied */
	evconnlistener_disable(listener);
	acmems_timer_start(http->rest, REST_MS);
	if (errnum == EMFILE || errnum == ENFILE)
		spare_turn_away(evconnlistener_get_fd(listener));
	if (now < http->quiet_until)
		return;
	http->quiet_until = now + QUIET_MS;
	acmems_log(ACMEMS_LOG_WARNING, "http", http->door->name, "cannot accept connections: %s",
		strerror(errnum));
}

static void on_rested(void *arg)
{
	struct http_evhttp *http = arg;

	if (http->bound)
		evconnlistener_enable(http->listener);
}

/* ---- requests ---- */

/* False when there are more headers than any check would let pass. */
static bool copy_headers(struct acmems_http_request *request)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(request->evhttp);
	struct evkeyval *header;

	for (header = headers->tqh_first; header; header = header->next.tqe_next) {
		if (request->header_count == HTTP_CHECK_HEADERS_MAX)
			return false;
		request->headers[request->header_count++] =
			(struct acmems_http_header){.name = header->key, .value = header->value};
	}
	return true;
}

static const char *method_name(struct evhttp_request *evhttp)
{
	switch (evhttp_request_get_command(evhttp)) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_HEAD:
		return "HEAD";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	case EVHTTP_REQ_OPTIONS:
		return "OPTIONS";
	case EVHTTP_REQ_TRACE:
		return "TRACE";
	case EVHTTP_REQ_CONNECT:
		return "CONNECT";
	case EVHTTP_REQ_PATCH:
		return "PATCH";
	}
	return "";
}

static int check(struct acmems_http_request *request, const char **why)
{
	struct evhttp_request *evhttp = request->evhttp;
	struct evbuffer *input = evhttp_request_get_input_buffer(evhttp);
	struct http_check_request line = {
		.method = request->method,
		.target = evhttp_request_get_uri(evhttp),
		.major = evhttp->major,
		.minor = evhttp->minor,
		.headers = request->headers,
	};

	*why = "too many headers";
	if (!copy_headers(request))
		return 400;
	request->body_len = evbuffer_get_length(input);
	request->body = evbuffer_pullup(input, -1);
	*why = "no memory";
	if (request->body_len > 0 && !request->body)
		return 503;
	line.header_count = request->header_count;
	line.body_len = request->body_len;
	return http_check(&line, request->path, why);
}

static const STACK_OF(X509) * read_chain(const struct acmems_http_request *request)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(request->evhttp);
	const STACK_OF(X509) * chain;
	const char *why = NULL;

	chain = http_tls_chain(evhttp_connection_get_bufferevent(connection),
		http_guard_tls(request->guard), &why);
	if (why)
		tell(request->guard, "the client's certificate is not good any more", why);
	return chain;
}

/* Whom it is from: the connection's peer, or who stands behind that. */
static int identify(struct acmems_http_request *request, const char **why)
{
	const struct http_guard *guard = request->guard;
	bool forwarded = false;
	int status;

	request->peer = *http_guard_peer(guard);
	*why = "the proxy is not trusted any more";
	if (!http_guard_is_believed(guard))
		return 503;
	status = proxies_client(http_guard_proxies(guard), request->headers, request->header_count,
		&request->peer, &forwarded, why);
	/* a proxy's certificate says nothing of those it asks for */
	if (status == 0 && !forwarded)
		request->chain = read_chain(request);
	return status;
}

static void on_request(struct evhttp_request *evhttp, void *arg)
{
	struct http_evhttp *http = arg;
	struct http_guard *guard = http_guard_find(evhttp_request_get_connection(evhttp));
	bool serves = guard && !http_guard_is_cut(guard);
	struct acmems_http_request *request = serves ? http_request_add() : NULL;
	const char *why;
	int status;

	if (!request) {
		send_text(evhttp, 503, "this connection is not served");
		return;
	}
	request->evhttp = evhttp;
	request->guard = guard;
	request->method = method_name(evhttp);
	http_guard_busy(guard, request);
	status = check(request, &why);
	if (status == 0)
		status = identify(request, &why);
	if (status != 0)
		http_evhttp_refuse(request->id, status, why);
	else
		http->offer(http->door->arg, request);
}

/* ---- the whole ---- */

static void free_shared(void)
{
	acmems_timer_free(all.round);
	all.round = NULL;
}

void http_evhttp_update(struct http_evhttp *http)
{
	evhttp_set_max_body_size(http->evhttp, (ev_ssize_t)http->door->limits.max_body);
	/* the guard's deadline comes first; this is the second line */
	evhttp_set_timeout(http->evhttp, (int)(http->door->limits.deadline_ms / 1000) + 2);
}

static void set_up(struct http_evhttp *http)
{
	evhttp_set_max_headers_size(http->evhttp, HTTP_GUARD_HEADERS_MAX);
	/* all, so that handlers say 405 and what they allow */
	evhttp_set_allowed_methods(
		http->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
				      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
				      EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	/* who sends too much shall read the 413 before the connection breaks */
	evhttp_set_flags(http->evhttp, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_gencb(http->evhttp, on_request, http);
	evhttp_set_bevcb(http->evhttp, on_new_connection, http);
	http_evhttp_update(http);
}

struct http_evhttp *http_evhttp_new(
	int fd, struct http_door *door, http_evhttp_offer *offer, struct acmems_error *err)
{
	struct http_evhttp *http = calloc(1, sizeof(*http));

	if (event_get_version_number() >> 16 != 0x0201) {
		free(http);
		acmems_error_set(err, ACMEMS_SYSTEM, "libevent %s is not supported, 2.1 is",
			event_get_version());
		return NULL;
	}
	if (!http)
		goto no_memory;
	http->door = door;
	http->offer = offer;
	door->adopt = adopt;
	if (!all.round)
		all.round = acmems_timer_new(on_round, NULL);
	http->rest = acmems_timer_new(on_rested, http);
	http->evhttp = evhttp_new(loop_base());
	if (!all.round || !http->rest || !http->evhttp)
		goto no_memory;
	set_up(http);
	http->listener = evconnlistener_new(loop_base(), NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!http->listener)
		goto no_memory;
	http->bound = evhttp_bind_listener(http->evhttp, http->listener);
	if (!http->bound)
		goto no_memory;
	evconnlistener_set_error_cb(http->listener, on_accept_error);
	spare_hold();
	LL_PREPEND(all.first, http);
	return http;

no_memory:
	if (http && http->listener)
		evconnlistener_free(http->listener);
	if (http && http->evhttp)
		evhttp_free(http->evhttp);
	if (http)
		acmems_timer_free(http->rest);
	free(http);
	if (!all.first)
		free_shared();
	acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to serve %s", door->name);
	return NULL;
}

void http_evhttp_stop(struct http_evhttp *http)
{
	int fd;

	if (!http->bound)
		return;
	fd = evconnlistener_get_fd(http->listener);
	evhttp_del_accept_socket(http->evhttp, http->bound);
	close(fd);
	http->bound = NULL;
	http->listener = NULL;
	acmems_timer_stop(http->rest);
	http_door_leave(http->door);
}

void http_evhttp_free(struct http_evhttp *http)
{
	if (!http)
		return;
	http_evhttp_stop(http);
	http_door_forget_new(http->door);
	evhttp_free(http->evhttp);
	acmems_timer_free(http->rest);
	LL_DELETE(all.first, http);
	spare_drop();
	free(http);
	if (!all.first)
		free_shared();
}
