/* SPDX-License-Identifier: ISC */
/*
 * resolver.c - c-ares on our loop. Its callbacks only record and post; its channel is never touched
 * from inside one of them. A lookup that was cancelled or is late stays as a husk until c-ares has
 * called back, which it always does.
 *
 * Answers are kept for a short while, because an order makes a dozen requests to the same host.
 */
#include "net/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include <acmems/file.h>
#include <acmems/loop.h>

#define ADDRESSES_MAX 16
#define WATCHES_MAX 64
#define KEPT_MAX 16
#define KEEP_MS 30000
#define HOST_MAX 256
#define SYSTEM_FILE "/etc/resolv.conf"

struct found {
	struct acmems_address addresses[ADDRESSES_MAX];
	size_t count;
};

struct lookup {
	struct lookup *next;
	uint64_t id; /* 0: a husk */
	char host[HOST_MAX];
	resolver_done *done;
	void *arg;
	bool asked; /* c-ares will call back */
	struct found found;
	struct acmems_error err;
	struct acmems_task task;
	struct acmems_timer *timer;
	int64_t timeout_ms;
};

static struct {
	ares_channel channel;
	bool ready;
	const char *file; /* NULL: SYSTEM_FILE */
	uint64_t stamp; /* of it, when the channel was made */
	struct acmems_timer *timer;
	struct {
		int fd;
		struct acmems_watch *watch;
	} watches[WATCHES_MAX];
	struct {
		char host[HOST_MAX];
		int64_t end_ms;
		struct found found;
	} kept[KEPT_MAX];
	struct lookup *lookups;
	uint64_t last_id;
} resolver;

/* ---- c-ares on the loop ---- */

