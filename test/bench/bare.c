/* SPDX-License-Identifier: ISC */
/*
 * bare.c - the reference of the benchmark: the least that evhttp can do. Reads a request, answers it
 * with so many bytes, checks nothing.
 *
 * usage: bare BYTES     prints the port it listens on
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static char *body;
static size_t body_len;

static void on_request(struct evhttp_request *request, void *arg)
{
	struct evbuffer *out = evbuffer_new();

	(void)arg;
	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "text/plain");
	evbuffer_add(out, body, body_len);
	evhttp_send_reply(request, 200, "OK", out);
	evbuffer_free(out);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	body_len = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	body = malloc(body_len);
	if (!body || !bound)
		return 1;
	memset(body, 'x', body_len);
	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	evhttp_set_gencb(http, on_request, NULL);
	event_base_dispatch(base);
	return 0;
}
