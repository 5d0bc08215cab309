/* SPDX-License-Identifier: ISC */
/* dns/udp_door.h - one UDP address of a name server: datagrams in, answers out. */
#ifndef DNS_UDP_DOOR_H
#define DNS_UDP_DOOR_H

#include <stdbool.h>

#include <acmems/error.h>
#include <acmems/loop.h>

#include "dns/answer.h"
#include "dns/udp_rate.h"
#include "net/address.h"

struct udp_door {
	int fd;
	struct acmems_watch *watch;
	const struct answer_house *house;
	struct udp_rate rate;
};

/* False and *err on failure; then nothing is left to be undone. The house has to outlive it. */
bool udp_door_open(struct udp_door *door, const struct address_place *place,
	const struct answer_house *house, struct acmems_error *err);
void udp_door_close(struct udp_door *door);

#endif
