/* SPDX-License-Identifier: ISC */
/* own_cert.c - looks at the listener's certificate, and orders another one in time. */
#include "sign/own_cert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/file.h>
#include <acmems/log.h>
#include "sign/flight.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/key.h"
#include "x509/self_cert.h"

#define ROOM "own-cert"
#define CERT_MAX (256u * 1024)
#define FIRST_LOOK_MS 500
#define LOOK_MS INT64_C(6 * 3600000)
/* Of what may go better soon, and of what may not. */
#define SOON_MS 5000
#define LATER_MS INT64_C(300000)

struct own_cert {
	struct generation *generation;
	struct acmems_timer *timer;
	uint64_t waiter; /* 0: no order under way */
	unsigned failures; /* in a row */
};

static const struct settings_tls *files(const struct own_cert *own)
{
	return &own->generation->settings->mgmt.tls;
}

/* ---- before there is anything ---- */

static bool write_cert(const struct settings_tls *tls, EVP_PKEY *key, struct acmems_error *err)
{
	char *pem = NULL;
	size_t len;
	bool ok = self_cert_make(key, tls->self.items, &pem, &len, err) &&
		  acmems_file_write(tls->certificate, pem, len, 0644, err);

	free(pem);
	return ok;
}

bool own_cert_prepare(const struct settings_tls *tls, struct acmems_error *err)
{
	bool fresh = access(tls->key, F_OK) < 0 && errno == ENOENT;
	EVP_PKEY *key;
	bool ok;

	if (!fresh && access(tls->certificate, F_OK) == 0)
		return true;
	key = fresh ? key_new(err) : key_load(tls->key, err);
	/* without its key, a certificate that is there is good for nothing */
	ok = key && (!fresh || key_save(key, tls->key, err)) && write_cert(tls, key, err);
	key_free(key);
	return ok || acmems_error_context(err, "mgmt: tls: self");
}

/* ---- orders ---- */

static void look_later(struct own_cert *own, const struct acmems_error *err)
{
	int64_t wait = LATER_MS << (own->failures < 6 ? own->failures : 6);

	own->failures++;
	if (err->code == ACMEMS_UNAVAILABLE) {
		own->failures = 0;
		wait = SOON_MS;
	}
	if (wait < (int64_t)err->retry_after * 1000)
		wait = (int64_t)err->retry_after * 1000;
	acmems_timer_start(own->timer, wait < LOOK_MS ? wait : LOOK_MS);
}

static void fail(struct own_cert *own, const struct acmems_error *err)
{
	/* before the account is registered, say */
	enum acmems_log_level level =
		err->code == ACMEMS_UNAVAILABLE ? ACMEMS_LOG_DEBUG : ACMEMS_LOG_WARNING;

	look_later(own, err);
	acmems_log(level, ROOM, NULL, "the certificate of mgmt.tls could not be renewed: %s",
		err->message);
}

static void on_issued(void *arg, const char *chain, size_t len, const struct acmems_error *err)
{
	struct own_cert *own = arg;
	struct acmems_error odd = {0};

	own->waiter = 0;
	if (!err && !acmems_file_write(files(own)->certificate, chain, len, 0644, &odd))
		err = &odd;
	if (err) {
		fail(own, err);
		return;
	}
	own->failures = 0;
	acmems_timer_start(own->timer, LOOK_MS);
	acmems_log(ACMEMS_LOG_NOTICE, ROOM, NULL, "the certificate of mgmt.tls was renewed");
}

/* Two thirds of its time are over, or it is not the one that is wanted at all. */
static bool is_due(const struct own_cert *own, const struct acmems_csr *csr)
{
	struct acmems_error err = {0};
	struct acmems_cert facts;
	char *pem = NULL;
	size_t len = 0;
	bool due = true;

	if (acmems_file_read(files(own)->certificate, CERT_MAX, &pem, &len, &err) &&
		acmems_cert_read(pem, len, &facts, &err) && cert_fits_csr(pem, len, csr, &err) &&
		!self_cert_is(pem, len))
		due = (facts.not_after - acmems_clock_wall()) * 3 <
		      facts.not_after - facts.not_before;
	free(pem);
	return due;
}

static bool look(struct own_cert *own, const char *body, size_t len, struct acmems_error *err)
{
	struct acmems_csr *csr = csr_read(body, len, err);

	if (!csr)
		return false;
	if (is_due(own, csr))
		own->waiter = flight_join(
			own->generation->own, csr, body, len, NULL, on_issued, own, err);
	else
		acmems_timer_start(own->timer, LOOK_MS);
	csr_free(csr);
	return own->waiter || acmems_timer_running(own->timer);
}

static void on_look(void *arg)
{
	struct own_cert *own = arg;
	struct acmems_error err = {0};
	EVP_PKEY *key = key_load(files(own)->key, &err);
	char *body = NULL;
	size_t len = 0;

	if (!key || !self_cert_request(key, files(own)->self.items, &body, &len, &err) ||
		!look(own, body, len, &err))
		fail(own, &err);
	free(body);
	key_free(key);
}

struct own_cert *own_cert_new(struct generation *generation, struct acmems_error *err)
{
	struct own_cert *own = calloc(1, sizeof(*own));

	if (own)
		own->timer = acmems_timer_new(on_look, own);
	if (!own || !own->timer) {
		free(own);
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for the front door");
		return NULL;
	}
	own->generation = generation;
	return own;
}

void own_cert_begin(struct own_cert *own)
{
	acmems_timer_start(own->timer, FIRST_LOOK_MS);
}

void own_cert_free(struct own_cert *own)
{
	if (!own)
		return;
	flight_leave(own->waiter);
	acmems_timer_free(own->timer);
	free(own);
}
