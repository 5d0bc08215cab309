/* SPDX-License-Identifier: ISC */
/* problem.c - see problem.h. */
#include "acme/problem.h"

#include <stdio.h>
#include <string.h>

#include "acme/json.h"

#define URN "urn:ietf:params:acme:error:"
#define SUBPROBLEMS_MAX 200
#define TEXT_MAX 16384 /* of what the CA writes; cut further down */
#define DETAIL_MAX 384 /* printable, of one explanation */
#define NAME_MAX_TEXT 256

struct row {
	const char *type;
	enum acmems_code code;
};

/* RFC 8555, 6.7; RFC 8738; RFC 9773; draft-ietf-acme-profiles. What only the operator of this
 * daemon can mend is CONFIG; what the client's names or key cause is the client's to see. */
static const struct row table[] = {
	{"accountDoesNotExist", ACMEMS_UNAVAILABLE},
	{"alreadyReplaced", ACMEMS_BAD_ANSWER},
	{"alreadyRevoked", ACMEMS_BAD_ANSWER},
	{"badCSR", ACMEMS_BAD_CSR},
	{"badNonce", ACMEMS_UNAVAILABLE},
	{"badPublicKey", ACMEMS_BAD_CSR},
	{"badRevocationReason", ACMEMS_BAD_ANSWER},
	{"badSignatureAlgorithm", ACMEMS_BAD_CSR},
	{"caa", ACMEMS_VALIDATION},
	{"compound", ACMEMS_VALIDATION},
	{"connection", ACMEMS_VALIDATION},
	{"dns", ACMEMS_VALIDATION},
	{"externalAccountRequired", ACMEMS_CONFIG},
	{"incorrectResponse", ACMEMS_VALIDATION},
	{"invalidContact", ACMEMS_CONFIG},
	{"invalidProfile", ACMEMS_CONFIG},
	{"malformed", ACMEMS_BAD_ANSWER},
	{"orderNotReady", ACMEMS_BAD_ANSWER},
	{"rateLimited", ACMEMS_RATE_LIMITED},
	{"rejectedIdentifier", ACMEMS_VALIDATION},
	{"serverInternal", ACMEMS_UNAVAILABLE},
	{"tls", ACMEMS_VALIDATION},
	{"unauthorized", ACMEMS_VALIDATION},
	{"unsupportedContact", ACMEMS_CONFIG},
	{"unsupportedIdentifier", ACMEMS_VALIDATION},
	{"userActionRequired", ACMEMS_CONFIG},
};

static size_t append(char *out, size_t room, size_t used, const char *text, size_t len)
{
	if (used + len >= room)
		return room; /* full: nothing more fits, and no half of an escape is left */
	memcpy(out + used, text, len);
	return used + len;
}

char *problem_printable(const char *text, char *out, size_t room)
{
	size_t used = 0;
	size_t end = 0;
	bool space = true; /* none at the beginning */

	for (; *text != '\0' && used < room; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[8];

		if (c == ' ' || (c >= '\t' && c <= '\r')) {
			if (!space)
				used = append(out, room, used, " ", 1);
			space = true;
			continue;
		}
		space = false;
		if (c > 0x20 && c < 0x7f) {
			used = append(out, room, used, text, 1);
		} else {
			snprintf(escape, sizeof(escape), "\\x%02x", c);
			used = append(out, room, used, escape, 4);
		}
		if (used < room)
			end = used;
	}
	out[end] = '\0';
	return out;
}

