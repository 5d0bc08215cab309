/* SPDX-License-Identifier: ISC */
/*
 * exchange.c - sockets, re-sends and the change from UDP to TCP.
 *
 * An exchange has one socket and one timer. The timer's next moment is that of the next re-send, or
 * the end of all.
 */
#include "dns/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "net/address.h"

#define RESEND_MS 500
#define UDP_SENDS 3
#define UDP_MAX 4096
#define DATAGRAMS_PER_ROUND 16

struct exchange {
	exchange_done *done;
	void *arg;
	struct acmems_address server;
	struct wire_view question; /* of `request`, behind the two bytes of its length */
	uint8_t *request;
	size_t request_len;
	bool tcp;
	bool silent; /* it is over TCP because nothing came over UDP */
	bool lost; /* a message was sent that nobody has answered, and nobody has sent back */
	int fd;
	struct acmems_watch *watch;
	struct acmems_timer *timer;
	struct acmems_task task; /* for what is known at once */
	struct acmems_error err;
	int64_t end_ms;
	int64_t udp_end_ms;
	int64_t resend_ms; /* when to send again */
	int64_t pause_ms;
	unsigned sends;
	size_t sent; /* bytes of the request, over TCP */
	uint8_t *answer; /* over TCP: its length and the answer */
	size_t got;
};

static void close_socket(struct exchange *exchange)
{
	acmems_watch_free(exchange->watch);
	exchange->watch = NULL;
	if (exchange->fd >= 0)
		close(exchange->fd);
	exchange->fd = -1;
}

void exchange_free(struct exchange *exchange)
{
	if (!exchange)
		return;
	close_socket(exchange);
	acmems_task_cancel(&exchange->task);
	acmems_timer_free(exchange->timer);
	free(exchange->request);
	free(exchange->answer);
	free(exchange);
}

static void finish(struct exchange *exchange, const struct wire_view *answer)
{
	struct acmems_error err = exchange->err;
	exchange_done *done = exchange->done;
	void *arg = exchange->arg;
	uint8_t *bytes = exchange->answer;
	bool lost = exchange->lost;

	exchange->answer = NULL; /* the view may point into it */
	exchange_free(exchange);
	done(arg, answer, answer ? NULL : &err, !answer && lost);
	free(bytes);
}

static void on_failed(void *arg)
{
	finish(arg, NULL);
}

/* Ends it from the loop, as its owner may still be starting it. */
static void fail_soon(struct exchange *exchange)
{
	close_socket(exchange);
	acmems_timer_stop(exchange->timer);
	acmems_task_post(&exchange->task, on_failed, exchange);
}

static void arm(struct exchange *exchange)
{
	int64_t next = exchange->end_ms;

	if (!exchange->tcp && exchange->resend_ms < next)
		next = exchange->resend_ms;
	acmems_timer_start(exchange->timer, next - acmems_clock_ms());
}

/* A connected socket takes datagrams from its peer only. False: exchange->err says why. */
static bool connect_socket(
	struct exchange *exchange, int type, unsigned events, acmems_watch_callback *callback)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_sockaddr(&exchange->server, &to);

	exchange->fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (exchange->fd < 0)
		return acmems_error_errno(&exchange->err, errno, "cannot make a socket");
	if (connect(exchange->fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS) {
		acmems_error_errno(&exchange->err, errno, "cannot be reached");
		exchange->err.code = ACMEMS_UNAVAILABLE;
		return false;
	}
	exchange->watch =
		acmems_watch_new(exchange->fd, events, callback, exchange, &exchange->err);
	return exchange->watch != NULL;
}

/* Whether the header is that of an answer to this message. */
static bool header_fits(const struct exchange *exchange, const struct wire_view *answer)
{
	return answer->response && answer->id == exchange->question.id &&
	       answer->opcode == exchange->question.opcode;
}

/* Whether it answers this message; *why is set if it does not. */
static bool answers(const struct exchange *exchange, struct wire_view *answer, const uint8_t *bytes,
	size_t len, const char **why)
{
	if (!wire_look(answer, bytes, len, why))
		return false;
	*why = "it answers another question";
	if (!header_fits(exchange, answer))
		return false;
	/* left out by servers that did not understand the question, and from answers to updates */
	if (answer->counts[0] == 0)
		return answer->rcode != 0 || answer->opcode == WIRE_OPCODE_UPDATE;
	return wire_same_question(&exchange->question, answer);
}

/* ---- TCP ---- */

static void tcp_failed(struct exchange *exchange, int errnum)
{
	acmems_error_errno(&exchange->err, errnum,
		exchange->silent ? "no answer over UDP, and over TCP" : "over TCP");
	exchange->err.code = ACMEMS_UNAVAILABLE;
	finish(exchange, NULL);
}

static void on_tcp_answer(void *arg, int fd, unsigned ready)
{
	struct exchange *exchange = arg;
	size_t want = exchange->got < 2 ? 2 : 2 + (size_t)wire_u16(exchange->answer);
	struct wire_view answer;
	const char *why = NULL;
	ssize_t got;

	(void)ready;
	got = recv(fd, exchange->answer + exchange->got, want - exchange->got, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		tcp_failed(exchange, got < 0 ? errno : ECONNRESET);
		return;
	}
	exchange->got += (size_t)got;
	if (exchange->got < want || (want == 2 && wire_u16(exchange->answer) > 0))
		return;
	if (answers(exchange, &answer, exchange->answer + 2, exchange->got - 2, &why)) {
		finish(exchange, &answer);
		return;
	}
	acmems_error_set(
		&exchange->err, ACMEMS_BAD_ANSWER, "its answer over TCP makes no sense: %s", why);
	finish(exchange, NULL);
}

