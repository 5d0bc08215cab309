/* SPDX-License-Identifier: ISC */
/*
 * net/listen.h - listening sockets, bound and ready: TCP, Unix and UDP. What is done with connections
 * and datagrams is others' business.
 */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include <stdint.h>
#include <sys/types.h>

#include <acmems/error.h>

#include "net/address.h"

struct listen_socket {
	int fd;
	struct address_place place; /* with the true port when 0 was asked for */
	/* of a Unix socket's file, so that only our own is removed */
	dev_t dev;
	ino_t ino;
};

/*
 * Binds and listens: non-blocking, close-on-exec, IPv6 without IPv4. The file of a Unix socket gets
 * mode 0660; one that nobody listens on any more is replaced. False and *err (which address, why,
 * what to do) on failure.
 */
bool listen_open(
	const struct address_place *place, struct listen_socket *socket, struct acmems_error *err);

/*
 * Binds a UDP socket, with the same properties, that tells which of our addresses a datagram came to
 * (IP_PKTINFO, IPV6_PKTINFO). Returns it, owned by the caller; -1 and *err on failure.
 */
int listen_datagrams(const struct address_place *place, struct acmems_error *err);

/* Removes the file of a Unix socket if it is still ours. Does not close fd. */
void listen_remove(const struct listen_socket *socket);

/* Host order; 0 for a Unix socket. */
uint16_t listen_port(const struct listen_socket *socket);

#endif
