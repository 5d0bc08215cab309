/* SPDX-License-Identifier: ISC */
/* http_guard.c - bounds on connections that evhttp does not keep. */
#include "net/http_guard.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <acmems/log.h>

#include "net/address.h"
#include "net/http_terms.h"
#include "net/peer_count.h"
#include "net/proxy_gate.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* What may wait behind a whole request: the next ones, as far as one read takes them. */
#define INPUT_SLACK (2 * 16384)
#define QUIET_MS 10000

struct http_guard {
	struct http_door *door;
	int fd; /* -1: not known yet */
	struct proxy_gate *gate; /* while a proxy's header is read */
	struct bufferevent *bev; /* our own reference until admitted */
	struct evbuffer_cb_entry *input_cb;
	void *connection; /* NULL until admitted */
	struct peer_count *peer;
	struct acmems_timer *timer;
	struct acmems_task admit;
	int64_t deadline; /* of acmems_clock_ms() */
	struct acmems_address address; /* whom it is from */
	struct acmems_address
		proxy; /* who has told so; local: nobody has, or one by a Unix socket */
	bool is_told; /* the address, by a proxy's header */
	struct acmems_http_request *request; /* being answered */
	bool admitted;
	bool is_cut;
	struct http_guard *prev, *next;
	UT_hash_handle hh;
};

static struct http_guard *by_connection;

static void cut(struct http_guard *guard)
{
	guard->is_cut = true;
	shutdown(guard->fd >= 0 ? guard->fd : bufferevent_getfd(guard->bev), SHUT_RDWR);
}

/*
 * Without this an endless line of a chunk header, say, is collected without bound. Draining keeps
 * what came already from being looked at.
 */
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	static const struct linger at_once = {.l_onoff = 1};
	struct http_guard *guard = arg;

	if (info->n_added == 0 || evbuffer_get_length(input) <= guard->door->limits.max_body +
									HTTP_GUARD_HEADERS_MAX +
									INPUT_SLACK)
		return;
	/* who does not listen while it sends has to be told by a reset */
	setsockopt(guard->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	cut(guard);
	evbuffer_drain(input, evbuffer_get_length(input));
}

/* Restarted here rather than at each request, so that a request costs no change of a timer. */
static void on_deadline(void *arg)
{
	struct http_guard *guard = arg;
	int64_t left = guard->request ? guard->door->limits.deadline_ms
				      : guard->deadline - acmems_clock_ms();

	if (left > 0) {
		acmems_timer_start(guard->timer, left);
		return;
	}
	acmems_log(ACMEMS_LOG_DEBUG, "http", guard->door->name, "no whole request in time");
	cut(guard);
}

static void tell(struct http_door *door, const char *text)
{
	int64_t now = acmems_clock_ms();

	if (now < door->quiet_until)
		return;
	door->quiet_until = now + QUIET_MS;
	acmems_log(ACMEMS_LOG_WARNING, "http", door->name, "%s", text);
}

/* Whoever has no address for the proxy is not one of ours that connect by a Unix socket. */
static bool is_hidden(const struct http_guard *guard)
{
	return guard->is_told && guard->address.family == ACMEMS_LOCAL;
}

const struct proxies *http_guard_proxies(const struct http_guard *guard)
{
	const struct http_terms *terms = guard->door->terms;

	return terms && !is_hidden(guard) ? &terms->proxies : NULL;
}

static bool is_trusted(const struct http_guard *guard)
{
	return proxies_trust(http_guard_proxies(guard), &guard->address);
}

bool http_guard_is_believed(const struct http_guard *guard)
{
	const struct http_terms *terms = guard->door->terms;

	return !guard->is_told || (terms && proxies_trust(&terms->proxies, &guard->proxy));
}

SSL_CTX *http_guard_tls(const struct http_guard *guard)
{
	const struct http_terms *terms = guard->door->terms;

	return terms && terms->tls ? tls_files_context(terms->tls) : NULL;
}

/* Counts it among those of its address. */
static bool count_peer(struct http_guard *guard)
{
	struct http_door *door = guard->door;

	guard->peer = peer_count_add(&door->peers, &guard->address);
	if (!guard->peer)
		return false;
	/* who may open a local socket is ruled by its file's mode; proxies ask for many */
	if ((guard->address.family == ACMEMS_LOCAL && !guard->is_told) || is_trusted(guard) ||
		peer_count_get(guard->peer) <= door->limits.max_per_address)
		return true;
	tell(door, "too many connections from one address: surplus cut");
	return false;
}

static void on_header(void *arg, const struct proxy_header *header, bool any)
{
	struct http_guard *guard = arg;
	struct proxy_gate *gate = guard->gate;

	guard->gate = NULL;
	if (!header) {
		/* many look whether we are there and say nothing */
		if (any)
			tell(guard->door,
				"a proxy's connection does not begin with a PROXY header: cut");
		cut(guard);
	} else {
		if (!header->own) {
			guard->is_told = true;
			guard->proxy = guard->address;
			guard->address = header->client;
		}
		if (!count_peer(guard))
			cut(guard);
	}
	/* the library goes on, and sees the end of what was cut */
	proxy_gate_free(gate);
}

/* Only from a proxy can anything be expected, let alone believed. */
static bool take_header(struct http_guard *guard)
{
	if (!is_trusted(guard)) {
		tell(guard->door, "a connection that is not from a trusted proxy: cut");
		return false;
	}
	guard->gate = proxy_gate_new(guard->bev, on_header, guard);
	return guard->gate != NULL;
}

