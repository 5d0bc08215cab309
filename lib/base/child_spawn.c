/* SPDX-License-Identifier: ISC */
/*
 * child_spawn.c - a program becomes a process: pipes, signals, descriptors, limits.
 *
 * Its input lies in a file without a name, so that nobody has to feed it. The soft limit of
 * descriptors, which the daemon has raised for itself, is put back to the usual one: programs that
 * use select() or close whatever might be open are not made for more.
 */
#include "base/child_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_DESCRIPTORS 1024
#define USUAL_UMASK 022

/* What a process is started with: its three descriptors, and our ends. */
struct ends {
	int input;
	int theirs[2];
	int ours[2];
};

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_theirs(struct ends *ends)
{
	close_one(&ends->input);
	close_one(&ends->theirs[0]);
	close_one(&ends->theirs[1]);
}

static int open_input(const struct child_program *program)
{
	const char *at = program->input;
	size_t left = program->input_len;
	int fd;

	if (left == 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("input", MFD_CLOEXEC);
	while (fd >= 0 && left > 0) {
		ssize_t written = write(fd, at, left);

		if (written < 0 && errno != EINTR) {
			close_one(&fd);
		} else if (written > 0) {
			at += written;
			left -= (size_t)written;
		}
	}
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		close_one(&fd);
	return fd;
}

static bool open_output(struct ends *ends, int which)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	ends->ours[which] = fds[0];
	ends->theirs[which] = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool open_ends(const struct child_program *program, struct ends *ends)
{
	*ends = (struct ends){.input = open_input(program), .theirs = {-1, -1}, .ours = {-1, -1}};
	return ends->input >= 0 && open_output(ends, 0) && open_output(ends, 1);
}

/* What the process is to do before it becomes the program; an errno value or 0. */
static int fill_actions(posix_spawn_file_actions_t *actions, const struct ends *ends)
{
	int fault = posix_spawn_file_actions_adddup2(actions, ends->input, STDIN_FILENO);

	if (fault == 0)
		fault = posix_spawn_file_actions_adddup2(actions, ends->theirs[0], STDOUT_FILENO);
	if (fault == 0)
		fault = posix_spawn_file_actions_adddup2(actions, ends->theirs[1], STDERR_FILENO);
	if (fault == 0)
		fault = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (fault == 0)
		fault = posix_spawn_file_actions_addchdir_np(actions, "/");
	return fault;
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int fault;

	sigemptyset(&none);
	sigfillset(&all);
	fault = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (fault == 0)
		fault = posix_spawnattr_setpgroup(attributes, 0);
	if (fault == 0)
		fault = posix_spawnattr_setsigmask(attributes, &none);
	if (fault == 0)
		fault = posix_spawnattr_setsigdefault(attributes, &all);
	return fault;
}

/* The process inherits umask and limits, so ours are put aside for the moment of its birth. */
static int spawn_as_usual(const struct child_program *program, pid_t *pid,
	const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes)
{
	struct rlimit ours, usual;
	bool limited = getrlimit(RLIMIT_NOFILE, &ours) == 0 && ours.rlim_cur > USUAL_DESCRIPTORS;
	mode_t mask = umask(USUAL_UMASK);
	int fault;

	if (limited) {
		usual = ours;
		usual.rlim_cur = USUAL_DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &usual);
	}
	fault = posix_spawn(pid, program->arguments[0], actions, attributes, program->arguments,
		program->environment);
	if (limited)
		setrlimit(RLIMIT_NOFILE, &ours);
	umask(mask);
	return fault;
}

static int spawn(const struct child_program *program, const struct ends *ends, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int fault = posix_spawn_file_actions_init(&actions);

	if (fault != 0)
		return fault;
	fault = posix_spawnattr_init(&attributes);
	if (fault == 0) {
		fault = fill_actions(&actions, ends);
		if (fault == 0)
			fault = fill_attributes(&attributes);
		if (fault == 0)
			fault = spawn_as_usual(program, pid, &actions, &attributes);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return fault;
}

/* Whoever started us may have ignored SIGCHLD, and then nobody hears how a process ended. */
static void notice_ends(void)
{
	struct sigaction action;

	if (sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
		action.sa_handler = SIG_DFL;
		sigaction(SIGCHLD, &action, NULL);
	}
}

bool child_program_spawn(const struct child_program *program, struct child_process *process,
	struct acmems_error *err)
{
	struct ends ends;
	int fault;

	notice_ends();
	fault = open_ends(program, &ends) ? 0 : errno;
	if (fault == 0)
		fault = spawn(program, &ends, &process->pid);
	close_theirs(&ends);
	if (fault == 0) {
		process->outputs[0] = ends.ours[0];
		process->outputs[1] = ends.ours[1];
		return true;
	}
	close_one(&ends.ours[0]);
	close_one(&ends.ours[1]);
	if (fault == ENOEXEC)
		return acmems_error_set(err, ACMEMS_SYSTEM,
			"cannot run %s: it is no program; a script begins with a line "
			"\"#!/bin/sh\"",
			program->arguments[0]);
	return acmems_error_errno(err, fault, "cannot run %s", program->arguments[0]);
}
