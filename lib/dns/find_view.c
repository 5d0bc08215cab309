/* SPDX-License-Identifier: ISC */
/*
 * find_view.c - see find_view.h.
 *
 * An absence says by its SOA in which zone the name would lie (RFC 2308, 2), so that as a rule the
 * question for a CNAME is the only one. Not all resolvers hand that SOA on, and some servers fail at
 * names which they should know nothing of; then the labels are climbed until one of them has a SOA.
 */
#include "dns/find_view.h"

#include <stdio.h>
#include <string.h>

#include "dns/name.h"

bool find_view_init(
	struct find_view *view, const char *name, const char *zone, struct acmems_error *err)
{
	*view = (struct find_view){.zone_known = zone != NULL};
	return name_normal(name, view->owner, err) && (!zone || name_normal(zone, view->zone, err));
}

enum find_step find_decide(const struct find_view *view)
{
	if (view->why.code != ACMEMS_OK)
		return FIND_FAILED;
	if (!view->followed)
		return FIND_FOLLOW;
	return view->has_soa || view->climbed ? FIND_DONE : FIND_CLIMB;
}

static void remember_fault(struct find_view *view, const struct acmems_error *err)
{
	if (view->fault.code == ACMEMS_OK)
		view->fault = *err;
}

static bool is_root(const char *name)
{
	return strcmp(name, ".") == 0;
}

static bool one_label(const char *name)
{
	const char *parent = name_parent(name);

	return parent && is_root(parent);
}

static void give_up(struct find_view *view)
{
	view->climbed = true;
	if (view->zone_known)
		return; /* its primary was all that was wanted */
	if (view->fault.code == ACMEMS_OK) {
		acmems_error_set(&view->why, ACMEMS_VALIDATION,
			"the DNS knows no zone in which %s could lie", view->owner);
		return;
	}
	view->why = view->fault;
	acmems_error_context(&view->why, "cannot find the zone of %s", view->owner);
}

/*
 * Takes a zone, unless it can not be the right one: the root has no hosts, and a top-level domain is
 * too high when somebody below did not answer.
 */
static bool take_zone(struct find_view *view, const struct acmems_dns_record *soa)
{
	if (is_root(soa->name) || (one_label(soa->name) && view->fault.code != ACMEMS_OK))
		return false;
	memcpy(view->zone, soa->name, strlen(soa->name) + 1);
	memcpy(view->primary, soa->target, strlen(soa->target) + 1);
	view->minimum = soa->minimum;
	view->has_soa = true;
	return true;
}

/* The SOA of the name or above it; none for an alias, as its SOA is that of some other name. */
static const struct acmems_dns_record *soa_for(
	const struct acmems_dns_answer *answer, const char *name)
{
	const struct acmems_dns_record *best = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];

		if (record->section == ACMEMS_DNS_ADDITIONAL)
			continue;
		if (record->type == ACMEMS_DNS_CNAME)
			return NULL;
		if (record->type == ACMEMS_DNS_SOA && name_within(name, record->name) &&
			(!best || name_within(record->name, best->name)))
			best = record;
	}
	return best;
}

/* ---- CNAMEs ---- */

static const char *cname_at(const struct acmems_dns_answer *answer, const char *owner)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];

		if (record->section == ACMEMS_DNS_ANSWER && record->type == ACMEMS_DNS_CNAME &&
			strcmp(record->name, owner) == 0)
			return record->target;
	}
	return NULL;
}

static bool was_there(const struct find_view *view, const char *name)
{
	for (unsigned i = 0; i < view->hops; i++)
		if (strcmp(view->chain[i], name) == 0)
			return true;
	return strcmp(view->owner, name) == 0;
}

static void follow(struct find_view *view, const char *target)
{
	const char *first = view->hops > 0 ? view->chain[0] : view->owner;

	if (was_there(view, target)) {
		acmems_error_set(&view->why, ACMEMS_VALIDATION,
			"the CNAMEs of %s lead in a circle, from %s to %s", first, view->owner,
			target);
		return;
	}
	if (view->hops == FIND_CNAMES_MAX) {
		acmems_error_set(&view->why, ACMEMS_VALIDATION,
			"more than %d CNAMEs lead on from %s, the last of them from %s to %s",
			FIND_CNAMES_MAX, first, view->owner, target);
		return;
	}
	memcpy(view->chain[view->hops++], view->owner, sizeof(view->owner));
	memcpy(view->owner, target, strlen(target) + 1);
}

/* The last of the chain: where does it lie? */
static void end_of_chain(struct find_view *view, const struct acmems_dns_answer *answer)
{
	const struct acmems_dns_record *soa = answer ? soa_for(answer, view->owner) : NULL;

	view->followed = true;
	if (view->zone_known && !name_within(view->owner, view->zone)) {
		if (view->hops > 0)
			acmems_error_set(&view->why, ACMEMS_CONFIG,
				"the CNAME of %s leads to %s, which does not lie in the zone %s",
				view->chain[0], view->owner, view->zone);
		else
			acmems_error_set(&view->why, ACMEMS_CONFIG,
				"%s does not lie in the zone %s", view->owner, view->zone);
		return;
	}
	if (soa && (!view->zone_known || strcmp(soa->name, view->zone) == 0)) {
		if (!take_zone(view, soa))
			give_up(view);
		return;
	}
	memcpy(view->asked, view->zone_known ? view->zone : view->owner, sizeof(view->asked));
}

void find_take_cname(struct find_view *view, const struct acmems_dns_answer *answer,
	const struct acmems_error *err)
{
	const char *target = answer ? cname_at(answer, view->owner) : NULL;

	if (err)
		remember_fault(view, err);
	if (target)
		follow(view, target);
	else
		end_of_chain(view, answer);
}

/* ---- zones ---- */

void find_take_soa(struct find_view *view, const struct acmems_dns_answer *answer,
	const struct acmems_error *err)
{
	const struct acmems_dns_record *soa = answer ? soa_for(answer, view->asked) : NULL;
	const char *parent = name_parent(view->asked);

	if (err)
		remember_fault(view, err);
	if (soa && (!view->zone_known || strcmp(soa->name, view->zone) == 0)) {
		if (!take_zone(view, soa))
			give_up(view);
		return;
	}
	if (view->zone_known || !parent || is_root(parent)) {
		give_up(view);
		return;
	}
	memmove(view->asked, parent, strlen(parent) + 1);
}
