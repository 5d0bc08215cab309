/* SPDX-License-Identifier: ISC */
/*
 * main.c - stands in for libFuzzer in normal builds: runs a fuzz target over the files of its seed
 * folder, so that every corpus is a unit test too.
 *
 * usage: fuzz_NAME FOLDER_OR_FILE...
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	static uint8_t data[1 << 20];
	uint8_t *exact;
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* its own allocation, so that a sanitizer sees the end of the input */
	exact = malloc(size ? size : 1);
	if (!exact)
		return 1;
	for (size_t i = 0; i < size; i++)
		exact[i] = data[i];
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

static int run_folder(const char *path, unsigned *count)
{
	DIR *folder = opendir(path);
	char name[4096];
	int failed = 0;

	if (!folder) {
		perror(path);
		return 1;
	}
	for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		failed |= run_file(name);
		++*count;
	}
	closedir(folder);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned count = 0;
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		struct stat info;

		if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode))
			failed |= run_folder(argv[i], &count);
		else
			failed |= run_file(argv[i]);
	}
	printf("%u inputs\n", count);
	/* an empty folder would be a test that can not fail */
	return failed || count == 0;
}