/* The type without its URN; "" for about:blank, foreign and malformed ones. */
static void read_type(const struct acmems_json *problem, char out[ACMEMS_ERROR_PROBLEM_MAX])
{
	struct acmems_error ignored;
	const char *type;
	size_t len;

	out[0] = '\0';
	if (!acmems_json_text(problem, "type", JSON_URL_MAX, &type, &ignored) || type == NULL)
		return;
	if (strncmp(type, URN, strlen(URN)) != 0)
		return;
	type += strlen(URN);
	len = strspn(type, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (len == 0 || type[len] != '\0' || len >= ACMEMS_ERROR_PROBLEM_MAX)
		return;
	memcpy(out, type, len + 1);
}

static const char *read_detail(const struct acmems_json *problem, char *out, size_t room)
{
	struct acmems_error ignored;
	const char *detail;

	out[0] = '\0';
	if (acmems_json_text(problem, "detail", TEXT_MAX, &detail, &ignored) && detail != NULL)
		problem_printable(detail, out, room);
	return out;
}

static enum acmems_code code_of_status(int status)
{
	if (status == 429)
		return ACMEMS_RATE_LIMITED;
	if (status == 408 || status >= 500)
		return ACMEMS_UNAVAILABLE;
	return ACMEMS_BAD_ANSWER;
}

static enum acmems_code code_of(const char *type, int status)
{
	if (status == 429 || status == 503)
		return code_of_status(status);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].type, type) == 0)
			return table[i].code;
	}
	return code_of_status(status);
}

static void read_subproblem(const struct acmems_json *sub, struct acmems_error *err)
{
	char type[ACMEMS_ERROR_PROBLEM_MAX];
	char detail[DETAIL_MAX];
	char name[NAME_MAX_TEXT];
	char line[DETAIL_MAX + ACMEMS_ERROR_PROBLEM_MAX + 4];
	const struct acmems_json *identifier;
	const char *value = NULL;
	struct acmems_error ignored;

	if (!acmems_json_object(sub, "identifier", &identifier, &ignored) ||
		!acmems_json_text(identifier, "value", 255, &value, &ignored) || value == NULL)
		return;
	read_type(sub, type);
	read_detail(sub, detail, sizeof(detail));
	snprintf(line, sizeof(line), "%s%s%s%s", detail, type[0] != '\0' ? " (" : "", type,
		type[0] != '\0' ? ")" : "");
	acmems_error_detail(err, problem_printable(value, name, sizeof(name)), line);
}

static void read_subproblems(const struct acmems_json *problem, struct acmems_error *err)
{
	const struct acmems_json *all;
	struct acmems_error ignored;
	char type[ACMEMS_ERROR_PROBLEM_MAX];

	if (!acmems_json_array(problem, "subproblems", SUBPROBLEMS_MAX, &all, &ignored))
		return;
	/* "compound" says nothing itself (RFC 8555, 6.7.1): the first one of its parts decides */
	if (strcmp(err->problem, "compound") == 0 && acmems_json_first(all) != NULL) {
		read_type(acmems_json_first(all), type);
		err->code = code_of(type, 0);
	}
	for (const struct acmems_json *sub = acmems_json_first(all); sub != NULL;
		sub = acmems_json_next(sub))
		read_subproblem(sub, err);
}

/* Where the CA wants somebody to go (RFC 8555, 7.3.3), behind the message. */
static void add_instance(const struct acmems_json *problem, struct acmems_error *err)
{
	struct acmems_error ignored;
	const char *url = NULL;
	size_t len = strlen(err->message);

	if (strcmp(err->problem, "userActionRequired") == 0 &&
		json_url(problem, "instance", &url, &ignored) && url != NULL)
		snprintf(err->message + len, sizeof(err->message) - len, ": go to %s", url);
}

bool problem_read(const struct acmems_json *problem, int status, uint32_t retry_after,
	struct acmems_error *err)
{
	char type[ACMEMS_ERROR_PROBLEM_MAX];
	char detail[DETAIL_MAX];

	read_type(problem, type);
	read_detail(problem, detail, sizeof(detail));
	if (detail[0] != '\0' || type[0] != '\0')
		acmems_error_set(err, code_of(type, status), "the CA says: %s%s%s%s", detail,
			type[0] != '\0' ? " (" : "", type, type[0] != '\0' ? ")" : "");
	else if (status != 0)
		acmems_error_set(
			err, code_of_status(status), "the CA answers with status %d", status);
	else
		acmems_error_set(err, ACMEMS_VALIDATION, "the CA says no, and does not say why");
	memcpy(err->problem, type, sizeof(type));
	err->retry_after = retry_after;
	add_instance(problem, err);
	read_subproblems(problem, err);
	return false;
}

bool problem_is(const struct acmems_error *err, const char *type)
{
	return strcmp(err->problem, type) == 0;
}
