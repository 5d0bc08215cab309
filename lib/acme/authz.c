/* SPDX-License-Identifier: ISC */
/* authz.c - see authz.h. */
#include "acme/authz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <acmems/address.h>

#include "acme/json.h"
#include "base/str.h"

#define NAME_MAX_LEN 255
#define OFFER_MAX 200

struct identifier {
	const char *name;
	bool is_ip;
	bool wildcard;
};

static bool same_address(const char *a, const char *b)
{
	struct acmems_address first = {0};
	struct acmems_address second = {0};
	struct acmems_error ignored = {0};

	return acmems_address_parse(a, &first, &ignored) &&
	       acmems_address_parse(b, &second, &ignored) && first.family == second.family &&
	       memcmp(first.bytes, second.bytes, sizeof(first.bytes)) == 0;
}

static bool fits(const struct identifier *id, const struct acmems_name *name)
{
	if (id->is_ip)
		return name->kind == ACMEMS_NAME_IP && same_address(id->name, name->text);
	return name->kind == ACMEMS_NAME_DNS && name->wildcard == id->wildcard &&
	       strcasecmp(id->name, name->text + (name->wildcard ? 2 : 0)) == 0;
}

/* The name of the CSR that it is for, in the CSR's spelling; NULL: none. */
static const char *name_of(const struct identifier *id, const struct acmems_csr *csr)
{
	for (size_t i = 0; i < csr->name_count; i++) {
		if (fits(id, &csr->names[i]))
			return csr->names[i].text + (csr->names[i].wildcard ? 2 : 0);
	}
	return NULL;
}

static bool read_identifier(const struct acmems_json *json, const struct acmems_csr *csr,
	struct identifier *id, struct acmems_error *err)
{
	const struct acmems_json *object;
	const char *type;

	if (!acmems_json_object(json, "identifier", &object, err) ||
		!acmems_json_need_text(object, "type", NAME_MAX_LEN, &type, err) ||
		!acmems_json_need_text(object, "value", NAME_MAX_LEN, &id->name, err) ||
		!acmems_json_bool(json, "wildcard", &id->wildcard, err))
		return false;
	id->is_ip = strcmp(type, "ip") == 0;
	if (!id->is_ip && strcmp(type, "dns") != 0)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"an authorization is for neither a DNS name nor an address");
	/* some CAs leave the asterisk where it was and send no flag */
	if (!id->is_ip && strncmp(id->name, "*.", 2) == 0) {
		id->name += 2;
		id->wildcard = true;
	}
	id->name = name_of(id, csr);
	if (!id->name)
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"an authorization is for a name that was not asked for");
	return true;
}

static const struct acmems_json *find_type(const struct acmems_json *challenges, const char *type)
{
	const struct acmems_json *one = acmems_json_first(challenges);

	while (one && !challenge_is(one, type))
		one = acmems_json_next(one);
	return one;
}

/* The object of the first type that the solver knows and the CA offers; NULL: none. */
static const struct acmems_json *choose(
	const struct acmems_json *challenges, const char *const *types)
{
	const struct acmems_json *found = NULL;

	for (; *types && !found; types++)
		found = find_type(challenges, *types);
	return found;
}

/* An authorization may fail by a challenge that is not the chosen one: any error will do. */
static void read_why(const struct acmems_json *challenges, const struct acmems_json *chosen,
	struct acmems_error *why)
{
	if (chosen && challenge_problem(chosen, why))
		return;
	for (const struct acmems_json *one = acmems_json_first(challenges); one;
		one = acmems_json_next(one)) {
		if (challenge_problem(one, why))
			return;
	}
}

static void add_type(struct str *list, const char *type)
{
	str_addf(list, "%s%s", list->len > 0 ? ", " : "", type);
}

