/* SPDX-License-Identifier: ISC */
/*
 * dns_peer.h - a name server on paper: real sockets of 127.0.0.1 on the loop, UDP and TCP on one
 * port, and a handler of the test's that writes each answer byte by byte.
 */
#ifndef DNS_PEER_H
#define DNS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_BYTES_MAX 70000

/* A message under construction. */
struct dns_bytes {
	uint8_t data[DNS_BYTES_MAX];
	size_t len;
};

void put_u8(struct dns_bytes *bytes, unsigned value);
void put_u16(struct dns_bytes *bytes, unsigned value);
void put_u32(struct dns_bytes *bytes, uint32_t value);
void put_data(struct dns_bytes *bytes, const void *data, size_t len);

/* "a.example." in wire form, not compressed; no escapes. */
void put_name(struct dns_bytes *bytes, const char *name);

/* Name, type, class IN, TTL and length; the data has to follow. */
void put_record(
	struct dns_bytes *bytes, const char *name, unsigned type, uint32_t ttl, size_t data_len);
void put_txt(struct dns_bytes *bytes, const char *name, const char *text);
void put_name_record(struct dns_bytes *bytes, const char *name, unsigned type, const char *target);
void put_soa(struct dns_bytes *bytes, const char *zone, const char *primary, uint32_t minimum);

struct dns_peer;

/* What came: the message itself. An empty answer is none at all. */
typedef void dns_peer_handler(struct dns_peer *peer, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer);

#define DNS_PEER_CONNECTIONS 16

struct dns_peer {
	dns_peer_handler *handler;
	void *arg; /* the test's */
	char text[32]; /* "127.0.0.1:PORT" */
	unsigned asked_udp;
	unsigned asked_tcp;
	bool hang_up; /* over TCP: closes instead of answering */
	int fd[2]; /* UDP, TCP */
	struct acmems_watch *watch[2];
	struct {
		int fd;
		struct acmems_watch *watch;
	} connections[DNS_PEER_CONNECTIONS];
	struct dns_bytes answer;
};

/* Binds; `tcp` false leaves TCP closed. Fails the test if it can not. */
void dns_peer_open(struct dns_peer *peer, dns_peer_handler *handler, bool tcp);

/* Several on one port: the first at 127.0.0.1, the next at 127.0.0.2, ... Returns the port. */
uint16_t dns_peers_open(struct dns_peer *peers, size_t count, dns_peer_handler *handler);
void dns_peer_close(struct dns_peer *peer);

/* Begins an answer: the request's id and question, these flags (0x8180 and the like) and counts. */
void answer_begin(struct dns_bytes *answer, const uint8_t *request, size_t len, unsigned flags,
	unsigned an, unsigned ns, unsigned ar);

/* The name asked for, with the last dot, and the type. */
unsigned question_of(const uint8_t *message, size_t len, char name[256]);

/* Offset behind the question of a message without compression. */
size_t behind_question(const uint8_t *message, size_t len);

#endif
