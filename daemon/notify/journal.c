/* SPDX-License-Identifier: ISC */
/*
 * journal.c - frames and the file. A frame: type, three zero bytes, length and CRC-32 of the payload
 * (little-endian), payload. The first bytes of the file say what it is.
 */
#include "notify/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/file.h>
#include <acmems/log.h>
#include <acmems/loop.h>

#define MAGIC "ACMEMSJ1"
#define MAGIC_LEN 8
#define FRAME_LEN 12
#define SIZE_MAX_BYTES (64u << 20)
#define SYNC_MS 1000

struct journal {
	char path[PATH_MAX];
	int fd;
	size_t size;
	int old_fd; /* while it is rewritten; else -1 */
	size_t old_size;
	bool dirty; /* something of it may not be on the disk */
	bool moved; /* nor its name */
	struct acmems_timer *sync;
};

/* CRC-32 (ISO 3309), four bits at a time. */
static uint32_t crc(const unsigned char *data, size_t len, uint32_t value)
{
	static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8,
		0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

	value = ~value;
	for (size_t i = 0; i < len; i++) {
		value = table[(value ^ data[i]) & 15] ^ (value >> 4);
		value = table[(value ^ (data[i] >> 4)) & 15] ^ (value >> 4);
	}
	return ~value;
}

static void put_u32(unsigned char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> (8 * i));
}

static uint32_t get_u32(const unsigned char *in)
{
	return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 |
	       (uint32_t)in[3] << 24;
}

static void make_frame(
	unsigned char out[FRAME_LEN], unsigned char type, const char *data, size_t len)
{
	memset(out, 0, FRAME_LEN);
	out[0] = type;
	put_u32(out + 4, (uint32_t)len);
	put_u32(out + 8, crc((const unsigned char *)data, len, crc(out, 8, 0)));
}

/* ---- reading ---- */

/* Hands out the whole records; returns how many bytes they are, magic included. */
static size_t read_records(const char *data, size_t len, journal_record *record, void *arg)
{
	size_t at = MAGIC_LEN;

	while (len - at >= FRAME_LEN) {
		const unsigned char *frame = (const unsigned char *)data + at;
		size_t payload = get_u32(frame + 4);
		unsigned char expected[FRAME_LEN];

		if (payload > JOURNAL_RECORD_MAX || payload > len - at - FRAME_LEN)
			break;
		make_frame(expected, frame[0], data + at + FRAME_LEN, payload);
		if (memcmp(expected, frame, FRAME_LEN) != 0)
			break;
		record(arg, frame[0], data + at + FRAME_LEN, payload);
		at += FRAME_LEN + payload;
	}
	return at;
}

static bool write_whole(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		len -= (size_t)put;
	}
	return true;
}

static bool begin_file(struct journal *journal, struct acmems_error *err)
{
	if (ftruncate(journal->fd, 0) == 0 && write_whole(journal->fd, MAGIC, MAGIC_LEN)) {
		journal->size = MAGIC_LEN;
		return true;
	}
	return acmems_error_errno(err, errno, "cannot write \"%s\"", journal->path);
}

static bool cut_tail(struct journal *journal, size_t len, struct acmems_error *err)
{
	if (len == journal->size)
		return true;
	acmems_log(ACMEMS_LOG_NOTICE, "journal", NULL,
		"\"%s\": its last %zu bytes are not whole and were taken away", journal->path,
		len - journal->size);
	if (ftruncate(journal->fd, (off_t)journal->size) == 0)
		return true;
	return acmems_error_errno(err, errno, "cannot shorten \"%s\"", journal->path);
}

static bool load(
	struct journal *journal, journal_record *record, void *arg, struct acmems_error *err)
{
	char *data = NULL;
	size_t len = 0;
	bool ok;

	if (!acmems_file_read(journal->path, SIZE_MAX_BYTES, &data, &len, err))
		return false;
	/* not even the magic got to the disk, or it is new */
	if (len < MAGIC_LEN && memcmp(data, MAGIC, len) == 0) {
		ok = begin_file(journal, err);
	} else if (len < MAGIC_LEN || memcmp(data, MAGIC, MAGIC_LEN) != 0) {
		ok = acmems_error_set(err, ACMEMS_SYSTEM,
			"\"%s\" is not a journal of notifications", journal->path);
	} else {
		journal->size = read_records(data, len, record, arg);
		ok = cut_tail(journal, len, err);
	}
	free(data);
	return ok;
}

/* ---- life ---- */

/* The file's name is on the disk when its folder is. */
static void sync_folder(struct journal *journal)
{
	struct acmems_error err = {0};
	char folder[PATH_MAX];

	memcpy(folder, journal->path, sizeof(folder));
	if (!acmems_directory_sync(dirname(folder), &err))
		acmems_log(ACMEMS_LOG_WARNING, "journal", NULL, "%s", err.message);
}

