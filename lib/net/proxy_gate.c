/* SPDX-License-Identifier: ISC */
/*
 * proxy_gate.c - reads no byte more than the header has: what came is looked at first, and taken off
 * as far as it is the header's for sure.
 */
#include "net/proxy_gate.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/loop.h>

struct proxy_gate {
	struct bufferevent *bev;
	int fd;
	struct acmems_watch *watch;
	proxy_gate_ended *ended;
	void *arg;
	size_t len; /* bytes taken off so far */
	uint8_t data[PROXY_HEADER_MAX];
};

static bool take(struct proxy_gate *gate, size_t len)
{
	return len == 0 || recv(gate->fd, gate->data + gate->len, len, 0) == (ssize_t)len;
}

static void on_data(void *arg, int fd, unsigned ready)
{
	struct proxy_gate *gate = arg;
	struct proxy_header header;
	ssize_t more = recv(fd, gate->data + gate->len, sizeof(gate->data) - gate->len, MSG_PEEK);

	(void)ready;
	if (more < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (more <= 0) {
		gate->ended(gate->arg, NULL, gate->len > 0);
		return;
	}
	switch (proxy_header_read(gate->data, gate->len + (size_t)more, &header)) {
	case PROXY_HEADER_PART:
		/* else the loop would spin on what is only looked at */
		if (take(gate, (size_t)more)) {
			gate->len += (size_t)more;
			return;
		}
		break;
	case PROXY_HEADER_WHOLE:
		if (take(gate, header.len - gate->len)) {
			gate->ended(gate->arg, &header, true);
			return;
		}
		break;
	case PROXY_HEADER_MALFORMED:
		break;
	}
	gate->ended(gate->arg, NULL, true);
}

struct proxy_gate *proxy_gate_new(struct bufferevent *bev, proxy_gate_ended *ended, void *arg)
{
	struct proxy_gate *gate = calloc(1, sizeof(*gate));
	struct acmems_error err = {0};

	if (!gate)
		return NULL;
	gate->bev = bev;
	gate->fd = bufferevent_getfd(bev);
	gate->ended = ended;
	gate->arg = arg;
	gate->watch = acmems_watch_new(gate->fd, ACMEMS_READ, on_data, gate, &err);
	if (!gate->watch || bufferevent_setfd(bev, -1) < 0) {
		acmems_watch_free(gate->watch);
		free(gate);
		return NULL;
	}
	return gate;
}

void proxy_gate_free(struct proxy_gate *gate)
{
	if (!gate)
		return;
	acmems_watch_free(gate->watch);
	if (bufferevent_setfd(gate->bev, gate->fd) < 0)
		close(gate->fd);
	free(gate);
}
