/* SPDX-License-Identifier: ISC */
/*
 * child_exit.c - ends of processes, by a descriptor for each (pidfd) or, on a kernel that has none or
 * hides them, by SIGCHLD. That says nothing about whose end it is, so all are looked at then.
 */
#include "base/child_exit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct child_exit {
	pid_t pid;
	acmems_callback *callback;
	void *arg;
	int fd; /* -1: it is among those that wait for SIGCHLD */
	struct acmems_watch *watch;
	bool told;
	TAILQ_ENTRY(child_exit) entry;
};

static struct {
	TAILQ_HEAD(child_exit_list, child_exit) list;
	bool ready; /* the list is */
	int fd;
	struct acmems_watch *watch;
	struct acmems_task look;
} by_signal;

bool child_has_exited(pid_t pid)
{
	siginfo_t info = {0};

	/* an error: there is no such process of ours any more */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

/* ---- by SIGCHLD ---- */

static struct child_exit *next_ended(void)
{
	struct child_exit *exit;

	TAILQ_FOREACH(exit, &by_signal.list, entry)
	{
		if (!exit->told && child_has_exited(exit->pid))
			return exit;
	}
	return NULL;
}

/* Begins anew each time: a callback may free any of them. */
static void look(void *arg)
{
	struct child_exit *exit = next_ended();

	(void)arg;
	while (exit) {
		exit->told = true;
		exit->callback(exit->arg);
		exit = next_ended();
	}
}

static void on_signal(void *arg, int fd, unsigned ready)
{
	struct signalfd_siginfo info;

	(void)ready;
	while (read(fd, &info, sizeof(info)) == sizeof(info))
		;
	look(arg);
}

static void signal_set(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(how, &set, NULL);
}

static bool signal_begin(struct acmems_error *err)
{
	sigset_t set;

	TAILQ_INIT(&by_signal.list);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signal_set(SIG_BLOCK);
	by_signal.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (by_signal.fd < 0)
		return acmems_error_errno(err, errno, "cannot notice the ends of programs");
	by_signal.watch = acmems_watch_new(by_signal.fd, ACMEMS_READ, on_signal, NULL, err);
	if (!by_signal.watch) {
		close(by_signal.fd);
		return false;
	}
	by_signal.ready = true;
	return true;
}

static void signal_end(void)
{
	acmems_task_cancel(&by_signal.look);
	acmems_watch_free(by_signal.watch);
	close(by_signal.fd);
	signal_set(SIG_UNBLOCK);
	by_signal.ready = false;
}

static bool add_to_list(struct child_exit *exit, struct acmems_error *err)
{
	if (!by_signal.ready && !signal_begin(err))
		return false;
	TAILQ_INSERT_TAIL(&by_signal.list, exit, entry);
	/* it may have ended before anybody listened */
	acmems_task_post(&by_signal.look, look, NULL);
	return true;
}

static void remove_from_list(struct child_exit *exit)
{
	TAILQ_REMOVE(&by_signal.list, exit, entry);
	if (TAILQ_EMPTY(&by_signal.list))
		signal_end();
}

/* ---- either way ---- */

static void on_ended(void *arg, int fd, unsigned ready)
{
	struct child_exit *exit = arg;

	(void)fd;
	(void)ready;
	exit->callback(exit->arg);
}

struct child_exit *child_exit_new(
	pid_t pid, acmems_callback *callback, void *arg, struct acmems_error *err)
{
	struct child_exit *exit = calloc(1, sizeof(*exit));
	bool ok;

	if (!exit) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to wait for a program");
		return NULL;
	}
	exit->pid = pid;
	exit->callback = callback;
	exit->arg = arg;
	exit->fd = pidfd_open(pid, 0);
	if (exit->fd >= 0) {
		exit->watch = acmems_watch_new(exit->fd, ACMEMS_READ, on_ended, exit, err);
		ok = exit->watch != NULL;
	} else {
		ok = add_to_list(exit, err);
	}
	if (ok)
		return exit;
	if (exit->fd >= 0)
		close(exit->fd);
	free(exit);
	return NULL;
}

void child_exit_free(struct child_exit *exit)
{
	if (!exit)
		return;
	if (exit->fd >= 0) {
		acmems_watch_free(exit->watch);
		close(exit->fd);
	} else {
		remove_from_list(exit);
	}
	free(exit);
}
