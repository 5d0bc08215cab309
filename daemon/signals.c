/* SPDX-License-Identifier: ISC */
/* signals.c - a signalfd on the loop. */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <acmems/loop.h>

static struct {
	int fd;
	struct acmems_watch *watch;
	signals_callback *callback;
} state = {.fd = -1};

static void fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
}

void signals_block(void)
{
	sigset_t set;

	fill(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	struct signalfd_siginfo info;

	(void)arg;
	(void)ready;
	/* one a round: the callback may stop all this */
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		state.callback((int)info.ssi_signo);
}

bool signals_start(signals_callback *callback, struct acmems_error *err)
{
	sigset_t set;

	fill(&set);
	state.callback = callback;
	state.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (state.fd < 0)
		return acmems_error_errno(err, errno, "cannot receive signals");
	state.watch = acmems_watch_new(state.fd, ACMEMS_READ, on_ready, NULL, err);
	if (!state.watch) {
		signals_stop();
		return false;
	}
	return true;
}

void signals_stop(void)
{
	acmems_watch_free(state.watch);
	state.watch = NULL;
	if (state.fd >= 0)
		close(state.fd);
	state.fd = -1;
}
