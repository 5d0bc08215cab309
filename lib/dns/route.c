/* SPDX-License-Identifier: ISC */
/* route.c - see route.h. Connecting a datagram socket looks the route up, and does nothing else. */
#include "dns/route.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

static bool is_no_way(int errnum)
{
	return errnum == ENETUNREACH || errnum == EHOSTUNREACH || errnum == EADDRNOTAVAIL ||
	       errnum == EAFNOSUPPORT;
}

bool route_exists(const struct acmems_address *address)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_sockaddr(address, &to);
	int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool exists = true;

	if (fd < 0)
		return !is_no_way(errno);
	if (connect(fd, (struct sockaddr *)&to, len) < 0)
		exists = !is_no_way(errno);
	close(fd);
	return exists;
}
