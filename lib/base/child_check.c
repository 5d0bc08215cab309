/* SPDX-License-Identifier: ISC */
/* child_check.c - commands as operators write them, looked at before they are needed. */
#include <acmems/child.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever may write to the folder may put another file in the place of this one. */
static bool check_folder(const char *path, struct acmems_error *err)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	struct stat info;

	memcpy(folder, path, len);
	folder[len] = '\0';
	if (stat(folder, &info) < 0)
		return acmems_error_errno(err, errno, "cannot look at %s", folder);
	if ((info.st_mode & S_IWOTH) && !(info.st_mode & S_ISVTX))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"%s may be replaced by everybody: its folder has mode %04o", path,
			(unsigned)(info.st_mode & 07777));
	return true;
}

static bool check_program(const char *path, struct acmems_error *err)
{
	struct stat info;

	if (path[0] != '/' || strlen(path) >= PATH_MAX)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"\"%.200s\" is not the absolute path of a program", path);
	if (stat(path, &info) < 0)
		return acmems_error_errno(err, errno, "cannot look at %s", path);
	if (!S_ISREG(info.st_mode))
		return acmems_error_set(err, ACMEMS_CONFIG, "%s is not a file", path);
	if (info.st_mode & S_IWOTH)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"%s may be changed by everybody: it has mode %04o", path,
			(unsigned)(info.st_mode & 07777));
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return acmems_error_errno(err, errno, "cannot run %s", path);
	return check_folder(path, err);
}

static bool check_variable(const char *text, struct acmems_error *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_";
	size_t len = strspn(text, letters);

	/* the value may be a secret, so what is shown ends where it would begin */
	if (len == 0 || text[len] != '=' || (text[0] >= '0' && text[0] <= '9'))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"environment: \"%.*s\" is not \"NAME=value\"", (int)strcspn(text, "="),
			text);
	return true;
}

bool acmems_child_check(char *const *command, char *const *environment, struct acmems_error *err)
{
	if (!command || !command[0])
		return acmems_error_set(err, ACMEMS_CONFIG, "the command is empty");
	for (size_t i = 0; environment && environment[i]; i++) {
		if (!check_variable(environment[i], err))
			return false;
	}
	if (check_program(command[0], err))
		return true;
	err->code = ACMEMS_CONFIG;
	return false;
}
