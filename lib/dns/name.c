/* SPDX-License-Identifier: ISC */
/* name.c - see name.h. Dots within labels are escaped in texts. */
#include "dns/name.h"

#include <ldns/ldns.h>
#include <string.h>

#include "dns/message.h"

bool name_normal(const char *name, char out[ACMEMS_DNS_NAME_MAX], struct acmems_error *err)
{
	ldns_rdf *parsed;
	char *text = NULL;
	size_t len = 0;

	if (!acmems_dns_name_check(name, err))
		return false;
	parsed = ldns_dname_new_frm_str(name);
	if (parsed) {
		ldns_dname2canonical(parsed);
		text = ldns_rdf2str(parsed);
	}
	ldns_rdf_deep_free(parsed);
	if (text)
		len = strlen(text);
	if (len > 0 && len < ACMEMS_DNS_NAME_MAX)
		memcpy(out, text, len + 1);
	else
		len = 0;
	LDNS_FREE(text);
	return len > 0 || acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a name");
}

const char *name_parent(const char *name)
{
	if (strcmp(name, ".") == 0)
		return NULL;
	while (*name != '\0' && *name != '.')
		name += *name == '\\' && name[1] != '\0' ? 2 : 1;
	/* the dot itself is the parent of a name of one label */
	return name[0] == '.' && name[1] != '\0' ? name + 1 : ".";
}

bool name_within(const char *name, const char *ancestor)
{
	for (const char *at = name; at; at = name_parent(at))
		if (strcmp(at, ancestor) == 0)
			return true;
	return false;
}

bool acmems_dns_name_check(const char *name, struct acmems_error *err)
{
	uint8_t wire[WIRE_NAME_MAX];

	return message_name(name, wire, err) > 0;
}
