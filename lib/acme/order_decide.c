/* SPDX-License-Identifier: ISC */
/* order_decide.c - see order_decide.h. */
#include "acme/order_decide.h"

#include <stdio.h>

enum authz_step {
	STEP_FETCH,
	STEP_PRESENT,
	STEP_RESPOND,
	STEP_AWAIT,
	STEP_NOTHING, /* valid */
	STEP_DEAD,
};

static enum authz_step pending_step(const struct authz *authz)
{
	if (!authz->challenge.type || authz->responses > AUTHZ_RESPONSES_MAX)
		return STEP_DEAD;
	switch (authz->challenge.status) {
	case ACME_STATUS_PENDING:
		if (!authz->published)
			return STEP_PRESENT;
		return authz->response == AUTHZ_RESPONSE_OPEN ? STEP_RESPOND : STEP_AWAIT;
	case ACME_STATUS_PROCESSING:
		/* somebody has answered before us, a lost order of ours say: it needs our proof */
		return authz->published ? STEP_AWAIT : STEP_PRESENT;
	case ACME_STATUS_VALID:
		return STEP_AWAIT;
	case ACME_STATUS_MISSING:
	case ACME_STATUS_READY:
	case ACME_STATUS_INVALID:
	case ACME_STATUS_DEACTIVATED:
	case ACME_STATUS_EXPIRED:
	case ACME_STATUS_REVOKED:
	case ACME_STATUS_UNKNOWN:
		return STEP_DEAD;
	}
	return STEP_DEAD;
}

static enum authz_step step_of(const struct authz *authz)
{
	if (!authz->fetched)
		return STEP_FETCH;
	switch (authz->status) {
	case ACME_STATUS_PENDING:
		return pending_step(authz);
	case ACME_STATUS_PROCESSING:
		return STEP_AWAIT;
	case ACME_STATUS_VALID:
		return STEP_NOTHING;
	case ACME_STATUS_MISSING:
	case ACME_STATUS_READY:
	case ACME_STATUS_INVALID:
	case ACME_STATUS_DEACTIVATED:
	case ACME_STATUS_EXPIRED:
	case ACME_STATUS_REVOKED:
	case ACME_STATUS_UNKNOWN:
		return STEP_DEAD;
	}
	return STEP_DEAD;
}

static size_t count_step(const struct order_view *view, enum authz_step step)
{
	size_t count = 0;

	for (size_t i = 0; i < view->authz_count; i++)
		count += step_of(&view->authz[i]) == step;
	return count;
}

/* Dead ones end the order, but not before the others had their chance to be told of, too. */
static bool authorizations_dead(const struct order_view *view)
{
	if (count_step(view, STEP_DEAD) == 0)
		return false;
	for (size_t i = 0; i < view->authz_count && !view->grace_over; i++) {
		if (!view->authz[i].fetched || authz_undecided(&view->authz[i]))
			return false;
	}
	return true;
}

static void explain(const struct authz *authz, struct acmems_error *err)
{
	char name[ACMEMS_ERROR_MESSAGE_MAX];
	char text[ACMEMS_ERROR_MESSAGE_MAX];

	snprintf(name, sizeof(name), "%s%s", authz->wildcard ? "*." : "",
		authz->name ? authz->name : "?");
	if (authz->why)
		snprintf(text, sizeof(text), "%s", authz->why);
	else if (authz->responses > AUTHZ_RESPONSES_MAX)
		snprintf(text, sizeof(text), "the CA does not take the answer to its challenge");
	else if (authz->status == ACME_STATUS_PENDING)
		snprintf(text, sizeof(text), "the challenge's status is \"%s\"",
			acme_status_name(authz->challenge.status));
	else
		snprintf(text, sizeof(text), "the authorization's status is \"%s\"",
			acme_status_name(authz->status));
	acmems_error_detail(err, name, text);
}

/* What the CA said of a name is a verdict; a word that nobody knows is none. */
static enum acmems_code code_of(const struct authz *authz)
{
	enum acme_status status =
		authz->status == ACME_STATUS_PENDING ? authz->challenge.status : authz->status;

	switch (status) {
	case ACME_STATUS_UNKNOWN:
	case ACME_STATUS_READY:
		return ACMEMS_BAD_ANSWER;
	case ACME_STATUS_MISSING:
		return authz->status == ACME_STATUS_PENDING && !authz->challenge.type
			       ? ACMEMS_VALIDATION
			       : ACMEMS_BAD_ANSWER;
	case ACME_STATUS_PENDING:
	case ACME_STATUS_PROCESSING:
	case ACME_STATUS_VALID:
	case ACME_STATUS_INVALID:
	case ACME_STATUS_DEACTIVATED:
	case ACME_STATUS_EXPIRED:
	case ACME_STATUS_REVOKED:
		return ACMEMS_VALIDATION;
	}
	return ACMEMS_FAULT;
}

