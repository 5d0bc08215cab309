/* SPDX-License-Identifier: ISC */
/*
 * curl_pool.c - pools of connections, one for each server and set of trust anchors. Curl does not know
 * that the anchors differ, and would hand a connection made with extra ones to a call without. Of the
 * transfers that wait for a connection it moves one at a time, so that one which waits for a busy
 * server would stand in the way of another's that has room.
 *
 * A pool in which a call came to its deadline is used for no new one: with HTTP/2 a connection that is
 * stuck takes every call there is, and curl would not part with it while any of them waits.
 */
#include "net/curl_pool.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#define HOST_CONNECTIONS 4L
#define POOLS_MAX 8 /* more only while all are in use */

struct curl_pool {
	struct curl_pool *next;
	char *server; /* HOST:PORT */
	char *ca_file; /* NULL: the system's anchors only */
	size_t members;
	bool retired;
	CURLM *multi;
	struct acmems_timer *timer;
	struct acmems_task finished; /* reads what has ended */
};

static struct curl_pool *pools;
static bool initialised;

/* ---- curl's events on our loop ---- */

static void read_finished(void *arg);

static void act(struct curl_pool *pool, curl_socket_t fd, int mask)
{
	int running = 0;

	curl_multi_socket_action(pool->multi, fd, mask, &running);
	acmems_task_post(&pool->finished, read_finished, pool);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	act(arg, fd,
		((ready & ACMEMS_READ) ? CURL_CSELECT_IN : 0) |
			((ready & ACMEMS_WRITE) ? CURL_CSELECT_OUT : 0));
}

/* The watch is kept as curl's own data of the socket; an unknown socket simply has none yet. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_data)
{
	struct curl_pool *pool = arg;
	struct acmems_watch *watch = NULL;
	struct acmems_error err = {0};
	unsigned events = 0;

	(void)easy;
	acmems_watch_free(socket_data);
	if (what & CURL_POLL_IN)
		events |= ACMEMS_READ;
	if (what & CURL_POLL_OUT)
		events |= ACMEMS_WRITE;
	/* without a watch the transfer ends at its deadline, which beats ending all of them */
	if (what != CURL_POLL_REMOVE && events)
		watch = acmems_watch_new(fd, events, on_ready, pool, &err);
	curl_multi_assign(pool->multi, fd, watch);
	return 0;
}

static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct curl_pool *pool = arg;

	(void)multi;
	if (ms < 0)
		acmems_timer_stop(pool->timer);
	else
		acmems_timer_start(pool->timer, ms);
	return 0;
}

/* ---- pools ---- */

static void pool_free(struct curl_pool *pool)
{
	acmems_task_cancel(&pool->finished);
	/* closing the last connections may still ask for sockets to be unwatched */
	curl_multi_cleanup(pool->multi);
	acmems_timer_free(pool->timer);
	free(pool->server);
	free(pool->ca_file);
	free(pool);
}

static void pool_unlink(struct curl_pool *pool)
{
	struct curl_pool **at = &pools;

	while (*at != pool)
		at = &(*at)->next;
	*at = pool->next;
}

/* One has left it. It may be in use further up, so what is over is freed by its task. */
static void pool_left(struct curl_pool *pool)
{
	pool->members--;
	if (pool->retired && pool->members == 0)
		acmems_task_post(&pool->finished, read_finished, pool);
}

static void read_finished(void *arg)
{
	struct curl_pool *pool = arg;
	struct CURLMsg *message;
	int left;

	/* ended() makes members come and go, so ask anew each time; that we look keeps the pool alive */
	pool->members++;
	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL) {
		struct curl_member *member = NULL;
		CURLcode result = message->data.result;

		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&member);
		member->ended(member, result);
	}
	pool->members--;
	if (pool->retired && pool->members == 0) {
		pool_unlink(pool);
		pool_free(pool);
	}
}

/* Makes room for another by giving up the one that has been idle longest. */
static void pool_prune(void)
{
	struct curl_pool *idle = NULL;
	size_t count = 0;

	for (struct curl_pool *pool = pools; pool; pool = pool->next) {
		count++;
		if (pool->members == 0)
			idle = pool;
	}
	if (count < POOLS_MAX || !idle)
		return;
	pool_unlink(idle);
	pool_free(idle);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct curl_pool *pool_new(const char *server, const char *ca_file)
{
	struct curl_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->server = strdup(server);
	pool->multi = curl_multi_init();
	pool->timer = acmems_timer_new(on_timer, pool);
	pool->ca_file = ca_file ? strdup(ca_file) : NULL;
	if (!pool->multi || !pool->timer || !pool->server || (ca_file && !pool->ca_file)) {
		pool_free(pool);
		return NULL;
	}
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(pool->multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
	return pool;
}

static bool initialise(void)
{
	initialised = initialised || curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	return initialised;
}

static void pool_link(struct curl_pool *pool)
{
	pool->next = pools;
	pools = pool;
}

struct curl_pool *curl_pool_for(const char *server, const char *ca_file)
{
	struct curl_pool *pool = pools;

	if (!initialise())
		return NULL;
	while (pool && (pool->retired || strcmp(pool->server, server) != 0 ||
			       !same_text(pool->ca_file, ca_file)))
		pool = pool->next;
	if (pool) {
		pool_unlink(pool);
	} else {
		pool_prune();
		pool = pool_new(server, ca_file);
	}
	/* in front of the others */
	if (pool)
		pool_link(pool);
	return pool;
}

struct curl_pool *curl_pool_alone(void)
{
	struct curl_pool *pool = initialise() ? pool_new("", NULL) : NULL;

	if (!pool)
		return NULL;
	pool->retired = true;
	pool_link(pool);
	return pool;
}

bool curl_pool_enter(struct curl_member *member)
{
	struct curl_pool *pool = member->pool;

	if (curl_easy_setopt(member->easy, CURLOPT_PRIVATE, member) == CURLE_OK &&
		curl_multi_add_handle(pool->multi, member->easy) == CURLM_OK) {
		pool->members++;
		return true;
	}
	/* one that nobody ever was in goes as well */
	if (pool->retired && pool->members == 0)
		acmems_task_post(&pool->finished, read_finished, pool);
	return false;
}

void curl_pool_leave(struct curl_member *member)
{
	curl_multi_remove_handle(member->pool->multi, member->easy);
	pool_left(member->pool);
}

void curl_pool_retire(struct curl_pool *pool)
{
	pool->retired = true;
}

const char *curl_pool_ca_file(const struct curl_pool *pool)
{
	return pool->ca_file;
}

void curl_pool_fini(void)
{
	while (pools) {
		struct curl_pool *pool = pools;

		pools = pool->next;
		pool_free(pool);
	}
	if (initialised)
		curl_global_cleanup();
	initialised = false;
}
