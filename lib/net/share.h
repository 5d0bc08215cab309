/* SPDX-License-Identifier: ISC */
/*
 * net/share.h - listening addresses that servers share, whatever is spoken on them: one socket per
 * address, the newest open server first. So two generations hold one address during a reload.
 *
 * A kind of server (HTTP, TLS, DNS) embeds share_listener and share_server as first members in its own
 * structs and says in a share_kind how a listener begins and ends.
 *
 * Life of a listener: opened for the first server that wants the address -> released by the last: it
 * accepts no more, and what is under way goes on -> when that is over too it is freed.
 */
#ifndef NET_SHARE_H
#define NET_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>
#include <acmems/loop.h>

#include "net/address.h"
#include "net/listen.h"

struct share;
struct share_listener;
struct share_server;

struct share_kind {
	size_t listener_size; /* of the struct that begins with a share_listener */
	/*
	 * Begins to accept on listener->socket, which is bound already; the server is the first
	 * user. False and *err on failure: then nothing is left to be undone, socket apart.
	 */
	bool (*begin)(struct share_listener *listener, const struct share_server *server,
		struct acmems_error *err);
	/* Accepts no more and closes the socket. */
	void (*stop)(struct share_listener *listener);
	/* Cuts what is left; the struct itself is the share's. */
	void (*end)(struct share_listener *listener);
	/* From now on the bounds of this server hold: it is the newest open one. */
	void (*follow)(struct share_listener *listener, const struct share_server *server);
	size_t (*connections)(const struct share_listener *listener);
};

/* All of one kind. */
struct share {
	const struct share_kind *kind;
	struct share_server *servers; /* newest first */
	struct share_listener *listeners;
	uint64_t last_number;
};

struct share_listener {
	struct share *share;
	struct share_listener *next;
	struct listen_socket socket;
	struct acmems_task over;
	unsigned users;
};

/* Zeroed by its owner. */
struct share_server {
	struct share_server *next; /* older */
	uint64_t number; /* higher is newer; never used again */
	struct share_listener **listeners;
	size_t count;
	bool open;
};

/*
 * Enters a server and has it listen on all of these texts ("192.0.2.1:80"; NULL at the end). False
 * and *err on failure, after which it is to be left all the same.
 */
bool share_enter(struct share *share, struct share_server *server, char *const *listen,
	struct acmems_error *err);

/* From now on share_next() finds it. */
void share_open(struct share_server *server);

/* Releases its listeners. */
void share_leave(struct share *share, struct share_server *server);

/*
 * The newest server that is open there and older than `number`; UINT64_MAX finds the newest. Who is
 * offered something may free any server: nothing but the number may be kept over that.
 */
struct share_server *share_next(const struct share_listener *listener, uint64_t number);

/* The last connection of a listener went; it is not freed before the loop is back. */
void share_emptied(struct share_listener *listener);

/* Port of the server's index-th address; 0 if there is none. */
uint16_t share_port(const struct share_server *server, size_t index);

/* Connections of all listeners. */
size_t share_connections(const struct share *share);

/* Cuts and frees all listeners, at the very end of the process. */
void share_fini(struct share *share);

#endif