/* What there is to choose from on both sides; types are words, and whatever else a CA says is left out. */
static void say_offer(
	const struct acmems_json *challenges, const char *const *types, struct acmems_error *why)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct acmems_error ignored = {0};
	struct str offered, solved;

	str_init(&offered, OFFER_MAX);
	str_init(&solved, OFFER_MAX);
	for (const struct acmems_json *one = acmems_json_first(challenges); one;
		one = acmems_json_next(one)) {
		const char *type;

		if (acmems_json_text(one, "type", CHALLENGE_TYPE_MAX, &type, &ignored) && type &&
			type[strspn(type, letters)] == '\0')
			add_type(&offered, type);
	}
	for (; *types; types++)
		add_type(&solved, *types);
	acmems_error_set(why, ACMEMS_VALIDATION, "the CA offers %s, and the validator solves %s",
		offered.len == 0     ? "nothing"
		: str_text(&offered) ? str_text(&offered)
				     : "other challenges",
		str_text(&solved) ? str_text(&solved) : "none of them");
	str_fini(&offered);
	str_fini(&solved);
}

static void put(struct authz *authz, struct authz *read)
{
	free(authz->name);
	free(authz->why);
	challenge_fini(&authz->challenge);
	authz->fetched = true;
	authz->status = read->status;
	authz->name = read->name;
	authz->wildcard = read->wildcard;
	authz->challenge = read->challenge;
	authz->why = read->why;
	memcpy(authz->problem, read->problem, sizeof(authz->problem));
	/* an answer that was lost on its way there has changed nothing: it is still to be given */
	if (authz->response == AUTHZ_RESPONSE_LOST &&
		authz->challenge.status == ACME_STATUS_PENDING &&
		authz->status == ACME_STATUS_PENDING)
		authz->response = AUTHZ_RESPONSE_OPEN;
}

/* The challenge under way stays the chosen one, whatever else is offered by now. */
static const struct acmems_json *keep_or_choose(
	const struct authz *authz, const struct acmems_json *challenges, const char *const *types)
{
	const char *const kept[] = {authz->challenge.type, NULL};

	return choose(challenges, authz->challenge.type ? kept : types);
}

static bool same_token(const struct authz *authz, const struct authz *read)
{
	return !authz->published ||
	       (read->challenge.token && authz->challenge.token &&
		       strcmp(read->challenge.token, authz->challenge.token) == 0);
}

bool authz_read(struct authz *authz, const struct acmems_json *json, const char *const *types,
	const struct acmems_csr *csr, struct acmems_error *err)
{
	struct authz read = {0};
	struct identifier id = {0};
	struct acmems_error why = {0};
	const struct acmems_json *challenges;
	const struct acmems_json *chosen;

	if (!acme_status_read(json, &read.status, err) || !read_identifier(json, csr, &id, err) ||
		!acmems_json_array(json, "challenges", AUTHZ_CHALLENGES_MAX, &challenges, err))
		return false;
	chosen = keep_or_choose(authz, challenges, types);
	if (read.status == ACME_STATUS_INVALID)
		read_why(challenges, chosen, &why);
	else if (read.status == ACME_STATUS_PENDING && !chosen)
		say_offer(challenges, types, &why);
	else if ((read.status == ACME_STATUS_PENDING || read.status == ACME_STATUS_PROCESSING) &&
		 chosen && !challenge_read(chosen, &read.challenge, err))
		return false;
	if (read.status == ACME_STATUS_PENDING && !same_token(authz, &read)) {
		challenge_fini(&read.challenge);
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"%s: the CA has changed the challenge that was being met", id.name);
	}
	if (read.challenge.status == ACME_STATUS_INVALID)
		read_why(NULL, chosen, &why);
	read.wildcard = id.wildcard;
	read.name = strdup(id.name);
	read.why = why.message[0] ? strdup(why.message) : NULL;
	memcpy(read.problem, why.problem, sizeof(read.problem));
	if (!read.name || (why.message[0] && !read.why)) {
		authz_fini(&read);
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an authorization");
	}
	put(authz, &read);
	return true;
}

bool authz_undecided(const struct authz *authz)
{
	return authz->response != AUTHZ_RESPONSE_OPEN &&
	       (authz->status == ACME_STATUS_PENDING || authz->status == ACME_STATUS_PROCESSING) &&
	       authz->challenge.status != ACME_STATUS_INVALID;
}

void authz_fini(struct authz *authz)
{
	free(authz->url);
	free(authz->name);
	free(authz->why);
	challenge_fini(&authz->challenge);
	*authz = (struct authz){0};
}
