/* SPDX-License-Identifier: ISC */
/*
 * dns01-httpreq_record.h - one TXT record at the server that keeps the zone, from the question where it
 * belongs to its removal. Part of validator-dns01-httpreq.
 *
 * Life: present makes it; it finds the name, asks the server to publish it, waits until it is seen,
 * and finishes the operation. cleanup asks the server to remove it and drops it. A record that the
 * server can not have is dropped without asking.
 */
#ifndef DNS01_HTTPREQ_RECORD_H
#define DNS01_HTTPREQ_RECORD_H

#include <acmems/dns_look.h>
#include <acmems/module.h>
#include <acmems/validator.h>

struct httpreq_record;

struct httpreq {
	struct acmems_instance self;
	char *endpoint;
	int mode;
	char *username;
	char *password_file;
	char *ca_file;
	bool follow_cname;
	int challenge;
	int64_t timeout_ms;
	struct acmems_dns_look look;

	char *authorization; /* value of the header; NULL: none */
	struct httpreq_record *records;
};

enum httpreq_mode { HTTPREQ_DEFAULT, HTTPREQ_RAW };

/* Finishes op when the record is seen. */
bool httpreq_record_present(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Finishes op when the record is gone. */
bool httpreq_record_cleanup(struct httpreq *httpreq, uint64_t op,
	const struct acmems_challenge *challenge, struct acmems_error *err);

/* Drops all, silently. */
void httpreq_record_drop_all(struct httpreq *httpreq);

#endif