static void blame_authorizations(const struct order_view *view, struct acmems_error *err)
{
	enum acmems_code code = ACMEMS_BAD_ANSWER;

	for (size_t i = 0; i < view->authz_count; i++) {
		if (step_of(&view->authz[i]) == STEP_DEAD &&
			code_of(&view->authz[i]) == ACMEMS_VALIDATION)
			code = ACMEMS_VALIDATION;
	}
	acmems_error_set(err, code, "%zu of %zu names could not be validated",
		count_step(view, STEP_DEAD), view->authz_count);
	for (size_t i = 0; i < view->authz_count; i++) {
		const struct authz *authz = &view->authz[i];

		if (step_of(authz) != STEP_DEAD)
			continue;
		explain(authz, err);
		if (err->problem[0] == '\0')
			snprintf(err->problem, sizeof(err->problem), "%s", authz->problem);
	}
}

static bool blame_order(const struct order_view *view, struct acmems_error *err)
{
	if (view->why)
		acmems_error_set(err, view->why_code, "the CA says: %s", view->why);
	else
		acmems_error_set(err, ACMEMS_VALIDATION,
			"the CA has declared the order invalid, and does not say why");
	snprintf(err->problem, sizeof(err->problem), "%s", view->problem);
	return true;
}

static bool nonsense(struct acmems_error *err, const char *what)
{
	acmems_error_set(err, ACMEMS_BAD_ANSWER, "%s", what);
	return true;
}

bool order_fault(const struct order_view *view, struct acmems_error *err)
{
	if (!view->placed)
		return false;
	switch (view->status) {
	case ACME_STATUS_PENDING:
		if (!authorizations_dead(view))
			return false;
		blame_authorizations(view, err);
		return true;
	case ACME_STATUS_READY:
		if (!view->finalize_url)
			return nonsense(err, "the CA's order has no URL to finalize it");
		if (view->finalize == ORDER_FINALIZE_OPEN &&
			view->finalize_tries >= ORDER_FINALIZE_TRIES)
			return nonsense(
				err, "the CA calls the order ready, and never takes the CSR");
		return false;
	case ACME_STATUS_PROCESSING:
		return false;
	case ACME_STATUS_VALID:
		return view->certificate_url
			       ? false
			       : nonsense(err, "the CA's order is valid and has no certificate");
	case ACME_STATUS_INVALID:
		return blame_order(view, err);
	case ACME_STATUS_MISSING:
		return nonsense(err, "the CA's order has no status");
	case ACME_STATUS_DEACTIVATED:
	case ACME_STATUS_EXPIRED:
	case ACME_STATUS_REVOKED:
	case ACME_STATUS_UNKNOWN:
		return nonsense(err, "the CA's order has a status that no order can have");
	}
	return nonsense(err, "the CA's order has no status");
}

static enum order_state decide_pending(const struct order_view *view)
{
	if (count_step(view, STEP_FETCH) > 0)
		return ORDER_AUTHORIZE;
	if (count_step(view, STEP_PRESENT) > 0)
		return ORDER_PRESENT;
	if (count_step(view, STEP_RESPOND) > 0)
		return ORDER_RESPOND;
	return ORDER_AWAIT_AUTHORIZATIONS;
}

static enum order_state decide_end(const struct order_view *view)
{
	if (!view->clean)
		return ORDER_CLEAN_UP;
	return view->has_chain && !view->failed ? ORDER_DONE : ORDER_FAILED;
}

enum order_state order_decide(const struct order_view *view)
{
	struct acmems_error ignored;

	if (view->failed || view->has_chain)
		return decide_end(view);
	if (!view->account)
		return ORDER_ACCOUNT;
	if (!view->placed)
		return ORDER_NEW_ORDER;
	if (order_fault(view, &ignored))
		return decide_end(view);
	switch (view->status) {
	case ACME_STATUS_PENDING:
		return decide_pending(view);
	case ACME_STATUS_READY:
		return view->finalize == ORDER_FINALIZE_OPEN ? ORDER_FINALIZE
							     : ORDER_AWAIT_ISSUANCE;
	case ACME_STATUS_PROCESSING:
		return ORDER_AWAIT_ISSUANCE;
	case ACME_STATUS_VALID:
		return ORDER_DOWNLOAD;
	case ACME_STATUS_MISSING:
	case ACME_STATUS_INVALID:
	case ACME_STATUS_DEACTIVATED:
	case ACME_STATUS_EXPIRED:
	case ACME_STATUS_REVOKED:
	case ACME_STATUS_UNKNOWN:
		return decide_end(view); /* faults, all of them */
	}
	return decide_end(view);
}
