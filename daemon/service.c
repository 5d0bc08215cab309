/* SPDX-License-Identifier: ISC */
/*
 * service.c - starting -> up -> stopping -> flushing -> gone, and what signals mean meanwhile.
 *
 * The first SIGTERM or SIGINT lets what is under way finish, the second gives it up and still has it
 * clean up, the third ends the process.
 */
#include "service.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <acmems/log.h>

#include "base/child.h"
#include "base/log_target.h"
#include "base/loop.h"
#include "base/op_core.h"
#include "base/str.h"
#include "command.h"
#include "conf/units.h"
#include "crash.h"
#include "dns/dns_server.h"
#include "sign/flight.h"
#include "net/http_client.h"
#include "net/http_insist.h"
#include "net/http_server.h"
#include "net/resolver.h"
#include "net/tls_server.h"
#include "notify/notifier.h"
#include "process.h"
#include "reload/reload.h"
#include "rest.h"
#include "sd_notify.h"
#include "sign/sign.h"
#include "signals.h"

/* How long last answers may take to leave, and how often we look. */
#define FLUSH_MS 1000
#define FLUSH_STEP_MS 10

static struct {
	struct reload_config config;
	char path[PATH_MAX];
	char *pid_file; /* written and to be removed */
	unsigned stops; /* signals to stop so far */
	int64_t started;
	int64_t flush_end;
	struct acmems_timer *flush;
	int status;
} service;

static int status_of(enum acmems_code code)
{
	switch (code) {
	case ACMEMS_OK:
		return EX_OK;
	case ACMEMS_CONFIG:
		return EX_CONFIG;
	case ACMEMS_NOT_FOUND:
		return EX_NOINPUT;
	case ACMEMS_SYSTEM:
	case ACMEMS_NO_MEMORY:
		return EX_OSERR;
	case ACMEMS_UNAVAILABLE:
	case ACMEMS_TIMEOUT:
	case ACMEMS_RATE_LIMITED:
	case ACMEMS_BAD_ANSWER:
	case ACMEMS_VALIDATION:
		return EX_UNAVAILABLE;
	case ACMEMS_BAD_REQUEST:
	case ACMEMS_REFUSED:
	case ACMEMS_BAD_METHOD:
	case ACMEMS_NO_LENGTH:
	case ACMEMS_TOO_LARGE:
	case ACMEMS_BAD_CSR:
	case ACMEMS_FAULT:
		break;
	}
	return EX_SOFTWARE;
}

/* ---- stopping ---- */

static void on_flush(void *arg)
{
	(void)arg;
	if (http_server_connections() == 0 || acmems_clock_ms() >= service.flush_end)
		loop_stop();
	else
		acmems_timer_start(service.flush, FLUSH_STEP_MS);
}

static void on_stopped(void *arg)
{
	(void)arg;
	service.flush_end = acmems_clock_ms() + FLUSH_MS;
	acmems_timer_start(service.flush, 0);
}

static void stop(void)
{
	const struct generation *current = reload_current();
	int64_t drain = current ? current->settings->mgmt.drain : 0;
	char text[32];

	sd_notify_stopping();
	acmems_log(ACMEMS_LOG_NOTICE, "service", NULL,
		"stopping; %zu requests and %zu orders under way have %s", sign_count(),
		flight_count(), units_duration_text(drain, text));
	reload_stop(drain, on_stopped, NULL);
}

static void on_stop_signal(void)
{
	switch (++service.stops) {
	case 1:
		stop();
		break;
	case 2:
		acmems_log(ACMEMS_LOG_NOTICE, "service", NULL,
			"stopping at once; %zu requests and %zu orders are given up", sign_count(),
			flight_count());
		reload_hurry(0);
		break;
	default:
		acmems_log(ACMEMS_LOG_NOTICE, "service", NULL, "ending without cleaning up");
		_exit(EX_SOFTWARE);
	}
}

/* ---- up ---- */

static const char *status_line(char *out, size_t room)
{
	const struct generation *current = reload_current();

	snprintf(
		out, room, "generation %u, %zu auth blocks", current->number, current->block_count);
	return out;
}

static void on_reload_over(void *arg)
{
	char text[128];

	(void)arg;
	if (reload_current())
		sd_notify_ready(status_line(text, sizeof(text)));
}

static void on_signal(int number)
{
	if (number == SIGTERM || number == SIGINT) {
		on_stop_signal();
	} else if (number == SIGHUP && reload_current()) {
		sd_notify_reloading();
		reload_again(on_reload_over, NULL);
	} else if (number == SIGUSR1) {
		reload_log();
	}
}

