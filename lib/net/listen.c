/* SPDX-License-Identifier: ISC */
/* listen.c - listening sockets, TCP, Unix and UDP. */
#include "net/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

static const char *advice(int errnum)
{
	switch (errnum) {
	case EADDRINUSE:
		return " (another program listens there: stop it or choose another port)";
	case EACCES:
	case EPERM:
		return " (ports below 1024 need CAP_NET_BIND_SERVICE, a socket file a writable "
		       "folder)";
	case EADDRNOTAVAIL:
		return " (no interface of this machine has the address)";
	case ENOENT:
		return " (its folder does not exist)";
	}
	return "";
}

static bool refuse(struct acmems_error *err, const struct address_place *place, int errnum)
{
	return acmems_error_errno(
		err, errnum, "cannot listen on %s%s", place->text, advice(errnum));
}

static const char *unix_path(const struct address_place *place)
{
	return ((const struct sockaddr_un *)&place->sockaddr)->sun_path;
}

static bool is_unix(const struct address_place *place)
{
	return place->sockaddr.ss_family == AF_UNIX;
}

/* Removes a socket file that nobody listens on; anything else in the way is left alone. */
static bool remove_stale(const struct address_place *place, struct acmems_error *err)
{
	const char *path = unix_path(place);
	struct stat info;
	int fd, result, errnum;

	if (lstat(path, &info) < 0)
		return errno == ENOENT || refuse(err, place, errno);
	if (!S_ISSOCK(info.st_mode))
		return acmems_error_set(err, ACMEMS_SYSTEM,
			"cannot listen on %s: the file exists and is not a socket", place->text);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(err, place, errno);
	result = connect(fd, (const struct sockaddr *)&place->sockaddr, place->len);
	errnum = errno;
	close(fd);
	if (result < 0 && errnum == ECONNREFUSED)
		return unlink(path) == 0 || errno == ENOENT || refuse(err, place, errno);
	return refuse(err, place, result == 0 || errnum == EAGAIN ? EADDRINUSE : errnum);
}

static bool set_tcp_options(int fd, int family)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return false;
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return false;
	/* inherited by what is accepted; an answer's last segment must not wait for an ACK */
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0;
}

static bool bind_tightly(int fd, const struct address_place *place)
{
	mode_t mask = umask(0117);
	int result = bind(fd, (const struct sockaddr *)&place->sockaddr, place->len);
	int errnum = errno;

	umask(mask);
	errno = errnum;
	return result == 0;
}

/* Reads back what was really bound. */
static bool learn(struct listen_socket *made)
{
	struct stat info;

	if (is_unix(&made->place)) {
		if (lstat(unix_path(&made->place), &info) < 0)
			return false;
		made->dev = info.st_dev;
		made->ino = info.st_ino;
		return true;
	}
	if (getsockname(made->fd, (struct sockaddr *)&made->place.sockaddr, &made->place.len) < 0)
		return false;
	address_place_name(&made->place);
	return true;
}

bool listen_open(
	const struct address_place *place, struct listen_socket *made, struct acmems_error *err)
{
	int family = place->sockaddr.ss_family;
	int errnum;

	*made = (struct listen_socket){.fd = -1, .place = *place};
	if (is_unix(place) && !remove_stale(place, err))
		return false;
	made->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (made->fd < 0)
		return refuse(err, place, errno);
	if ((is_unix(place) || set_tcp_options(made->fd, family)) &&
		bind_tightly(made->fd, place) && listen(made->fd, BACKLOG) == 0 && learn(made))
		return true;
	errnum = errno;
	close(made->fd);
	made->fd = -1;
	return refuse(err, place, errnum);
}

static bool set_udp_options(int fd, int family)
{
	int on = 1;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) == 0;
}

int listen_datagrams(const struct address_place *place, struct acmems_error *err)
{
	int family = place->sockaddr.ss_family;
	int fd, errnum;

	if (is_unix(place)) {
		acmems_error_set(err, ACMEMS_CONFIG,
			"cannot listen on %s: datagrams need an IP address", place->text);
		return -1;
	}
	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && set_udp_options(fd, family) &&
		bind(fd, (const struct sockaddr *)&place->sockaddr, place->len) == 0)
		return fd;
	errnum = errno;
	if (fd >= 0)
		close(fd);
	refuse(err, place, errnum);
	return -1;
}

void listen_remove(const struct listen_socket *made)
{
	struct stat info;

	if (!is_unix(&made->place) || made->ino == 0)
		return;
	if (lstat(unix_path(&made->place), &info) == 0 && S_ISSOCK(info.st_mode) &&
		info.st_dev == made->dev && info.st_ino == made->ino)
		unlink(unix_path(&made->place));
}

uint16_t listen_port(const struct listen_socket *made)
{
	struct acmems_address address;

	address_from_sockaddr(&address, (const struct sockaddr *)&made->place.sockaddr);
	return address.port;
}
