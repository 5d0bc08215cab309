/* SPDX-License-Identifier: ISC */
/*
 * fuzz_dns_message.c - whatever a name server may answer: its records, its signature, and what the
 * searches for a place and for name servers make of it. Names that come out must fit where names go.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns/find_view.h"
#include "dns/message.h"
#include "dns/name.h"
#include "dns/tsig.h"
#include "dns/wait_view.h"
#include "dns/wire.h"

#define ZONE "example.org."
#define OWNER "_acme-challenge.www.example.org."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void must_be_name(const char *name)
{
	char normal[ACMEMS_DNS_NAME_MAX];
	struct acmems_error err = {0};

	must(name && name[0] != '\0' && strlen(name) < ACMEMS_DNS_NAME_MAX);
	must(name[strlen(name) - 1] == '.');
	must(name_within(name, "."));
	/* our own reading of it gives the same name */
	if (name_normal(name, normal, &err))
		must(strcmp(name, normal) == 0);
	else
		must(err.code == ACMEMS_NO_MEMORY || err.code == ACMEMS_CONFIG);
}

static void must_be_sound(const struct acmems_dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		const struct acmems_dns_record *record = &answer->records[i];

		must_be_name(record->name);
		if (record->type == ACMEMS_DNS_NS || record->type == ACMEMS_DNS_CNAME ||
			record->type == ACMEMS_DNS_SOA)
			must_be_name(record->target);
		if (record->type == ACMEMS_DNS_TXT)
			must(record->text && record->text[record->len] == '\0');
		must(record->section <= ACMEMS_DNS_ADDITIONAL);
	}
}

static void find(const struct acmems_dns_answer *answer, const char *zone)
{
	struct find_view *view = calloc(1, sizeof(*view));
	struct acmems_error err = {0};
	int steps = 0;

	if (!view || !find_view_init(view, OWNER, zone, &err)) {
		free(view);
		return;
	}
	/* the same answer to every question must come to an end */
	for (;;) {
		enum find_step step = find_decide(view);

		must(++steps < 2 * FIND_CNAMES_MAX + 140);
		if (step == FIND_DONE || step == FIND_FAILED)
			break;
		if (step == FIND_FOLLOW)
			find_take_cname(view, answer, NULL);
		else
			find_take_soa(view, answer, NULL);
	}
	must(view->why.code != ACMEMS_OK || name_within(view->owner, view->zone));
	free(view);
}

static bool none_is(void *arg, const char *text, size_t len)
{
	(void)arg;
	must(text[len] == '\0');
	return false;
}

static void wait_for(struct acmems_dns_answer *answer)
{
	struct wait_view *view = calloc(1, sizeof(*view));

	if (!view)
		return;
	view->owner = OWNER;
	view->value = "x";
	answer->server = "192.0.2.1:53";
	wait_take_names(view, ZONE, answer, NULL);
	if (view->name_count > 0) {
		wait_take_addresses(view, 0, 53, answer, NULL);
		wait_addresses_taken(view, ZONE);
	}
	for (size_t i = 0; i < view->target_count; i++)
		wait_take_answer(view, &view->targets[i], answer, NULL);
	view->shows = none_is;
	for (size_t i = 0; i < view->target_count; i++)
		wait_take_answer(view, &view->targets[i], answer, NULL);
	if (view->target_count > 0)
		wait_round_over(view);
	wait_out_of_time(view, ZONE);
	wait_view_fini(view);
	free(view);
}

static void signature(const struct wire_view *view)
{
	struct acmems_error err = {0};
	struct acmems_tsig_key *key =
		acmems_tsig_key_new("acmems.", "hmac-sha256", "MDEyMzQ1Njc4OQ==", &err);
	struct tsig_mac mac = {.len = 32};
	struct tsig_seen seen;

	if (!key)
		return;
	tsig_check(key, &mac, 1800000000, view, &seen);
	must(!seen.authentic || seen.present);
	acmems_tsig_key_free(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_dns_answer answer;
	struct acmems_error err = {0};
	struct wire_view view;
	const char *why = NULL;

	if (size > WIRE_MAX || !wire_look(&view, data, size, &why))
		return 0;
	signature(&view);
	if (!message_answer(&answer, &view, &err))
		return 0;
	must_be_sound(&answer);
	find(&answer, NULL);
	find(&answer, ZONE);
	wait_for(&answer);
	message_answer_fini(&answer);
	return 0;
}
