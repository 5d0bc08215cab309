/* SPDX-License-Identifier: ISC */
/*
 * test_header.c - the operations of auth-header, without a daemon. The module's source is part of this
 * file; what it calls in the daemon's core is written here, on paper.
 */
#include <assert.h>
#include <stdio.h>

#include "../auth/header.c"

#ifdef NDEBUG
#error "tests without assert() test nothing"
#endif

/* ---- a core on paper: one operation, one header ---- */

static const char *sent_name;
static const char *sent_value;
static int finished;
static enum acmems_code finished_with;

void acmems_op_finish(uint64_t op, const struct acmems_error *err)
{
	assert(op == 7);
	finished++;
	finished_with = err ? err->code : ACMEMS_OK;
}

const char *acmems_http_request_header(const struct acmems_http_request *request, const char *name)
{
	(void)request;
	return sent_name && strcmp(name, sent_name) == 0 ? sent_value : NULL;
}

/* ---- */

static struct header instance = {.name = "X-Team", .value = "web"};

static enum acmems_code judge(const char *name, const char *value)
{
	const struct acmems_sign_request request = {0};
	struct acmems_error err = {0};

	sent_name = name;
	sent_value = value;
	finished = 0;
	assert(ops.check(&instance, 7, &request, &err));
	assert(finished == 1);
	return finished_with;
}

int main(void)
{
	struct acmems_error err = {0};

	assert(judge("X-Team", "web") == ACMEMS_OK);
	assert(judge("X-Team", "wep") == ACMEMS_REFUSED);
	assert(judge("X-Team", "web2") == ACMEMS_REFUSED);
	assert(judge("X-Team", "") == ACMEMS_REFUSED);
	assert(judge(NULL, NULL) == ACMEMS_REFUSED);

	assert(acmems_module.check(&instance, &err));
	instance.name = "X-Team:";
	assert(!acmems_module.check(&instance, &err));
	assert(err.code == ACMEMS_CONFIG);
	puts("all well");
	return 0;
}
