/* SPDX-License-Identifier: ISC */
/*
 * paper_server.h - an HTTP server on paper, on real sockets of loopback and on the loop of the test:
 * HTTP/1.1 or HTTP/2, plain or over TLS. It answers what the test has put down, however wrong.
 */
#ifndef PAPER_SERVER_H
#define PAPER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#define PAPER_HELD_MAX 256

struct paper_conn;

struct paper_server {
	/* the script; may be changed at any time */
	const char *answer; /* HTTP/1.1: the very bytes; HTTP/2: the body. NULL: 200 and "fine" */
	size_t answer_len; /* 0: strlen() */
	bool close; /* after an answer */
	bool hold; /* none before paper_server_release() */
	bool mute; /* connections are taken, and nothing is read */
	bool shuffle; /* releases in disorder, a few at a time */

	/* what came */
	unsigned accepted;
	unsigned requests;
	unsigned open; /* connections now */
	unsigned open_peak;
	char last[4096]; /* HTTP/1.1: the last request, head and body */

	int fd;
	uint16_t port;
	SSL_CTX *tls; /* NULL: plain. Not owned */
	bool h2; /* offered by ALPN, over TLS only */
	struct acmems_watch *watch;
	struct acmems_timer *timer;
	struct paper_conn *conns;
	struct {
		unsigned conn; /* its number */
		uint32_t stream;
	} held[PAPER_HELD_MAX];
	size_t held_count;
	unsigned last_conn;
};

/* Listens on a free port of 127.0.0.1. */
void paper_server_init(struct paper_server *server, SSL_CTX *tls, bool h2);
void paper_server_fini(struct paper_server *server);

/* Answers what was held, and holds nothing any more. */
void paper_server_release(struct paper_server *server);

/* Closes all connections, without a word. */
void paper_server_drop(struct paper_server *server);

/* From now on nothing is read from the connections that there are; new ones are well. */
void paper_server_deafen(struct paper_server *server);

/* "SCHEME://HOST:PORT/"; valid until the next call. */
const char *paper_server_url(const struct paper_server *server, const char *host);

/* For paper_http2.c: */
struct paper_conn {
	struct paper_conn *next;
	struct paper_server *server;
	unsigned number;
	int fd;
	SSL *ssl;
	bool h2;
	bool shaken; /* the TLS handshake is over */
	bool started; /* HTTP/2: our SETTINGS are out */
	bool closing; /* once all is written */
	struct acmems_watch *watch;
	bool wants_write;
	size_t in_len;
	size_t out_len;
	uint8_t in[65536];
	uint8_t out[262144];
};

void paper_conn_send(struct paper_conn *conn, const void *data, size_t len);

/* A whole request is there: answers it, now or later. */
void paper_conn_asked(struct paper_conn *conn, uint32_t stream);

/* Takes whole frames out of conn->in; false: nonsense. */
bool paper_http2_read(struct paper_conn *conn);
void paper_http2_answer(struct paper_conn *conn, uint32_t stream, const char *body, size_t len);

#endif