/* After every call into c-ares its next deadline may have changed. */
static void rearm(void)
{
	struct timeval most = {.tv_sec = 5}, room, *next;

	next = ares_timeout(resolver.channel, &most, &room);
	acmems_timer_start(resolver.timer, next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
}

static void on_timer(void *arg)
{
	(void)arg;
	ares_process_fd(resolver.channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	if (resolver.lookups)
		rearm();
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	(void)arg;
	ares_process_fd(resolver.channel, (ready & ACMEMS_READ) ? fd : ARES_SOCKET_BAD,
		(ready & ACMEMS_WRITE) ? fd : ARES_SOCKET_BAD);
	rearm();
}

static void on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	unsigned events = (readable ? ACMEMS_READ : 0) | (writable ? ACMEMS_WRITE : 0);
	struct acmems_error err = {0};
	int slot = -1;

	(void)arg;
	for (int i = 0; i < WATCHES_MAX; i++) {
		if (resolver.watches[i].watch && resolver.watches[i].fd == fd) {
			acmems_watch_free(resolver.watches[i].watch);
			resolver.watches[i].watch = NULL;
		}
		if (!resolver.watches[i].watch)
			slot = i;
	}
	if (!events || slot < 0)
		return;
	resolver.watches[slot].fd = fd;
	resolver.watches[slot].watch = acmems_watch_new(fd, events, on_ready, NULL, &err);
}

static uint64_t system_stamp(void)
{
	return acmems_file_stamp(resolver.file ? resolver.file : SYSTEM_FILE);
}

/* Calls back every lookup that is left. */
static void drop_channel(void)
{
	if (!resolver.ready)
		return;
	ares_destroy(resolver.channel);
	ares_library_cleanup();
	acmems_timer_free(resolver.timer);
	resolver.timer = NULL;
	resolver.ready = false;
}

static bool is_in_use(void)
{
	const struct lookup *lookup = resolver.lookups;

	while (lookup && !lookup->asked)
		lookup = lookup->next;
	return lookup != NULL;
}

static bool make_channel(struct acmems_error *err)
{
	struct ares_options options = {
		.sock_state_cb = on_socket_state, .timeout = 2000, .tries = 3};
	int mask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
	int result;

	/* c-ares reads the system's files once, and machines move from network to network */
	if (resolver.ready && !is_in_use() && resolver.stamp != system_stamp())
		drop_channel();
	if (resolver.ready)
		return true;
	resolver.stamp = system_stamp();
#ifdef ARES_OPT_QUERY_CACHE
	/* c-ares 1.31 and later remember for an hour, and absences too, unless they are told not to */
	options.qcache_max_ttl = 0;
	mask |= ARES_OPT_QUERY_CACHE;
#endif
	resolver.timer = acmems_timer_new(on_timer, NULL);
	if (!resolver.timer)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the resolver");
	result = ares_library_init(ARES_LIB_INIT_ALL);
	if (result == ARES_SUCCESS)
		result = ares_init_options(&resolver.channel, &options, mask);
	if (result != ARES_SUCCESS) {
		acmems_timer_free(resolver.timer);
		resolver.timer = NULL;
		return acmems_error_set(
			err, ACMEMS_SYSTEM, "cannot start the resolver: %s", ares_strerror(result));
	}
	resolver.ready = true;
	return true;
}

/* ---- answers kept ---- */

static const struct found *kept(const char *host)
{
	for (int i = 0; i < KEPT_MAX; i++) {
		if (resolver.kept[i].found.count > 0 &&
			resolver.kept[i].end_ms > acmems_clock_ms() &&
			strcasecmp(resolver.kept[i].host, host) == 0)
			return &resolver.kept[i].found;
	}
	return NULL;
}

static void keep(const char *host, const struct found *found)
{
	int oldest = 0;

	for (int i = 0; i < KEPT_MAX; i++) {
		if (strcasecmp(resolver.kept[i].host, host) == 0) {
			oldest = i;
			break;
		}
		if (resolver.kept[i].end_ms < resolver.kept[oldest].end_ms)
			oldest = i;
	}
	snprintf(resolver.kept[oldest].host, HOST_MAX, "%s", host);
	resolver.kept[oldest].end_ms = acmems_clock_ms() + KEEP_MS;
	resolver.kept[oldest].found = *found;
}

/* ---- lookups ---- */

static void lookup_free(struct lookup *lookup)
{
	struct lookup **link = &resolver.lookups;

	while (*link && *link != lookup)
		link = &(*link)->next;
	if (*link)
		*link = lookup->next;
	acmems_task_cancel(&lookup->task);
	acmems_timer_free(lookup->timer);
	free(lookup);
}

/* Ends it for its owner; c-ares may still have to call back. */
static void retire(struct lookup *lookup)
{
	lookup->id = 0;
	acmems_task_cancel(&lookup->task);
	acmems_timer_stop(lookup->timer);
	if (!lookup->asked)
		lookup_free(lookup);
}

static void deliver(void *arg)
{
	struct lookup *lookup = arg;
	struct found found = lookup->found;
	struct acmems_error err = lookup->err;
	resolver_done *done = lookup->done;
	void *done_arg = lookup->arg;

	retire(lookup);
	if (err.code != ACMEMS_OK)
		done(done_arg, NULL, 0, &err);
	else
		done(done_arg, found.addresses, found.count, NULL);
}

static void on_late(void *arg)
{
	struct lookup *lookup = arg;

	acmems_error_set(&lookup->err, ACMEMS_TIMEOUT, "cannot resolve \"%s\": no answer in time",
		lookup->host);
	deliver(lookup);
}

static void take(struct found *found, const struct ares_addrinfo *info)
{
	const struct ares_addrinfo_node *node = info ? info->nodes : NULL;

	for (; node && found->count < ADDRESSES_MAX; node = node->ai_next) {
		struct acmems_address *address = &found->addresses[found->count];

		if (node->ai_family == AF_INET) {
			const struct sockaddr_in *in = (const void *)node->ai_addr;

			address->family = ACMEMS_IPV4;
			memcpy(address->bytes, &in->sin_addr, 4);
			found->count++;
		} else if (node->ai_family == AF_INET6) {
			const struct sockaddr_in6 *in = (const void *)node->ai_addr;

			address->family = ACMEMS_IPV6;
			memcpy(address->bytes, &in->sin6_addr, 16);
			found->count++;
		}
	}
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *lookup = arg;

	(void)timeouts;
	lookup->asked = false;
	if (lookup->id == 0) {
		ares_freeaddrinfo(info);
		lookup_free(lookup);
		return;
	}
	take(&lookup->found, info);
	ares_freeaddrinfo(info);
	if (lookup->found.count > 0)
		keep(lookup->host, &lookup->found);
	else
		acmems_error_set(&lookup->err, ACMEMS_UNAVAILABLE, "cannot resolve \"%s\": %s",
			lookup->host,
			status == ARES_SUCCESS ? "it has no address" : ares_strerror(status));
	acmems_task_post(&lookup->task, deliver, lookup);
}

static bool literal(const char *host, struct found *found)
{
	struct acmems_error ignored = {0};

	if (!acmems_address_parse(host, &found->addresses[0], &ignored))
		return false;
	found->count = 1;
	return true;
}

/* RFC 6761, 6.3: nobody is asked for localhost; a small machine may have no hosts file that knows it. */
static bool loopback(const char *host, struct found *found)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host), suffix_len = sizeof(suffix) - 1;
	struct acmems_error ignored = {0};

	if (strcasecmp(host, "localhost") != 0 &&
		(len < suffix_len || strcasecmp(host + len - suffix_len, suffix) != 0))
		return false;
	found->count = 2;
	return acmems_address_parse("127.0.0.1", &found->addresses[0], &ignored) &&
	       acmems_address_parse("::1", &found->addresses[1], &ignored);
}

