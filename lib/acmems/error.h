/* SPDX-License-Identifier: ISC */
/*
 * error.h - the one error object.
 *
 * Life: a caller declares `struct acmems_error err = { 0 };` and hands its address down. The
 * function that sees the fault fills it; functions on the way up put context in front; the daemon
 * maps the code to an HTTP status in exactly one table (daemon/sign/answer.c) and logs it once. It is
 * plain memory without pointers: copy it by assignment, nothing has to be freed, and reporting a
 * fault can not fail for lack of memory.
 *
 * Functions that take `struct acmems_error *err` return false, NULL or 0 on failure and leave *err
 * untouched on success. err must not be NULL.
 */
#ifndef ACMEMS_ERROR_H
#define ACMEMS_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* What kind of trouble it is, in the eyes of the one who waits for the answer. */
enum acmems_code {
	ACMEMS_OK = 0,
	ACMEMS_BAD_REQUEST, /* not understandable: HTTP or header syntax */
	ACMEMS_REFUSED, /* understood, and not allowed by our policy */
	ACMEMS_NOT_FOUND, /* no such path, file, object */
	ACMEMS_BAD_METHOD, /* the path exists, the method is not for it */
	ACMEMS_NO_LENGTH, /* a body without a Content-Length */
	ACMEMS_TOO_LARGE, /* more bytes than the limit allows */
	ACMEMS_BAD_CSR, /* not a certificate signing request that can be used */
	ACMEMS_VALIDATION, /* the CA could not or would not validate a name */
	ACMEMS_RATE_LIMITED, /* the CA's rate limit; retry_after says when, if it told us */
	ACMEMS_BAD_ANSWER, /* a peer answered something that makes no sense */
	ACMEMS_UNAVAILABLE, /* a peer or we are down or overloaded: try again later */
	ACMEMS_TIMEOUT, /* no answer in time */
	ACMEMS_NO_MEMORY, /* an allocation failed */
	ACMEMS_SYSTEM, /* the operating system said no: files, sockets, limits */
	ACMEMS_CONFIG, /* the configuration or a module is wrong */
	ACMEMS_FAULT, /* a fault of our own */
};

#define ACMEMS_ERROR_MESSAGE_MAX 512
#define ACMEMS_ERROR_DETAIL_MAX 4096
#define ACMEMS_ERROR_PROBLEM_MAX 64

struct acmems_error {
	enum acmems_code code;
	/* Seconds after which a new try makes sense; 0: nobody said. */
	uint32_t retry_after;
	/* ACME problem type behind "urn:ietf:params:acme:error:" (RFC 8555, 6.7), or "". */
	char problem[ACMEMS_ERROR_PROBLEM_MAX];
	/* One line for a person: who did what to what, and why it failed. NUL-terminated. */
	char message[ACMEMS_ERROR_MESSAGE_MAX];
	/* Further lines, "NAME: explanation\n" each, for faults that concern names one by one. */
	char detail[ACMEMS_ERROR_DETAIL_MAX];
};

/*
 * Fills *err with a code and a message; problem, detail and retry_after become empty. A message
 * that is too long is cut and ends in "...". Always returns false, so that a function can say
 * `return acmems_error_set(err, ...)`.
 */
bool acmems_error_set(struct acmems_error *err, enum acmems_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As acmems_error_set(), with ": " and the text of the errno value behind the message. */
bool acmems_error_errno(struct acmems_error *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "CONTEXT: " in front of the message; the code and all else stay. Returns false. */
bool acmems_error_context(struct acmems_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds the line "NAME: TEXT" to the details; drops it, with a mark, when they are full. */
void acmems_error_detail(struct acmems_error *err, const char *name, const char *text);

/* The code as a short word for logs: "refused", "timeout", ... Never NULL. */
const char *acmems_code_name(enum acmems_code code);

#endif
