/* SPDX-License-Identifier: ISC */
/* file.c - bounded reads, and writes that are whole and on the disk or have not happened. */
#include <acmems/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/crypto.h>

static bool read_all(int fd, char *data, size_t len)
{
	while (len > 0) {
		ssize_t got = read(fd, data, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got == 0 ? ESTALE : errno;
			return false;
		}
		data += got;
		len -= (size_t)got;
	}
	return true;
}

static bool cannot_open(const char *path, int why, struct acmems_error *err)
{
	/* whose rights are missing is half of the answer */
	if (why == EACCES)
		acmems_error_errno(
			err, why, "user %u cannot open \"%s\"", (unsigned)geteuid(), path);
	else
		acmems_error_errno(err, why, "cannot open \"%s\"", path);
	if (why == ENOENT)
		err->code = ACMEMS_NOT_FOUND;
	return false;
}

static bool open_regular(const char *path, size_t max, mode_t forbidden, int *ret_fd,
	size_t *ret_len, struct acmems_error *err)
{
	struct stat info;
	/* not to hang on a FIFO that somebody has put there */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return cannot_open(path, errno, err);
	if (fstat(fd, &info) < 0)
		acmems_error_errno(err, errno, "cannot look at \"%s\"", path);
	else if (!S_ISREG(info.st_mode))
		acmems_error_set(err, ACMEMS_SYSTEM, "\"%s\" is not a regular file", path);
	else if ((uintmax_t)info.st_size > max)
		acmems_error_set(err, ACMEMS_TOO_LARGE, "\"%s\" has %jd bytes, more than %zu", path,
			(intmax_t)info.st_size, max);
	else if (info.st_mode & forbidden)
		acmems_error_set(err, ACMEMS_CONFIG,
			"\"%s\" has mode %04o, and others may read or change the secret: make it "
			"0600, or 0640",
			path, (unsigned)(info.st_mode & 07777));
	else {
		*ret_fd = fd;
		*ret_len = (size_t)info.st_size;
		return true;
	}
	close(fd);
	return false;
}

static bool read_file(const char *path, size_t max, mode_t forbidden, char **ret_data,
	size_t *ret_len, struct acmems_error *err)
{
	size_t len = 0;
	char *data;
	int fd = -1;
	bool ok = false;

	if (!open_regular(path, max, forbidden, &fd, &len, err))
		return false;
	data = malloc(len + 1);
	if (!data) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to read \"%s\"", path);
	} else if (!read_all(fd, data, len)) {
		acmems_error_errno(err, errno, "cannot read \"%s\"", path);
		free(data);
	} else {
		data[len] = '\0';
		*ret_data = data;
		*ret_len = len;
		ok = true;
	}
	close(fd);
	return ok;
}

bool acmems_file_read(
	const char *path, size_t max, char **ret_data, size_t *ret_len, struct acmems_error *err)
{
	return read_file(path, max, 0, ret_data, ret_len, err);
}

bool acmems_file_read_secret(
	const char *path, size_t max, char **ret_text, size_t *ret_len, struct acmems_error *err)
{
	char *text = NULL;
	size_t len = 0;

	if (!read_file(path, max, S_IRWXO | S_IWGRP, &text, &len, err))
		return false;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	text[len] = '\0';
	if (len == 0 || strlen(text) != len) {
		acmems_wipe(text, len);
		free(text);
		return acmems_error_set(err, ACMEMS_CONFIG, "\"%s\" %s", path,
			len == 0 ? "is empty" : "has a NUL in it");
	}
	*ret_text = text;
	*ret_len = len;
	return true;
}

uint64_t acmems_file_stamp(const char *path)
{
	struct stat info;
	uint64_t stamp = 1469598103934665603u; /* FNV-1a, by the word */

	if (stat(path, &info) < 0)
		return 0;
	const uint64_t facts[] = {
		(uint64_t)info.st_dev,
		(uint64_t)info.st_ino,
		(uint64_t)info.st_size,
		(uint64_t)info.st_mtim.tv_sec,
		(uint64_t)info.st_mtim.tv_nsec,
		(uint64_t)info.st_ctim.tv_sec,
		(uint64_t)info.st_ctim.tv_nsec,
	};
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		stamp = (stamp ^ facts[i]) * 1099511628211u;
		stamp ^= stamp >> 32;
	}
	return stamp ? stamp : 1;
}