static bool ask(struct lookup *lookup, struct acmems_error *err)
{
	struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	if (!make_channel(err))
		return false;
	lookup->asked = true;
	acmems_timer_start(lookup->timer, lookup->timeout_ms);
	ares_getaddrinfo(resolver.channel, lookup->host, NULL, &hints, on_answer, lookup);
	rearm();
	return true;
}

uint64_t resolver_start(const char *host, int64_t timeout_ms, resolver_done *done, void *arg,
	struct acmems_error *err)
{
	struct lookup *lookup;
	const struct found *known = kept(host);

	if (strlen(host) >= HOST_MAX) {
		acmems_error_set(
			err, ACMEMS_BAD_ANSWER, "\"%.100s...\" is too long for a name", host);
		return 0;
	}
	lookup = calloc(1, sizeof(*lookup));
	if (lookup)
		lookup->timer = acmems_timer_new(on_late, lookup);
	if (!lookup || !lookup->timer) {
		free(lookup);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "cannot look up \"%.100s\"", host);
		return 0;
	}
	snprintf(lookup->host, sizeof(lookup->host), "%s", host);
	lookup->id = ++resolver.last_id;
	lookup->done = done;
	lookup->arg = arg;
	lookup->timeout_ms = timeout_ms;
	lookup->next = resolver.lookups;
	resolver.lookups = lookup;
	if (known)
		lookup->found = *known;
	if (known || literal(host, &lookup->found) || loopback(host, &lookup->found)) {
		acmems_task_post(&lookup->task, deliver, lookup);
		return lookup->id;
	}
	if (!ask(lookup, err)) {
		lookup_free(lookup);
		return 0;
	}
	return resolver.last_id;
}

void resolver_cancel(uint64_t id)
{
	if (id == 0)
		return;
	for (struct lookup *lookup = resolver.lookups; lookup; lookup = lookup->next) {
		if (lookup->id == id) {
			retire(lookup);
			return;
		}
	}
}

void resolver_watch_file(const char *path)
{
	resolver.file = path;
}

bool resolver_set_servers(const char *servers)
{
	struct acmems_error err = {0};

	memset(resolver.kept, 0, sizeof(resolver.kept));
	return make_channel(&err) &&
	       ares_set_servers_ports_csv(resolver.channel, servers) == ARES_SUCCESS;
}

static void take_server(struct acmems_address *address, const struct ares_addr_port_node *server)
{
	bool v4 = server->family == AF_INET;

	*address = (struct acmems_address){.family = v4 ? ACMEMS_IPV4 : ACMEMS_IPV6};
	memcpy(address->bytes, &server->addr, v4 ? 4 : 16);
	address->port = server->udp_port ? (uint16_t)server->udp_port : 53;
}

/* What replaces ares_get_servers_ports() in newer versions is not in the oldest one that we support. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
size_t resolver_servers(struct acmems_address *servers, size_t max, struct acmems_error *err)
{
	struct ares_addr_port_node *list = NULL;
	size_t count = 0;

	if (!make_channel(err))
		return 0;
	if (ares_get_servers_ports(resolver.channel, &list) != ARES_SUCCESS) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the system's name servers");
		return 0;
	}
	for (struct ares_addr_port_node *node = list; node && count < max; node = node->next)
		take_server(&servers[count++], node);
	ares_free_data(list);
	if (count == 0)
		acmems_error_set(err, ACMEMS_CONFIG, "the system has no name servers");
	return count;
}
#pragma GCC diagnostic pop

void resolver_fini(void)
{
	drop_channel();
	while (resolver.lookups)
		lookup_free(resolver.lookups);
	for (int i = 0; i < WATCHES_MAX; i++)
		acmems_watch_free(resolver.watches[i].watch);
	memset(&resolver, 0, sizeof(resolver));
}
