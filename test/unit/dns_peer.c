/* SPDX-License-Identifier: ISC */
/* dns_peer.c - a name server on paper. */
#include "dns_peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

void put_data(struct dns_bytes *bytes, const void *data, size_t len)
{
	assert_true(bytes->len + len <= sizeof(bytes->data));
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

void put_u8(struct dns_bytes *bytes, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	put_data(bytes, &byte, 1);
}

void put_u16(struct dns_bytes *bytes, unsigned value)
{
	put_u8(bytes, value >> 8);
	put_u8(bytes, value & 0xff);
}

void put_u32(struct dns_bytes *bytes, uint32_t value)
{
	put_u16(bytes, value >> 16);
	put_u16(bytes, value & 0xffff);
}

void put_name(struct dns_bytes *bytes, const char *name)
{
	while (*name != '\0' && *name != '.') {
		size_t len = strcspn(name, ".");

		put_u8(bytes, (unsigned)len);
		put_data(bytes, name, len);
		name += len;
		name += *name == '.';
	}
	put_u8(bytes, 0);
}

void put_record(
	struct dns_bytes *bytes, const char *name, unsigned type, uint32_t ttl, size_t data_len)
{
	put_name(bytes, name);
	put_u16(bytes, type);
	put_u16(bytes, 1);
	put_u32(bytes, ttl);
	put_u16(bytes, (unsigned)data_len);
}

void put_txt(struct dns_bytes *bytes, const char *name, const char *text)
{
	put_record(bytes, name, 16, 60, strlen(text) + 1);
	put_u8(bytes, (unsigned)strlen(text));
	put_data(bytes, text, strlen(text));
}

static size_t name_len(const char *name)
{
	struct dns_bytes *bytes = calloc(1, sizeof(*bytes));
	size_t len;

	assert_non_null(bytes);
	put_name(bytes, name);
	len = bytes->len;
	free(bytes);
	return len;
}

void put_name_record(struct dns_bytes *bytes, const char *name, unsigned type, const char *target)
{
	put_record(bytes, name, type, 300, name_len(target));
	put_name(bytes, target);
}

void put_soa(struct dns_bytes *bytes, const char *zone, const char *primary, uint32_t minimum)
{
	put_record(bytes, zone, 6, 300, name_len(primary) + name_len("mail.example.") + 20);
	put_name(bytes, primary);
	put_name(bytes, "mail.example.");
	for (uint32_t i = 1; i <= 4; i++)
		put_u32(bytes, i);
	put_u32(bytes, minimum);
}

size_t behind_question(const uint8_t *message, size_t len)
{
	size_t at = 12;

	assert_true(len >= 12);
	if (message[5] == 0)
		return at;
	while (at < len && message[at] != 0)
		at += 1u + message[at];
	assert_true(at + 5 <= len);
	return at + 5;
}

unsigned question_of(const uint8_t *message, size_t len, char name[256])
{
	size_t end = behind_question(message, len);
	size_t put = 0;

	for (size_t at = 12; message[at] != 0; at += 1u + message[at]) {
		assert_true(put + message[at] + 2 < 256);
		memcpy(name + put, message + at + 1, message[at]);
		put += message[at];
		name[put++] = '.';
	}
	name[put] = '\0';
	return (unsigned)message[end - 4] << 8 | message[end - 3];
}

void answer_begin(struct dns_bytes *answer, const uint8_t *request, size_t len, unsigned flags,
	unsigned an, unsigned ns, unsigned ar)
{
	size_t end = behind_question(request, len);

	answer->len = 0;
	put_data(answer, request, 2);
	put_u16(answer, flags);
	put_u16(answer, request[5]);
	put_u16(answer, an);
	put_u16(answer, ns);
	put_u16(answer, ar);
	put_data(answer, request + 12, end - 12);
}

static void on_datagram(void *arg, int fd, unsigned ready)
{
	struct dns_peer *peer = arg;
	uint8_t request[4096];
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t len = recvfrom(
		fd, request, sizeof(request), MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

	(void)ready;
	if (len < 0)
		return;
	peer->asked_udp++;
	peer->answer.len = 0;
	peer->handler(peer, false, request, (size_t)len, &peer->answer);
	if (peer->answer.len > 0)
		(void)sendto(fd, peer->answer.data, peer->answer.len, 0, (struct sockaddr *)&from,
			from_len);
}

/* The test's messages are small: one read has all of it, one write takes all of it. */
static void on_stream(void *arg, int fd, unsigned ready)
{
	struct dns_peer *peer = arg;
	uint8_t request[4096];
	uint8_t head[2];
	ssize_t len = recv(fd, request, sizeof(request), MSG_DONTWAIT);

	(void)ready;
	if (len < 0 && errno == EAGAIN)
		return;
	peer->answer.len = 0;
	if (len > 2) {
		assert_int_equal(request[0] << 8 | request[1], len - 2);
		peer->asked_tcp++;
		if (!peer->hang_up)
			peer->handler(peer, true, request + 2, (size_t)len - 2, &peer->answer);
	}
	if (peer->answer.len > 0) {
		head[0] = (uint8_t)(peer->answer.len >> 8);
		head[1] = (uint8_t)peer->answer.len;
		(void)send(fd, head, 1, MSG_NOSIGNAL);
		(void)send(fd, head + 1, 1, MSG_NOSIGNAL);
		(void)send(fd, peer->answer.data, peer->answer.len, MSG_NOSIGNAL);
	}
	if (len > 2 && !peer->hang_up)
		return;
	for (int i = 0; i < DNS_PEER_CONNECTIONS; i++) {
		if (peer->connections[i].watch && peer->connections[i].fd == fd) {
			acmems_watch_free(peer->connections[i].watch);
			peer->connections[i].watch = NULL;
			close(fd);
			return;
		}
	}
}

static void on_connection(void *arg, int fd, unsigned ready)
{
	struct dns_peer *peer = arg;
	struct acmems_error err = {0};
	int accepted = accept(fd, NULL, NULL);

	(void)ready;
	for (int i = 0; accepted >= 0 && i < DNS_PEER_CONNECTIONS; i++) {
		if (peer->connections[i].watch)
			continue;
		peer->connections[i].fd = accepted;
		peer->connections[i].watch =
			acmems_watch_new(accepted, ACMEMS_READ, on_stream, peer, &err);
		if (!peer->connections[i].watch)
			close(accepted);
		return;
	}
}

/* Both protocols on one port that is free for both; *port 0 takes any. */
static bool bind_both(struct dns_peer *peer, uint32_t host, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host),
		.sin_port = htons(*port)};
	socklen_t len = sizeof(in);

	peer->fd[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	peer->fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(peer->fd[0] >= 0 && peer->fd[1] >= 0);
	if (bind(peer->fd[1], (struct sockaddr *)&in, sizeof(in)) == 0 &&
		getsockname(peer->fd[1], (struct sockaddr *)&in, &len) == 0 &&
		bind(peer->fd[0], (struct sockaddr *)&in, sizeof(in)) == 0) {
		*port = ntohs(in.sin_port);
		snprintf(peer->text, sizeof(peer->text), "127.0.0.%u:%u", 1 + host, *port);
		return true;
	}
	close(peer->fd[0]);
	close(peer->fd[1]);
	return false;
}

static void attend(struct dns_peer *peer, bool tcp)
{
	struct acmems_error err = {0};

	peer->watch[0] = acmems_watch_new(peer->fd[0], ACMEMS_READ, on_datagram, peer, &err);
	assert_non_null(peer->watch[0]);
	if (!tcp)
		return;
	assert_int_equal(listen(peer->fd[1], 16), 0);
	peer->watch[1] = acmems_watch_new(peer->fd[1], ACMEMS_READ, on_connection, peer, &err);
	assert_non_null(peer->watch[1]);
}

void dns_peer_open(struct dns_peer *peer, dns_peer_handler *handler, bool tcp)
{
	uint16_t port = 0;
	int tries = 50;

	memset(peer, 0, sizeof(*peer));
	peer->handler = handler;
	while (!bind_both(peer, 0, &port))
		assert_true(--tries > 0);
	attend(peer, tcp);
}

static bool bind_all(struct dns_peer *peers, size_t count, uint16_t *port)
{
	*port = 0;
	for (size_t i = 0; i < count; i++) {
		if (bind_both(&peers[i], (uint32_t)i, port))
			continue;
		while (i-- > 0) {
			close(peers[i].fd[0]);
			close(peers[i].fd[1]);
		}
		return false;
	}
	return true;
}

uint16_t dns_peers_open(struct dns_peer *peers, size_t count, dns_peer_handler *handler)
{
	uint16_t port = 0;
	int tries = 50;

	memset(peers, 0, count * sizeof(*peers));
	while (!bind_all(peers, count, &port))
		assert_true(--tries > 0);
	for (size_t i = 0; i < count; i++) {
		peers[i].handler = handler;
		attend(&peers[i], true);
	}
	return port;
}

void dns_peer_close(struct dns_peer *peer)
{
	if (!peer->handler)
		return;
	for (int i = 0; i < DNS_PEER_CONNECTIONS; i++) {
		if (!peer->connections[i].watch)
			continue;
		acmems_watch_free(peer->connections[i].watch);
		close(peer->connections[i].fd);
	}
	for (int i = 0; i < 2; i++) {
		acmems_watch_free(peer->watch[i]);
		close(peer->fd[i]);
	}
	memset(peer, 0, sizeof(*peer));
}
