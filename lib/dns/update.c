/* SPDX-License-Identifier: ISC */
/*
 * update.c - dynamic updates (acmems/dns_update.h): what to send again, what to believe, and what to
 * tell the operator.
 */
#include <acmems/dns_update.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <acmems/log.h>
#include <acmems/loop.h>

#include "dns/message.h"
#include "dns/tour.h"
#include "dns/tsig.h"

#define ROOM "dns"

/* RFC 1035, 4.1.1 and RFC 2136, 2.2 */
enum { NOERROR = 0, FORMERR, SERVFAIL, NOTIMP = 4, REFUSED, NOTAUTH = 9, NOTZONE };

struct update {
	struct acmems_dns_update update;
	struct tsig_mac mac; /* of the message that was sent last */
	int64_t skew; /* added to our clock when signing, seconds */
	bool maybe; /* a server may have applied it, without our knowing for certain */
	acmems_dns_update_done *done;
	void *arg;
};

static int64_t clock_of(const struct update *update)
{
	return acmems_clock_wall() + update->skew;
}

static bool update_make(void *arg, uint16_t id, struct message *message, struct acmems_error *err)
{
	struct update *update = arg;

	if (!message_update(message, &update->update, id, err))
		return false;
	return !update->update.key ||
	       tsig_sign(update->update.key, clock_of(update), message, &update->mac, err);
}

/* ---- what answers mean ---- */

static const char *clock_text(int64_t seconds, char out[32])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		snprintf(out, 32, "nonsense");
	return out;
}

/* An error of TSIG's own. They come with NOTAUTH (RFC 8945, 5.2). */
static void tsig_fault(
	const struct update *update, const struct tsig_seen *seen, struct acmems_error *err)
{
	const char *key = acmems_tsig_key_name(update->update.key);
	char theirs[32], ours[32];

	switch (seen->error) {
	case TSIG_BADSIG:
		acmems_error_set(err, ACMEMS_CONFIG,
			"it knows TSIG key \"%s\", but with another secret (BADSIG)", key);
		return;
	case TSIG_BADKEY:
		acmems_error_set(err, ACMEMS_CONFIG,
			"it does not know TSIG key \"%s\" with algorithm %s (BADKEY)", key,
			tsig_algorithm(update->update.key));
		return;
	case TSIG_BADTIME:
		acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"the clocks differ too much (BADTIME): it says %s, here it is %s%s",
			clock_text(seen->server_time, theirs),
			clock_text(acmems_clock_wall(), ours),
			seen->authentic ? "" : " (nobody has signed that)");
		return;
	}
	acmems_error_set(
		err, ACMEMS_BAD_ANSWER, "it says TSIG error %u of key \"%s\"", seen->error, key);
}

static void refused(const struct update *update, const char *suffix, struct acmems_error *err)
{
	const struct acmems_dns_update *asked = &update->update;

	if (asked->key)
		acmems_error_set(err, ACMEMS_CONFIG,
			"it does not let TSIG key \"%s\" change %s in zone %s (REFUSED)%s: look at "
			"update-policy or allow-update in BIND, acl in Knot",
			acmems_tsig_key_name(asked->key), asked->owner, asked->zone, suffix);
	else
		acmems_error_set(err, ACMEMS_CONFIG,
			"it does not take unsigned updates of zone %s from here (REFUSED)",
			asked->zone);
}

/* A sentence for each RCODE; suffix says whether it is signed. */
static void rcode_fault(
	struct update *update, unsigned rcode, const char *suffix, struct acmems_error *err)
{
	const char *zone = update->update.zone;
	char text[16];

	switch (rcode) {
	case REFUSED:
		refused(update, suffix, err);
		return;
	case NOTAUTH:
		acmems_error_set(err, ACMEMS_CONFIG,
			"it is not the primary server of zone %s (NOTAUTH)%s", zone, suffix);
		return;
	case NOTZONE:
		acmems_error_set(err, ACMEMS_CONFIG, "%s does not lie in zone %s (NOTZONE)%s",
			update->update.owner, zone, suffix);
		return;
	case NOTIMP:
		acmems_error_set(
			err, ACMEMS_CONFIG, "it takes no dynamic updates (NOTIMP)%s", suffix);
		return;
	case SERVFAIL:
		update->maybe = true;
		acmems_error_set(err, ACMEMS_UNAVAILABLE,
			"it failed to change zone %s (SERVFAIL)%s: its log says why; often it can "
			"not write the zone's file or journal",
			zone, suffix);
		return;
	case FORMERR:
		acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"it does not understand the update (FORMERR)%s", suffix);
		return;
	}
	update->maybe = true;
	acmems_error_set(err, ACMEMS_BAD_ANSWER,
		"it answers the update with %s%s, which means nothing here: its log may say why",
		message_rcode(rcode, text), suffix);
}

