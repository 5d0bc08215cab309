/* SPDX-License-Identifier: ISC */
/* wait_view.c - see wait_view.h. */
#include "dns/wait_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "dns/route.h"

enum { NXDOMAIN = 3 };

static size_t count_met(const struct wait_view *view)
{
	size_t count = 0;

	for (size_t i = 0; i < view->target_count; i++)
		count += view->targets[i].met;
	return count;
}

enum wait_state wait_decide(const struct wait_view *view)
{
	if (view->target_count > 0 && count_met(view) == view->target_count)
		return WAIT_SEEN;
	if (view->why.code != ACMEMS_OK)
		return WAIT_FAILED;
	if (view->resting)
		return WAIT_PAUSE;
	if (view->complete)
		return WAIT_ASK;
	return view->name_count > 0 ? WAIT_ADDRESSES : WAIT_NAME_SERVERS;
}

void wait_view_fini(struct wait_view *view)
{
	for (size_t i = 0; i < view->name_count; i++)
		free(view->names[i].text);
	view->name_count = 0;
}

/* ---- name servers ---- */

static bool has_name(const struct wait_view *view, const char *name)
{
	for (size_t i = 0; i < view->name_count; i++)
		if (strcmp(view->names[i].text, name) == 0)
			return true;
	return false;
}

void wait_take_names(struct wait_view *view, const char *zone,
	const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	if (err) {
		view->fault = *err;
		view->resting = true;
		return;
	}
	for (size_t i = 0; i < answer->count && view->name_count < WAIT_NAMES_MAX; i++) {
		const struct acmems_dns_record *record = &answer->records[i];
		char *name;

		if (record->section != ACMEMS_DNS_ANSWER || record->type != ACMEMS_DNS_NS ||
			strcmp(record->name, zone) != 0 || has_name(view, record->target))
			continue;
		name = strdup(record->target);
		if (!name) {
			acmems_error_set(&view->why, ACMEMS_NO_MEMORY,
				"no memory for the name servers of %s", zone);
			return;
		}
		view->names[view->name_count++] = (struct wait_name){.text = name};
	}
	if (view->name_count == 0)
		acmems_error_set(&view->why, ACMEMS_VALIDATION,
			"%s has no name servers, as far as %s knows", zone, answer->server);
}

static bool has_address(const struct wait_view *view, const char *server)
{
	for (size_t i = 0; i < view->target_count; i++)
		if (strcmp(view->targets[i].server, server) == 0)
			return true;
	return false;
}

static void add_address(struct wait_view *view, const char *name, struct acmems_address address)
{
	struct wait_target *target = &view->targets[view->target_count];
	char server[SERVER_NAME_TEXT_MAX];

	server_name_text(&address, server);
	/* two names of one server */
	if (view->target_count == WAIT_TARGETS_MAX || has_address(view, server))
		return;
	*target = (struct wait_target){.address = address, .name = name, .said = "does not answer"};
	memcpy(target->server, server, strlen(server) + 1);
	view->target_count++;
}

void wait_take_addresses(struct wait_view *view, size_t name, uint16_t port,
	const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	if (err) {
		view->fault = *err;
		view->names[name].failed = true;
	}
	for (size_t i = 0; answer && i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];
		struct acmems_address address = record->address;

		if (record->section != ACMEMS_DNS_ANSWER ||
			(record->type != ACMEMS_DNS_A && record->type != ACMEMS_DNS_AAAA))
			continue;
		address.port = port;
		view->names[name].found = true;
		add_address(view, view->names[name].text, address);
	}
}

static void leave_out_unreachable(struct wait_view *view)
{
	size_t kept = 0;

	for (size_t i = 0; i < view->target_count; i++)
		kept += route_exists(&view->targets[i].address);
	if (kept == 0 || kept == view->target_count)
		return;
	kept = 0;
	for (size_t i = 0; i < view->target_count; i++)
		if (route_exists(&view->targets[i].address))
			view->targets[kept++] = view->targets[i];
	view->target_count = kept;
}

static bool is_any_missing(const struct wait_view *view)
{
	for (size_t i = 0; i < view->name_count; i++)
		if (view->names[i].failed && !view->names[i].found)
			return true;
	return false;
}

void wait_addresses_taken(struct wait_view *view, const char *zone)
{
	view->lookups++;
	if (is_any_missing(view) && (view->target_count == 0 || view->lookups < WAIT_LOOKUPS_MAX)) {
		view->resting = true;
		return;
	}
	if (view->target_count == 0) {
		acmems_error_set(&view->why, ACMEMS_VALIDATION,
			"no name server of %s has an address (%s is one of them)", zone,
			view->names[0].text);
		return;
	}
	leave_out_unreachable(view);
	view->complete = true;
}

