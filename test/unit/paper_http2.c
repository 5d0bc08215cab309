/* SPDX-License-Identifier: ISC */
/*
 * paper_http2.c - as much of HTTP/2 (RFC 9113) as answering takes. Requests are counted, not
 * understood; answers are status 200 and a body, each frame a TLS record of its own.
 */
#include "unit.h"

#include "paper_server.h"

enum { DATA = 0, HEADERS = 1, SETTINGS = 4, PING = 6, WINDOW_UPDATE = 8 };

#define END_STREAM 1
#define ACK 1
#define END_HEADERS 4
#define FRAME_MAX 16384

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static void put_frame(struct paper_conn *conn, uint8_t type, uint8_t flags, uint32_t stream,
	const void *data, size_t len)
{
	uint8_t frame[9 + FRAME_MAX] = {(uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len,
		type, flags, (uint8_t)(stream >> 24), (uint8_t)(stream >> 16),
		(uint8_t)(stream >> 8), (uint8_t)stream};

	assert_true(len <= FRAME_MAX);
	if (len > 0)
		memcpy(frame + 9, data, len);
	paper_conn_send(conn, frame, 9 + len);
}

static void give_window(struct paper_conn *conn, uint32_t stream, size_t len)
{
	const uint8_t data[4] = {0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

	put_frame(conn, WINDOW_UPDATE, 0, stream, data, sizeof(data));
}

static void take(struct paper_conn *conn, const uint8_t *head, const uint8_t *data, size_t len)
{
	uint32_t stream = (uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 |
			  (uint32_t)head[7] << 8 | head[8];

	if (head[3] == SETTINGS && !(head[4] & ACK))
		put_frame(conn, SETTINGS, ACK, 0, NULL, 0);
	if (head[3] == PING && !(head[4] & ACK))
		put_frame(conn, PING, ACK, 0, data, len);
	if (head[3] == DATA && len > 0) {
		give_window(conn, 0, len);
		give_window(conn, stream, len);
	}
	if ((head[3] == HEADERS || head[3] == DATA) && (head[4] & END_STREAM))
		paper_conn_asked(conn, stream);
}

bool paper_http2_read(struct paper_conn *conn)
{
	size_t at = 0;

	if (!conn->started) {
		const uint8_t streams[6] = {0, 3, 0, 0, 0, 250}; /* MAX_CONCURRENT_STREAMS */

		if (conn->in_len < sizeof(preface) - 1)
			return true;
		if (memcmp(conn->in, preface, sizeof(preface) - 1) != 0)
			return false;
		at = sizeof(preface) - 1;
		conn->started = true;
		put_frame(conn, SETTINGS, 0, 0, streams, sizeof(streams));
	}
	while (conn->in_len - at >= 9) {
		const uint8_t *head = conn->in + at;
		size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];

		if (len > FRAME_MAX)
			return false;
		if (conn->in_len - at - 9 < len)
			break;
		take(conn, head, head + 9, len);
		at += 9 + len;
	}
	conn->in_len -= at;
	memmove(conn->in, conn->in + at, conn->in_len);
	return true;
}

void paper_http2_answer(struct paper_conn *conn, uint32_t stream, const char *body, size_t len)
{
	/* RFC 7541: ":status: 200" of the static table, then "x-paper: 2" as a literal */
	static const uint8_t headers[] = {0x88, 0x00, 7, 'x', '-', 'p', 'a', 'p', 'e', 'r', 1, '2'};

	put_frame(conn, HEADERS, END_HEADERS, stream, headers, sizeof(headers));
	while (len > FRAME_MAX) {
		put_frame(conn, DATA, 0, stream, body, FRAME_MAX);
		body += FRAME_MAX;
		len -= FRAME_MAX;
	}
	put_frame(conn, DATA, END_STREAM, stream, body, len);
}
