/* SPDX-License-Identifier: ISC */
/*
 * dns/exchange.h - one message to one address, and the answer to it.
 *
 * Over UDP first, from a port of its own that only this address can reach, again after 0.5, 1 and 2
 * seconds; over TCP when the answer was cut or none came (RFC 7766). What does not answer this very
 * message - address, id, opcode, question - is not looked at. Whether an answer can be believed is
 * for others to say.
 */
#ifndef DNS_EXCHANGE_H
#define DNS_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include <acmems/address.h>
#include <acmems/error.h>

#include "dns/message.h"
#include "dns/wire.h"

struct exchange;

/*
 * Either the answer, valid during the call, or err; then lost says whether the message may have come to
 * the server all the same. The exchange is gone when it comes.
 */
typedef void exchange_done(
	void *arg, const struct wire_view *answer, const struct acmems_error *err, bool lost);

struct exchange_config {
	const struct acmems_address *server; /* with its port */
	const struct message *message; /* copied */
	int64_t timeout_ms; /* > 0, for all of it */
	exchange_done *done;
	void *arg;
};

/* done comes exactly once, from the loop, unless it is freed before. NULL: no memory. */
struct exchange *exchange_start(const struct exchange_config *config);

/* Silent. NULL is allowed. */
void exchange_free(struct exchange *exchange);

#endif
