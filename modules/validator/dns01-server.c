/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-server.c - answers dns-01 challenges itself (RFC 8555, 8.4), as the name server of
 * zones that are delegated to it and hold nothing else.
 *
 * Its options, and its life. How a record gets published is in dns01-server_attempt.c.
 */
#include "dns01-server_attempt.h"

/* For following, and for others to forget: a little less than the core gives. */
#define PRESENT_MS 115000

enum { CHALLENGE_DNS, CHALLENGE_DNS_ACCOUNT };

static const char *const challenges[] = {"dns-01", "dns-account-01", NULL};

static const struct acmems_option options[] = {
	{.name = "listen",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_server, listen),
		.fallback = "0.0.0.0:53, [::]:53",
		.help = "addresses to answer at, over UDP and TCP; an empty list: none"},
	{.name = "zones",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_server, zone_names),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 1024,
		.help = "zones that are delegated to this server"},
	{.name = "name-servers",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_server, name_servers),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 13,
		.help = "names of this server, as in the NS records that delegate the zones"},
	{.name = "mailbox",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct dns01_server, mailbox),
		.help = "mail address of who is in charge of the zones; hostmaster of each zone"},
	{.name = "challenge",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct dns01_server, challenge),
		.fallback = "dns-01",
		.choices = challenges,
		.help = "challenge to solve"},
	{.name = "ttl",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct dns01_server, ttl_ms),
		.fallback = "1s",
		.max = 60000,
		.help = "how long resolvers may remember a record, and that there is none"},
	{.name = "resolvers",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct dns01_server, resolvers),
		.max = 32,
		.help = "name servers for following CNAMEs; the system's if there are none"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct dns01_server, timeout_ms),
		.fallback = "30s",
		.min = 100,
		.max = 110000,
		.help = "how long following a name may take"},
};

/* ---- challenges ---- */

static bool dns01_server_present(void *instance, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct dns01_server *server = instance;
	char value[ACMEMS_CHALLENGE_TXT_MAX];
	char text[ACMEMS_DNS_NAME_MAX], name[ACMEMS_DNS_NAME_MAX];

	if (!server->server)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"validator \"%s\" answers at no address (listen is empty)",
			server->self.name);
	if (!acmems_challenge_txt(challenge, value))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to publish a value");
	if (!acmems_challenge_txt_name(challenge, text))
		return acmems_error_set(err, ACMEMS_VALIDATION,
			"%s is too long for a TXT record of its own", challenge->identifier);
	dns01_server_name(text, name);
	return dns01_server_attempt_begin(server, op, challenge->id, name, value, err);
}

static bool dns01_server_cleanup(void *instance, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err)
{
	struct dns01_server *server = instance;

	(void)err;
	dns01_server_book_remove(&server->book, challenge->id);
	acmems_op_finish(op, NULL);
	return true;
}

static bool on_question(void *arg, const char *name, const struct acmems_address *peer,
	struct acmems_dns_reply *reply)
{
	struct dns01_server *server = arg;
	bool exists = dns01_server_book_show(&server->book, name, reply, acmems_challenge_seen);
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	if (acmems_log_enabled(ACMEMS_LOG_DEBUG))
		acmems_log(ACMEMS_LOG_DEBUG, DNS01_SERVER_ROOM, server->self.name,
			"%s asks for %s, which %s", acmems_address_text(peer, text), name,
			exists ? "exists" : "is not published");
	return exists;
}

/* ---- life ---- */

static bool dns01_server_check(void *instance, struct acmems_error *err)
{
	struct dns01_server *server = instance;

	for (size_t i = 0; i < server->resolvers.count; i++) {
		if (!acmems_dns_server_check(server->resolvers.items[i], err))
			return acmems_error_context(err, "resolvers");
	}
	if (server->timeout_ms + server->ttl_ms > PRESENT_MS)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"timeout and ttl are more than %d seconds together", PRESENT_MS / 1000);
	dns01_server_zones_fini(&server->zones);
	return dns01_server_zones_init(
		&server->zones, &server->zone_names, &server->name_servers, server->mailbox, err);
}

static bool dns01_server_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct dns01_server *server = instance;
	struct acmems_dns_server_config config = {
		.room = DNS01_SERVER_ROOM,
		.listen = server->listen.items,
		.zones = server->zones.list,
		.zone_count = server->zones.count,
		.ttl = (uint32_t)(server->ttl_ms / 1000),
		.handler = on_question,
		.arg = server,
	};

	if (server->listen.count > 0) {
		server->server = acmems_dns_server_new(&config, err);
		if (!server->server)
			return false;
		acmems_dns_server_open(server->server);
	}
	acmems_op_finish(op, NULL);
	return true;
}

static void dns01_server_release(void *instance)
{
	struct dns01_server *server = instance;

	dns01_server_attempts_drop(server);
	acmems_dns_server_free(server->server);
	server->server = NULL;
	dns01_server_book_fini(&server->book);
	dns01_server_zones_fini(&server->zones);
}

static const char *const *dns01_server_types_of(void *instance)
{
	static const char *const dns[] = {"dns-01", NULL};
	static const char *const dns_account[] = {"dns-account-01", NULL};
	const struct dns01_server *server = instance;

	return server->challenge == CHALLENGE_DNS ? dns : dns_account;
}

static const struct acmems_validator_ops ops = {.present = dns01_server_present,
	.cleanup = dns01_server_cleanup,
	.types_of = dns01_server_types_of};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns01-server"),
	.version = ACMEMS_VERSION,
	.summary = "answers dns-01 challenges with a small name server of its own",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct dns01_server),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = dns01_server_check,
	.start = dns01_server_start,
	.release = dns01_server_release,
};
