/* SPDX-License-Identifier: ISC */
/* tcp_door.c - connections, from their first question to their end. */
#include "dns/tcp_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "net/peer_count.h"

#include <utlist.h>

/* Two bytes of length in front of each message (RFC 1035, 4.2.2). */
#define PREFIX 2
/* A question with every option there is has a few hundred bytes. */
#define QUESTION_MAX 4096
/* A round of the loop has others to serve too. */
#define QUESTIONS_AT_ONCE 16

struct tcp_client {
	struct tcp_door *door;
	int fd;
	struct acmems_watch *watch;
	unsigned events; /* that it watches */
	struct acmems_timer *timer;
	struct acmems_address address;
	struct peer_count *peer;
	uint8_t in[PREFIX + QUESTION_MAX];
	size_t got;
	uint8_t *out; /* what of an answer is not sent yet; NULL: none */
	size_t out_len;
	size_t sent;
	struct tcp_client *prev, *next;
};

static void client_free(struct tcp_client *client)
{
	struct tcp_door *door = client->door;

	acmems_watch_free(client->watch);
	acmems_timer_free(client->timer);
	close(client->fd);
	peer_count_drop(&door->peers, client->peer);
	DL_DELETE(door->first, client);
	door->count--;
	free(client->out);
	free(client);
}

static void tell(const struct tcp_client *client, const char *what)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	acmems_log(ACMEMS_LOG_DEBUG, client->door->room, client->door->name, "%s: %s",
		acmems_address_text(&client->address, text), what);
}

static void on_idle(void *arg)
{
	struct tcp_client *client = arg;

	if (client->got > 0 || client->out)
		tell(client, "was cut: a question or an answer took too long");
	client_free(client);
}

static void on_ready(void *arg, int fd, unsigned ready);

/* False: there is no memory for it. */
static bool watch(struct tcp_client *client, unsigned events)
{
	struct acmems_error err = {0};

	if (client->watch && client->events == events)
		return true;
	acmems_watch_free(client->watch);
	client->events = events;
	client->watch = acmems_watch_new(client->fd, events, on_ready, client, &err);
	return client->watch != NULL;
}

/* ---- out ---- */

static bool would_block(int errnum)
{
	return errnum == EAGAIN || errnum == EINTR;
}

/* Sends at once what the socket takes, and keeps the rest. */
static bool send_answer(struct tcp_client *client, const uint8_t *bytes, size_t len)
{
	ssize_t put = send(client->fd, bytes, len, MSG_NOSIGNAL);

	if (put < 0 && !would_block(errno))
		return false;
	if (put < 0)
		put = 0;
	if ((size_t)put == len)
		return true;
	client->out_len = len - (size_t)put;
	client->sent = 0;
	client->out = malloc(client->out_len);
	if (!client->out)
		return false;
	memcpy(client->out, bytes + put, client->out_len);
	return true;
}

static bool send_rest(struct tcp_client *client)
{
	ssize_t put = send(client->fd, client->out + client->sent, client->out_len - client->sent,
		MSG_NOSIGNAL);

	if (put < 0)
		return would_block(errno);
	client->sent += (size_t)put;
	if (client->sent < client->out_len)
		return true;
	free(client->out);
	client->out = NULL;
	return true;
}

/* ---- in ---- */

static bool has_question(const struct tcp_client *client)
{
	return client->got >= PREFIX && client->got - PREFIX >= (size_t)wire_u16(client->in);
}

static bool too_long(const struct tcp_client *client)
{
	return client->got >= PREFIX && wire_u16(client->in) > QUESTION_MAX;
}

/* It has done something: the others have been quiet for longer. */
static void touch(struct tcp_client *client)
{
	struct tcp_door *door = client->door;

	DL_DELETE(door->first, client);
	DL_APPEND(door->first, client);
	acmems_timer_start(client->timer, door->limits.idle_ms);
}

static bool answer(struct tcp_client *client)
{
	static uint8_t bytes[PREFIX + WIRE_MAX];
	size_t len = wire_u16(client->in);
	size_t out = answer_make(client->door->house, &client->address, client->in + PREFIX, len,
		bytes + PREFIX, WIRE_MAX);

	client->got -= PREFIX + len;
	memmove(client->in, client->in + PREFIX + len, client->got);
	/* what is met with silence is no question: whoever sends it has no business here */
	if (out == 0)
		return false;
	bytes[0] = (uint8_t)(out >> 8);
	bytes[1] = (uint8_t)out;
	touch(client);
	return send_answer(client, bytes, PREFIX + out);
}

static bool receive(struct tcp_client *client)
{
	ssize_t got =
		recv(client->fd, client->in + client->got, sizeof(client->in) - client->got, 0);

	if (got < 0)
		return would_block(errno);
	client->got += (size_t)got;
	return got > 0;
}

/* Answers what is there; then waits for more room or more questions, whichever is wanting. */
static bool serve(struct tcp_client *client)
{
	for (int i = 0; !client->out && has_question(client); i++) {
		/* the socket has room, so this comes again at once, after the others */
		if (i == QUESTIONS_AT_ONCE)
			return watch(client, ACMEMS_WRITE);
		if (!answer(client))
			return false;
	}
	return !too_long(client) && watch(client, client->out ? ACMEMS_WRITE : ACMEMS_READ);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	struct tcp_client *client = arg;
	bool goes_on;

	(void)fd;
	if (client->out)
		goes_on = send_rest(client);
	else
		goes_on = !(ready & ACMEMS_READ) || receive(client);
	if (!goes_on || !serve(client))
		client_free(client);
}

/* ---- bounds ---- */

static struct tcp_client *quietest_of(const struct tcp_door *door, const struct peer_count *peer)
{
	struct tcp_client *client;

	DL_FOREACH(door->first, client)
	{
		if (client->peer == peer)
			break;
	}
	return client;
}

/* The latest is the last in the list, so it goes only if it is alone. */
static void keep_bounds(const struct tcp_client *latest)
{
	const struct tcp_door *door = latest->door;
	struct tcp_client *surplus = NULL;

	if (peer_count_get(latest->peer) > door->limits.max_per_address)
		surplus = quietest_of(door, latest->peer);
	else if (door->count > door->limits.max_connections)
		surplus = door->first;
	if (!surplus || surplus == latest)
		return;
	tell(surplus, "was cut: there are too many connections");
	client_free(surplus);
}

void tcp_door_take(struct tcp_door *door, int fd, const struct acmems_address *peer)
{
	struct tcp_client *client = calloc(1, sizeof(*client));

	if (!client) {
		close(fd);
		return;
	}
	client->door = door;
	client->fd = fd;
	client->address = *peer;
	DL_APPEND(door->first, client);
	door->count++;
	client->peer = peer_count_add(&door->peers, peer);
	client->timer = acmems_timer_new(on_idle, client);
	if (!client->peer || !client->timer || !watch(client, ACMEMS_READ)) {
		client_free(client);
		return;
	}
	acmems_timer_start(client->timer, door->limits.idle_ms);
	keep_bounds(client);
}

void tcp_door_cut(struct tcp_door *door)
{
	while (door->first)
		client_free(door->first);
}
