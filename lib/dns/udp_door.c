/* SPDX-License-Identifier: ISC */
/*
 * udp_door.c - datagrams.
 *
 * An answer leaves from the address that its question came to, or its reader would not know it as
 * one: with a socket bound to all addresses, the route chooses otherwise.
 */
#include "dns/udp_door.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listen.h"

/* A round of the loop has others to serve too. */
#define DATAGRAMS_AT_ONCE 64
/* Questions are far shorter; what is cut here is malformed. */
#define QUESTION_MAX 4096

/* One datagram, and the way back. */
struct parcel {
	struct msghdr head;
	struct iovec bytes;
	struct sockaddr_storage peer;
	union {
		struct cmsghdr align;
		char data[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
};

static void unpack_for(struct parcel *parcel, uint8_t *bytes, size_t len)
{
	*parcel = (struct parcel){.bytes = {.iov_base = bytes, .iov_len = len}};
	parcel->head.msg_name = &parcel->peer;
	parcel->head.msg_namelen = sizeof(parcel->peer);
	parcel->head.msg_iov = &parcel->bytes;
	parcel->head.msg_iovlen = 1;
	parcel->head.msg_control = &parcel->control;
	parcel->head.msg_controllen = sizeof(parcel->control);
}

/* What was told about where it came to becomes where to send from; the route chooses the interface. */
static void turn_round(struct parcel *parcel)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(&parcel->head);

	parcel->head.msg_flags = 0;
	if (!control)
		return;
	if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		((struct in_pktinfo *)CMSG_DATA(control))->ipi_ifindex = 0;
	} else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
		struct in6_pktinfo *info = (struct in6_pktinfo *)CMSG_DATA(control);

		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	}
}

static void send_back(struct udp_door *door, struct parcel *parcel, uint8_t *bytes, size_t len)
{
	turn_round(parcel);
	parcel->bytes = (struct iovec){.iov_base = bytes, .iov_len = len};
	/* what can not be sent now is lost, as datagrams may be: the question comes again */
	(void)sendmsg(door->fd, &parcel->head, MSG_NOSIGNAL);
}

/* Takes one; false: there is none. */
static bool take(struct udp_door *door)
{
	uint8_t question[QUESTION_MAX], answer[ANSWER_UDP_MAX];
	struct acmems_address peer;
	struct udp_rate_bucket *bucket;
	struct parcel parcel;
	ssize_t got;
	size_t len;

	unpack_for(&parcel, question, sizeof(question));
	got = recvmsg(door->fd, &parcel.head, 0);
	if (got < 0)
		return false;
	address_from_sockaddr(&peer, (struct sockaddr *)&parcel.peer);
	/* nobody has it; some services would answer the answer */
	if (peer.port == 0)
		return true;
	bucket = udp_rate_of(&door->rate, &peer, acmems_clock_ms());
	len = answer_make(door->house, &peer, question, (size_t)got, answer,
		bucket->left > 0 || (size_t)got > sizeof(answer) ? sizeof(answer) : (size_t)got);
	if (len > (size_t)got)
		bucket->left -= (int64_t)len - got;
	if (len > 0)
		send_back(door, &parcel, answer, len);
	return true;
}

static void on_datagrams(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		if (!take(arg))
			return;
	}
}

bool udp_door_open(struct udp_door *door, const struct address_place *place,
	const struct answer_house *house, struct acmems_error *err)
{
	door->house = house;
	udp_rate_init(&door->rate, acmems_clock_ms());
	door->fd = listen_datagrams(place, err);
	if (door->fd < 0)
		return false;
	door->watch = acmems_watch_new(door->fd, ACMEMS_READ, on_datagrams, door, err);
	if (!door->watch) {
		close(door->fd);
		return false;
	}
	return true;
}

void udp_door_close(struct udp_door *door)
{
	acmems_watch_free(door->watch);
	close(door->fd);
}
