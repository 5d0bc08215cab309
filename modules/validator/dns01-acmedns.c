/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-acmedns.c - has an acme-dns server show TXT records: each name has an account there,
 * and _acme-challenge.NAME is a CNAME of the account's name. The work is in dns01-acmedns_job.c, the
 * file of accounts in dns01-acmedns_account.c.
 */
#include <string.h>

#include <acmems/address.h>
#include <acmems/module.h>

#include "dns01-acmedns_account.h"
#include "dns01-acmedns_job.h"

static const char *const challenges[] = {"dns-01", "dns-account-01", NULL};

static const struct acmems_option options[] = {
	{.name = "server",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct acmedns, server),
		.min = 8,
		.max = 2000,
		.help = "URL of the server, in front of /update; else what each account says"},
	{.name = "accounts",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct acmedns, accounts),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 4095,
		.help = "JSON file of the accounts, by name"},
	{.name = "register",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct acmedns, registers),
		.fallback = "false",
		.help = "register an account for a name that has none"},
	{.name = "allow-from",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct acmedns, allow_from),
		.max = 32,
		.help = "networks that accounts registered by us may be used from"},
	{.name = "check-cname",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct acmedns, check_cname),
		.fallback = "true",
		.help = "make sure first that _acme-challenge.NAME leads to the account's name"},
	{.name = "ca-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct acmedns, ca_file),
		.min = 1,
		.max = 4095,
		.help = "further trust anchors for the server's certificate, PEM"},
	{.name = "challenge",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct acmedns, challenge),
		.fallback = "dns-01",
		.choices = challenges,
		.help = "challenge to solve"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct acmedns, timeout_ms),
		.fallback = "100s",
		.min = 1000,
		.max = 115000,
		.help = "for a record to be published and seen"},
	ACMEMS_DNS_LOOK_OPTIONS(struct acmedns, look),
};

static bool check_url(const char *url, struct acmems_error *err)
{
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"server \"%.100s\" is no URL: it has to begin with https:// or http://",
			url);
	return true;
}

/* A file that is not there yet is made by the first registration. */
static bool check_accounts(const struct acmedns *acmedns, struct acmems_error *err)
{
	struct acmems_error why = {0};

	if (acmedns_account_try(acmedns->accounts, &why) ||
		(why.code == ACMEMS_NOT_FOUND && acmedns->registers))
		return true;
	*err = why;
	err->code = ACMEMS_CONFIG;
	return acmems_error_context(err, "accounts");
}

static bool acmedns_check(void *instance, struct acmems_error *err)
{
	struct acmedns *acmedns = instance;

	if (acmedns->registers && !acmedns->server)
		return acmems_error_set(err, ACMEMS_CONFIG, "register needs server");
	if (acmedns->allow_from.count > 0 && !acmedns->registers)
		return acmems_error_set(err, ACMEMS_CONFIG, "allow-from needs register = true");
	for (size_t i = 0; i < acmedns->allow_from.count; i++) {
		struct acmems_network network;

		if (!acmems_network_parse(acmedns->allow_from.items[i], &network, err))
			return acmems_error_context(err, "allow-from");
	}
	return (!acmedns->server || check_url(acmedns->server, err)) &&
	       acmems_dns_look_check(&acmedns->look, err) && check_accounts(acmedns, err);
}

static bool acmedns_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	return acmedns_job_present(instance, op, challenge, err);
}

/* acme-dns has no way to remove a value; it goes when two others have come. */
static bool acmedns_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	(void)err;
	acmedns_job_cleanup(instance, challenge->id);
	acmems_op_finish(op, NULL);
	return true;
}

static void acmedns_release(void *instance)
{
	acmedns_job_drop_all(instance);
}

static const char *const *acmedns_types(void *instance)
{
	static const char *const types[][2] = {{"dns-01", NULL}, {"dns-account-01", NULL}};
	const struct acmedns *acmedns = instance;

	return types[acmedns->challenge];
}

static const struct acmems_validator_ops ops = {
	.present = acmedns_present, .cleanup = acmedns_cleanup, .types_of = acmedns_types};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns01-acmedns"),
	.version = ACMEMS_VERSION,
	.summary = "has an acme-dns server show TXT records",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct acmedns),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = acmedns_check,
	.release = acmedns_release,
};
