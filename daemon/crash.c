/* SPDX-License-Identifier: ISC */
/*
 * crash.c - a handler that does what handlers had better not do, as nothing comes after it: looks through
 * the stack for a module's file, and logs. It may itself come to grief, and then says nothing; it may
 * wait for a lock that was held where the fault was, and then an alarm ends it.
 */
#include "crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <acmems/log.h>

#include "registry/loader.h"

#define DEPTH 64
#define WORDS_S 1 /* for what is to be said */

static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct sigaction previous[NUMBERS];

/* Of its own, as the fault may be that there is no more of the usual one. */
static unsigned char stack[256 * 1024];

/* The name of the module's file that is nearest to the top of the stack; NULL: none is there. */
static const char *find_module(void)
{
	void *frames[DEPTH];
	int count = backtrace(frames, DEPTH);

	for (int i = 0; i < count; i++) {
		enum acmems_kind kind;
		const char *slash;
		char type[32];
		Dl_info info;

		if (!dladdr(frames[i], &info) || !info.dli_fname)
			continue;
		slash = strrchr(info.dli_fname, '/');
		if (slash && loader_name_parse(slash + 1, &kind, type))
			return slash + 1;
	}
	return NULL;
}

static void on_fault(int number)
{
	static const struct sigaction by_default = {.sa_handler = SIG_DFL};
	const char *what;
	const char *file;

	for (size_t i = 0; i < NUMBERS; i++)
		sigaction(numbers[i], &previous[i], NULL);
	sigaction(SIGALRM, &by_default, NULL);
	alarm(WORDS_S);
	what = sigdescr_np(number);
	file = find_module();
	acmems_log(ACMEMS_LOG_ERROR, "crash", NULL, "%s%s crashed (%s)",
		file ? "module " : "acmems", file ? file : "", what ? what : "unknown signal");
	/* comes when this function is left */
	raise(number);
}

void crash_watch(void)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
	stack_t aside = {.ss_sp = stack, .ss_size = sizeof(stack)};
	void *frame;

	/* the first call loads what the others need */
	backtrace(&frame, 1);
	sigaltstack(&aside, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < NUMBERS; i++)
		sigaction(numbers[i], &action, &previous[i]);
}
