/* SPDX-License-Identifier: ISC */
/*
 * dns/message.h - DNS messages made and read: questions, updates (RFC 2136) and the records of
 * answers. Signatures are in dns/tsig.h, sending is in dns/exchange.h.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/dns.h>
#include <acmems/dns_update.h>
#include <acmems/error.h>

#include "dns/wire.h"

/* Answers over UDP may be this long, if the server knows EDNS: what passes everywhere unfragmented. */
#define MESSAGE_UDP_LEN 1232

/* A message ready to be sent. */
struct message {
	uint8_t *bytes;
	size_t len;
};

/* Makes a question with the id, with or without EDNS. To be given to message_fini(). */
bool message_question(struct message *message, const struct acmems_dns_question *question,
	uint16_t id, bool edns, struct acmems_error *err);

/* Makes an update with the id, not signed. To be given to message_fini(). */
bool message_update(struct message *message, const struct acmems_dns_update *update, uint16_t id,
	struct acmems_error *err);

/* Safe on a zeroed struct and twice. */
void message_fini(struct message *message);

/*
 * Reads the records that are understood (enum acmems_dns_type, class IN); others are left out. False
 * and *err (ACMEMS_BAD_ANSWER, ACMEMS_NO_MEMORY) on failure. answer->server is left NULL. To be given
 * to message_answer_fini().
 */
bool message_answer(
	struct acmems_dns_answer *answer, const struct wire_view *view, struct acmems_error *err);

/* Safe on a zeroed struct and twice. */
void message_answer_fini(struct acmems_dns_answer *answer);

/* A name in presentation form to lower case wire form; its length, or 0 and *err. */
size_t message_name(const char *name, uint8_t out[WIRE_NAME_MAX], struct acmems_error *err);

/* "NXDOMAIN", or "RCODE 77" for one without a name, in a buffer of at least 16 bytes. */
const char *message_rcode(unsigned rcode, char out[16]);

#endif
