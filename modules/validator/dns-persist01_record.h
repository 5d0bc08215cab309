/* SPDX-License-Identifier: ISC */
/*
 * validator/dns-persist01_record.h - whether a TXT record lets the CA's account have certificates
 * (draft-ietf-acme-dns-persist; syntax of RFC 8659, 4.2), and what is wrong if it does not. Pure.
 */
#ifndef DNS_PERSIST01_RECORD_H
#define DNS_PERSIST01_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/validator.h>

/* From the one that has least to do with us to the one that is right. */
enum record_fault {
	RECORD_ABSENT,
	RECORD_OTHER_CA,
	RECORD_MALFORMED,
	RECORD_NO_ACCOUNT,
	RECORD_OTHER_ACCOUNT,
	RECORD_NO_WILDCARD,
	RECORD_EXPIRED,
	RECORD_GOOD,
};

struct record_verdict {
	enum record_fault fault;
	char word[160]; /* of the record, what is at fault; printable */
};

/* Judges the text of a record at the time `now`, seconds since 1970. */
void record_judge(const struct acmems_challenge *challenge, int64_t now, const char *text,
	size_t len, struct record_verdict *verdict);

/* A sentence about the record at `name`: "the record at NAME is for ..., not for ...". */
void record_explain(const struct record_verdict *verdict, const char *name,
	const struct acmems_challenge *challenge, char *out, size_t room);

/* What the record has to say for the challenge. False: nobody has told. */
bool record_wanted(const struct acmems_challenge *challenge, char *out, size_t room);

#endif
