/* SPDX-License-Identifier: ISC */
/*
 * rest.c - start-up and TLS run through code of some thirty libraries that is not needed again for
 * hours. Text segments are read-only mappings of files: dropping their pages loses nothing.
 */
#include "rest.h"

#include <link.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "sign/flight.h"
#include "sign/sign.h"

#define FIRST_MS 2000
#define EVERY_MS 60000

static struct acmems_timer *timer;

static int drop_text(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	/* the kernel's own page is no file */
	if (info->dlpi_name && strstr(info->dlpi_name, "vdso"))
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
		uintptr_t end = begin + segment->p_memsz;

		if (segment->p_type != PT_LOAD || segment->p_flags != (PF_R | PF_X))
			continue;
		begin &= ~(page - 1);
		/* a hint: whether it is taken makes no difference to us */
		(void)madvise((void *)begin, end - begin, MADV_DONTNEED);
	}
	return 0;
}

void rest_now(void)
{
	malloc_trim(0);
	dl_iterate_phdr(drop_text, NULL);
}

static void on_timer(void *arg)
{
	(void)arg;
	if (sign_count() == 0 && flight_count() == 0)
		rest_now();
	acmems_timer_start(timer, EVERY_MS);
}

bool rest_start(void)
{
	timer = acmems_timer_new(on_timer, NULL);
	if (timer)
		acmems_timer_start(timer, FIRST_MS);
	return timer != NULL;
}

void rest_stop(void)
{
	acmems_timer_free(timer);
	timer = NULL;
}
