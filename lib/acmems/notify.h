/* SPDX-License-Identifier: ISC */
/*
 * notify.h - modules that tell administrators what happened.
 *
 * The core makes events, picks the instances that want them, folds equal ones, keeps them over a
 * restart, and hands them over one at a time: an instance gets the next event when it has finished
 * the last. When it fails, the same event (same id) comes again later. So a receiver may see an
 * event twice, but never more often than it failed, plus once after a crash. A module that can make
 * one message of several events (send_several) has one more of the core's options, "digest".
 *
 * The closed list of events. Every field is a text; it is left out when it is not known, and there
 * is never one of another name. "names" are separated by ", ".
 *
 *   issued          names, serial, not-after, account, validator, storage, block, peer, duration-ms
 *   renewed         as issued, and old-not-after: the storage kept an older certificate
 *   cached          names, not-after, block, peer: answered from the storage; off by default
 *   rejected        names, peer, status, closest-block, missed: refused before the CA was asked
 *   failed          names, block, account, peer, status, problem, detail: the CA would not
 *   rate-limited    names, account, retry-after, detail
 *   expiring        names, not-after, days-left, storage: kept, near its end (or past it, when
 *                   days-left is 0 and not-after is over) and not renewed
 *   ca-unreachable  account, directory, detail
 *   ca-recovered    account, directory, down-since
 *   account         account, what, detail; what is one of "registered", "terms-changed" (or the CA
 *                   wants somebody to act by hand), "deactivated" (or revoked, by anybody), and
 *                   "needs-a-hand" (it cannot be registered)
 *   config          file, detail: a reload was refused
 *   test            instance: only from acmems -N
 *   summary         held-back, first, last: only to an instance that reached its limit
 *
 * Of the fields, not-after, old-not-after, down-since, first and last are dates (RFC 3339, UTC);
 * duration-ms, days-left, held-back and retry-after (seconds) are decimal numbers; problem is an
 * ACME problem type without its urn (RFC 8555, 6.7); detail may have several lines.
 *
 * Whatever came from outside is valid UTF-8 without control characters (but for the line ends of a
 * detail), separators of lines and characters that turn the direction of writing: '?' stands for them.
 * The rest is as it came, and a receiver must escape it for what it writes (headers, JSON, markup,
 * lines of a log).
 */
#ifndef ACMEMS_NOTIFY_H
#define ACMEMS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/error.h>

enum acmems_severity {
	ACMEMS_EVENT_INFO, /* issued, renewed, cached, ca-recovered, account: registered, test */
	ACMEMS_EVENT_WARNING, /* rejected, rate-limited, expiring, account: terms-changed, summary */
	ACMEMS_EVENT_ERROR, /* failed, ca-unreachable, account: all else, config */
};

/* One fact about an event: a name of the list above and its text. Neither is ever NULL. */
struct acmems_field {
	const char *name;
	const char *text;
};

/* Valid until the operation is finished or cancelled. */
struct acmems_event {
	const char *name; /* "issued", "rejected", ... */
	int64_t when; /* of the last one it stands for: seconds since 1970-01-01 UTC */
	const char *summary; /* one line for a person, without line ends, at most 500 bytes */
	const struct acmems_field *fields; /* no name twice */
	size_t field_count;
	uint64_t id; /* unique, and the same after a failure or a restart */
	uint32_t count; /* how many equal ones it stands for, 1 or more */
	int64_t first; /* when the first of them was; = when if count is 1 */
	enum acmems_severity severity;
};

/* "info", "warning" or "error"; static. */
const char *acmems_severity_name(enum acmems_severity severity);

#define ACMEMS_EVENT_TIME_MAX 32

/* "2026-11-24T09:30:00Z" (RFC 3339) for seconds since 1970-01-01 UTC. */
void acmems_event_time(int64_t when, char out[ACMEMS_EVENT_TIME_MAX]);

/*
 * The event as every receiver of JSON gets it: an object of id (a text, because not every reader keeps
 * 64 bits), event, severity, time, first, count, summary and fields. The caller's to free(),
 * NUL-terminated behind *ret_len bytes; NULL when there is no memory.
 */
char *acmems_event_json(const struct acmems_event *event, size_t *ret_len);

struct acmems_notify_ops {
	/*
	 * Operation, within 60 s: deliver the event. What it finishes with, text of one line, is the receiver's
	 * own words ("250 2.0.0 Ok: queued"), which acmems -N prints. An error whose retry_after is
	 * given is tried again after that time. Errors of code ACMEMS_BAD_REQUEST are final:
	 * the receiver will never take this event, and it is dropped.
	 */
	bool (*send)(void *instance, uint64_t op, const struct acmems_event *event,
		struct acmems_error *err);

	/*
	 * Operation, within 60 s, optional: deliver 2 to 100 events in one message, oldest first. The array and its
	 * events are valid until it is finished or cancelled. What it finishes with is for all of
	 * them: after an error all come again, perhaps with more; after ACMEMS_BAD_REQUEST each comes
	 * by itself, to send.
	 */
	bool (*send_several)(void *instance, uint64_t op, const struct acmems_event *const *events,
		size_t count, struct acmems_error *err);
};

#endif
