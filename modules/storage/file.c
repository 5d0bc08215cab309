/* SPDX-License-Identifier: ISC */
/*
 * storage/file.c - keeps chains in a directory, laid out as the Python ACMEMS does, whose cache goes
 * on being used:
 *
 *   DIRECTORY/HE/XREST/csr.pem     the CSR as it came; HEXREST is the hex SHA-384 of these bytes
 *   DIRECTORY/HE/XREST/cert.pem    the chain, leaf first; written last, so an entry has both
 *
 * A chain is fresh until renew-within before its end, and at least for the first half of its life:
 * certificates that live for days only would otherwise be ordered anew with each request.
 *
 * Whatever can not be read counts as absent and is replaced by the next put. What was read is kept
 * in memory, and used as long as stat() says that the file is the same; a tenth of a second passes
 * before it is asked again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/module.h>
#include <acmems/storage.h>
#include <acmems/x509.h>

#include "file_list.h"
#include "file_memory.h"
#include "file_next.h"
#include "file_place.h"

#define ROOM "file"
#define DAY_MS INT64_C(86400000)

struct file {
	struct acmems_instance self;
	char *directory;
	int64_t renew_within; /* ms */
	struct memory memory;
};

static const struct acmems_option options[] = {
	{.name = "directory",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct file, directory),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 3000,
		.help = "where the chains are kept; made if it is missing"},
	{.name = "renew-within",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct file, renew_within),
		.fallback = "14d",
		.unit = "d",
		.min = 0,
		.max = 36500 * DAY_MS,
		.help = "how long before its end a certificate is renewed"},
};

static int64_t fresh_until(const struct file *file, const struct acmems_cert *cert)
{
	int64_t margin = file->renew_within / 1000;
	int64_t half = (cert->not_after - cert->not_before) / 2;

	return cert->not_after - (margin < half ? margin : half);
}

/* Both files of an entry. An error with ACMEMS_NOT_FOUND: there is none. */
static bool read_entry(const struct file *file, struct place *place,
	const struct acmems_entry *entry, struct kept *kept, struct acmems_error *err)
{
	struct acmems_cert cert;

	/* stat first: if the file changes now, the next stat differs */
	if (stat(place_at(place, "cert.pem"), &kept->info) < 0) {
		bool absent = errno == ENOENT || errno == ENOTDIR;

		acmems_error_errno(err, errno, "cannot look at it");
		if (absent)
			err->code = ACMEMS_NOT_FOUND;
		return false;
	}
	if (!place_has_csr(place, entry, err))
		return false;
	if (!acmems_file_read(place_at(place, "cert.pem"), FILE_CHAIN_MAX, &kept->chain,
		    &kept->chain_len, err))
		return false;
	if (!acmems_cert_read(kept->chain, kept->chain_len, &cert, err))
		return acmems_error_context(err, "cert.pem");
	kept->fresh_until = fresh_until(file, &cert);
	kept->seen_ms = acmems_clock_ms();
	return true;
}

/* *ret_kept is NULL when there is no entry that can be used. */
static bool load(struct file *file, struct place *place, const struct acmems_entry *entry,
	struct kept **ret_kept, struct acmems_error *err)
{
	struct acmems_error why = {0};
	struct kept *kept = calloc(1, sizeof(*kept));

	*ret_kept = NULL;
	if (!kept)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to read an entry");
	memcpy(kept->digest, place->digest, DIGEST_LEN);
	if (read_entry(file, place, entry, kept, &why)) {
		*ret_kept = kept;
		return memory_add(&file->memory, kept, err);
	}
	kept_free(kept);
	if (why.code == ACMEMS_NO_MEMORY) {
		*err = why;
		return false;
	}
	if (why.code != ACMEMS_NOT_FOUND)
		acmems_log(ACMEMS_LOG_WARNING, ROOM, file->self.name,
			"entry \"%s\" counts as absent: %s", place_at(place, ""), why.message);
	return true;
}

/* Requests that come together share a look at the file: nobody removes it between them. */
static bool still_there(struct place *place, struct kept *kept)
{
	int64_t now = acmems_clock_ms();
	struct stat info;

	if (now == kept->seen_ms)
		return true;
	if (stat(place_at(place, "cert.pem"), &info) < 0 || !kept_is(kept, &info))
		return false;
	kept->seen_ms = now;
	return true;
}

