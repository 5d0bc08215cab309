/* SPDX-License-Identifier: ISC */
/* process.c - see process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <acmems/file.h>

/* Where the parent waits; -1: there is none. */
static int parent_fd = -1;

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Descriptors 0 to 2 must not become sockets that a stray message is written to. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void process_init(void)
{
	struct rlimit none = {0};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	fill_standard_fds();
	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
	raise_descriptors();
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* The parent: as soon as the child says so, or is gone, that is the result. */
static int await_child(int fd, pid_t child)
{
	unsigned char byte;
	ssize_t got;
	int status = 0;

	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		return EX_OK;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

bool process_detach(struct acmems_error *err)
{
	int fds[2];
	pid_t child;

	/* what the caller had open must not stay open because of us */
	close_range(STDERR_FILENO + 1, ~0u, 0);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return acmems_error_errno(err, errno, "cannot detach");
	child = fork();
	if (child < 0) {
		acmems_error_errno(err, errno, "cannot detach");
		close(fds[0]);
		close(fds[1]);
		return false;
	}
	if (child > 0) {
		close(fds[1]);
		_exit(await_child(fds[0], child));
	}
	close(fds[0]);
	parent_fd = fds[1];
	setsid();
	return true;
}

void process_detach_done(void)
{
	int fd;

	if (parent_fd < 0)
		return;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		if (fd > STDERR_FILENO)
			close(fd);
	}
	/* a parent that was killed meanwhile is no reason to stop */
	if (write(parent_fd, "", 1) < 0)
		errno = 0;
	close(parent_fd);
	parent_fd = -1;
}

bool process_pid_file(const char *path, struct acmems_error *err)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	return !path || acmems_file_write(path, text, (size_t)len, 0644, err);
}
