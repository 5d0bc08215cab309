/* SPDX-License-Identifier: ISC */
/*
 * notify/lines.c - appends every event to a file, a line of JSON each:
 *
 *   notify: { all: { type = "lines"; file = "/var/log/acmems/events.json"; }; };
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <acmems/module.h>
#include <acmems/notify.h>

struct lines {
	struct acmems_instance self;
	char *file;
};

static const struct acmems_option options[] = {
	{.name = "file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct lines, file),
		.flags = ACMEMS_REQUIRED,
		.min = 2,
		.max = 1024,
		.help = "file to append to, by its absolute path"},
};

static bool lines_check(void *instance, struct acmems_error *err)
{
	const struct lines *lines = instance;

	if (lines->file[0] != '/')
		return acmems_error_set(err, ACMEMS_CONFIG, "file is not an absolute path");
	return true;
}

static bool append(const char *file, char *json, size_t len, struct acmems_error *err)
{
	struct iovec parts[] = {{json, len}, {"\n", 1}};
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	ssize_t written;
	int errnum;

	if (fd < 0)
		return acmems_error_errno(err, errno, "cannot open %s", file);
	written = writev(fd, parts, 2);
	errnum = errno;
	close(fd);
	if (written < 0)
		return acmems_error_errno(err, errnum, "cannot write to %s", file);
	if ((size_t)written != len + 1)
		return acmems_error_set(err, ACMEMS_SYSTEM, "cannot write all to %s", file);
	return true;
}

/*
 * "No" is said by false and *err, and nothing follows; the core tries again later, with the same id.
 * A small write to a local file may be done here; whatever waits for somebody else must not be.
 */
static bool lines_send(
	void *instance, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	const struct lines *lines = instance;
	size_t len;
	char *json = acmems_event_json(event, &len);
	bool ok;

	if (!json)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for an event");
	ok = append(lines->file, json, len, err);
	free(json);
	if (ok)
		acmems_op_finish_with(op, "appended", 8);
	return ok;
}

static const struct acmems_notify_ops ops = {.send = lines_send};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_NOTIFY, "lines"),
	.version = VERSION,
	.summary = "appends events to a file",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct lines),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = lines_check,
};