/* *ret_kept is NULL when there is none. */
static bool find(struct file *file, const struct acmems_entry *entry, struct kept **ret_kept,
	struct acmems_error *err)
{
	struct place place;
	struct kept *kept;

	if (!place_of(&place, file->directory, entry, err))
		return false;
	kept = memory_find(&file->memory, place.digest);
	if (kept && !still_there(&place, kept)) {
		memory_drop(&file->memory, kept);
		kept = NULL;
	}
	if (kept)
		memory_touch(&file->memory, kept);
	else if (!load(file, &place, entry, &kept, err))
		return false;
	*ret_kept = kept;
	return true;
}

static bool file_get(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct kept *kept = NULL;
	bool fresh;

	if (!find(instance, entry, &kept, err))
		return false;
	fresh = kept && acmems_clock_wall() < kept->fresh_until;
	acmems_op_finish_with(op, fresh ? kept->chain : NULL, fresh ? kept->chain_len : 0);
	return true;
}

static bool file_peek(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct kept *kept = NULL;

	if (!find(instance, entry, &kept, err))
		return false;
	acmems_op_finish_with(op, kept ? kept->chain : NULL, kept ? kept->chain_len : 0);
	return true;
}

/* A folder, on the disk when this returns; len is of its path's parent. */
static bool make_folder(const char *path, size_t parent_len, struct acmems_error *err)
{
	char parent[PATH_MAX];
	int fd;
	bool ok;

	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ||
		       acmems_error_errno(err, errno, "cannot make directory \"%s\"", path);
	snprintf(parent, sizeof(parent), "%.*s", (int)parent_len, path);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (!ok)
		acmems_error_errno(err, errno, "cannot sync directory \"%s\"", parent);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool make_folders(const struct file *file, struct place *place, struct acmems_error *err)
{
	char separator = place->path[place->parent_len];

	place_at(place, "");
	place->path[place->parent_len] = '\0';
	if (!make_folder(place->path, strlen(file->directory), err))
		return false;
	place->path[place->parent_len] = separator;
	return make_folder(place->path, place->parent_len, err);
}

static bool file_put(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct acmems_error ignored = {0};
	struct file *file = instance;
	struct place place;

	if (!place_of(&place, file->directory, entry, err) || !make_folders(file, &place, err))
		return false;
	memory_forget(&file->memory, place.digest);
	if (!place_has_csr(&place, entry, &ignored) &&
		!acmems_file_write(
			place_at(&place, "csr.pem"), entry->csr, entry->csr_len, 0600, err))
		return false;
	if (!acmems_file_write(
		    place_at(&place, "cert.pem"), entry->chain, entry->chain_len, 0600, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

static bool file_remove(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	struct file *file = instance;
	struct place place;

	if (!place_of(&place, file->directory, entry, err))
		return false;
	memory_forget(&file->memory, place.digest);
	if (!acmems_file_remove(place_at(&place, "cert.pem"), err) ||
		!acmems_file_remove(place_at(&place, "csr.pem"), err))
		return false;
	/* the folders may hold what is not ours, and then stay */
	rmdir(place_at(&place, ""));
	place.path[place.parent_len] = '\0';
	rmdir(place.path);
	acmems_op_finish(op, NULL);
	return true;
}

static bool file_list(void *instance, uint64_t op, struct acmems_error *err)
{
	const struct file *file = instance;

	return file_list_start(file->directory, op, err);
}

static bool file_next(
	void *instance, uint64_t op, const struct acmems_entry *entry, struct acmems_error *err)
{
	const struct file *file = instance;

	return file_next_start(file->directory, entry, op, err);
}

static bool file_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct file *file = instance;

	if (!acmems_directory_make(file->directory, 0700, err) ||
		!acmems_directory_writable(file->directory, err))
		return false;
	memory_init(&file->memory);
	acmems_op_finish(op, NULL);
	return true;
}

static void file_release(void *instance)
{
	struct file *file = instance;

	memory_clear(&file->memory);
}

static const struct acmems_storage_ops ops = {.get = file_get,
	.put = file_put,
	.list = file_list,
	.remove = file_remove,
	.peek = file_peek,
	.next = file_next};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_STORAGE, "file"),
	.version = ACMEMS_VERSION,
	.summary = "keeps chains in a directory, as the Python ACMEMS did",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct file),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.start = file_start,
	.release = file_release,
};
