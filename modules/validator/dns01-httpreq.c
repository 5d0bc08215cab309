/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-httpreq.c - has a web server publish TXT records, in the protocol of the provider
 * "httpreq" of lego: POST ENDPOINT/present and ENDPOINT/cleanup with {"fqdn", "value"}, or in raw mode
 * {"domain", "token", "keyAuth"}. What became of a record is in dns01-httpreq_record.c and _cleanup.c.
 */
#include <stdlib.h>
#include <string.h>

#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/http.h>
#include <acmems/module.h>

#include "dns01-httpreq_record.h"

#define PASSWORD_MAX 1024
#define ENDPOINT_MAX 2048

static const char *const modes[] = {"default", "raw", NULL};
static const char *const challenges[] = {"dns-01", "dns-account-01", NULL};

static const struct acmems_option options[] = {
	{.name = "endpoint",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct httpreq, endpoint),
		.flags = ACMEMS_REQUIRED,
		.min = 8,
		.max = ENDPOINT_MAX,
		.help = "URL in front of /present and /cleanup"},
	{.name = "mode",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct httpreq, mode),
		.fallback = "default",
		.choices = modes,
		.help = "what is sent: name and value of the record, or the challenge"},
	{.name = "username",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct httpreq, username),
		.min = 1,
		.max = 255,
		.help = "user of the basic authentication"},
	{.name = "password-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct httpreq, password_file),
		.min = 1,
		.max = 4095,
		.help = "file that holds the user's password, and that only we may read"},
	{.name = "ca-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct httpreq, ca_file),
		.min = 1,
		.max = 4095,
		.help = "further trust anchors for the server's certificate, PEM"},
	{.name = "follow-cname",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct httpreq, follow_cname),
		.fallback = "true",
		.help = "send the name that a CNAME at _acme-challenge.NAME leads to"},
	{.name = "challenge",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct httpreq, challenge),
		.fallback = "dns-01",
		.choices = challenges,
		.help = "challenge to solve"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct httpreq, timeout_ms),
		.fallback = "100s",
		.min = 1000,
		.max = 115000,
		.help = "for a record to be published and seen"},
	ACMEMS_DNS_LOOK_OPTIONS(struct httpreq, look),
	DNS01_NOTES_OPTION(struct httpreq),
};

static bool check_endpoint(const char *endpoint, struct acmems_error *err)
{
	if (strncmp(endpoint, "https://", 8) != 0 && strncmp(endpoint, "http://", 7) != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"endpoint \"%.100s\" is no URL: it has to begin with https:// or http://",
			endpoint);
	if (strpbrk(endpoint, "?#@ "))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"endpoint \"%.100s\" can have neither a query nor a user", endpoint);
	return true;
}

static bool read_password(struct httpreq *httpreq, struct acmems_error *err)
{
	char *password = NULL;
	size_t len = 0;

	if (!httpreq->username != !httpreq->password_file)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "username and password-file go together");
	if (!httpreq->username)
		return true;
	if (!acmems_file_read_secret(httpreq->password_file, PASSWORD_MAX, &password, &len, err))
		return acmems_error_context(err, "password-file");
	free(httpreq->authorization);
	httpreq->authorization = acmems_http_basic(httpreq->username, password, err);
	acmems_wipe(password, len);
	free(password);
	return httpreq->authorization || acmems_error_context(err, "username");
}

static bool httpreq_check(void *instance, struct acmems_error *err)
{
	struct httpreq *httpreq = instance;

	if (httpreq->mode == HTTPREQ_RAW && strcmp(challenges[httpreq->challenge], "dns-01") != 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"in raw mode the server makes the record's name, and can for dns-01 only");
	return check_endpoint(httpreq->endpoint, err) &&
	       acmems_dns_look_check(&httpreq->look, err) && read_password(httpreq, err);
}

static bool httpreq_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct httpreq *httpreq = instance;

	httpreq->notes = dns01_notes_open(&httpreq->self, httpreq->state_dir, err);
	if (!httpreq->notes)
		return false;
	/* in the background: a server that is down is no reason not to start */
	httpreq_record_inherit(httpreq);
	acmems_op_finish(op, NULL);
	return true;
}

static bool httpreq_present(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	return httpreq_record_present(instance, op, challenge, err);
}

static bool httpreq_cleanup(void *instance, uint64_t op, const struct acmems_challenge *challenge,
	struct acmems_error *err)
{
	return httpreq_record_cleanup(instance, op, challenge, err);
}

static void httpreq_release(void *instance)
{
	struct httpreq *httpreq = instance;

	httpreq_record_drop_all(httpreq);
	dns01_notes_close(httpreq->notes);
	httpreq->notes = NULL;
	if (httpreq->authorization)
		acmems_wipe(httpreq->authorization, strlen(httpreq->authorization));
	free(httpreq->authorization);
	httpreq->authorization = NULL;
}

static const char *const *httpreq_types(void *instance)
{
	static const char *const types[][2] = {{"dns-01", NULL}, {"dns-account-01", NULL}};
	const struct httpreq *httpreq = instance;

	return types[httpreq->challenge];
}

static const struct acmems_validator_ops ops = {
	.present = httpreq_present, .cleanup = httpreq_cleanup, .types_of = httpreq_types};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_VALIDATOR, "dns01-httpreq"),
	.version = ACMEMS_VERSION,
	.summary = "has a web server publish TXT records, as lego's httpreq does",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct httpreq),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = httpreq_check,
	.start = httpreq_start,
	.release = httpreq_release,
};