/* Connected, or not: the first write says so. */
static void on_tcp_writable(void *arg, int fd, unsigned ready)
{
	struct exchange *exchange = arg;
	ssize_t put = send(fd, exchange->request + exchange->sent,
		exchange->request_len - exchange->sent, MSG_NOSIGNAL);

	(void)ready;
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		tcp_failed(exchange, errno);
		return;
	}
	exchange->sent += (size_t)put;
	exchange->lost = true;
	if (exchange->sent < exchange->request_len)
		return;
	acmems_watch_free(exchange->watch);
	exchange->watch =
		acmems_watch_new(fd, ACMEMS_READ, on_tcp_answer, exchange, &exchange->err);
	if (!exchange->watch)
		finish(exchange, NULL);
}

static void start_tcp(struct exchange *exchange, bool silent)
{
	close_socket(exchange);
	exchange->tcp = true;
	exchange->silent = silent;
	exchange->answer = malloc(2 + WIRE_MAX);
	if (!exchange->answer)
		acmems_error_set(
			&exchange->err, ACMEMS_NO_MEMORY, "no memory for a DNS answer over TCP");
	if (exchange->answer &&
		connect_socket(exchange, SOCK_STREAM, ACMEMS_WRITE, on_tcp_writable))
		arm(exchange);
	else
		fail_soon(exchange);
}

/* ---- UDP ---- */

/* Takes one datagram; false when there is none, or nothing is to be done with further ones. */
static bool take_datagram(struct exchange *exchange)
{
	uint8_t bytes[UDP_MAX];
	ssize_t len = recv(exchange->fd, bytes, sizeof(bytes), MSG_TRUNC);
	struct wire_view answer;
	const char *why = NULL;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len < 0) {
		/* nobody there, or nobody there over UDP */
		start_tcp(exchange, true);
		return false;
	}
	if ((size_t)len > sizeof(bytes))
		return true;
	if (answers(exchange, &answer, bytes, (size_t)len, &why) && !answer.truncated) {
		finish(exchange, &answer);
		return false;
	}
	if (!answer.truncated || !header_fits(exchange, &answer))
		return true;
	exchange->lost = true;
	start_tcp(exchange, false);
	return false;
}

static void on_datagrams(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	for (int i = 0; i < DATAGRAMS_PER_ROUND; i++)
		if (!take_datagram(arg))
			return;
}

static void send_datagram(struct exchange *exchange)
{
	int64_t now = acmems_clock_ms();

	/* what can not be sent now may be sent the next time; what has failed is told by recv() */
	(void)send(exchange->fd, exchange->request + 2, exchange->request_len - 2, MSG_NOSIGNAL);
	exchange->sends++;
	exchange->resend_ms = now + exchange->pause_ms;
	if (exchange->resend_ms > exchange->udp_end_ms)
		exchange->resend_ms = exchange->udp_end_ms;
	exchange->pause_ms *= 2;
	arm(exchange);
}

static void on_timer(void *arg)
{
	struct exchange *exchange = arg;
	int64_t now = acmems_clock_ms();

	if (!exchange->tcp && now >= exchange->resend_ms)
		exchange->lost = true;
	if (now >= exchange->end_ms) {
		acmems_error_set(&exchange->err, ACMEMS_TIMEOUT, "no answer%s",
			!exchange->tcp     ? " over UDP"
			: exchange->silent ? " over UDP and TCP"
					   : " over TCP");
		finish(exchange, NULL);
	} else if (exchange->tcp || now < exchange->resend_ms) {
		arm(exchange);
	} else if (exchange->sends < UDP_SENDS && now < exchange->udp_end_ms) {
		send_datagram(exchange);
	} else {
		start_tcp(exchange, true);
	}
}

/* ---- both ---- */

static bool copy_request(struct exchange *exchange, const struct message *message)
{
	const char *why;

	exchange->request = malloc(2 + message->len);
	if (!exchange->request)
		return false;
	exchange->request[0] = (uint8_t)(message->len >> 8);
	exchange->request[1] = (uint8_t)message->len;
	memcpy(exchange->request + 2, message->bytes, message->len);
	exchange->request_len = 2 + message->len;
	return wire_look(&exchange->question, exchange->request + 2, message->len, &why);
}

struct exchange *exchange_start(const struct exchange_config *config)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	int64_t now = acmems_clock_ms();

	if (!exchange)
		return NULL;
	exchange->fd = -1;
	exchange->timer = acmems_timer_new(on_timer, exchange);
	if (!exchange->timer || !copy_request(exchange, config->message)) {
		exchange_free(exchange);
		return NULL;
	}
	exchange->done = config->done;
	exchange->arg = config->arg;
	exchange->server = *config->server;
	exchange->end_ms = now + config->timeout_ms;
	exchange->udp_end_ms = now + config->timeout_ms * 3 / 5;
	exchange->pause_ms = RESEND_MS;
	if (connect_socket(exchange, SOCK_DGRAM, ACMEMS_READ, on_datagrams))
		send_datagram(exchange);
	else
		fail_soon(exchange);
	return exchange;
}
