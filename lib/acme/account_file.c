/* SPDX-License-Identifier: ISC */
/* account_file.c - see account_file.h. */
#include "acme/account_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <acmems/file.h>

#include "acme/json.h"
#include "base/str.h"
#include "x509/key.h"

#define PATH_MAX_TEXT 4096
/* as the Python ACMEMS calls them */
#define TERMS "terms_of_service"

/* dir/name, to be freed by the caller. */
static char *path_of(const char *dir, const char *name, struct acmems_error *err)
{
	struct str path;
	char *text;

	str_init(&path, PATH_MAX_TEXT);
	str_addf(&path, "%s/%s", dir, name);
	text = str_take(&path);
	if (text == NULL)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a path, or it is too long");
	return text;
}

static EVP_PKEY *make_key(const char *dir, const char *path, struct acmems_error *err)
{
	EVP_PKEY *key;

	if (!acmems_directory_make(dir, 0700, err))
		return NULL;
	key = key_new(err);
	if (key != NULL && !key_save(key, path, err)) {
		key_free(key);
		key = NULL;
	}
	return key;
}

/* What is there is either usable or an error; it is never thrown away. */
static bool prepare_file(
	const char *path, const struct stat *st, bool *tightened, struct acmems_error *err)
{
	*tightened = false;
	if (!S_ISREG(st->st_mode))
		return acmems_error_set(err, ACMEMS_CONFIG, "%s is not a regular file", path);
	if (st->st_size == 0)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"%s is empty: put the account's key back from a backup, or remove the file "
			"to "
			"have a new one made",
			path);
	if ((st->st_mode & 077) == 0)
		return true;
	if (chmod(path, 0600) != 0)
		return acmems_error_errno(
			err, errno, "%s can be read by others, and chmod 0600 fails", path);
	*tightened = true;
	return true;
}

static EVP_PKEY *key_at(const char *dir, const char *path, enum account_key_origin *origin,
	struct acmems_error *err)
{
	bool tightened;
	struct stat st;

	if (stat(path, &st) != 0) {
		if (errno != ENOENT) {
			acmems_error_errno(err, errno, "cannot look at %s", path);
			return NULL;
		}
		*origin = ACCOUNT_KEY_MADE;
		return make_key(dir, path, err);
	}
	if (!prepare_file(path, &st, &tightened, err))
		return NULL;
	*origin = tightened ? ACCOUNT_KEY_TIGHTENED : ACCOUNT_KEY_FOUND;
	return key_load(path, err);
}

EVP_PKEY *account_file_key(
	const char *dir, enum account_key_origin *origin, struct acmems_error *err)
{
	char *path = path_of(dir, "account.pem", err);
	EVP_PKEY *key;

	if (path == NULL)
		return NULL;
	key = key_at(dir, path, origin, err);
	free(path);
	return key;
}

/* The file's object; NULL without an error when there is no file. */
static struct acmems_json *load_object(const char *path, struct acmems_error *err)
{
	struct acmems_json *json;
	char *text;
	size_t len;

	if (!acmems_file_read(path, JSON_MAX, &text, &len, err)) {
		if (err->code == ACMEMS_NOT_FOUND)
			err->code = ACMEMS_OK;
		return NULL;
	}
	json = json_parse(text, len, err);
	free(text);
	if (json == NULL)
		acmems_error_context(err, "%s", path);
	return json;
}

/* Terms that are no text are as good as none. */
static char *copy_terms(const struct acmems_json *json)
{
	struct acmems_error ignored = {0};
	const char *terms = NULL;

	if (!acmems_json_text(json, TERMS, JSON_URL_MAX, &terms, &ignored) || terms == NULL)
		return NULL;
	return strdup(terms);
}

