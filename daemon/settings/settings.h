/* SPDX-License-Identifier: ISC */
/*
 * settings.h - the configuration file as the daemon understands it: its own tables applied, every
 * reference checked, module settings kept as nodes for the modules' own tables.
 *
 * Life: settings_load -> a generation is built from it and owns it -> settings_free.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <acmems/option.h>
#include "base/log_target.h"
#include "conf/conf.h"
#include "net/tls_files.h"
#include "settings/notice_kind.h"

struct settings_log {
	int level; /* enum acmems_log_level */
	int format; /* enum log_format */
	char *target;
};

struct settings_account {
	const char *name;
	const struct conf_node *node;
	char *directory;
	char *dir;
	struct acmems_list contact;
	bool accept_any_terms;
	struct acmems_list accept_terms;
	char *ca_file;
	char *eab_kid;
	char *eab_key;
	char *eab_key_file;
	int eab_algorithm; /* index into HS256, HS384, HS512 */
};

/* certificate NULL: no TLS. */
struct settings_tls {
	struct acmems_list listen; /* not given: all but the Unix sockets of mgmt's */
	char *certificate;
	char *key;
	struct acmems_list self; /* names of a certificate that we get for ourselves */
	char *client_ca; /* NULL: nobody is asked for a certificate */
	char *client_crl; /* NULL: none is revoked */
};

struct settings_mgmt {
	struct acmems_list listen;
	struct settings_tls tls;
	struct acmems_list trusted_proxies;
	bool proxy_protocol;
	int64_t max_size; /* bytes of a CSR */
	int64_t max_pending; /* requests waiting for the CA; beyond it 503 */
	int64_t max_connections;
	int64_t max_per_address;
	int64_t timeout; /* ms for one order */
	int64_t drain; /* ms that a stop waits for what is under way */
	bool wildcards;
	char *default_account; /* names; NULL: the only one there is */
	char *default_validator;
	char *default_storage;
	struct acmems_list default_notify; /* all notifiers where the file says nothing */
	char *state_dir;
};

/* One group below validator, storage or notify. */
struct settings_instance {
	const char *name;
	const char *type; /* "http01": the module's name */
	const struct conf_node *node; /* its settings, `type` among them */
	/* of notifiers only */
	struct acmems_list event_list;
	notice_mask events; /* that it hears of */
	int64_t fold; /* ms */
	int64_t digest; /* ms; 0: none */
	int64_t at_most; /* an hour */
	int64_t queue; /* entries */
	/* of storages only */
	int64_t warn_within; /* ms before the end of what is kept; 0: nobody is told */
};

/* A key of an auth block that the daemon does not know: an auth module and its setting. */
struct settings_method {
	const char *type;
	const struct conf_node *node; /* of any type */
};

struct settings_auth {
	char *name;
	const struct conf_node *node;
	struct acmems_list domains;
	char *validator; /* names, defaults already put in */
	char *storage;
	char *account;
	struct acmems_list notify;
	struct acmems_list notify_list;
	notice_mask notify_events; /* that its notifiers hear of */
	bool wildcards;
	struct settings_method *methods;
	size_t method_count;
};

struct settings {
	struct conf_node *root;
	char *modules; /* directory */
	char *pid_file; /* NULL: none */
	struct settings_log log;
	struct settings_mgmt mgmt;
	struct settings_account *accounts;
	size_t account_count;
	struct settings_instance *validators;
	size_t validator_count;
	struct settings_instance *storages;
	size_t storage_count;
	struct settings_instance *notifies;
	size_t notify_count;
	struct settings_auth *auths;
	size_t auth_count;
};

/* Reads and checks a file. NULL if there was any fault; each is a line then. */
struct settings *settings_load(const char *path, struct conf_faults *faults);
void settings_free(struct settings *settings);

/* Where the files of mgmt.tls are; the paths stay the settings'. */
struct tls_files_config settings_tls_files(const struct settings_tls *tls);

#endif
