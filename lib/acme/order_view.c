/* SPDX-License-Identifier: ISC */
/* order_view.c - see order_view.h. */
#include "acme/order_view.h"

#include <stdlib.h>
#include <string.h>

#include "acme/json.h"

static bool no_memory(struct acmems_error *err)
{
	return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an order");
}

static bool listed(const struct order_view *view, const char *url)
{
	for (size_t i = 0; i < view->authz_count; i++) {
		if (strcmp(view->authz[i].url, url) == 0)
			return true;
	}
	return false;
}

static bool read_authorizations(
	struct order_view *view, const struct acmems_json *json, struct acmems_error *err)
{
	const struct acmems_json *urls;

	if (!acmems_json_array(json, "authorizations", ORDER_AUTHORIZATIONS_MAX, &urls, err))
		return false;
	if (acmems_json_count(urls) == 0)
		return true;
	view->authz = calloc(acmems_json_count(urls), sizeof(*view->authz));
	if (!view->authz)
		return no_memory(err);
	for (const struct acmems_json *one = acmems_json_first(urls); one;
		one = acmems_json_next(one)) {
		const char *url = acmems_json_element_text(one);

		if (!url || !json_is_url(url))
			return acmems_error_set(err, ACMEMS_BAD_ANSWER,
				"the CA's order lists an authorization that is not an https URL");
		if (listed(view, url))
			continue;
		view->authz[view->authz_count].url = strdup(url);
		if (!view->authz[view->authz_count].url)
			return no_memory(err);
		view->authz_count++;
	}
	return true;
}

static bool replace(char **place, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return false;
	free(*place);
	*place = copy;
	return true;
}

/* An order may name its certificate once and be silent about it later: what is known stays. */
bool order_view_read(
	struct order_view *view, const struct acmems_json *json, struct acmems_error *err)
{
	struct acmems_error why = {0};
	enum acme_status status;
	const char *finalize;
	const char *certificate;

	if (!acme_status_read(json, &status, err) || !json_url(json, "finalize", &finalize, err) ||
		!json_url(json, "certificate", &certificate, err))
		return false;
	if (status == ACME_STATUS_INVALID && challenge_problem(json, &why) &&
		!replace(&view->why, why.message))
		return no_memory(err);
	if ((finalize && !replace(&view->finalize_url, finalize)) ||
		(certificate && !replace(&view->certificate_url, certificate)))
		return no_memory(err);
	view->why_code = why.code;
	memcpy(view->problem, why.problem, sizeof(view->problem));
	view->status = status;
	/* ready, and nothing under way: what was lost had not arrived */
	if (view->finalize == ORDER_FINALIZE_LOST && status == ACME_STATUS_READY)
		view->finalize = ORDER_FINALIZE_OPEN;
	return true;
}

bool order_view_place(struct order_view *view, const char *location, const struct acmems_json *json,
	struct acmems_error *err)
{
	struct order_view read = {0};

	if (!location || !json_is_url(location))
		return acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"the CA does not say where the order is (no usable Location)");
	if (!order_view_read(&read, json, err) || !read_authorizations(&read, json, err) ||
		(!replace(&read.url, location) && !no_memory(err))) {
		order_view_forget(&read);
		return false;
	}
	read.placed = true;
	read.account = view->account;
	read.has_chain = view->has_chain;
	read.failed = view->failed;
	read.clean = view->clean;
	order_view_forget(view);
	*view = read;
	return true;
}

void order_view_forget(struct order_view *view)
{
	struct order_view kept = {
		.account = view->account,
		.has_chain = view->has_chain,
		.failed = view->failed,
		.clean = view->clean,
	};

	for (size_t i = 0; i < view->authz_count; i++)
		authz_fini(&view->authz[i]);
	free(view->authz);
	free(view->url);
	free(view->finalize_url);
	free(view->certificate_url);
	free(view->why);
	*view = kept;
}

void order_view_fini(struct order_view *view)
{
	order_view_forget(view);
	*view = (struct order_view){0};
}
