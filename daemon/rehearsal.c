/* SPDX-License-Identifier: ISC */
/* rehearsal.c - the copy, and what its end means. */
#include "rehearsal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child_exit.h"
#include "base/log_target.h"

#define LIMIT_S 5

/* Where the copy is: memory that both have. */
struct note {
	char owner[64];
	char step[32];
	bool over; /* the body has come to its end */
};

struct rehearsal {
	pid_t pid;
	unsigned limit_s;
	struct note *note;
	struct child_exit *exit;
	rehearsal_done *done;
	void *arg;
};

/* The copy's own; NULL: this is no copy. */
static struct note *here;

void rehearsal_at(const char *owner, const char *step)
{
	if (!here)
		return;
	snprintf(here->owner, sizeof(here->owner), "%s", owner);
	snprintf(here->step, sizeof(here->step), "%s", step);
}

/* ---- the copy ---- */

static void default_signals(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Is it the name of a descriptor other than the folder's own? */
static bool is_other(const char *name, int folder, int *fd)
{
	char *end;
	long number = strtol(name, &end, 10);

	*fd = (int)number;
	return end != name && !*end && number != folder;
}

/*
 * A socket that two processes have is not closed when one of them closes it, and its events still
 * come to the epoll it was in. So the copy lets go of all, but keeps their numbers: what comes of a
 * write to one that memory still speaks of is nothing.
 */
static void drop_descriptors(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	DIR *dir = opendir("/proc/self/fd");
	int fd;

	if (null < 0 || !dir) {
		close_range(0, ~0u, 0);
		return;
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (is_other(entry->d_name, dirfd(dir), &fd) && fd != null)
			dup3(null, fd, O_CLOEXEC);
	}
	closedir(dir);
}

static _Noreturn void play(const struct rehearsal_spec *spec, struct note *note, unsigned limit_s)
{
	here = note;
	drop_descriptors();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	default_signals();
	log_mute();
	alarm(limit_s);
	spec->body(spec->arg);
	note->over = true;
	_exit(0);
}

/* ---- its beginning and end ---- */

static struct note *new_note(struct acmems_error *err)
{
	void *page = mmap(NULL, sizeof(struct note), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		return page;
	acmems_error_errno(err, errno, "no memory to try modules out");
	return NULL;
}

/* Makes the copy, and waits until it has let go of our descriptors. -1: errno says why not. */
static pid_t make_copy(const struct rehearsal_spec *spec, struct note *note, unsigned limit_s)
{
	int fds[2];
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		play(spec, note, limit_s);
	close(fds[1]);
	while (pid > 0 && read(fds[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(fds[0]);
	return pid;
}

static bool begin(
	struct rehearsal *rehearsal, const struct rehearsal_spec *spec, struct acmems_error *err)
{
	rehearsal->limit_s = spec->limit_s ? spec->limit_s : LIMIT_S;
	rehearsal->note = new_note(err);
	if (!rehearsal->note)
		return false;
	rehearsal->pid = make_copy(spec, rehearsal->note, rehearsal->limit_s);
	if (rehearsal->pid > 0)
		return true;
	acmems_error_errno(err, errno, "modules cannot be tried out in a process of their own");
	munmap(rehearsal->note, sizeof(*rehearsal->note));
	return false;
}

static bool judge(const struct rehearsal *rehearsal, int status, struct acmems_error *err)
{
	const struct note *note = rehearsal->note;
	const char *owner = note->owner[0] ? note->owner : "(unknown)";
	const char *step = note->owner[0] ? note->step : "its first steps";

	if (WIFEXITED(status) && note->over)
		return true;
	if (WIFEXITED(status))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"module %s ended the process in %s (exit status %d)", owner, step,
			WEXITSTATUS(status));
	if (WTERMSIG(status) == SIGALRM)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"module %s did not come back from %s within %u s", owner, step,
			rehearsal->limit_s);
	return acmems_error_set(err, ACMEMS_CONFIG, "module %s crashed in %s (%s)", owner, step,
		strsignal(WTERMSIG(status)));
}

/* The copy has ended, or is about to. */
static bool finish(struct rehearsal *rehearsal, struct acmems_error *err)
{
	int status = 0;
	bool ok;

	while (waitpid(rehearsal->pid, &status, 0) < 0) {
		if (errno != EINTR) {
			status = 0;
			break;
		}
	}
	ok = judge(rehearsal, status, err);
	munmap(rehearsal->note, sizeof(*rehearsal->note));
	return ok;
}

bool rehearsal_run(const struct rehearsal_spec *spec, struct acmems_error *err)
{
	struct rehearsal rehearsal = {0};

	return begin(&rehearsal, spec, err) && finish(&rehearsal, err);
}

/* ---- on the loop ---- */

static void on_exit_of_copy(void *arg)
{
	struct rehearsal *rehearsal = arg;
	rehearsal_done *done = rehearsal->done;
	void *done_arg = rehearsal->arg;
	struct acmems_error err = {0};
	bool ok;

	child_exit_free(rehearsal->exit);
	ok = finish(rehearsal, &err);
	free(rehearsal);
	done(done_arg, ok ? NULL : &err);
}

struct rehearsal *rehearsal_start(const struct rehearsal_spec *spec, rehearsal_done *done,
	void *arg, struct acmems_error *err)
{
	struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));

	if (!rehearsal) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to try modules out");
		return NULL;
	}
	rehearsal->done = done;
	rehearsal->arg = arg;
	if (!begin(rehearsal, spec, err)) {
		free(rehearsal);
		return NULL;
	}
	rehearsal->exit = child_exit_new(rehearsal->pid, on_exit_of_copy, rehearsal, err);
	if (rehearsal->exit)
		return rehearsal;
	rehearsal_cancel(rehearsal);
	return NULL;
}

void rehearsal_cancel(struct rehearsal *rehearsal)
{
	struct acmems_error nobody = {0};

	if (!rehearsal)
		return;
	child_exit_free(rehearsal->exit);
	kill(rehearsal->pid, SIGKILL);
	finish(rehearsal, &nobody);
	free(rehearsal);
}
