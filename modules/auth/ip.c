/* SPDX-License-Identifier: ISC */
/*
 * auth/ip.c - lets those in whose address lies in one of some networks:
 * `ip = [ "192.0.2.0/24", "2001:db8::/32" ];`.
 *
 * The address is that of the connection, or the one that a trusted proxy tells; the core has seen to
 * that. Clients of a Unix socket have none and are never let in.
 */
#include <stdlib.h>

#include <acmems/address.h>
#include <acmems/auth.h>
#include <acmems/module.h>

struct ip {
	struct acmems_instance self;
	struct acmems_list texts;
	struct acmems_network *networks; /* as many as texts */
};

static const struct acmems_option options[] = {
	{.name = "networks",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct ip, texts),
		.flags = ACMEMS_REQUIRED | ACMEMS_DIRECT,
		.min = 1,
		.max = 4096,
		.help = "addresses and networks (192.0.2.0/24) that are let in"},
};

static bool ip_check(void *instance, struct acmems_error *err)
{
	struct ip *ip = instance;

	ip->networks = calloc(ip->texts.count, sizeof(*ip->networks));
	if (!ip->networks)
		return acmems_error_set(
			err, ACMEMS_NO_MEMORY, "no memory for %zu networks", ip->texts.count);
	for (size_t i = 0; i < ip->texts.count; i++) {
		if (!acmems_network_parse(ip->texts.items[i], &ip->networks[i], err))
			return acmems_error_context(
				err, "entry %zu, \"%s\"", i + 1, ip->texts.items[i]);
	}
	return true;
}

static bool ip_possible(
	void *instance, const struct acmems_sign_request *request, struct acmems_error *err)
{
	const struct ip *ip = instance;
	char text[ACMEMS_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < ip->texts.count; i++) {
		if (acmems_network_contains(&ip->networks[i], &request->peer))
			return true;
	}
	return acmems_error_set(err, ACMEMS_REFUSED, "address %s is in none of its networks",
		acmems_address_text(&request->peer, text));
}

static bool ip_judge(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	if (!ip_possible(instance, request, err))
		return false;
	acmems_op_finish(op, NULL);
	return true;
}

static void ip_release(void *instance)
{
	struct ip *ip = instance;

	free(ip->networks);
	ip->networks = NULL;
}

static const struct acmems_auth_ops ops = {.possible = ip_possible, .check = ip_judge};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_AUTH, "ip"),
	.version = ACMEMS_VERSION,
	.summary = "lets clients in by their address",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct ip),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = ip_check,
	.release = ip_release,
};
