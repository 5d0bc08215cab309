/* SPDX-License-Identifier: ISC */
/* events.c - fields and sentences. */
#include "notify/events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "base/str.h"
#include "notify/expiry_decide.h"
#include "notify/notice.h"
#include "notify/notifier.h"

#define NAMES_MAX NOTICE_TEXT_MAX

/* Is there anybody at all? */
static bool listened(const struct generation *generation)
{
	return generation->settings->notify_count > 0;
}

static void add_names(struct str *out, const struct acmems_csr *csr)
{
	for (size_t i = 0; i < csr->name_count; i++) {
		if (out->len + 300 > NAMES_MAX) {
			str_addf(out, " and %zu more", csr->name_count - i);
			break;
		}
		str_addf(out, "%s%.253s", i ? ", " : "", csr->names[i].text);
	}
}

char *events_names(const struct acmems_csr *csr)
{
	struct str text;

	str_init(&text, 2 * NAMES_MAX);
	add_names(&text, csr);
	return str_take(&text);
}

static void add_peer(struct notice *event, const struct acmems_address *peer)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	if (peer)
		notice_add(event, "peer", acmems_address_text(peer, text));
}

static const char *peer_text(const struct acmems_address *peer, char text[ACMEMS_ADDRESS_TEXT_MAX])
{
	return peer ? acmems_address_text(peer, text) : "somebody";
}

/* ---- issuance ---- */

void events_issued(const struct events_issue *issue, const char *chain, size_t len,
	const struct acmems_cert *old)
{
	const struct block *block = issue->block;
	struct acmems_error ignored = {0};
	struct acmems_cert cert;
	struct notice *event;
	char peer[ACMEMS_ADDRESS_TEXT_MAX];

	if (!listened(block->generation) || !acmems_cert_read(chain, len, &cert, &ignored))
		return;
	event = notice_new(old ? NOTICE_RENEWED : NOTICE_ISSUED);
	if (!event)
		return;
	notice_add(event, "names", issue->names);
	notice_add(event, "serial", cert.serial);
	notice_add_date(event, "not-after", cert.not_after);
	if (old)
		notice_add_date(event, "old-not-after", old->not_after);
	notice_add(event, "account", block->account->name);
	notice_add(event, "validator", block->validator->name);
	notice_add(event, "storage", block->storage->name);
	notice_add(event, "block", block->name);
	add_peer(event, issue->peer);
	notice_addf(event, "duration-ms", "%" PRId64, issue->duration_ms);
	notice_summary(event, "%s %.250s for %s (block \"%s\")", old ? "renewed" : "issued",
		issue->names, peer_text(issue->peer, peer), block->name);
	notifier_offer(block->generation, block, false, event);
}

static void offer_limited(const struct events_issue *issue, const struct acmems_error *err)
{
	struct notice *event = notice_new(NOTICE_RATE_LIMITED);

	if (!event)
		return;
	notice_add(event, "names", issue->names);
	notice_add(event, "account", issue->block->account->name);
	if (err->retry_after > 0)
		notice_addf(event, "retry-after", "%" PRIu32, err->retry_after);
	notice_add(event, "detail", err->message);
	notice_summary(event, "rate-limited by the CA of account \"%s\": %.200s: %.200s",
		issue->block->account->name, issue->names, err->message);
	notifier_offer(issue->block->generation, issue->block, false, event);
}

void events_failed(const struct events_issue *issue, const struct acmems_error *err, int status)
{
	const struct block *block = issue->block;
	struct notice *event;

	if (!listened(block->generation))
		return;
	if (err->code == ACMEMS_RATE_LIMITED) {
		offer_limited(issue, err);
		return;
	}
	event = notice_new(NOTICE_FAILED);
	if (!event)
		return;
	notice_add(event, "names", issue->names);
	notice_add(event, "block", block->name);
	notice_add(event, "account", block->account->name);
	add_peer(event, issue->peer);
	notice_addf(event, "status", "%d", status);
	notice_add(event, "problem", err->problem);
	notice_add(event, "detail", err->detail[0] ? err->detail : err->message);
	notice_summary(event, "failed: %.200s: %.250s", issue->names, err->message);
	notifier_offer(block->generation, block, false, event);
}

/* ---- requests ---- */

void events_cached(const struct block *block, const struct acmems_csr *csr,
	const struct acmems_address *peer, const char *chain, size_t len)
{
	struct acmems_error ignored = {0};
	struct acmems_cert cert;
	struct notice *event;
	char text[ACMEMS_ADDRESS_TEXT_MAX];
	char *names;

	if (!listened(block->generation) || !acmems_cert_read(chain, len, &cert, &ignored))
		return;
	names = events_names(csr);
	event = names ? notice_new(NOTICE_CACHED) : NULL;
	if (event) {
		notice_add(event, "names", names);
		notice_add_date(event, "not-after", cert.not_after);
		notice_add(event, "block", block->name);
		add_peer(event, peer);
		notice_summary(event, "served %.250s from the storage for %s (block \"%s\")", names,
			peer_text(peer, text), block->name);
		notifier_offer(block->generation, block, false, event);
	}
	free(names);
}

