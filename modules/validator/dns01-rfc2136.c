/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-rfc2136.c - TXT records by dynamic updates (RFC 2136), signed with a shared key
 * (TSIG, RFC 8945): options, and an instance's beginning and end. What happens to a record is in
 * dns01-rfc2136_record.c.
 */
#include "dns01-rfc2136.h"

#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/dns.h>
#include <acmems/file.h>
#include <acmems/validator.h>

#include "dns01-rfc2136_journal.h"
#include "dns01-rfc2136_leftover.h"
#include "dns01-rfc2136_record.h"

#define SECRET_MAX 4096

static const char *const challenges[] = {"dns-01", "dns-account-01", NULL};

static const struct acmems_option tsig_options[] = {
	{.name = "name",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, tsig_name),
		.min = 1,
		.max = 255,
		.help = "name of the key, as the name server knows it"},
	{.name = "algorithm",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, tsig_algorithm),
		.min = 1,
		.max = 64,
		.help = "hmac-sha256 if it is not given; hmac-sha1, -sha224, -sha384, -sha512, "
			"hmac-md5"},
	{.name = "secret",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, tsig_secret),
		.flags = ACMEMS_SECRET,
		.min = 1,
		.max = SECRET_MAX,
		.help = "the key itself, base64"},
	{.name = "secret-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, tsig_secret_file),
		.min = 1,
		.max = 4095,
		.help = "file that holds the secret, and that only we may read"},
	{.name = "key-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, tsig_key_file),
		.min = 1,
		.max = 4095,
		.help = "file as BIND's tsig-keygen or Knot's keymgr writes it; has name and "
			"algorithm, "
			"too"},
};

static const struct acmems_option options[] = {
	{.name = "server",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct rfc2136, server),
		.max = RFC2136_SERVERS_MAX,
		.help = "name servers that take updates, tried in turn; the zone's primary if "
			"there "
			"are none"},
	{.name = "tsig",
		.type = ACMEMS_GROUP,
		.rows = tsig_options,
		.row_count = sizeof(tsig_options) / sizeof(tsig_options[0]),
		.help = "the key that updates are signed with"},
	{.name = "zone",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, zone),
		.min = 1,
		.max = 1000,
		.help = "the zone to change; looked for if it is not given"},
	{.name = "ttl",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct rfc2136, ttl_ms),
		.fallback = "5s",
		.min = 0,
		.max = INT64_C(86400000),
		.help = "TTL of the records"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct rfc2136, timeout_ms),
		.fallback = "100s",
		.min = 1000,
		.max = 115000,
		.help = "for a record to be published and seen"},
	{.name = "challenge",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct rfc2136, challenge),
		.fallback = "dns-01",
		.choices = challenges,
		.help = "challenge to solve"},
	ACMEMS_DNS_LOOK_OPTIONS(struct rfc2136, look),
	{.name = "state-dir",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct rfc2136, state_dir),
		.fallback = ACMEMS_STATE_DIR,
		.min = 1,
		.max = 3000,
		.help = "directory for the list of records that are published"},
};

char *const *rfc2136_resolvers(const struct rfc2136 *rfc2136)
{
	return rfc2136->look.resolvers.count > 0 ? rfc2136->look.resolvers.items : NULL;
}

bool rfc2136_is_same(const struct rfc2136_entry *one, const struct rfc2136_entry *other)
{
	return strcmp(one->owner, other->owner) == 0 && strcmp(one->value, other->value) == 0;
}

bool rfc2136_hand_over(struct rfc2136 *rfc2136, const struct rfc2136_entry *entry)
{
	struct rfc2136_entry *other = rfc2136->entries;

	while (other && (other == entry || other->leftover || !rfc2136_is_same(other, entry)))
		other = other->next;
	if (other)
		other->stood = true;
	return other != NULL;
}

void rfc2136_forget(struct rfc2136 *rfc2136, struct rfc2136_entry *entry)
{
	struct rfc2136_entry **at = &rfc2136->entries;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	rfc2136_journal_remove(rfc2136, entry);
	rfc2136_entry_free(entry);
}

/* ---- check ---- */

static bool check_servers(const struct rfc2136 *rfc2136, struct acmems_error *err)
{
	for (size_t i = 0; i < rfc2136->server.count; i++) {
		if (!acmems_dns_server_check(rfc2136->server.items[i], err))
			return acmems_error_context(err, "server");
	}
	return true;
}

