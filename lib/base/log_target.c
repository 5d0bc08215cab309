/* SPDX-License-Identifier: ISC */
/*
 * log_target.c - stderr, the journal (stderr with "<N>" before each line), syslog (our own datagram,
 * because syslog(3) waits when /dev/log is full) or a file. None of them may hold the loop: a pipe
 * or socket that is full costs the line, and a counter says how many.
 *
 * A busy server writes a line a request, and a system call for each is a tenth of its time. So lines
 * of level info may wait for the end of the loop's round, in a block of the size that a pipe takes
 * as a whole; anything graver takes them along at once.
 */
#include "base/log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "base/log_write.h"

const char *const log_level_names[] = {"error", "warning", "notice", "info", "debug", NULL};
const char *const log_format_names[] = {"text", "json", NULL};

enum target { TARGET_STDERR, TARGET_JOURNAL, TARGET_SYSLOG, TARGET_FILE };

static struct {
	enum acmems_log_level level;
	enum log_format format;
	enum target target;
	int fd;
	unsigned long dropped;
	void (*tap)(void *arg, enum acmems_log_level level, const char *line);
	void *tap_arg;
	bool batching;
	bool mute;
	char block[PIPE_BUF]; /* whole lines that wait */
	size_t block_len;
	unsigned long block_lines;
	struct acmems_task flush;
} state = {.level = ACMEMS_LOG_INFO, .fd = STDERR_FILENO};

static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG};

bool acmems_log_enabled(enum acmems_log_level level)
{
	return level <= state.level;
}

bool log_wants_time(void)
{
	return state.target == TARGET_STDERR || state.target == TARGET_FILE;
}

enum log_format log_current_format(void)
{
	return state.format;
}

static int open_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static bool open_target(const char *name, enum target *target, int *fd, struct acmems_error *err)
{
	*fd = STDERR_FILENO;
	if (strcmp(name, "stderr") == 0) {
		*target = TARGET_STDERR;
	} else if (strcmp(name, "journal") == 0) {
		*target = TARGET_JOURNAL;
	} else if (strcmp(name, "syslog") == 0) {
		*target = TARGET_SYSLOG;
		*fd = open_syslog();
		if (*fd < 0)
			return acmems_error_errno(err, errno, "cannot reach syslog at /dev/log");
	} else if (name[0] == '/') {
		*target = TARGET_FILE;
		*fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			0640);
		if (*fd < 0)
			return acmems_error_errno(err, errno, "cannot open log file \"%s\"", name);
	} else {
		return acmems_error_set(err, ACMEMS_CONFIG,
			"unknown log target \"%s\": stderr, syslog, journal or the absolute path "
			"of a "
			"file",
			name);
	}
	return true;
}

/* A descriptor that polls writable takes PIPE_BUF bytes at once, and a line is shorter. */
static bool has_room(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

	return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLOUT);
}

/* Writes what waits. */
static void flush_block(void)
{
	bool ok;

	acmems_task_cancel(&state.flush);
	if (state.block_len == 0)
		return;
	ok = (state.target == TARGET_FILE || has_room(state.fd)) &&
	     write(state.fd, state.block, state.block_len) == (ssize_t)state.block_len;
	if (!ok)
		state.dropped += state.block_lines;
	state.block_len = 0;
	state.block_lines = 0;
}

static void on_flush(void *arg)
{
	(void)arg;
	flush_block();
}

bool log_configure(const struct log_config *config, struct acmems_error *err)
{
	enum target target = TARGET_STDERR;
	int fd;

	if (!open_target(config->target, &target, &fd, err))
		return false;
	flush_block();
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	state.fd = fd;
	state.target = target;
	state.level = config->level;
	state.format = config->format;
	return true;
}

void log_batch(bool on)
{
	flush_block();
	state.batching = on;
}

void log_reset(void)
{
	log_batch(false);
	if (state.fd != STDERR_FILENO)
		close(state.fd);
	memset(&state, 0, sizeof(state));
	state.level = ACMEMS_LOG_INFO;
	state.fd = STDERR_FILENO;
}

void log_mute(void)
{
	acmems_task_cancel(&state.flush);
	state.block_len = 0;
	state.block_lines = 0;
	state.mute = true;
}

unsigned long log_dropped(void)
{
	return state.dropped;
}

void log_tap(void (*tap)(void *arg, enum acmems_log_level level, const char *line), void *arg)
{
	state.tap = tap;
	state.tap_arg = arg;
}

/* A restarted syslog daemon has a new socket behind the old path. */
static bool send_syslog(const struct iovec *parts, int count)
{
	struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
	int fd;

	if (sendmsg(state.fd, &message, MSG_NOSIGNAL) >= 0)
		return true;
	if (errno != ECONNREFUSED && errno != ENOTCONN && errno != ECONNRESET)
		return false;
	fd = open_syslog();
	if (fd < 0)
		return false;
	close(state.fd);
	state.fd = fd;
	return sendmsg(state.fd, &message, MSG_NOSIGNAL) >= 0;
}

/* False if the line is not one that may wait. */
static bool add_to_block(enum acmems_log_level level, const struct iovec *parts, size_t part_count)
{
	size_t len = 0;

	for (size_t i = 0; i < part_count; i++)
		len += parts[i].iov_len;
	if (!state.batching || level != ACMEMS_LOG_INFO || len > sizeof(state.block))
		return false;
	if (state.block_len + len > sizeof(state.block))
		flush_block();
	for (size_t i = 0; i < part_count; i++) {
		memcpy(state.block + state.block_len, parts[i].iov_base, parts[i].iov_len);
		state.block_len += parts[i].iov_len;
	}
	state.block_lines++;
	acmems_task_post(&state.flush, on_flush, NULL);
	return true;
}

static bool write_line(enum acmems_log_level level, const char *line, size_t len)
{
	char prefix[8];
	int prefix_len = 0;
	struct iovec parts[3];

	if (state.target == TARGET_JOURNAL)
		prefix_len = snprintf(prefix, sizeof(prefix), "<%d>", priorities[level]);
	parts[0] = (struct iovec){prefix, (size_t)prefix_len};
	parts[1] = (struct iovec){(char *)line, len};
	parts[2] = (struct iovec){(char *)"\n", 1};
	if (add_to_block(level, parts, 3))
		return true;
	flush_block();
	return (state.target == TARGET_FILE || has_room(state.fd)) &&
	       writev(state.fd, parts, 3) >= 0;
}

static bool write_datagram(enum acmems_log_level level, const char *line, size_t len)
{
	char prefix[48];
	int prefix_len = snprintf(prefix, sizeof(prefix),
		"<%d>acmems[%d]: ", LOG_DAEMON | priorities[level], (int)getpid());
	struct iovec parts[2] = {{prefix, (size_t)prefix_len}, {(char *)line, len}};

	return send_syslog(parts, 2);
}

void log_write(enum acmems_log_level level, const char *line, size_t len)
{
	bool ok;

	if (state.mute)
		return;
	if (state.tap)
		state.tap(state.tap_arg, level, line);
	ok = state.target == TARGET_SYSLOG ? write_datagram(level, line, len)
					   : write_line(level, line, len);
	if (!ok)
		state.dropped++;
}