/* The block that came closest: the refusal's detail is "BLOCK: what it missed". */
static const struct block *closest(
	const struct generation *generation, const char *detail, const char **ret_missed)
{
	for (size_t i = 0; i < generation->block_count; i++) {
		const struct block *block = &generation->blocks[i];
		size_t len = strlen(block->name);

		if (strncmp(detail, block->name, len) == 0 && strncmp(detail + len, ": ", 2) == 0) {
			*ret_missed = detail + len + 2;
			return block;
		}
	}
	return NULL;
}

static void fill_rejected(struct notice *event, const char *names, const struct block *block,
	const char *missed, const struct acmems_address *peer)
{
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	notice_add(event, "names", names);
	add_peer(event, peer);
	if (block)
		notice_add(event, "closest-block", block->name);
	notice_add(event, "missed", missed);
	notice_summary(event, "rejected %.200s from %s: %s%s%s%.200s", names ? names : "a request",
		peer_text(peer, text), block ? "block \"" : "", block ? block->name : "",
		block ? "\" came closest: " : "", missed);
}

void events_rejected(const struct generation *generation, const struct acmems_csr *csr,
	const struct acmems_address *peer, const struct acmems_error *err, int status)
{
	const struct block *block = NULL;
	const char *missed = err->message;
	struct notice *event;
	char line[ACMEMS_ERROR_MESSAGE_MAX];
	char *names;

	if (!listened(generation))
		return;
	event = notice_new(NOTICE_REJECTED);
	if (!event)
		return;
	if (err->code == ACMEMS_REFUSED)
		block = closest(generation, err->detail, &missed);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(missed, "\n"), missed);
	names = csr ? events_names(csr) : NULL;
	notice_addf(event, "status", "%d", status);
	fill_rejected(event, names, block, line, peer);
	free(names);
	notifier_offer(generation, block, true, event);
}

void events_expiring(const struct generation *generation, const char *storage, const char *names,
	int64_t not_after)
{
	struct notice *event = listened(generation) ? notice_new(NOTICE_EXPIRING) : NULL;
	int64_t days = expiry_days_left(not_after, acmems_clock_wall());
	char date[NOTICE_DATE_MAX];

	if (!event)
		return;
	notice_add(event, "names", names);
	notice_add_date(event, "not-after", not_after);
	notice_addf(event, "days-left", "%" PRId64, days);
	notice_add(event, "storage", storage);
	if (not_after <= acmems_clock_wall())
		notice_summary(
			event, "the certificate for %.300s has ended: nobody renewed it", names);
	else
		notice_summary(event,
			"the certificate for %.300s ends at %s, in %" PRId64
			" days, and nobody renews it",
			names, notice_date(not_after, date), days);
	notifier_offer(generation, NULL, true, event);
}

void events_config(const struct generation *generation, const char *file, const char *detail)
{
	struct notice *event;

	if (!listened(generation))
		return;
	event = notice_new(NOTICE_CONFIG);
	if (!event)
		return;
	notice_add(event, "file", file);
	notice_add(event, "detail", detail);
	notice_summary(event, "reload of %s refused: %.300s", file, detail);
	notifier_offer(generation, NULL, true, event);
}

static void fill_what(struct notice *event, const struct settings_account *account,
	const char *what, const char *phrase, const char *detail)
{
	notice_add(event, "what", what);
	notice_add(event, "detail", detail);
	notice_summary(event, "account \"%s\" %s: %.300s", account->name, phrase, detail);
}

static void fill_account(struct notice *event, const struct settings_account *account,
	enum acme_happening what, const char *detail, int64_t down_since)
{
	notice_add(event, "account", account->name);
	switch (what) {
	case ACME_CA_UNREACHABLE:
		notice_add(event, "directory", account->directory);
		notice_add(event, "detail", detail);
		notice_summary(event, "the CA of account \"%s\" is out of reach: %.300s",
			account->name, detail);
		break;
	case ACME_CA_RECOVERED:
		notice_add(event, "directory", account->directory);
		notice_add_date(event, "down-since", down_since);
		notice_summary(event, "the CA of account \"%s\" works again", account->name);
		break;
	case ACME_ACCOUNT_REGISTERED:
		fill_what(event, account, "registered", "is registered", detail);
		break;
	case ACME_ACCOUNT_TERMS_CHANGED:
		fill_what(event, account, "terms-changed", "has new terms of service", detail);
		break;
	case ACME_ACCOUNT_DEACTIVATED:
		fill_what(event, account, "deactivated", "is of no use any more", detail);
		break;
	case ACME_ACCOUNT_NEEDS_HAND:
		fill_what(event, account, "needs-a-hand", "needs a hand", detail);
		break;
	}
}

static enum notice_kind kind_of(enum acme_happening what)
{
	switch (what) {
	case ACME_CA_UNREACHABLE:
		return NOTICE_CA_UNREACHABLE;
	case ACME_CA_RECOVERED:
		return NOTICE_CA_RECOVERED;
	case ACME_ACCOUNT_REGISTERED:
	case ACME_ACCOUNT_TERMS_CHANGED:
	case ACME_ACCOUNT_DEACTIVATED:
	case ACME_ACCOUNT_NEEDS_HAND:
		break;
	}
	return NOTICE_ACCOUNT;
}

void events_account(const struct generation *generation, const struct settings_account *account,
	enum acme_happening what, const char *detail, int64_t down_since)
{
	struct notice *event = listened(generation) ? notice_new(kind_of(what)) : NULL;

	if (!event)
		return;
	fill_account(event, account, what, detail, down_since);
	notifier_offer(generation, NULL, true, event);
}
