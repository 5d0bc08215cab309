/* SPDX-License-Identifier: ISC */
/* dns01-server_zones.c - zones out of options. */
#include "dns01-server_zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dns01_server_name(const char *name, char out[ACMEMS_DNS_NAME_MAX])
{
	size_t len = 0;

	for (; len < ACMEMS_DNS_NAME_MAX - 2 && name[len] != '\0'; len++)
		out[len] =
			(char)(name[len] >= 'A' && name[len] <= 'Z' ? name[len] + 32 : name[len]);
	if (len > 0 && out[len - 1] != '.')
		out[len++] = '.';
	out[len] = '\0';
}

bool dns01_server_is_in(const char *name, const char *zone)
{
	size_t name_len = strlen(name), zone_len = strlen(zone);

	return name_len >= zone_len && strcmp(name + name_len - zone_len, zone) == 0 &&
	       (name_len == zone_len || name[name_len - zone_len - 1] == '.');
}

bool dns01_server_zones_hold(const struct dns01_server_zones *zones, const char *name)
{
	for (size_t i = 0; i < zones->count; i++) {
		if (dns01_server_is_in(name, zones->list[i].name))
			return true;
	}
	return false;
}

static char *copy_name(const char *name, struct acmems_error *err)
{
	char text[ACMEMS_DNS_NAME_MAX];
	char *copy;

	if (!acmems_dns_name_check(name, err))
		return NULL;
	dns01_server_name(name, text);
	copy = strdup(text);
	if (!copy)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a zone");
	return copy;
}

/* "john.doe@example.org" is "john\.doe.example.org" (RFC 1035, 8). */
static bool write_mailbox(const char *mailbox, char out[ACMEMS_DNS_NAME_MAX])
{
	const char *at = strchr(mailbox, '@');
	size_t len = 0;

	if (at == mailbox || strlen(mailbox) >= ACMEMS_DNS_NAME_MAX / 2)
		return false;
	for (const char *p = mailbox; *p != '\0'; p++) {
		if (at && p < at && *p == '.')
			out[len++] = '\\';
		out[len++] = p == at ? '.' : *p;
	}
	out[len] = '\0';
	return true;
}

static char *make_mailbox(const char *mailbox, const char *zone, struct acmems_error *err)
{
	char text[ACMEMS_DNS_NAME_MAX];
	char *copy;

	if (!mailbox)
		snprintf(text, sizeof(text), "hostmaster.%s", zone);
	else if (!write_mailbox(mailbox, text))
		text[0] = '\0';
	copy = copy_name(text, err);
	if (!copy && err->code == ACMEMS_CONFIG)
		acmems_error_set(err, ACMEMS_CONFIG, "mailbox: \"%.100s\" is not a mail address",
			mailbox ? mailbox : text);
	return copy;
}

static bool add_zone(struct dns01_server_zones *zones, const char *name, const char *mailbox,
	struct acmems_error *err)
{
	struct acmems_dns_zone *zone = &zones->list[zones->count];

	zone->name = copy_name(name, err);
	if (!zone->name)
		return acmems_error_context(err, "zones");
	zones->count++;
	if (strcmp(zone->name, ".") == 0)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "zones: the root can not be delegated to us");
	zone->mailbox = make_mailbox(mailbox, zone->name, err);
	return zone->mailbox != NULL;
}

/* Nobody would learn their addresses: this server has no others than TXT records. */
static bool check_name_server(
	const struct dns01_server_zones *zones, const char *server, struct acmems_error *err)
{
	char name[ACMEMS_DNS_NAME_MAX];

	if (!acmems_dns_name_check(server, err))
		return acmems_error_context(err, "name-servers");
	dns01_server_name(server, name);
	if (dns01_server_zones_hold(zones, name))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"name-servers: \"%.100s\" lies in one of the zones, which has no "
			"addresses: "
			"name this host by a name outside of them",
			server);
	return true;
}

bool dns01_server_zones_init(struct dns01_server_zones *zones, const struct acmems_list *names,
	const struct acmems_list *name_servers, const char *mailbox, struct acmems_error *err)
{
	*zones =
		(struct dns01_server_zones){.list = calloc(names->count + 1, sizeof(*zones->list))};
	if (!zones->list)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a zone");
	for (size_t i = 0; i < names->count; i++) {
		if (!add_zone(zones, names->items[i], mailbox, err))
			return false;
		zones->list[i].name_servers = name_servers->items;
	}
	for (size_t i = 0; i < name_servers->count; i++) {
		if (!check_name_server(zones, name_servers->items[i], err))
			return false;
	}
	return true;
}

void dns01_server_zones_fini(struct dns01_server_zones *zones)
{
	for (size_t i = 0; i < zones->count; i++) {
		free((char *)zones->list[i].name);
		free((char *)zones->list[i].mailbox);
	}
	free(zones->list);
	*zones = (struct dns01_server_zones){0};
}
