/* SPDX-License-Identifier: ISC */
/* settings_parts.h - the parts of the configuration, one file each. Between settings.c and
 * settings_*.c. All return false when there was a fault; what was read is freed all the same. */
#ifndef SETTINGS_PARTS_H
#define SETTINGS_PARTS_H

#include "settings/settings.h"

/* Of how many names the nearest is looked for. */
#define SETTINGS_NAMES_MAX 64

bool settings_log_read(struct settings *settings, struct conf_faults *faults);
void settings_log_free(struct settings *settings);

bool settings_mgmt_read(struct settings *settings, struct conf_faults *faults);
void settings_mgmt_free(struct settings *settings);

bool settings_accounts_read(struct settings *settings, struct conf_faults *faults);
void settings_accounts_free(struct settings *settings);

/* The groups below validator, storage and notify. */
bool settings_instances_read(struct settings *settings, struct conf_faults *faults);
void settings_instances_free(struct settings *settings);

/* The daemon's own options of these groups, and of every group below the others (but for `type`). */
const struct acmems_option *settings_log_rows(size_t *ret_count);
const struct acmems_option *settings_mgmt_rows(size_t *ret_count);
const struct acmems_option *settings_account_rows(size_t *ret_count);
const struct acmems_option *settings_storage_rows(size_t *ret_count);
const struct acmems_option *settings_notify_rows(size_t *ret_count);
const struct acmems_option *settings_auth_rows(size_t *ret_count);

/* The same by name; "" is outside of all groups. NULL: that group has none, or there is no such. */
const struct acmems_option *settings_rows(const char *group, size_t *ret_count);

/* Puts the keys of an auth block that are the daemon's own into keys; returns how many. */
size_t settings_auth_keys(const char **keys, size_t room);

/* The options that every notifier has, for others to skip; NULL at the end, `type` among them. */
extern const char *const settings_notify_keys[];

/* Reads those of all notifiers, and makes all of them the default where there is none. */
bool settings_notifies_read(struct settings *settings, struct conf_faults *faults);
void settings_notifies_free(struct settings *settings);

/* The options that every storage has, as those of notifiers. */
extern const char *const settings_storage_keys[];
bool settings_storages_read(struct settings *settings, struct conf_faults *faults);

/* What a list of events asks for; without one it is `fallback`. A fault at node names the nearest. */
bool settings_events_read(const struct acmems_list *list, notice_mask fallback,
	notice_mask *ret_mask, const struct conf_node *node, const char *what,
	struct conf_faults *faults);

/* After all others: the blocks refer to them. */
bool settings_auth_read(struct settings *settings, struct conf_faults *faults);
void settings_auth_free(struct settings *settings);

/* What a name can stand for. */
enum settings_ref {
	SETTINGS_REF_ACCOUNT,
	SETTINGS_REF_VALIDATOR,
	SETTINGS_REF_STORAGE,
	SETTINGS_REF_NOTIFY
};

/* Whether there is one of that name; a fault at node names the nearest otherwise. */
bool settings_ref_check(const struct settings *settings, enum settings_ref ref, const char *name,
	const struct conf_node *node, const char *what, struct conf_faults *faults);

/*
 * What a block that names none gets: mgmt's default, or the only one there is. NULL and a fault at
 * node when that is not clear.
 */
const char *settings_ref_default(const struct settings *settings, enum settings_ref ref,
	const struct conf_node *node, const char *what, struct conf_faults *faults);

/* Checks mgmt's defaults. */
bool settings_ref_mgmt(const struct settings *settings, struct conf_faults *faults);

/* Whether a module can have this name: small letters, digits and '-', at most 31. */
bool settings_type_valid(const char *type);

#endif
