/* SPDX-License-Identifier: ISC */
/* mock.h - what modules that misbehave have in common: an auth module that says no. */
#ifndef MOCK_H
#define MOCK_H

#include <acmems/auth.h>
#include <acmems/module.h>

struct mock {
	struct acmems_instance self;
	bool on;
};

static const struct acmems_option mock_options[] = {
	{.name = "on",
		.type = ACMEMS_BOOL,
		.offset = offsetof(struct mock, on),
		.flags = ACMEMS_DIRECT,
		.help = "nothing"},
};

static bool mock_check(void *instance, uint64_t op, const struct acmems_sign_request *request,
	struct acmems_error *err)
{
	(void)instance;
	(void)op;
	(void)request;
	return acmems_error_set(err, ACMEMS_REFUSED, "never");
}

static const struct acmems_auth_ops mock_ops = {.check = mock_check};

#define MOCK_REST                                                                                  \
	.version = "1", .summary = "a mock", ACMEMS_MODULE_OPTIONS(mock_options),                  \
	.instance_size = sizeof(struct mock), .ops_size = sizeof(mock_ops), .ops = &mock_ops

#endif
