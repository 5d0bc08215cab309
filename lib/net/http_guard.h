/* SPDX-License-Identifier: ISC */
/*
 * net/http_guard.h - bounds on connections that the HTTP library does not keep: an absolute deadline,
 * a cap on bytes waiting to be read, and caps on connections in all and per address.
 *
 * Above the cap in all the connection goes that has been quiet for longest, and the new one only when all
 * wait for answers: who sits on connections does not keep others out. Above that per address the new one
 * goes.
 *
 * A door is what all connections of one listening address share. Life of a guard: new, when the
 * connection's bufferevent is made and nothing else is known of it; admitted from the loop right
 * after, where it is counted or cut, and a proxy's header taken off; freed when the library closes
 * the connection. Cutting is
 * shutdown(2) and nothing else: the library then sees an end of input and frees what it has.
 */
#ifndef NET_HTTP_GUARD_H
#define NET_HTTP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/loop.h>

struct acmems_http_request;
struct bufferevent;
struct http_guard;
struct http_terms;
struct peer_count;
struct proxies;
typedef struct ssl_ctx_st SSL_CTX;

/* Bytes of request line and headers. */
#define HTTP_GUARD_HEADERS_MAX 8192

struct http_limits {
	size_t max_body; /* bytes */
	unsigned max_connections;
	unsigned max_per_address;
	int64_t deadline_ms;
};

struct http_door {
	struct http_limits limits;
	struct http_terms *terms; /* that hold now; the owner's; NULL: plain, nobody is trusted */
	const char *name; /* of the address, for the log */
	/* Finds the library's connection of a bufferevent and has http_guard_free() called at its
	 * end; false when it is gone already or memory is short. */
	bool (*adopt)(struct http_guard *guard, struct bufferevent *bev);
	acmems_callback *empty; /* the last guard went; may not free the door */
	void *arg;
	/* the guards' */
	struct http_guard *guards; /* quiet for longest first */
	struct peer_count *peers;
	size_t count;
	size_t admitted; /* of these, those that are not to be cut at once */
	bool leaving;
	int64_t quiet_until; /* no line about surplus connections before */
};

/* NULL without memory. */
struct http_guard *http_guard_new(struct http_door *door, struct bufferevent *bev);
void http_guard_free(struct http_guard *guard);

/* A whole request has come: no deadline until it is answered. */
void http_guard_busy(struct http_guard *guard, struct acmems_http_request *request);

/* The request that is being answered, or NULL. */
struct acmems_http_request *http_guard_request(const struct http_guard *guard);

/* It is answered: from now on the deadline for the next whole request runs. */
void http_guard_idle(struct http_guard *guard);

/* Of its address, for the log. */
const char *http_guard_name(const struct http_guard *guard);

/* Whom the connection is from, as far as TCP and the PROXY protocol say. */
const struct acmems_address *http_guard_peer(const struct http_guard *guard);

/*
 * What follows is asked for each request, and answered by the terms that hold then: a connection that
 * is kept open must not outlive what it was let in for.
 */

/* Is the address still one to go by? Not when a proxy has told it that is none any more. */
bool http_guard_is_believed(const struct http_guard *guard);

/* Who may say in headers for whom a request is; NULL: nobody. */
const struct proxies *http_guard_proxies(const struct http_guard *guard);

/* What certificates are verified with; NULL: nothing. */
SSL_CTX *http_guard_tls(const struct http_guard *guard);

/* For adopt(): names the connection, by which the guard is found again. False without memory. */
bool http_guard_set_connection(struct http_guard *guard, void *connection);
struct http_guard *http_guard_find(void *connection);

/* Nobody listens any more: cuts connections that wait for a request, and has those that are being
 * answered closed after that. */
void http_door_leave(struct http_door *door);

/* Whether it was cut: what is read from it now came before, and counts for nothing. */
bool http_guard_is_cut(const struct http_guard *guard);

/* Whether the connection is to be closed after its answer for that reason. */
bool http_guard_is_leaving(const struct http_guard *guard);

/* Drops the guards that were not admitted yet, before their connections are freed by force. */
void http_door_forget_new(struct http_door *door);

#endif