/* ---- what they show ---- */

static bool is_txt_there(const struct wait_view *view, const struct acmems_dns_record *record)
{
	return record->section == ACMEMS_DNS_ANSWER && record->type == ACMEMS_DNS_TXT &&
	       strcmp(record->name, view->owner) == 0;
}

static bool is_right(const struct wait_view *view, const struct acmems_dns_record *record)
{
	if (view->shows)
		return view->shows(view->shows_arg, record->text, record->len);
	return record->len == strlen(view->value) &&
	       memcmp(record->text, view->value, record->len) == 0;
}

static const char *cname_there(const struct acmems_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->records[i].section == ACMEMS_DNS_ANSWER &&
			answer->records[i].type == ACMEMS_DNS_CNAME)
			return answer->records[i].target;
	return NULL;
}

static void say_what_is_there(const struct acmems_dns_answer *answer, size_t others, char *said)
{
	const char *cname = cname_there(answer);

	if (answer->rcode == NXDOMAIN)
		snprintf(said, WAIT_SAID_MAX, "says that there is no such name");
	else if (others > 0)
		snprintf(said, WAIT_SAID_MAX, "shows %zu other TXT record%s, but not this one",
			others, others == 1 ? "" : "s");
	else if (cname)
		snprintf(said, WAIT_SAID_MAX, "shows a CNAME to %s", cname);
	else
		snprintf(said, WAIT_SAID_MAX, "shows no TXT record");
}

/* What went wrong at this one server, without what its name and ours are. */
static void say_fault(const struct wait_target *target, const struct acmems_error *err, char *said)
{
	const char *text = strstr(err->message, target->server);
	size_t len = strlen(target->server);

	text = text && strncmp(text + len, ": ", 2) == 0 ? text + len + 2 : err->message;
	snprintf(said, WAIT_SAID_MAX, "%s", text);
}

void wait_take_answer(struct wait_view *view, struct wait_target *target,
	const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	bool shown = false;
	size_t others = 0;

	target->answered = answer != NULL;
	if (!answer) {
		say_fault(target, err, target->said);
		return;
	}
	for (size_t i = 0; i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];

		if (!is_txt_there(view, record))
			continue;
		if (is_right(view, record))
			shown = true;
		else
			others++;
	}
	target->met = shown != view->absent;
	/* one that does not serve the zone knows nothing of what is absent */
	if (!shown && !answer->authoritative && !view->given) {
		target->met = false;
		snprintf(target->said, WAIT_SAID_MAX, "does not serve the zone");
	} else if (shown) {
		snprintf(target->said, WAIT_SAID_MAX, "still shows it");
	} else {
		say_what_is_there(answer, others, target->said);
	}
}

/* ---- out of time ---- */

static void report(const struct wait_view *view, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < view->target_count && len < size; i++) {
		const struct wait_target *target = &view->targets[i];
		int put;

		if (target->met)
			continue;
		put = snprintf(text + len, size - len, "%s%s%s%s%s %s", len > 0 ? "; " : "",
			target->name ? target->name : "", target->name ? " (" : "", target->server,
			target->name ? ")" : "", target->said);
		len += put > 0 ? (size_t)put : 0;
	}
}

static void blame(struct wait_view *view, enum acmems_code code)
{
	char text[ACMEMS_ERROR_MESSAGE_MAX];

	report(view, text, sizeof(text));
	acmems_error_set(&view->why, code, "the TXT record of %s is %s %zu of %zu name servers: %s",
		view->owner, view->absent ? "not known to be gone from" : "not seen at",
		view->target_count - count_met(view), view->target_count, text);
}

void wait_round_over(struct wait_view *view)
{
	bool silent = false;

	for (size_t i = 0; i < view->target_count; i++)
		silent = silent || !view->targets[i].answered;
	if (view->once && !silent)
		blame(view, ACMEMS_NOT_FOUND);
	else
		view->resting = true;
}

void wait_out_of_time(struct wait_view *view, const char *zone)
{
	if (view->why.code != ACMEMS_OK)
		return;
	if (view->target_count > 0) {
		blame(view, ACMEMS_TIMEOUT);
		return;
	}
	if (view->fault.code == ACMEMS_OK) {
		acmems_error_set(&view->why, ACMEMS_TIMEOUT,
			"no time was left to find the name servers of %s", zone);
		return;
	}
	view->why = view->fault;
	acmems_error_context(&view->why, "cannot find the name servers of %s", zone);
}
