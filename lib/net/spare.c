/* SPDX-License-Identifier: ISC */
/* spare.c - one descriptor in reserve. */
#include "net/spare.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSED_AT_ONCE 16

static struct {
	int fd; /* 0: none */
	unsigned holders;
} spare;

static void give_up(void)
{
	if (spare.fd > 0)
		close(spare.fd);
	spare.fd = 0;
}

static void take(void)
{
	if (spare.fd <= 0)
		spare.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void spare_hold(void)
{
	spare.holders++;
	take();
}

void spare_drop(void)
{
	if (--spare.holders == 0)
		give_up();
}

void spare_turn_away(int fd)
{
	give_up();
	for (int i = 0; i < CLOSED_AT_ONCE; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (client < 0)
			break;
		close(client);
	}
	take();
}