/* To the end of the list: the others have been quiet for longer, or wait to be freed no more than it. */
static void put_last(struct http_guard *guard)
{
	struct http_door *door = guard->door;

	DL_DELETE(door->guards, guard);
	DL_APPEND(door->guards, guard);
}

static bool is_quiet(const struct http_guard *guard)
{
	return guard->admitted && !guard->request &&
	       evbuffer_get_length(bufferevent_get_output(guard->bev)) == 0;
}

/* False: everybody waits for an answer. */
static bool make_room(struct http_door *door)
{
	struct http_guard *guard;

	tell(door, "too many connections in all: those that are quiet for longest are cut");
	DL_FOREACH(door->guards, guard)
	{
		if (is_quiet(guard))
			break;
	}
	if (!guard)
		return false;
	guard->admitted = false;
	door->admitted--;
	put_last(guard);
	cut(guard);
	return true;
}

static bool has_room(struct http_guard *guard)
{
	struct http_door *door = guard->door;

	if (door->admitted >= door->limits.max_connections && !make_room(door))
		return false;
	if (door->terms && door->terms->proxy_protocol)
		return take_header(guard);
	return count_peer(guard);
}

static void admit(void *arg)
{
	struct http_guard *guard = arg;
	struct bufferevent *bev = guard->bev;
	struct sockaddr_storage sockaddr = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(sockaddr);
	bool peer_known;

	guard->fd = bufferevent_getfd(bev);
	if (!guard->door->adopt(guard, bev)) {
		cut(guard);
		http_guard_free(guard);
		return;
	}
	peer_known = getpeername(guard->fd, (struct sockaddr *)&sockaddr, &len) == 0;
	address_from_sockaddr(&guard->address, (struct sockaddr *)&sockaddr);
	/* a peer that left already must not pass for a local one */
	guard->admitted = peer_known && has_room(guard);
	if (guard->admitted)
		guard->door->admitted++;
	else
		cut(guard);
	/* the library has a reference of its own, and tells before it gives it up */
	bufferevent_decref(bev);
}

struct http_guard *http_guard_new(struct http_door *door, struct bufferevent *bev)
{
	struct http_guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return NULL;
	guard->door = door;
	guard->bev = bev;
	guard->fd = -1;
	guard->timer = acmems_timer_new(on_deadline, guard);
	guard->input_cb = evbuffer_add_cb(bufferevent_get_input(bev), on_input, guard);
	if (!guard->timer || !guard->input_cb) {
		if (guard->input_cb)
			evbuffer_remove_cb_entry(bufferevent_get_input(bev), guard->input_cb);
		acmems_timer_free(guard->timer);
		free(guard);
		return NULL;
	}
	bufferevent_incref(bev);
	DL_APPEND(door->guards, guard);
	door->count++;
	guard->deadline = acmems_clock_ms() + door->limits.deadline_ms;
	acmems_timer_start(guard->timer, door->limits.deadline_ms);
	acmems_task_post(&guard->admit, admit, guard);
	return guard;
}

void http_guard_free(struct http_guard *guard)
{
	struct http_door *door = guard->door;

	acmems_task_cancel(&guard->admit);
	acmems_timer_free(guard->timer);
	proxy_gate_free(guard->gate);
	evbuffer_remove_cb_entry(bufferevent_get_input(guard->bev), guard->input_cb);
	if (guard->connection)
		HASH_DEL(by_connection, guard);
	else
		bufferevent_decref(guard->bev);
	peer_count_drop(&door->peers, guard->peer);
	DL_DELETE(door->guards, guard);
	door->count--;
	if (guard->admitted)
		door->admitted--;
	free(guard);
	if (door->count == 0)
		door->empty(door->arg);
}

void http_guard_busy(struct http_guard *guard, struct acmems_http_request *request)
{
	guard->request = request;
}

struct acmems_http_request *http_guard_request(const struct http_guard *guard)
{
	return guard->request;
}

void http_guard_idle(struct http_guard *guard)
{
	guard->request = NULL;
	guard->deadline = acmems_clock_ms() + guard->door->limits.deadline_ms;
	put_last(guard);
}

const struct acmems_address *http_guard_peer(const struct http_guard *guard)
{
	return &guard->address;
}

const char *http_guard_name(const struct http_guard *guard)
{
	return guard->door->name;
}

bool http_guard_set_connection(struct http_guard *guard, void *connection)
{
	guard->connection = connection;
	HASH_ADD_PTR(by_connection, connection, guard);
	if (!guard->hh.tbl)
		guard->connection = NULL;
	return guard->connection != NULL;
}

struct http_guard *http_guard_find(void *connection)
{
	struct http_guard *guard;

	HASH_FIND_PTR(by_connection, &connection, guard);
	return guard;
}

bool http_guard_is_cut(const struct http_guard *guard)
{
	return guard->is_cut;
}

bool http_guard_is_leaving(const struct http_guard *guard)
{
	return guard->door->leaving;
}

void http_door_leave(struct http_door *door)
{
	struct http_guard *guard;

	door->leaving = true;
	DL_FOREACH(door->guards, guard)
	{
		/* an answer on its way out is left to the deadline */
		if (!guard->request && evbuffer_get_length(bufferevent_get_output(guard->bev)) == 0)
			cut(guard);
	}
}

void http_door_forget_new(struct http_door *door)
{
	struct http_guard *guard, *next;

	DL_FOREACH_SAFE(door->guards, guard, next)
	{
		if (!guard->connection)
			http_guard_free(guard);
	}
}