static void log_started(const struct generation *generation)
{
	const struct acmems_list *listen = &generation->settings->mgmt.listen;
	struct str text;

	str_init(&text, 2048);
	for (size_t i = 0; i < listen->count; i++)
		str_addf(&text, "%s%s", i > 0 ? ", " : "", listen->items[i]);
	acmems_log(ACMEMS_LOG_NOTICE, "service", NULL,
		"acmems " ACMEMS_VERSION " started in %" PRId64
		" ms: generation %u of %s, %zu auth blocks, listening on %s",
		acmems_clock_ms() - service.started, generation->number, service.config.path,
		generation->block_count, listen->count > 0 ? str_text(&text) : "nothing");
	str_fini(&text);
}

static void fail(const struct acmems_error *err)
{
	service.status = status_of(err->code);
	fprintf(stderr, "acmems: cannot start: %s\n%s", err->message, err->detail);
	if (!reload_logs_to_stderr())
		acmems_log(ACMEMS_LOG_ERROR, "service", NULL, "cannot start: %s %s", err->message,
			err->detail);
}

static bool go_up(const struct generation *generation, struct acmems_error *err)
{
	const char *pid_file = generation->settings->pid_file;
	char text[128];

	if (!process_pid_file(pid_file, err))
		return false;
	service.pid_file = pid_file ? strdup(pid_file) : NULL;
	if ((pid_file && !service.pid_file) || !sd_notify_watchdog_start() || !rest_start())
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
	log_started(generation);
	sd_notify_ready(status_line(text, sizeof(text)));
	process_detach_done();
	return true;
}

static void on_first(void *arg, const struct acmems_error *err)
{
	struct acmems_error odd = {0};

	(void)arg;
	if (err) {
		fail(err);
		loop_stop();
	} else if (!go_up(reload_current(), &odd)) {
		fail(&odd);
		reload_stop(0, on_stopped, NULL);
	}
}

/* ---- beginning and end ---- */

/* A detached or reloading daemon must find the file wherever it is then. */
static bool find_config(const char *path, struct acmems_error *err)
{
	char folder[PATH_MAX];
	int len;

	if (path[0] == '/' || !getcwd(folder, sizeof(folder)))
		len = snprintf(service.path, sizeof(service.path), "%s", path);
	else
		len = snprintf(service.path, sizeof(service.path), "%s/%s", folder, path);
	if (len < 0 || (size_t)len >= sizeof(service.path))
		return acmems_error_set(err, ACMEMS_CONFIG, "the path %s is too long", path);
	return true;
}

static bool begin(const struct cli *cli, struct acmems_error *err)
{
	memset(&service, 0, sizeof(service));
	service.started = acmems_clock_ms();
	service.config = (struct reload_config){.path = service.path,
		.modules = cli->modules,
		.verbose = cli->verbose,
		.detached = cli->daemon,
		.rehearse = true};
	signals_block();
	process_init();
	crash_watch();
	if (!find_config(cli->config, err) || (cli->daemon && !process_detach(err)) ||
		!loop_init(err))
		return false;
	service.flush = acmems_timer_new(on_flush, NULL);
	if (!service.flush)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
	return signals_start(on_signal, err);
}

static void end(void)
{
	size_t left = sign_count() + flight_count();

	if (left > 0)
		service.status = EX_SOFTWARE;
	if (service.started > 0 && service.stops > 0)
		acmems_log(ACMEMS_LOG_NOTICE, "service", NULL,
			"stopped; %zu requests and orders left, %lu log lines lost", left,
			log_dropped());
	if (service.pid_file && unlink(service.pid_file) < 0)
		acmems_log(
			ACMEMS_LOG_WARNING, "service", NULL, "cannot remove %s", service.pid_file);
	free(service.pid_file);
	rest_stop();
	sd_notify_watchdog_stop();
	signals_stop();
	acmems_timer_free(service.flush);
	sign_fini();
	notifier_fini();
	http_insist_fini();
	http_client_fini();
	http_server_fini();
	tls_server_fini();
	dns_server_fini();
	resolver_fini();
	child_fini();
	op_fini();
	registry_fini();
	log_reset();
	loop_fini();
}

int service_run(const struct cli *cli)
{
	struct conf_faults faults = {0};
	struct acmems_error err = {0};

	if (!begin(cli, &err)) {
		fprintf(stderr, "acmems: cannot start: %s\n", err.message);
		return status_of(err.code);
	}
	if (reload_first(&service.config, on_first, NULL, &faults)) {
		log_batch(true);
		loop_run();
		log_batch(false);
	} else {
		command_print_faults(&faults);
		service.status = EX_CONFIG;
	}
	conf_faults_fini(&faults);
	end();
	return service.status;
}