static bool load_texts(const char *path, char **ret_url, char **ret_terms, struct acmems_error *err)
{
	struct acmems_error fault = {0};
	const char *url = NULL;
	struct acmems_json *json = load_object(path, &fault);
	bool ok = json != NULL || fault.code == ACMEMS_OK;

	if (json != NULL && !json_need_url(json, "uri", &url, &fault)) {
		acmems_error_context(&fault, "%s", path);
		ok = false;
	}
	if (ok && url != NULL) {
		*ret_url = strdup(url);
		ok = *ret_url != NULL ||
		     acmems_error_set(&fault, ACMEMS_NO_MEMORY, "no memory for an account's URL");
	}
	/* without memory for the terms they count as unknown, and the next directory has them */
	if (ok && ret_terms != NULL)
		*ret_terms = copy_terms(json);
	acmems_json_free(json);
	if (!ok)
		*err = fault;
	return ok;
}

bool account_file_load(const char *dir, char **ret_url, char **ret_terms, struct acmems_error *err)
{
	char *path = path_of(dir, "registration.json", err);
	bool ok;

	*ret_url = NULL;
	if (ret_terms != NULL)
		*ret_terms = NULL;
	if (path == NULL)
		return false;
	ok = load_texts(path, ret_url, ret_terms, err);
	free(path);
	return ok;
}

static const struct acmems_json *find(const struct acmems_json *object, const char *name)
{
	const struct acmems_json *one = acmems_json_first(object);

	while (one != NULL && strcmp(acmems_json_name(one), name) != 0)
		one = acmems_json_next(one);
	return one;
}

/* The members of `old` that `fresh` has no other value for, then those of `fresh`. */
static void put_body(struct acmems_json_writer *out, const struct acmems_json *old,
	const struct acmems_json *fresh)
{
	const struct acmems_json *one = acmems_json_is_object(old) ? acmems_json_first(old) : NULL;

	acmems_json_begin_object(out, "body");
	for (; one != NULL; one = acmems_json_next(one)) {
		if (find(fresh, acmems_json_name(one)) == NULL)
			acmems_json_put(out, acmems_json_name(one), one);
	}
	for (one = acmems_json_first(fresh); one != NULL; one = acmems_json_next(one))
		acmems_json_put(out, acmems_json_name(one), one);
	acmems_json_end(out);
}

static bool is_ours(const char *name, const char *terms)
{
	return strcmp(name, "body") == 0 || strcmp(name, "uri") == 0 ||
	       (terms != NULL && strcmp(name, TERMS) == 0);
}

/* What is there, whoever wrote it, with our URL, terms and body. */
static char *merge(const struct acmems_json *old, const char *url, const char *terms,
	const struct acmems_json *body, size_t *ret_len)
{
	struct acmems_json_writer *out = acmems_json_writer_new(JSON_MAX);
	const struct acmems_json *one = acmems_json_first(old);

	put_body(out, find(old, "body"), body);
	acmems_json_put_text(out, "uri", url);
	if (terms != NULL)
		acmems_json_put_text(out, TERMS, terms);
	for (; one != NULL; one = acmems_json_next(one)) {
		const char *name = acmems_json_name(one);

		if (!is_ours(name, terms))
			acmems_json_put(out, name, one);
	}
	return acmems_json_writer_finish(out, ret_len);
}

static bool write_registration(const char *path, const char *url, const char *terms,
	const struct acmems_json *body, struct acmems_error *err)
{
	struct acmems_error fault = {0};
	struct acmems_json *json = load_object(path, &fault);
	size_t len = 0;
	char *text;
	bool ok;

	/* only what makes no sense is replaced; what could not be read this time stays */
	if (json == NULL && fault.code != ACMEMS_OK && fault.code != ACMEMS_BAD_ANSWER) {
		*err = fault;
		return false;
	}
	text = merge(json, url, terms, body, &len);
	acmems_json_free(json);
	if (text == NULL)
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory to write %s, or it is too long", path);
	ok = acmems_file_write(path, text, len, 0600, err);
	free(text);
	return ok;
}

bool account_file_save(const char *dir, const char *url, const char *terms,
	const struct acmems_json *body, struct acmems_error *err)
{
	char *path = path_of(dir, "registration.json", err);
	bool ok;

	if (path == NULL)
		return false;
	ok = write_registration(path, url, terms, body, err);
	free(path);
	return ok;
}
