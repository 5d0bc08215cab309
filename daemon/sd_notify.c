/* SPDX-License-Identifier: ISC */
/* sd_notify.c - one datagram a message; nobody waits for an answer. */
#include "sd_notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <acmems/loop.h>

static struct {
	struct acmems_timer *timer;
	int64_t period_ms;
} watchdog;

/* A path, or with '@' a name without a file. */
static bool address_of(const char *name, struct sockaddr_un *address, socklen_t *len)
{
	size_t name_len = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || name_len < 2 ||
		name_len >= sizeof(address->sun_path))
		return false;
	memcpy(address->sun_path, name, name_len);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_len);
	return true;
}

static void tell(const char *message)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t len;
	int fd;

	if (!name || !address_of(name, &address, &len))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	/* nothing can be done for a manager that does not listen */
	if (sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, len) <
		0)
		errno = 0;
	close(fd);
}

void sd_notify_ready(const char *status)
{
	char message[512];

	snprintf(message, sizeof(message), "READY=1\nSTATUS=%s", status);
	tell(message);
}

void sd_notify_reloading(void)
{
	char message[96];

	snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		acmems_clock_ms() * 1000);
	tell(message);
}

void sd_notify_stopping(void)
{
	tell("STOPPING=1");
}

/* ---- watchdog ---- */

/* Twice as often as we must; 0 when nobody watches, or not us. */
static int64_t watchdog_period(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	long long period;

	if (!usec || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	period = strtoll(usec, NULL, 10) / 1000 / 2;
	return period > 0 && period < INT32_MAX ? period : 0;
}

static void on_watchdog(void *arg)
{
	(void)arg;
	tell("WATCHDOG=1");
	acmems_timer_start(watchdog.timer, watchdog.period_ms);
}

bool sd_notify_watchdog_start(void)
{
	watchdog.period_ms = watchdog_period();
	if (watchdog.period_ms == 0)
		return true;
	watchdog.timer = acmems_timer_new(on_watchdog, NULL);
	if (!watchdog.timer)
		return false;
	acmems_timer_start(watchdog.timer, 0);
	return true;
}

void sd_notify_watchdog_stop(void)
{
	acmems_timer_free(watchdog.timer);
	watchdog.timer = NULL;
}
