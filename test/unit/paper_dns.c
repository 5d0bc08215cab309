/* SPDX-License-Identifier: ISC */
/* paper_dns.c - see paper_dns.h. RFC 1035, as little of it as is needed. */
#include "paper_dns.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "net/resolver.h"

#define HEADER 12
#define TYPE_A 1
#define TYPE_AAAA 28

/* The name of the question as text; returns the offset behind the question, 0 if it is none. */
static size_t read_question(const struct paper_question *question, char *name, uint16_t *type)
{
	size_t at = HEADER, len = 0;

	while (at < question->len && question->data[at] != 0) {
		size_t label = question->data[at++];

		if (label > 63 || at + label >= question->len || len + label + 2 > 255)
			return 0;
		if (len > 0)
			name[len++] = '.';
		memcpy(name + len, question->data + at, label);
		len += label;
		at += label;
	}
	name[len] = '\0';
	if (at + 5 > question->len)
		return 0;
	*type = (uint16_t)(question->data[at + 1] << 8 | question->data[at + 2]);
	return at + 5;
}

static size_t add_records(uint8_t *out, size_t len, const char *const *texts, uint16_t type)
{
	int family = type == TYPE_A ? AF_INET : AF_INET6;
	size_t bytes = type == TYPE_A ? 4 : 16;

	for (; texts && *texts; texts++) {
		const uint8_t head[12] = {
			0xc0, HEADER, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0, (uint8_t)bytes};

		memcpy(out + len, head, sizeof(head));
		len += sizeof(head);
		assert_int_equal(inet_pton(family, *texts, out + len), 1);
		len += bytes;
		out[7]++;
	}
	return len;
}

static void answer(struct paper_dns *dns, const struct paper_question *question)
{
	uint8_t out[4096] = {0};
	uint16_t type = 0;
	size_t len = read_question(question, dns->last, &type);

	if (len == 0)
		return;
	memcpy(out, question->data, len);
	out[2] = 0x81;
	out[3] = (uint8_t)(0x80 | dns->rcode);
	memset(out + 6, 0, 6);
	if (dns->rcode == 0 && type == TYPE_A)
		len = add_records(out, len, dns->a, type);
	if (dns->rcode == 0 && type == TYPE_AAAA)
		len = add_records(out, len, dns->aaaa, type);
	switch (dns->lie) {
	case PAPER_DNS_HONEST:
		break;
	case PAPER_DNS_NOISE:
		memset(out, 0xff, len);
		break;
	case PAPER_DNS_OTHER_ID:
		out[0] ^= 0x55;
		break;
	case PAPER_DNS_CUT:
		len -= out[7] > 0 ? 3 : 0;
		break;
	}
	sendto(dns->fd, out, len, 0, (const struct sockaddr *)&question->from, question->from_len);
}

static void on_question(void *arg, int fd, unsigned ready)
{
	struct paper_dns *dns = arg;
	struct paper_question question = {.from_len = sizeof(question.from)};
	ssize_t len = recvfrom(fd, question.data, sizeof(question.data), MSG_DONTWAIT,
		(struct sockaddr *)&question.from, &question.from_len);

	(void)ready;
	if (len < HEADER)
		return;
	question.len = (size_t)len;
	dns->asked++;
	if (dns->silent)
		return;
	if (!dns->hold)
		answer(dns, &question);
	else if (dns->held_count < PAPER_DNS_HELD_MAX)
		dns->held[dns->held_count++] = question;
}

void paper_dns_release(struct paper_dns *dns)
{
	dns->hold = false;
	while (dns->held_count > 0)
		answer(dns, &dns->held[--dns->held_count]);
}

void paper_dns_init(struct paper_dns *dns)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct acmems_error err = {0};
	socklen_t len = sizeof(in);

	memset(dns, 0, sizeof(*dns));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(dns->fd >= 0);
	assert_int_equal(bind(dns->fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(getsockname(dns->fd, (struct sockaddr *)&in, &len), 0);
	dns->watch = acmems_watch_new(dns->fd, ACMEMS_READ, on_question, dns, &err);
	assert_non_null(dns->watch);
	snprintf(dns->server, sizeof(dns->server), "127.0.0.1:%u", ntohs(in.sin_port));
	assert_true(resolver_set_servers(dns->server));
}

void paper_dns_fini(struct paper_dns *dns)
{
	acmems_watch_free(dns->watch);
	close(dns->fd);
}