static void on_sync(void *arg)
{
	struct journal *journal = arg;

	if (!journal->dirty)
		return;
	if (fdatasync(journal->fd) < 0)
		acmems_log(ACMEMS_LOG_WARNING, "journal", NULL, "cannot sync \"%s\": %s",
			journal->path, strerror(errno));
	if (journal->moved)
		sync_folder(journal);
	journal->dirty = journal->moved = false;
}

static int open_file(const char *path, int flags, struct acmems_error *err)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0600);

	if (fd < 0)
		acmems_error_errno(err, errno, "cannot open \"%s\"", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	else
		acmems_error_set(
			err, ACMEMS_UNAVAILABLE, "\"%s\" is in use by another process", path);
	if (fd >= 0)
		close(fd);
	return -1;
}

struct journal *journal_open(
	const char *path, journal_record *record, void *arg, struct acmems_error *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a journal");
		return NULL;
	}
	journal->old_fd = -1;
	journal->fd = -1;
	snprintf(journal->path, sizeof(journal->path), "%s", path);
	journal->sync = acmems_timer_new(on_sync, journal);
	if (!journal->sync)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a journal");
	else
		journal->fd = open_file(path, 0, err);
	/* as far as we know */
	journal->moved = true;
	if (journal->fd >= 0 && load(journal, record, arg, err))
		return journal;
	journal_close(journal);
	return NULL;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	journal_rewrite_abort(journal);
	on_sync(journal);
	acmems_timer_free(journal->sync);
	if (journal->fd >= 0)
		close(journal->fd);
	free(journal);
}

/* ---- writing ---- */

static void soil(struct journal *journal)
{
	journal->dirty = true;
	if (!acmems_timer_running(journal->sync))
		acmems_timer_start(journal->sync, SYNC_MS);
}

bool journal_append(struct journal *journal, unsigned char type, const char *data, size_t len,
	struct acmems_error *err)
{
	unsigned char buffer[FRAME_LEN + 1024];
	size_t first = len < 1024 ? len : 1024;

	if (len > JOURNAL_RECORD_MAX || journal->size > SIZE_MAX_BYTES - FRAME_LEN - len)
		return acmems_error_set(
			err, ACMEMS_TOO_LARGE, "\"%s\" has grown too large", journal->path);
	make_frame(buffer, type, data, len);
	if (first > 0)
		memcpy(buffer + FRAME_LEN, data, first);
	if (write_whole(journal->fd, buffer, FRAME_LEN + first) &&
		write_whole(journal->fd, data + first, len - first)) {
		journal->size += FRAME_LEN + len;
		soil(journal);
		return true;
	}
	acmems_error_errno(err, errno, "cannot write \"%s\"", journal->path);
	/* if half a record stays, the next reader takes it away, with what was put behind it */
	if (ftruncate(journal->fd, (off_t)journal->size) < 0)
		acmems_error_context(err, "half a record stays");
	return false;
}

size_t journal_size(const struct journal *journal)
{
	return journal->size;
}

bool journal_clear(struct journal *journal, struct acmems_error *err)
{
	if (journal->size == MAGIC_LEN)
		return true;
	if (ftruncate(journal->fd, MAGIC_LEN) < 0)
		return acmems_error_errno(err, errno, "cannot shorten \"%s\"", journal->path);
	journal->size = MAGIC_LEN;
	soil(journal);
	return true;
}

static bool new_path(const struct journal *journal, char out[PATH_MAX], struct acmems_error *err)
{
	int len = snprintf(out, PATH_MAX, "%s.new", journal->path);

	if (len > 0 && len < PATH_MAX)
		return true;
	return acmems_error_set(err, ACMEMS_SYSTEM, "the path \"%.100s...\" is too long", out);
}

bool journal_rewrite_begin(struct journal *journal, struct acmems_error *err)
{
	char path[PATH_MAX];
	int fd;

	if (!new_path(journal, path, err))
		return false;
	fd = open_file(path, 0, err);
	if (fd < 0)
		return false;
	journal->old_fd = journal->fd;
	journal->old_size = journal->size;
	journal->fd = fd;
	if (begin_file(journal, err))
		return true;
	journal_rewrite_abort(journal);
	return false;
}

bool journal_rewrite_commit(struct journal *journal, struct acmems_error *err)
{
	char path[PATH_MAX];

	if (!new_path(journal, path, err))
		return false;
	/* before it takes the place of one that is on the disk, it has to be there too */
	if (fdatasync(journal->fd) < 0 || rename(path, journal->path) < 0) {
		acmems_error_errno(err, errno, "cannot replace \"%s\"", journal->path);
		journal_rewrite_abort(journal);
		return false;
	}
	close(journal->old_fd);
	journal->old_fd = -1;
	journal->moved = true;
	soil(journal);
	return true;
}

void journal_rewrite_abort(struct journal *journal)
{
	struct acmems_error ignored = {0};
	char path[PATH_MAX];

	if (journal->old_fd < 0)
		return;
	close(journal->fd);
	journal->fd = journal->old_fd;
	journal->size = journal->old_size;
	journal->old_fd = -1;
	if (new_path(journal, path, &ignored))
		unlink(path);
}
