/* SPDX-License-Identifier: ISC */
/* settings_mgmt.c - the groups `mgmt` and `log`. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/schema.h"
#include "net/address.h"
#include "net/proxies.h"
#include "settings/settings_parts.h"
#include "x509/name.h"

/* ---- log ---- */

static const struct acmems_option log_rows[] = {
	{.name = "level",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct settings, log.level),
		.fallback = "info",
		.choices = log_level_names,
		.help = "the least important lines that are written"},
	{.name = "target",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, log.target),
		.fallback = "stderr",
		.min = 1,
		.max = 3000,
		.help = "stderr, syslog, journal or the absolute path of a file"},
	{.name = "format",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct settings, log.format),
		.fallback = "text",
		.choices = log_format_names,
		.help = "text or JSON"},
};

#define LOG_ROWS (sizeof(log_rows) / sizeof(log_rows[0]))

const struct acmems_option *settings_log_rows(size_t *ret_count)
{
	*ret_count = LOG_ROWS;
	return log_rows;
}

bool settings_log_read(struct settings *settings, struct conf_faults *faults)
{
	const struct conf_node *node = conf_child(settings->root, "log");
	struct schema schema = {.what = "log", .rows = log_rows, .count = LOG_ROWS};
	bool ok = schema_apply(&schema, node, settings, faults);
	const char *target = settings->log.target;

	if (!target || target[0] == '/' || strcmp(target, "stderr") == 0 ||
		strcmp(target, "syslog") == 0 || strcmp(target, "journal") == 0)
		return ok;
	conf_fault(faults, conf_child(node, "target"),
		"log: \"target\" can not be \"%s\": it is stderr, syslog, journal or the absolute "
		"path of a file",
		target);
	return false;
}

void settings_log_free(struct settings *settings)
{
	schema_free(log_rows, LOG_ROWS, settings);
}

/* ---- mgmt ---- */

#define MAX_SIZE_CEILING 65536
#define MINUTE_MS INT64_C(60000)

static const struct acmems_option tls_rows[] = {
	{.name = "listen",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings, mgmt.tls.listen),
		.min = 0,
		.max = 64,
		.help = "where TLS is spoken, beside mgmt's listen; default: at all addresses "
			"there"},
	{.name = "certificate",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.tls.certificate),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 3000,
		.help = "file with the server's certificate and its chain, PEM"},
	{.name = "key",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.tls.key),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 3000,
		.help = "file with its key, PEM"},
	{.name = "self",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings, mgmt.tls.self),
		.min = 1,
		.max = 100,
		.help = "names of the server: its certificate is ordered as anybody's and written "
			"to the two files"},
	{.name = "client-ca",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.tls.client_ca),
		.min = 1,
		.max = 3000,
		.help = "file with the CAs that clients' certificates are verified with, PEM"},
	{.name = "client-crl",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.tls.client_crl),
		.min = 1,
		.max = 3000,
		.help = "file with the revocation lists of all these CAs, PEM"},
};

