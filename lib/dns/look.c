/* SPDX-License-Identifier: ISC */
/* look.c - the options that validators by DNS share, and what they come to. */
#include <string.h>

#include <acmems/dns_look.h>

static bool is_word(const struct acmems_list *list, const char *word)
{
	return list->count == 1 && strcmp(list->items[0], word) == 0;
}

static bool check_servers(
	const char *option, const struct acmems_list *list, struct acmems_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!acmems_dns_server_check(list->items[i], err))
			return acmems_error_context(err, "%s", option);
	}
	return true;
}

/* The words would pass for names of servers. */
static bool check_propagation(const struct acmems_list *list, struct acmems_error *err)
{
	if (is_word(list, "authoritative") || is_word(list, "none"))
		return true;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], "authoritative") == 0 ||
			strcmp(list->items[i], "none") == 0)
			return acmems_error_set(err, ACMEMS_CONFIG,
				"propagation: \"%s\" has to stand alone", list->items[i]);
		if (!strpbrk(list->items[i], ".:") && strcmp(list->items[i], "localhost") != 0)
			return acmems_error_set(err, ACMEMS_CONFIG,
				"propagation: \"%s\" is not \"authoritative\", \"none\", or the "
				"address or "
				"full name of a name server (a short one needs its port, "
				"\"ns:53\")",
				list->items[i]);
	}
	return check_servers("propagation", list, err);
}

bool acmems_dns_look_check(const struct acmems_dns_look *look, struct acmems_error *err)
{
	return check_propagation(&look->propagation, err) &&
	       check_servers("resolvers", &look->resolvers, err);
}

bool acmems_dns_look_waits(const struct acmems_dns_look *look)
{
	return !is_word(&look->propagation, "none");
}

static char *const *resolvers_of(const struct acmems_dns_look *look)
{
	return look->resolvers.count > 0 ? look->resolvers.items : NULL;
}

uint64_t acmems_dns_look_find(const struct acmems_dns_look *look, const char *name,
	int64_t timeout_ms, acmems_dns_place_done *done, void *arg, struct acmems_error *err)
{
	struct acmems_dns_find find = {
		.name = name, .resolvers = resolvers_of(look), .timeout_ms = timeout_ms};

	return acmems_dns_find(&find, done, arg, err);
}

/* Completes it with what the options say. */
static uint64_t start(const struct acmems_dns_look *look, struct acmems_dns_wait *wait,
	acmems_dns_wait_done *done, void *arg, struct acmems_error *err)
{
	if (!is_word(&look->propagation, "authoritative"))
		wait->servers = look->propagation.items;
	wait->port = (uint16_t)look->nameserver_port;
	wait->resolvers = resolvers_of(look);
	return acmems_dns_wait(wait, done, arg, err);
}

uint64_t acmems_dns_look_wait(const struct acmems_dns_look *look, const char *owner,
	const char *zone, const char *value, int64_t timeout_ms, acmems_dns_wait_done *done,
	void *arg, struct acmems_error *err)
{
	struct acmems_dns_wait wait = {
		.owner = owner, .zone = zone, .value = value, .timeout_ms = timeout_ms};

	return start(look, &wait, done, arg, err);
}

uint64_t acmems_dns_look_once(const struct acmems_dns_look *look, const char *owner,
	const char *zone, bool (*shows)(void *arg, const char *text, size_t len),
	int64_t timeout_ms, acmems_dns_wait_done *done, void *arg, struct acmems_error *err)
{
	struct acmems_dns_wait wait = {.owner = owner,
		.zone = zone,
		.timeout_ms = timeout_ms,
		.shows = shows,
		.once = true};

	return start(look, &wait, done, arg, err);
}
