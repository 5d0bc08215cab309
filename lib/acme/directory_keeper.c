/* SPDX-License-Identifier: ISC */
/* directory_keeper.c - fetches the directory and keeps it fresh; see directory.h. */
#include "acme/directory.h"

#include <acmems/log.h>

#include "acme/reply.h"
#include "acme/json.h"

#define REFRESH_MS 86400000
#define AGAIN_MS 300000 /* after a refresh that failed */
#define SUSPECT_MS 60000
#define TIMEOUT_MS 20000

/* What the answer says; NULL and *err if it is no directory. */
static struct directory *judge(const struct acmems_http_answer *http, struct acmems_error *err)
{
	struct directory *directory = NULL;
	struct acme_answer answer;
	struct acmems_json *json = NULL;

	if (reply_read(http, ACME_EXPECT_JSON, &answer, &json, err))
		directory = directory_parse(json, err);
	acmems_json_free(json);
	return directory;
}

static void on_answer(
	void *arg, const struct acmems_http_answer *answer, const struct acmems_error *failure)
{
	struct directory_keeper *keeper = arg;
	struct acmems_error err = {0};
	struct directory *fresh = NULL;

	keeper->call = 0;
	if (failure != NULL)
		err = *failure;
	else
		fresh = judge(answer, &err);
	if (fresh != NULL) {
		directory_free(keeper->current);
		keeper->current = fresh;
		acmems_timer_start(keeper->timer, REFRESH_MS);
		keeper->done(keeper->arg, NULL);
		return;
	}
	acmems_error_context(&err, "directory %s", keeper->url);
	acmems_log(ACMEMS_LOG_DEBUG, "directory", NULL, "%s", err.message);
	if (keeper->current == NULL)
		keeper->done(keeper->arg, &err);
	else
		acmems_timer_start(keeper->timer, AGAIN_MS);
}

static void refresh(void *arg)
{
	struct directory_keeper *keeper = arg;
	struct acmems_error err = {0};

	if (directory_keeper_fetch(keeper, &err))
		return;
	acmems_log(ACMEMS_LOG_DEBUG, "directory", NULL, "%s", err.message);
	acmems_timer_start(keeper->timer, AGAIN_MS);
}

bool directory_keeper_init(struct directory_keeper *keeper)
{
	keeper->current = NULL;
	keeper->call = 0;
	keeper->asked_at = 0;
	keeper->timer = acmems_timer_new(refresh, keeper);
	return keeper->timer != NULL;
}

void directory_keeper_fini(struct directory_keeper *keeper)
{
	if (keeper->call != 0)
		keeper->transport->cancel(keeper->transport->ctx, keeper->call);
	keeper->call = 0;
	acmems_timer_free(keeper->timer);
	keeper->timer = NULL;
	directory_free(keeper->current);
	keeper->current = NULL;
}

bool directory_keeper_fetch(struct directory_keeper *keeper, struct acmems_error *err)
{
	struct acmems_http_call call = {
		.method = "GET",
		.url = keeper->url,
		.max_answer = JSON_MAX,
		.timeout_ms = TIMEOUT_MS,
		.ca_file = keeper->ca_file,
	};

	if (keeper->call != 0)
		return true;
	acmems_timer_stop(keeper->timer);
	keeper->asked_at = acmems_clock_ms();
	keeper->call =
		keeper->transport->start(keeper->transport->ctx, &call, on_answer, keeper, err);
	if (keeper->call == 0)
		return acmems_error_context(err, "directory %s", keeper->url);
	return true;
}

void directory_keeper_suspect(struct directory_keeper *keeper)
{
	if (keeper->call == 0 && keeper->current != NULL &&
		acmems_clock_ms() - keeper->asked_at >= SUSPECT_MS)
		refresh(keeper);
}