static const struct acmems_option mgmt_rows[] = {
	{.name = "listen",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings, mgmt.listen),
		.fallback = "127.0.0.1:1313, [::1]:1313",
		.min = 0,
		.max = 64,
		.help = "where requests come in; an empty list: nowhere"},
	{.name = "tls",
		.type = ACMEMS_GROUP,
		.rows = tls_rows,
		.row_count = sizeof(tls_rows) / sizeof(tls_rows[0]),
		.help = "TLS for those who come in"},
	{.name = "trusted-proxies",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings, mgmt.trusted_proxies),
		.min = 0,
		.max = 4096,
		.help = "proxies that are believed for whom they ask; \"unix:\" is those of Unix "
			"sockets"},
	{.name = "proxy-protocol",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct settings, mgmt.proxy_protocol),
		.fallback = "false",
		.help = "whether every connection comes from a proxy and begins with a PROXY "
			"header"},
	{.name = "max-size",
		.type = ACMEMS_SIZE,
		.offset = offsetof(struct settings, mgmt.max_size),
		.fallback = "16k",
		.min = 1024,
		.max = MAX_SIZE_CEILING,
		.help = "largest CSR that is read"},
	{.name = "max-pending",
		.type = ACMEMS_INT,
		.offset = offsetof(struct settings, mgmt.max_pending),
		.fallback = "2000",
		.min = 1,
		.max = 100000,
		.help = "requests that may wait for the CA at once; more are answered 503"},
	{.name = "max-connections",
		.type = ACMEMS_INT,
		.offset = offsetof(struct settings, mgmt.max_connections),
		.fallback = "4096",
		.min = 1,
		.max = 100000,
		.help = "connections that may be open at once"},
	{.name = "max-per-address",
		.type = ACMEMS_INT,
		.offset = offsetof(struct settings, mgmt.max_per_address),
		.fallback = "1024",
		.min = 1,
		.max = 100000,
		.help = "connections of one IPv4 address or IPv6 /64"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct settings, mgmt.timeout),
		.fallback = "5m",
		.min = 1000,
		.max = 24 * 60 * MINUTE_MS,
		.help = "how long one order may take"},
	{.name = "drain",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct settings, mgmt.drain),
		.fallback = "30s",
		.min = 0,
		.max = 60 * MINUTE_MS,
		.help = "how long a stop waits for requests and orders under way"},
	{.name = "wildcards",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct settings, mgmt.wildcards),
		.fallback = "true",
		.help = "whether wildcard names may be asked for at all"},
	{.name = "default-account",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.default_account),
		.help = "account of blocks that name none"},
	{.name = "default-validator",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.default_validator),
		.help = "validator of blocks that name none"},
	{.name = "default-storage",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.default_storage),
		.help = "storage of blocks that name none"},
	{.name = "default-notify",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct settings, mgmt.default_notify),
		.help = "notifiers of blocks that name none, and of all else; default: every one"},
	{.name = "state-dir",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct settings, mgmt.state_dir),
		.fallback = ACMEMS_STATE_DIR,
		.min = 1,
		.max = 3000,
		.help = "directory of what has to survive a restart"},
};

#define MGMT_ROWS (sizeof(mgmt_rows) / sizeof(mgmt_rows[0]))

const struct acmems_option *settings_mgmt_rows(size_t *ret_count)
{
	*ret_count = MGMT_ROWS;
	return mgmt_rows;
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return ok;
}

/* The default must work on machines without IPv6, too; what somebody wrote is taken at its word. */
static void fit_default_listen(struct acmems_list *listen)
{
	if (listen->given || listen->count < 2 || has_ipv6())
		return;
	free(listen->items[--listen->count]);
	listen->items[listen->count] = NULL;
}

/* All places of both lists, to find one that is in both. */
struct places {
	const struct address_place *others; /* NULL: the first list */
	size_t other_count;
	struct address_place *items;
	size_t count;
};

static bool is_taken(const struct places *places, const char *text)
{
	for (size_t i = 0; i < places->other_count; i++) {
		if (strcmp(places->others[i].text, text) == 0)
			return true;
	}
	return false;
}

static bool check_text(struct places *places, const char *text, const struct conf_node *node,
	struct conf_faults *faults)
{
	struct address_place *fresh = &places->items[places->count];
	struct acmems_error err = {0};
	size_t count = address_places_parse(text, fresh, &err);

	if (count == 0) {
		conf_fault(faults, node, "mgmt: \"listen\": %s", err.message);
		return false;
	}
	places->count += count;
	for (size_t i = 0; i < count; i++) {
		if (!is_taken(places, fresh[i].text))
			continue;
		conf_fault(faults, node,
			"mgmt: \"%s\" is in the list of \"tls\" and in that without TLS", text);
		return false;
	}
	return true;
}