/* The folder of a path, into a buffer; false if it does not fit. */
static bool folder_of(const char *path, char *out, size_t room)
{
	const char *slash = strrchr(path, '/');
	int len;

	if (!slash)
		len = snprintf(out, room, ".");
	else if (slash == path)
		len = snprintf(out, room, "/");
	else
		len = snprintf(out, room, "%.*s", (int)(slash - path), path);
	return len >= 0 && (size_t)len < room;
}

bool acmems_directory_sync(const char *path, struct acmems_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int saved;

	if (fd < 0)
		return acmems_error_errno(err, errno, "cannot open directory \"%s\"", path);
	if (fsync(fd) < 0) {
		saved = errno;
		close(fd);
		return acmems_error_errno(err, saved, "cannot sync directory \"%s\"", path);
	}
	close(fd);
	return true;
}

/* A rename is only on the disk when its folder is. */
static bool sync_folder(const char *path, struct acmems_error *err)
{
	char folder[PATH_MAX];

	if (!folder_of(path, folder, sizeof(folder)))
		return acmems_error_set(err, ACMEMS_SYSTEM, "path too long: \"%.100s...\"", path);
	return acmems_directory_sync(folder, err);
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		data += put;
		len -= (size_t)put;
	}
	return true;
}

/* Fills, closes and syncs the temporary file; errno says what went wrong. */
static bool fill_file(int fd, const void *data, size_t len, unsigned mode)
{
	int saved;

	if (fchmod(fd, (mode_t)mode) == 0 && write_all(fd, data, len) && fsync(fd) == 0)
		return close(fd) == 0;
	saved = errno;
	close(fd);
	errno = saved;
	return false;
}

bool acmems_file_write(
	const char *path, const void *data, size_t len, unsigned mode, struct acmems_error *err)
{
	char temporary[PATH_MAX];
	int fd, name_len;

	name_len = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	if (name_len < 0 || (size_t)name_len >= sizeof(temporary))
		return acmems_error_set(err, ACMEMS_SYSTEM, "path too long: \"%.100s...\"", path);
	/* mkostemp makes it 0600, so it is never wider than asked for */
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return acmems_error_errno(err, errno, "cannot write beside \"%s\"", path);
	if (!fill_file(fd, data, len, mode)) {
		acmems_error_errno(err, errno, "cannot write \"%s\"", temporary);
		unlink(temporary);
		return false;
	}
	if (rename(temporary, path) < 0) {
		acmems_error_errno(err, errno, "cannot rename to \"%s\"", path);
		unlink(temporary);
		return false;
	}
	return sync_folder(path, err);
}

bool acmems_file_remove(const char *path, struct acmems_error *err)
{
	if (unlink(path) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return true;
		return acmems_error_errno(err, errno, "cannot remove \"%s\"", path);
	}
	return sync_folder(path, err);
}

bool acmems_directory_make(const char *path, unsigned mode, struct acmems_error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	struct stat info;

	if (len == 0 || len >= sizeof(part))
		return acmems_error_set(err, ACMEMS_SYSTEM, "not a path: \"%.100s\"", path);
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, (mode_t)mode) < 0 && errno != EEXIST)
			return acmems_error_errno(err, errno,
				"user %u cannot make directory \"%s\"", (unsigned)geteuid(), part);
		part[i] = path[i];
	}
	if (stat(path, &info) < 0)
		return acmems_error_errno(err, errno, "cannot look at \"%s\"", path);
	if (!S_ISDIR(info.st_mode))
		return acmems_error_set(err, ACMEMS_SYSTEM, "\"%s\" is not a directory", path);
	return true;
}

bool acmems_directory_writable(const char *path, struct acmems_error *err)
{
	struct stat info;

	if (stat(path, &info) < 0)
		return acmems_error_errno(err, errno, "cannot look at directory \"%s\"", path);
	if (!S_ISDIR(info.st_mode))
		return acmems_error_set(err, ACMEMS_SYSTEM, "\"%s\" is not a directory", path);
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0) {
		int saved = errno;

		acmems_error_errno(err, saved,
			"directory \"%s\" (owner %u, mode %04o) can not be written by user %u",
			path, (unsigned)info.st_uid, (unsigned)(info.st_mode & 07777),
			(unsigned)geteuid());
		return false;
	}
	return true;
}