/* What the key is made of: one of the three, and name and algorithm where they are not in it. */
static bool check_tsig(const struct rfc2136 *rfc2136, struct acmems_error *err)
{
	int sources =
		!!rfc2136->tsig_secret + !!rfc2136->tsig_secret_file + !!rfc2136->tsig_key_file;

	if (sources > 1)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"tsig: only one of secret, secret-file and key-file can be given");
	if (rfc2136->tsig_key_file && (rfc2136->tsig_name || rfc2136->tsig_algorithm))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"tsig: name and algorithm are in the key-file, and can not be given beside "
			"it");
	if (!rfc2136->tsig_key_file && sources == 1 && !rfc2136->tsig_name)
		return acmems_error_set(err, ACMEMS_CONFIG, "tsig: the secret needs a name");
	if (sources == 0 && (rfc2136->tsig_name || rfc2136->tsig_algorithm))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "tsig: there is no secret, secret-file or key-file");
	return true;
}

static struct acmems_tsig_key *make_key(
	const struct rfc2136 *rfc2136, const char *text, size_t len, struct acmems_error *err)
{
	const char *algorithm = rfc2136->tsig_algorithm ? rfc2136->tsig_algorithm : "hmac-sha256";

	if (rfc2136->tsig_key_file)
		return acmems_tsig_key_read(text, len, err);
	if (text && strchr(text, '{')) {
		acmems_error_set(err, ACMEMS_CONFIG,
			"a whole key is in it, with name and algorithm: give it as key-file");
		return NULL;
	}
	return acmems_tsig_key_new(
		rfc2136->tsig_name, algorithm, text ? text : rfc2136->tsig_secret, err);
}

static bool read_key(struct rfc2136 *rfc2136, struct acmems_error *err)
{
	const char *path =
		rfc2136->tsig_key_file ? rfc2136->tsig_key_file : rfc2136->tsig_secret_file;
	char *text = NULL;
	size_t len = 0;

	acmems_tsig_key_free(rfc2136->key);
	rfc2136->key = NULL;
	if (!path && !rfc2136->tsig_secret)
		return true;
	if (path && !acmems_file_read_secret(path, SECRET_MAX, &text, &len, err))
		return acmems_error_context(err, "tsig");
	rfc2136->key = make_key(rfc2136, text, len, err);
	if (text)
		acmems_wipe(text, len);
	free(text);
	return rfc2136->key ||
	       acmems_error_context(err, "tsig%s%s", path ? ": " : "", path ? path : "");
}

static bool rfc2136_check(void *instance, struct acmems_error *err)
{
	struct rfc2136 *rfc2136 = instance;

	return check_servers(rfc2136, err) && acmems_dns_look_check(&rfc2136->look, err) &&
	       (!rfc2136->zone || acmems_dns_name_check(rfc2136->zone, err) ||
		       acmems_error_context(err, "zone")) &&
	       check_tsig(rfc2136, err) && read_key(rfc2136, err);
}

/* ---- life ---- */

/* Who was before us may have ended later than we have begun, and have left something. */
static void on_retry(void *arg)
{
	rfc2136_journal_inherit(arg);
	rfc2136_leftover_go_on(arg);
}

static bool rfc2136_begin(void *instance, uint64_t op, struct acmems_error *err)
{
	struct rfc2136 *rfc2136 = instance;

	rfc2136->retry = acmems_timer_new(on_retry, rfc2136);
	if (!rfc2136->retry)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a timer");
	if (!rfc2136_journal_open(rfc2136, err))
		return false;
	/* in the background: a server that is down is no reason not to start */
	rfc2136_leftover_go_on(rfc2136);
	acmems_op_finish(op, NULL);
	return true;
}

static void rfc2136_release(void *instance)
{
	struct rfc2136 *rfc2136 = instance;

	acmems_task_cancel(&rfc2136->sync);
	rfc2136_record_drop_all(rfc2136);
	rfc2136_leftover_stop(rfc2136);
	rfc2136_journal_close(rfc2136);
	while (rfc2136->entries) {
		struct rfc2136_entry *entry = rfc2136->entries;

		rfc2136->entries = entry->next;
		rfc2136_entry_free(entry);
	}
	acmems_tsig_key_free(rfc2136->key);
	rfc2136->key = NULL;
}

static bool rfc2136_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	return rfc2136_record_present(instance, op, challenge, err);
}

static bool rfc2136_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	return rfc2136_record_cleanup(instance, op, challenge, err);
}

static const char *const *rfc2136_types(void *instance)
{
	static const char *const types[][2] = {{"dns-01", NULL}, {"dns-account-01", NULL}};
	const struct rfc2136 *rfc2136 = instance;

	return types[rfc2136->challenge];
}

static const struct acmems_validator_ops ops = {
	.present = rfc2136_present, .cleanup = rfc2136_cleanup, .types_of = rfc2136_types};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns01-rfc2136"),
	.version = ACMEMS_VERSION,
	.summary = "publishes TXT records by dynamic updates, signed with TSIG",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct rfc2136),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = rfc2136_check,
	.start = rfc2136_begin,
	.release = rfc2136_release,
};
