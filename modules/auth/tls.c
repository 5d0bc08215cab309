/* SPDX-License-Identifier: ISC */
/*
 * auth/tls.c - lets those in who have shown a certificate in the TLS handshake that has one of some
 * names, subjects, issuers or fingerprints: `tls = [ "*.example.org" ];` or
 * `tls: { subject = [ "CN=mail,*" ]; };`.
 *
 * That the certificate is good, and whose CA signed it, was seen to by the listener (client-ca). Every
 * option that is given has to fit. Only DNS names and addresses are compared in any case: two that
 * differ in nothing else may be two clients' otherwise.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/auth.h>
#include <acmems/glob.h>
#include <acmems/module.h>

#define DIGEST_HEX 64

struct pattern {
	enum acmems_name_kind kind;
	const char *glob;
};

struct fingerprint {
	char hex[DIGEST_HEX + 1]; /* lower case, without colons */
};

struct tls {
	struct acmems_instance self;
	struct acmems_list san;
	struct acmems_list subject;
	struct acmems_list issuer;
	struct acmems_list fingerprint;
	struct pattern *patterns; /* as many as san */
	struct fingerprint *fingerprints; /* as many as fingerprint */
};

static const struct acmems_option options[] = {
	{.name = "san",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct tls, san),
		.flags = ACMEMS_DIRECT,
		.min = 1,
		.max = 4096,
		.help = "patterns of names; \"email:\", \"URI:\" and \"IP:\" in front for other "
			"kinds than DNS"},
	{.name = "subject",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct tls, subject),
		.min = 1,
		.max = 4096,
		.help = "patterns of subjects, as in \"CN=mail,O=Example\""},
	{.name = "issuer",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct tls, issuer),
		.min = 1,
		.max = 4096,
		.help = "patterns of issuers, alike"},
	{.name = "fingerprint",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct tls, fingerprint),
		.min = 1,
		.max = 4096,
		.help = "SHA-256 of certificates, in hex, with colons or without"},
};

static const struct {
	const char *prefix;
	enum acmems_name_kind kind;
} kinds[] = {
	{"DNS:", ACMEMS_NAME_DNS},
	{"IP:", ACMEMS_NAME_IP},
	{"email:", ACMEMS_NAME_EMAIL},
	{"URI:", ACMEMS_NAME_URI},
};

/* ---- options ---- */

static bool read_pattern(const char *text, struct pattern *pattern, struct acmems_error *err)
{
	*pattern = (struct pattern){.kind = ACMEMS_NAME_DNS, .glob = text};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (strncasecmp(text, kinds[i].prefix, len) == 0)
			*pattern = (struct pattern){.kind = kinds[i].kind, .glob = text + len};
	}
	if (!*pattern->glob)
		return acmems_error_set(err, ACMEMS_CONFIG, "san: \"%s\" fits no name", text);
	if (pattern->kind == ACMEMS_NAME_DNS && strpbrk(pattern->glob, ":/@ "))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"san: \"%s\" can be no DNS name: other kinds are written \"email:...\", "
			"\"URI:...\" or \"IP:...\"",
			text);
	return true;
}

static bool read_fingerprint(
	const char *text, struct fingerprint *fingerprint, struct acmems_error *err)
{
	size_t len = 0;

	for (const char *c = text; *c; c++) {
		char digit = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;

		if (*c == ':' && len > 0 && len % 2 == 0 && c[-1] != ':' && c[1])
			continue;
		if (!strchr("0123456789abcdef", digit) || len == DIGEST_HEX)
			len = DIGEST_HEX + 1;
		if (len > DIGEST_HEX)
			break;
		fingerprint->hex[len++] = digit;
	}
	return len == DIGEST_HEX ||
	       acmems_error_set(err, ACMEMS_CONFIG,
		       "fingerprint: \"%s\" is no SHA-256 digest of 64 hex digits", text);
}

static bool tls_check(void *instance, struct acmems_error *err)
{
	struct tls *tls = instance;

	if (tls->san.count + tls->subject.count + tls->issuer.count + tls->fingerprint.count == 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"one of san, subject, issuer and fingerprint has to be given");
	tls->patterns = calloc(tls->san.count + 1, sizeof(*tls->patterns));
	tls->fingerprints = calloc(tls->fingerprint.count + 1, sizeof(*tls->fingerprints));
	if (!tls->patterns || !tls->fingerprints)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for patterns");
	for (size_t i = 0; i < tls->san.count; i++) {
		if (!read_pattern(tls->san.items[i], &tls->patterns[i], err))
			return false;
	}
	for (size_t i = 0; i < tls->fingerprint.count; i++) {
		if (!read_fingerprint(tls->fingerprint.items[i], &tls->fingerprints[i], err))
			return false;
	}
	return true;
}

/* ---- judgement ---- */

static bool fits_text(const struct acmems_list *globs, const char *text)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (acmems_glob_match(globs->items[i], text, false))
			return true;
	}
	return globs->count == 0;
}

static bool fits_name(const struct pattern *pattern, const struct acmems_name *name)
{
	bool fold = name->kind == ACMEMS_NAME_DNS || name->kind == ACMEMS_NAME_IP;

	return pattern->kind == name->kind && acmems_glob_match(pattern->glob, name->text, fold);
}

static bool fits_names(const struct tls *tls, const struct acmems_client_cert *cert)
{
	for (size_t i = 0; i < tls->san.count; i++) {
		for (size_t j = 0; j < cert->name_count; j++) {
			if (fits_name(&tls->patterns[i], &cert->names[j]))
				return true;
		}
	}
	return tls->san.count == 0;
}

static bool fits_fingerprint(const struct tls *tls, const struct acmems_client_cert *cert)
{
	for (size_t i = 0; i < tls->fingerprint.count; i++) {
		if (strcmp(tls->fingerprints[i].hex, cert->digest) == 0)
			return true;
	}
	return tls->fingerprint.count == 0;
}

static bool tls_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	const struct tls *tls = instance;
	const struct acmems_client_cert *cert = request->client;
	const char *missed = NULL;

	if (!cert)
		return acmems_error_set(err, ACMEMS_REFUSED, "no certificate was shown");
	if (!fits_names(tls, cert))
		missed = "has none of the names";
	else if (!fits_text(&tls->subject, cert->subject))
		missed = "has none of the subjects";
	else if (!fits_text(&tls->issuer, cert->issuer))
		missed = "is of none of the issuers";
	else if (!fits_fingerprint(tls, cert))
		missed = "has none of the fingerprints";
	return !missed ||
	       acmems_error_set(err, ACMEMS_REFUSED, "the certificate \"%.200s\" (SHA-256 %s) %s",
		       cert->subject, cert->digest, missed);
}

static bool tls_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	if (!tls_possible(instance, request, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

static void tls_release(void *instance)
{
	struct tls *tls = instance;

	free(tls->patterns);
	free(tls->fingerprints);
	tls->patterns = NULL;
	tls->fingerprints = NULL;
}

static const struct acmems_auth_ops ops = {.possible = tls_possible, .check = tls_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "tls"),
	.version = ACMEMS_VERSION,
	.summary = "lets clients in by the certificate they show",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct tls),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = tls_check,
	.release = tls_release,
};
