/* SPDX-License-Identifier: ISC */
/*
 * notify/syslog.c - an audit trail: one line of the system's log for each event, KEY=VALUE with keys
 * that stay what they are. The line is a datagram to the system's own socket, sent without waiting:
 * syslog(3) would wait when it is full. What could not be sent the core sends again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <acmems/module.h>
#include <acmems/notify.h>

/* What common loggers take of a line (RFC 5424, 6.1: 2048 bytes at least). */
#define LINE_MAX 8000
#define VALUE_MAX 2000

struct syslog {
	struct acmems_instance self;
	char *ident;
	int facility;
	char *socket;
	int fd_plus_one; /* 0: none */
};

/* In the order of their numbers (RFC 5424, table 1); the gap has no name. */
static const char *const facilities[] = {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr",
	"news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock", "local0",
	"local1", "local2", "local3", "local4", "local5", "local6", "local7", NULL};

static const struct acmems_option options[] = {
	{.name = "facility",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct syslog, facility),
		.fallback = "authpriv",
		.choices = facilities,
		.help = "facility of the lines"},
	{.name = "ident",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct syslog, ident),
		.fallback = "acmems",
		.min = 1,
		.max = 32,
		.help = "name in front of the lines"},
	{.name = "socket",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct syslog, socket),
		.fallback = "/dev/log",
		.min = 1,
		.max = 107,
		.help = "datagram socket of the system's logger"},
};

/* ---- the line ---- */

struct line {
	char data[LINE_MAX + 1];
	size_t len;
};

/* All of it, or nothing. */
static bool add(struct line *line, const char *text, size_t len)
{
	if (len > LINE_MAX - line->len)
		return false;
	memcpy(line->data + line->len, text, len);
	line->len += len;
	line->data[line->len] = '\0';
	return true;
}

static bool is_plain(const char *text)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._:/@+*%";

	return *text != '\0' && text[strspn(text, letters)] == '\0';
}

/* One byte as it may stand in quotes: what is not printable ASCII becomes \xNN. */
static void escape(char byte, char out[5])
{
	unsigned char c = (unsigned char)byte;

	if (c == '"' || c == '\\')
		snprintf(out, 5, "\\%c", c);
	else if (c >= ' ' && c < 0x7f)
		snprintf(out, 5, "%c", c);
	else
		snprintf(out, 5, "\\x%02x", c);
}

static bool add_quoted(struct line *line, const char *text)
{
	size_t begin = line->len;
	char piece[5];
	bool ok = add(line, "\"", 1);

	for (; ok && *text && line->len - begin < VALUE_MAX; text++) {
		escape(*text, piece);
		ok = add(line, piece, strlen(piece));
	}
	return ok && add(line, *text ? "...\"" : "\"", *text ? 4 : 1);
}

/* " KEY=VALUE"; a pair that does not fit is left out whole. */
static void add_pair(struct line *line, const char *key, const char *value)
{
	size_t begin = line->len;
	bool ok = add(line, " ", 1) && add(line, key, strlen(key)) && add(line, "=", 1) &&
		  (is_plain(value) && strlen(value) < VALUE_MAX ? add(line, value, strlen(value))
								: add_quoted(line, value));

	if (!ok) {
		line->len = begin;
		line->data[begin] = '\0';
	}
}

static void add_time(struct line *line, const char *key, int64_t when)
{
	char text[ACMEMS_EVENT_TIME_MAX];

	acmems_event_time(when, text);
	add_pair(line, key, text);
}

/* Severities of RFC 5424, table 2. */
static int priority(const struct syslog *syslog, const struct acmems_event *event)
{
	int severity = 3; /* error */

	if (event->severity == ACMEMS_EVENT_INFO)
		severity = 6;
	else if (event->severity == ACMEMS_EVENT_WARNING)
		severity = 4;
	return syslog->facility * 8 + severity;
}

static void write_line(
	const struct syslog *syslog, const struct acmems_event *event, struct line *line)
{
	char text[64];

	line->len = 0;
	snprintf(text, sizeof(text), "<%d>", priority(syslog, event));
	add(line, text, strlen(text));
	add(line, syslog->ident, strlen(syslog->ident));
	snprintf(text, sizeof(text), "[%ld]:", (long)getpid());
	add(line, text, strlen(text));
	add_pair(line, "event", event->name);
	snprintf(text, sizeof(text), "%" PRIu64, event->id);
	add_pair(line, "id", text);
	add_time(line, "time", event->when);
	snprintf(text, sizeof(text), "%" PRIu32, event->count);
	add_pair(line, "count", text);
	if (event->count > 1)
		add_time(line, "first", event->first);
	for (size_t i = 0; i < event->field_count; i++)
		add_pair(line, event->fields[i].name, event->fields[i].text);
	add_pair(line, "summary", event->summary);
}

/* ---- the socket ---- */

static void hang_up(struct syslog *syslog)
{
	if (syslog->fd_plus_one > 0)
		close(syslog->fd_plus_one - 1);
	syslog->fd_plus_one = 0;
}

static bool dial(struct syslog *syslog, struct acmems_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return acmems_error_errno(err, errno, "no socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", syslog->socket);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		acmems_error_errno(err, errno, "cannot reach the logger at \"%s\"", syslog->socket);
		err->code = ACMEMS_UNAVAILABLE;
		close(fd);
		return false;
	}
	syslog->fd_plus_one = fd + 1;
	return true;
}

static bool send_line(struct syslog *syslog, const struct line *line, struct acmems_error *err)
{
	/* a logger that was started anew has another socket at the same path */
	for (int tries = 0; tries < 2; tries++) {
		if (syslog->fd_plus_one == 0 && !dial(syslog, err))
			return false;
		if (send(syslog->fd_plus_one - 1, line->data, line->len, MSG_NOSIGNAL) >= 0)
			return true;
		acmems_error_errno(err, errno, "the logger at \"%s\"", syslog->socket);
		err->code = ACMEMS_UNAVAILABLE;
		if (errno == EAGAIN || errno == ENOBUFS)
			return false;
		hang_up(syslog);
	}
	return false;
}

static bool syslog_send(
	void *instance, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	struct syslog *syslog = instance;
	struct line line;

	write_line(syslog, event, &line);
	if (!send_line(syslog, &line, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

/* ---- life ---- */

static bool syslog_check(void *instance, struct acmems_error *err)
{
	const struct syslog *syslog = instance;

	for (const char *c = syslog->ident; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f || strchr("[]:", *c))
			return acmems_error_set(err, ACMEMS_CONFIG,
				"ident \"%s\" has characters that do not belong there",
				syslog->ident);
	}
	return true;
}

static void syslog_release(void *instance)
{
	hang_up(instance);
}

static const struct acmems_notify_ops ops = {.send = syslog_send};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_NOTIFY, "syslog"),
	.version = ACMEMS_VERSION,
	.summary = "writes an audit trail into the system's log",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct syslog),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = syslog_check,
	.release = syslog_release,
};