/* Whether to go on with the server's clock: it is the server who says so, and it is not in use yet. */
static bool set_clock(struct update *update, const struct tsig_seen *seen)
{
	int64_t skew = seen->server_time - acmems_clock_wall();
	int64_t change = skew > update->skew ? skew - update->skew : update->skew - skew;

	if (!seen->authentic || seen->server_time == 0 || change < TSIG_FUDGE / 2)
		return false;
	update->skew = skew;
	acmems_log(ACMEMS_LOG_DEBUG, ROOM, update->update.owner,
		"a name server's clock differs from ours by %lld s; signing with its time",
		(long long)skew);
	return true;
}

static enum tour_verdict judge_signed(
	struct update *update, const struct wire_view *answer, struct acmems_error *err)
{
	const char *suffix = "";
	struct tsig_seen seen;

	tsig_check(update->update.key, &update->mac, clock_of(update), answer, &seen);
	if (set_clock(update, &seen))
		return TOUR_AGAIN;
	if (seen.present && seen.error != 0) {
		tsig_fault(update, &seen, err);
		return TOUR_NEXT;
	}
	if (answer->rcode == NOERROR && seen.authentic)
		return TOUR_SETTLED;
	if (!seen.authentic && (answer->rcode == NOERROR || seen.present)) {
		update->maybe = true;
		acmems_error_set(err, ACMEMS_BAD_ANSWER,
			"its answer to the update can not be believed: %s",
			seen.present ? seen.why : "it is not signed");
		return TOUR_NEXT;
	}
	if (!seen.authentic)
		suffix = ", in an answer that is not signed";
	rcode_fault(update, answer->rcode, suffix, err);
	return TOUR_NEXT;
}

static enum tour_verdict update_judge(
	void *arg, const struct wire_view *answer, const char *server, struct acmems_error *err)
{
	struct update *update = arg;

	(void)server;
	if (update->update.key)
		return judge_signed(update, answer, err);
	if (answer->rcode == NOERROR)
		return TOUR_SETTLED;
	rcode_fault(update, answer->rcode, "", err);
	return TOUR_NEXT;
}

/* ---- life ---- */

static void update_lost(void *arg)
{
	struct update *update = arg;

	update->maybe = true;
}

static void update_done(void *arg, const struct acmems_error *err)
{
	struct update *update = arg;
	struct acmems_dns_updated updated = {
		.skew = update->skew, .maybe_applied = !err || update->maybe};
	struct acmems_error why;

	if (!err) {
		update->done(update->arg, &updated, NULL);
		return;
	}
	why = *err;
	acmems_error_context(&why, "cannot %s the TXT record of %s",
		update->update.remove ? "remove" : "add", update->update.owner);
	update->done(update->arg, &updated, &why);
}

static void update_release(void *arg)
{
	struct update *update = arg;

	free((char *)update->update.zone);
	free((char *)update->update.owner);
	free((char *)update->update.value);
	free(update);
}

/* Copies what has to live; false: no memory. */
static bool copy_update(struct update *update, const struct acmems_dns_update *from)
{
	update->update = *from;
	update->update.servers = NULL;
	update->update.zone = strdup(from->zone);
	update->update.owner = strdup(from->owner);
	update->update.value = strdup(from->value);
	return update->update.zone && update->update.owner && update->update.value;
}

uint64_t acmems_dns_update(const struct acmems_dns_update *from, acmems_dns_update_done *done,
	void *arg, struct acmems_error *err)
{
	struct update *update = calloc(1, sizeof(*update));
	struct tour_config config = {.servers = from->servers,
		.timeout_ms = from->timeout_ms,
		.arg = update,
		.make = update_make,
		.judge = update_judge,
		.lost = update_lost,
		.done = update_done,
		.release = update_release};
	struct message message = {0};
	uint64_t id = 0;

	if (!update || !copy_update(update, from)) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an update");
	} else if (!from->servers || !from->servers[0]) {
		acmems_error_set(
			err, ACMEMS_CONFIG, "no server is given for the update of %s", from->owner);
	} else if (message_update(&message, &update->update, 0, err)) {
		/* made once, so that a wrong name is told now */
		message_fini(&message);
		update->done = done;
		update->arg = arg;
		id = tour_start(&config, err);
	}
	if (id == 0 && update)
		update_release(update);
	return id;
}

void acmems_dns_update_cancel(uint64_t id)
{
	tour_cancel(id);
}
