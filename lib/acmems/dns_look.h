/* SPDX-License-Identifier: ISC */
/*
 * dns_look.h - what all validators by DNS have in common when they look at the DNS: the options
 * "propagation", "resolvers" and "nameserver-port", which mean the same everywhere, and dns_find.h
 * asked accordingly.
 *
 *   struct mine { struct acmems_instance self; struct acmems_dns_look look; };
 *   static const struct acmems_option options[] = { ACMEMS_DNS_LOOK_OPTIONS(struct mine, look), ... };
 */
#ifndef ACMEMS_DNS_LOOK_H
#define ACMEMS_DNS_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/dns_find.h>
#include <acmems/error.h>
#include <acmems/option.h>

struct acmems_dns_look {
	struct acmems_list propagation; /* "authoritative", "none", or name servers */
	struct acmems_list resolvers; /* name servers; none: the system's */
	int64_t nameserver_port; /* of zones' name servers; 1 to 65535 */
};

/* Rows for the member of the struct that is a struct acmems_dns_look. */
#define ACMEMS_DNS_LOOK_OPTIONS(type_, member_)                                                    \
	{.name = "propagation",                                                                    \
		.type = ACMEMS_LIST,                                                               \
		.offset =                                                                          \
			offsetof(type_, member_) + offsetof(struct acmems_dns_look, propagation),  \
		.fallback = "authoritative",                                                       \
		.min = 1,                                                                          \
		.max = 32,                                                                         \
		.help = "who has to show the record before the CA is told: \"authoritative\", "    \
			"\"none\", or name servers"},                                              \
		{.name = "resolvers",                                                              \
			.type = ACMEMS_LIST,                                                       \
			.offset = offsetof(type_, member_) +                                       \
				  offsetof(struct acmems_dns_look, resolvers),                     \
			.max = 32,                                                                 \
			.help = "name servers for looking things up; the system's if there are "   \
				"none"},                                                           \
	{                                                                                          \
		.name = "nameserver-port", .type = ACMEMS_INT,                                     \
		.offset = offsetof(type_, member_) +                                               \
			  offsetof(struct acmems_dns_look, nameserver_port),                       \
		.fallback = "53", .min = 1, .max = 65535,                                          \
		.help = "port of the zone's name servers"                                          \
	}

/* Whether the lists name servers; if not, *err (ACMEMS_CONFIG) says so, with the option's name. */
bool acmems_dns_look_check(const struct acmems_dns_look *look, struct acmems_error *err);

/* Whether records are waited for: not with "none". */
bool acmems_dns_look_waits(const struct acmems_dns_look *look);

/* acmems_dns_find() with these resolvers; to be cancelled as that. */
uint64_t acmems_dns_look_find(const struct acmems_dns_look *look, const char *name,
	int64_t timeout_ms, acmems_dns_place_done *done, void *arg, struct acmems_error *err);

/* acmems_dns_wait() for a value at these servers; to be cancelled as that. */
uint64_t acmems_dns_look_wait(const struct acmems_dns_look *look, const char *owner,
	const char *zone, const char *value, int64_t timeout_ms, acmems_dns_wait_done *done,
	void *arg, struct acmems_error *err);

/* The same for a record that `shows` judges, and only once (see struct acmems_dns_wait). */
uint64_t acmems_dns_look_once(const struct acmems_dns_look *look, const char *owner,
	const char *zone, bool (*shows)(void *arg, const char *text, size_t len),
	int64_t timeout_ms, acmems_dns_wait_done *done, void *arg, struct acmems_error *err);

#endif
