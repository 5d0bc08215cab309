/* SPDX-License-Identifier: ISC */
/*
 * paper_dns.h - a name server on paper: UDP on loopback, on the loop of the test. It knows one set of
 * addresses, which every name has.
 */
#ifndef PAPER_DNS_H
#define PAPER_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PAPER_DNS_HELD_MAX 64

struct paper_question {
	struct sockaddr_storage from;
	socklen_t from_len;
	size_t len;
	uint8_t data[512];
};

struct paper_dns {
	/* the script; may be changed at any time */
	const char *const *a; /* texts, NULL at the end; NULL: none */
	const char *const *aaaa;
	int rcode; /* 2 SERVFAIL, 3 NXDOMAIN */
	bool silent; /* no answer at all */
	bool hold; /* none before paper_dns_release() */
	enum { PAPER_DNS_HONEST, PAPER_DNS_NOISE, PAPER_DNS_OTHER_ID, PAPER_DNS_CUT } lie;

	/* what came */
	unsigned asked;
	char last[256]; /* the name of the last question */

	int fd;
	char server[32]; /* for resolver_set_servers() */
	struct acmems_watch *watch;
	struct paper_question held[PAPER_DNS_HELD_MAX];
	size_t held_count;
};

/* Opens it and makes it the resolver's only server. */
void paper_dns_init(struct paper_dns *dns);
void paper_dns_fini(struct paper_dns *dns);

/* Answers what was held, the last question first, and holds nothing any more. */
void paper_dns_release(struct paper_dns *dns);

#endif
