/* SPDX-License-Identifier: ISC */
/* dns01-acmedns_ask.c - requests to an acme-dns server, and what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns01-acmedns_job.h"

#define ANSWER_MAX 16384

static const char *server_of(const struct acmedns_job *job)
{
	return job->acmedns->server ? job->acmedns->server : job->account.server_url;
}

bool acmedns_ask(struct acmedns_job *job, const char *what, struct acmems_json_writer *out,
	acmems_http_done *done, struct acmems_error *err)
{
	size_t len = 0, url_len = strlen(server_of(job));
	char *body = acmems_json_writer_finish(out, &len);
	struct acmems_http_header headers[] = {{"Content-Type", "application/json"},
		{"X-Api-User", job->account.username}, {"X-Api-Key", job->account.password}};
	char url[ACMEDNS_URL_MAX + 16];
	struct acmems_http_call call = {.method = "POST",
		.url = url,
		.headers = headers,
		.header_count = job->account.username[0] ? 3 : 1,
		.body = body,
		.body_len = len,
		.max_answer = ANSWER_MAX,
		.timeout_ms = acmedns_job_left_ms(job),
		.ca_file = job->acmedns->ca_file,
		.plain = true};

	if (!body)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a request");
	while (url_len > 0 && server_of(job)[url_len - 1] == '/')
		url_len--;
	snprintf(url, sizeof(url), "%.*s/%s", (int)url_len, server_of(job), what);
	job->call = acmems_http_insist(&call, done, job, err);
	free(body);
	return job->call != 0;
}

bool acmedns_accepted(const struct acmedns_job *job, const char *what,
	const struct acmems_http_answer *answer, const struct acmems_error *why,
	struct acmems_error *err)
{
	if (answer && answer->status / 100 == 2)
		return true;
	if (answer)
		acmems_http_answer_error(answer, err);
	else
		*err = *why;
	return acmems_error_context(
		err, "%s at %s for \"%s\"", what, server_of(job), job->identifier);
}
