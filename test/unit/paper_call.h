/* SPDX-License-Identifier: ISC */
/* paper_call.h - for tests of the HTTP client: a call, and what became of it. */
#ifndef PAPER_CALL_H
#define PAPER_CALL_H

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <acmems/http.h>

#include "net/http_client.h"
#include "net/resolver.h"
#include "unit.h"

struct paper_call {
	uint64_t id;
	unsigned done;
	int status;
	size_t len;
	size_t header_count;
	unsigned tries;
	struct acmems_error err;
	char header[64]; /* the value of "x-paper" */
	char body[256]; /* the beginning */
};

static inline void paper_call_done(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *err)
{
	struct paper_call *call = arg;
	const char *value;

	call->done++;
	if (err)
		call->err = *err;
	if (!answer)
		return;
	call->status = answer->status;
	call->len = answer->len;
	call->header_count = answer->header_count;
	call->tries = answer->tries;
	snprintf(call->body, sizeof(call->body), "%s", answer->body);
	value = acmems_http_answer_header(answer, "X-Paper");
	snprintf(call->header, sizeof(call->header), "%s", value ? value : "");
	/* bytes end where they say they do */
	if (answer->body[answer->len] != '\0' || (answer->len && err))
		call->done += 1000;
}

static inline void paper_call_start(struct paper_call *call, struct acmems_http_call what)
{
	struct acmems_error err = {0};

	memset(call, 0, sizeof(*call));
	what.method = what.method ? what.method : "GET";
	call->id = acmems_http_call_start(&what, paper_call_done, call, &err);
	if (call->id == 0)
		fail_msg("%s: %s", what.url, err.message);
	assert_int_equal(call->done, 0);
}

static inline struct paper_call paper_call_run(struct acmems_http_call what)
{
	struct paper_call call;

	paper_call_start(&call, what);
	run_until(call.done);
	assert_int_equal(call.done, 1);
	return call;
}

/* Entries of a folder of /proc/self. */
static inline unsigned paper_count(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

#endif