static bool check_list(const struct acmems_list *listen, struct places *places,
	const struct conf_node *node, struct conf_faults *faults)
{
	bool ok = true;

	places->items = calloc(listen->count * ADDRESS_PLACES_MAX + 1, sizeof(*places->items));
	if (!places->items) {
		conf_fault(faults, node, "mgmt: no memory for addresses");
		return false;
	}
	for (size_t i = 0; i < listen->count; i++)
		ok = check_text(places, listen->items[i], node, faults) && ok;
	return ok;
}

static bool check_listen(
	const struct settings *settings, const struct conf_node *node, struct conf_faults *faults)
{
	const struct settings_mgmt *mgmt = &settings->mgmt;
	struct places plain = {0}, tls = {0};
	bool ok = check_list(&mgmt->listen, &plain, conf_child(node, "listen"), faults);

	tls.others = plain.items;
	tls.other_count = plain.count;
	ok = check_list(&mgmt->tls.listen, &tls, conf_child(conf_child(node, "tls"), "listen"),
		     faults) &&
	     ok;
	free(plain.items);
	free(tls.items);
	return ok;
}

static bool check_tls(
	const struct settings *settings, const struct conf_node *node, struct conf_faults *faults)
{
	const struct acmems_list *self = &settings->mgmt.tls.self;
	char name[NAME_DNS_MAX];
	bool ok = !settings->mgmt.tls.client_crl || settings->mgmt.tls.client_ca;

	if (!ok)
		conf_fault(faults, conf_child(node, "client-crl"),
			"mgmt: tls: \"client-crl\" needs \"client-ca\"");
	for (size_t i = 0; i < self->count; i++) {
		struct acmems_error err = {0};
		bool wildcard;

		if (name_dns(self->items[i], strlen(self->items[i]), name, &wildcard, &err))
			continue;
		conf_fault(
			faults, conf_child(node, "self"), "mgmt: tls: \"self\": %s", err.message);
		ok = false;
	}
	return ok;
}

static bool check_proxies(
	const struct settings *settings, const struct conf_node *node, struct conf_faults *faults)
{
	const struct settings_mgmt *mgmt = &settings->mgmt;
	struct proxies proxies = {0};
	struct acmems_error err = {0};
	bool ok = true;

	if (mgmt->trusted_proxies.count > 0 &&
		!proxies_parse(&proxies, mgmt->trusted_proxies.items, &err)) {
		conf_fault(faults, conf_child(node, "trusted-proxies"),
			"mgmt: \"trusted-proxies\": %s", err.message);
		ok = false;
	}
	proxies_free(&proxies);
	if (!mgmt->proxy_protocol || mgmt->trusted_proxies.count > 0)
		return ok;
	conf_fault(faults, conf_child(node, "proxy-protocol"),
		"mgmt: \"proxy-protocol\" needs \"trusted-proxies\": nobody could connect");
	return false;
}

bool settings_mgmt_read(struct settings *settings, struct conf_faults *faults)
{
	const struct conf_node *node = conf_child(settings->root, "mgmt");
	struct schema schema = {.what = "mgmt", .rows = mgmt_rows, .count = MGMT_ROWS};
	bool ok = schema_apply(&schema, node, settings, faults);

	fit_default_listen(&settings->mgmt.listen);
	ok = check_listen(settings, node, faults) && ok;
	ok = check_tls(settings, conf_child(node, "tls"), faults) && ok;
	return check_proxies(settings, node, faults) && ok;
}

void settings_mgmt_free(struct settings *settings)
{
	schema_free(mgmt_rows, MGMT_ROWS, settings);
}

struct tls_files_config settings_tls_files(const struct settings_tls *tls)
{
	return (struct tls_files_config){
		.certificate = tls->certificate,
		.key = tls->key,
		.client_ca = tls->client_ca,
		.client_crl = tls->client_crl,
	};
}
