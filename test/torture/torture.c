/* SPDX-License-Identifier: ISC */
/*
 * torture.c - the allocations of our own code, counted, with the n-th failing. The archive under
 * test has its calls of malloc and friends renamed to these, so libraries and the test itself keep
 * the real ones.
 *
 * TORTURE_AT=n fails the n-th; TORTURE_COUNT=FILE writes how many there were.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *torture_malloc(size_t size);
void *torture_calloc(size_t count, size_t size);
void *torture_realloc(void *old, size_t size);
char *torture_strdup(const char *text);
char *torture_strndup(const char *text, size_t max);

static unsigned long count;
static unsigned long at;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TORTURE_AT");

	at = text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("TORTURE_COUNT");
	FILE *file = path ? fopen(path, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%lu\n", count);
	fclose(file);
}

static int fails(void)
{
	return ++count == at;
}

void *torture_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

void *torture_calloc(size_t items, size_t size)
{
	return fails() ? NULL : calloc(items, size);
}

void *torture_realloc(void *old, size_t size)
{
	return fails() ? NULL : realloc(old, size);
}

char *torture_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

char *torture_strndup(const char *text, size_t max)
{
	return fails() ? NULL : strndup(text, max);
}
