/* SPDX-License-Identifier: ISC */
/* rehearsal.c - the copy, and what its end means. */
#include "registry/rehearsal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "base/child_exit.h"
#include "base/log_target.h"

#define STEP_MS 5000
/* A copy does it at once, and the loop waits. */
#define DROP_MS 2000
/* How often it is tried when it may be us who made it hang. */
#define TRIES 3

/* Where the copy is: memory that both have. */
struct note {
	char owner[64];
	char step[32];
	_Atomic int64_t since; /* the step began, on the clock that both have */
	bool over; /* the body has come to its end */
};

struct rehearsal {
	struct rehearsal_spec spec;
	struct note *note;
	pid_t pid;
	bool crowded; /* we had other threads when it was made */
	bool late; /* it was ended by us */
	unsigned tries;
	struct child_exit *exit;
	struct acmems_timer *timer;
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
	atomic_store(&here->since, acmems_clock_ms());
}

/* ---- the copy ---- */

static void default_signals(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
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

static _Noreturn void play(const struct rehearsal_spec *spec, struct note *note)
{
	here = note;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	default_signals();
	drop_descriptors();
	log_mute();
	spec->body(spec->arg);
	note->over = true;
	_exit(0);
}

/* ---- its beginning ---- */

static void end_copy(struct rehearsal *rehearsal)
{
	rehearsal->late = true;
	kill(rehearsal->pid, SIGKILL);
}

static struct note *new_note(struct acmems_error *err)
{
	void *page = mmap(NULL, sizeof(struct note), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		return page;
	acmems_error_errno(err, errno, "no memory to try modules out");
	return NULL;
}

/*
 * Only the thread that copies is in the copy. A lock that another had is never given back there, and
 * whoever wants it hangs, without it being a module's fault.
 */
static bool are_others(void)
{
	struct stat info;

	/* ".", ".." and a folder a thread */
	return stat("/proc/self/task", &info) == 0 && info.st_nlink > 3;
}

/* Is the other end closed in time? */
static bool await_closing(int fd)
{
	struct pollfd poll_fd = {.fd = fd};
	int64_t end = acmems_clock_ms() + DROP_MS;
	int64_t left = DROP_MS;
	int count;

	do {
		count = poll(&poll_fd, 1, (int)left);
		left = end - acmems_clock_ms();
	} while (count < 0 && errno == EINTR && left > 0);
	return count > 0;
}

/* Makes the copy, and waits until it has let go of our descriptors. False: errno says why not. */
static bool make_copy(struct rehearsal *rehearsal)
{
	int fds[2];
	int errnum;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return false;
	rehearsal->pid = fork();
	if (rehearsal->pid == 0)
		play(&rehearsal->spec, rehearsal->note);
	errnum = errno;
	close(fds[1]);
	if (rehearsal->pid > 0 && !await_closing(fds[0]))
		end_copy(rehearsal);
	close(fds[0]);
	errno = errnum;
	return rehearsal->pid > 0;
}

static bool begin(struct rehearsal *rehearsal, struct acmems_error *err)
{
	rehearsal->note = new_note(err);
	if (!rehearsal->note)
		return false;
	rehearsal->note->since = acmems_clock_ms();
	rehearsal->tries++;
	rehearsal->late = false;
	rehearsal->crowded = are_others();
	if (make_copy(rehearsal))
		return true;
	acmems_error_errno(err, errno, "modules cannot be tried out in a process of their own");
	munmap(rehearsal->note, sizeof(*rehearsal->note));
	return false;
}

/* ---- its end ---- */

static int64_t step_ms(const struct rehearsal *rehearsal)
{
	return rehearsal->spec.step_ms ? rehearsal->spec.step_ms : STEP_MS;
}

/* How long its step may still take; one that is out of time is ended. */
static int64_t time_left(struct rehearsal *rehearsal)
{
	int64_t left =
		atomic_load(&rehearsal->note->since) + step_ms(rehearsal) - acmems_clock_ms();

	if (left <= 0 && !child_has_exited(rehearsal->pid))
		end_copy(rehearsal);
	return left;
}

/* What the note says was written by whatever ran in the copy. */
static bool judge(const struct rehearsal *rehearsal, int status, struct acmems_error *err)
{
	const struct note *note = rehearsal->note;
	bool named = note->owner[0] != '\0';
	const char *owner = named ? note->owner : "(unknown)";
	const char *step = named ? note->step : "its first steps";

	if (WIFEXITED(status) && note->over)
		return true;
	if (WIFEXITED(status))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"module %.63s ended the process in %.31s (exit status %d)", owner, step,
			WEXITSTATUS(status));
	if (rehearsal->late)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"module %.63s did not come back from %.31s within %u s", owner, step,
			(unsigned)(step_ms(rehearsal) / 1000));
	return acmems_error_set(err, ACMEMS_CONFIG, "module %.63s crashed in %.31s (%s)", owner,
		step, strsignal(WTERMSIG(status)));
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

/* After an end that was not good. */
static bool may_be_us(const struct rehearsal *rehearsal)
{
	return rehearsal->late && rehearsal->crowded && rehearsal->tries < TRIES;
}

static bool run_once(struct rehearsal *rehearsal, struct acmems_error *err)
{
	static const struct timespec moment = {.tv_nsec = 500000};

	if (!begin(rehearsal, err))
		return false;
	while (!child_has_exited(rehearsal->pid) && time_left(rehearsal) > 0)
		nanosleep(&moment, NULL);
	return finish(rehearsal, err);
}

bool rehearsal_run(const struct rehearsal_spec *spec, struct acmems_error *err)
{
	struct rehearsal rehearsal = {.spec = *spec};
	bool ok = run_once(&rehearsal, err);

	while (!ok && may_be_us(&rehearsal))
		ok = run_once(&rehearsal, err);
	return ok;
}

/* ---- on the loop ---- */

static void free_rehearsal(struct rehearsal *rehearsal)
{
	child_exit_free(rehearsal->exit);
	acmems_timer_free(rehearsal->timer);
	free(rehearsal);
}

static void on_time(void *arg)
{
	struct rehearsal *rehearsal = arg;
	int64_t left = time_left(rehearsal);

	if (left > 0)
		acmems_timer_start(rehearsal->timer, left);
}

static bool launch(struct rehearsal *rehearsal, struct acmems_error *err);

static void on_exit_of_copy(void *arg)
{
	struct rehearsal *rehearsal = arg;
	rehearsal_done *done = rehearsal->done;
	void *done_arg = rehearsal->arg;
	struct acmems_error err = {0};
	bool ok;

	child_exit_free(rehearsal->exit);
	rehearsal->exit = NULL;
	acmems_timer_stop(rehearsal->timer);
	ok = finish(rehearsal, &err);
	if (!ok && may_be_us(rehearsal) && launch(rehearsal, &err))
		return;
	free_rehearsal(rehearsal);
	done(done_arg, ok ? NULL : &err);
}

/* Ends the copy. */
static void give_up(struct rehearsal *rehearsal)
{
	struct acmems_error nobody = {0};

	kill(rehearsal->pid, SIGKILL);
	finish(rehearsal, &nobody);
}

static bool launch(struct rehearsal *rehearsal, struct acmems_error *err)
{
	if (!begin(rehearsal, err))
		return false;
	rehearsal->exit = child_exit_new(rehearsal->pid, on_exit_of_copy, rehearsal, err);
	if (!rehearsal->exit) {
		give_up(rehearsal);
		return false;
	}
	acmems_timer_start(rehearsal->timer, step_ms(rehearsal));
	return true;
}

struct rehearsal *rehearsal_start(const struct rehearsal_spec *spec, rehearsal_done *done,
	void *arg, struct acmems_error *err)
{
	struct rehearsal *rehearsal = calloc(1, sizeof(*rehearsal));

	if (!rehearsal) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to try modules out");
		return NULL;
	}
	rehearsal->spec = *spec;
	rehearsal->done = done;
	rehearsal->arg = arg;
	rehearsal->timer = acmems_timer_new(on_time, rehearsal);
	if (!rehearsal->timer)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to try modules out");
	else if (launch(rehearsal, err))
		return rehearsal;
	free_rehearsal(rehearsal);
	return NULL;
}

void rehearsal_cancel(struct rehearsal *rehearsal)
{
	if (!rehearsal)
		return;
	give_up(rehearsal);
	free_rehearsal(rehearsal);
}
