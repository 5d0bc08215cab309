/* SPDX-License-Identifier: ISC */
/*
 * net/curl_pool.h - pools of connections: curl's multi handles, driven by our loop. What goes over the
 * connections is its members' business: curl_glue.c's requests, curl_mail.c's mails.
 *
 * curl is never called from inside one of its callbacks: these only collect data, arm watches and
 * timers. What has ended is read by a task of the loop.
 */
#ifndef NET_CURL_POOL_H
#define NET_CURL_POOL_H

#include <stdbool.h>

#include <curl/curl.h>

struct curl_pool;
struct curl_member;

/* What curl was asked to do is over. Comes from the loop, once; the member is still in the pool. */
typedef void curl_member_ended(struct curl_member *member, CURLcode result);

/* An easy handle of somebody, who embeds this and fills in all of it. */
struct curl_member {
	struct curl_pool *pool;
	CURL *easy;
	curl_member_ended *ended;
};

/*
 * The pool for connections to a server ("HOST:PORT") with those extra trust anchors (NULL: the system's
 * only). It is freed when it has no members and its place is needed. NULL: no memory.
 */
struct curl_pool *curl_pool_for(const char *server, const char *ca_file);

/* A pool for one member, whose connection is nobody else's; it goes with that member. NULL: no memory. */
struct curl_pool *curl_pool_alone(void);

/* False: curl has no memory. Afterwards the easy handle runs. */
bool curl_pool_enter(struct curl_member *member);

/* Silent; also from ended(). A connection that was in use is closed. */
void curl_pool_leave(struct curl_member *member);

/* Is used for no new member, and goes with its last one. */
void curl_pool_retire(struct curl_pool *pool);

const char *curl_pool_ca_file(const struct curl_pool *pool);

/* Closes all connections. No pool may have members. */
void curl_pool_fini(void);

#endif
