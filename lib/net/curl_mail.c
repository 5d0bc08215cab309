/* SPDX-License-Identifier: ISC */
/*
 * curl_mail.c - curl connects, starts TLS, says who we are and logs in; then it is told to stop, because
 * it would wait for the server's last words on a mail, and for its farewell, without letting anybody
 * else work. What remains is said here over its connection, when that can be read or written.
 *
 * The connection stays curl's: it looks idle to it, so it has a pool for itself, lest curl close it in
 * favour of another, and goes when its handle leaves the pool. Curl says no farewell over connections
 * that were only to be connected.
 */
#include "net/curl_mail.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "net/curl_pool.h"
#include "net/curl_trust.h"
#include "net/smtp_talk.h"

#define LINE_MAX_BYTES 512
#define TURN_BYTES 65536 /* that are said before others have their turn */
#define FAREWELL_MS 2000

struct curl_mail {
	struct curl_member member; /* first */
	struct curl_mail *next; /* of all there are */
	struct acmems_timer *deadline;
	struct acmems_watch *watch;
	unsigned watched; /* ACMEMS_READ, ACMEMS_WRITE */
	struct curl_slist *resolve;
	const struct acmems_smtp_call *call; /* NULL once done has come */
	const char *host; /* likewise */
	acmems_smtp_done *done;
	void *arg;
	char line[LINE_MAX_BYTES]; /* the server's last, before the talk */
	char error[CURL_ERROR_SIZE];
	struct smtp_talk talk;
};

static struct curl_mail *mails;

static void mail_free(struct curl_mail *mail)
{
	struct curl_mail **at = &mails;

	while (*at && *at != mail)
		at = &(*at)->next;
	if (*at)
		*at = mail->next;
	acmems_timer_free(mail->deadline);
	acmems_watch_free(mail->watch);
	/* leaving closes the connection, behind which no watch may stay */
	if (mail->member.pool)
		curl_pool_leave(&mail->member);
	if (mail->member.easy)
		curl_easy_cleanup(mail->member.easy);
	curl_slist_free_all(mail->resolve);
	free(mail);
}

/* ---- the outcome ---- */

/* The receiver of it may start another mail, but this one is out of its reach. */
static void tell(struct curl_mail *mail, const char *answer, const struct acmems_error *why)
{
	acmems_smtp_done *done = mail->done;
	struct acmems_error err = {0};

	if (why) {
		err = *why;
		acmems_error_context(&err, "%s", mail->host);
	}
	mail->call = NULL;
	mail->host = NULL;
	mail->done = NULL;
	done(mail->arg, answer, why ? &err : NULL);
}

static void fail(struct curl_mail *mail, const struct acmems_error *why)
{
	if (mail->done)
		tell(mail, NULL, why);
	mail_free(mail);
}

/* ---- the talk ---- */

static void hear(struct curl_mail *mail)
{
	char data[4096];
	CURLcode result;
	size_t len;

	/* what TLS has taken from the socket already wakes nobody: all there is has to be read */
	do {
		len = 0;
		result = curl_easy_recv(mail->member.easy, data, sizeof(data), &len);
		smtp_talk_hears(&mail->talk, data, len);
	} while (result == CURLE_OK && len > 0 && mail->talk.state != SMTP_TALK_OVER);
	if (result == CURLE_OK && len == 0)
		smtp_talk_break(&mail->talk, ACMEMS_UNAVAILABLE, "it closed the connection");
	else if (result != CURLE_OK && result != CURLE_AGAIN)
		smtp_talk_break(&mail->talk, ACMEMS_UNAVAILABLE, "the connection broke");
}

static void speak(struct curl_mail *mail)
{
	size_t said = 0, len = 0;
	const char *data = smtp_talk_says(&mail->talk, &len);
	CURLcode result = CURLE_OK;

	while (data && said < TURN_BYTES && result == CURLE_OK) {
		size_t sent = 0;

		result = curl_easy_send(mail->member.easy, data, len, &sent);
		smtp_talk_said(&mail->talk, sent);
		said += sent;
		data = smtp_talk_says(&mail->talk, &len);
	}
	if (result == CURLE_OK || result == CURLE_AGAIN)
		return;
	/* it may have said why before it went */
	hear(mail);
	smtp_talk_break(&mail->talk, ACMEMS_UNAVAILABLE, "the connection broke");
}

static void on_ready(void *arg, int fd, unsigned ready);

/* Waits for what the talk needs next. */
static void watch(struct curl_mail *mail)
{
	size_t len;
	unsigned events = ACMEMS_READ | (smtp_talk_says(&mail->talk, &len) ? ACMEMS_WRITE : 0);
	curl_socket_t fd = CURL_SOCKET_BAD;
	struct acmems_error err = {0};

	if (mail->watch && mail->watched == events)
		return;
	acmems_watch_free(mail->watch);
	mail->watch = NULL;
	mail->watched = events;
	curl_easy_getinfo(mail->member.easy, CURLINFO_ACTIVESOCKET, &fd);
	if (fd != CURL_SOCKET_BAD)
		mail->watch = acmems_watch_new(fd, events, on_ready, mail, &err);
	else
		acmems_error_set(&err, ACMEMS_UNAVAILABLE, "the connection is gone");
	if (!mail->watch)
		fail(mail, &err);
}

static void go_on(struct curl_mail *mail)
{
	speak(mail);
	if (mail->done && mail->talk.outcome != SMTP_TALK_OPEN) {
		bool taken = mail->talk.outcome == SMTP_TALK_TAKEN;

		acmems_timer_start(mail->deadline, FAREWELL_MS);
		tell(mail, taken ? mail->talk.reply : NULL, taken ? NULL : &mail->talk.err);
	}
	if (mail->talk.state == SMTP_TALK_OVER)
		mail_free(mail);
	else
		watch(mail);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	struct curl_mail *mail = arg;

	(void)fd;
	(void)ready;
	hear(mail);
	go_on(mail);
}

static void on_deadline(void *arg)
{
	struct curl_mail *mail = arg;
	struct acmems_error err = {0};

	if (mail->watch) {
		smtp_talk_break(&mail->talk, ACMEMS_TIMEOUT, "it took too long");
		err = mail->talk.err;
	} else {
		acmems_error_set(&err, ACMEMS_TIMEOUT, "it took too long to connect%s%s",
			mail->line[0] ? "; it said last: " : "", mail->line);
	}
	fail(mail, &err);
}

/* ---- the connection ---- */

/* Line by line as the server says them; what is not printable is of no use to anybody. */
static size_t on_line(char *data, size_t size, size_t count, void *arg)
{
	struct curl_mail *mail = arg;
	size_t len = 0;

	while (len < size * count && len < sizeof(mail->line) - 1 && data[len] >= ' ' &&
		data[len] < 0x7f) {
		mail->line[len] = data[len];
		len++;
	}
	mail->line[len] = '\0';
	return size * count;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ssl_ctx, void *arg)
{
	const struct curl_mail *mail = arg;

	(void)easy;
	/* or saying something might have to wait for what can be read, of which curl does not tell us */
	SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_RENEGOTIATION);
	return curl_trust_set(ssl_ctx, mail->call->ca_file) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

static enum acmems_code code_of(CURLcode result)
{
	switch (result) {
	case CURLE_OPERATION_TIMEDOUT:
		return ACMEMS_TIMEOUT;
	case CURLE_OUT_OF_MEMORY:
		return ACMEMS_NO_MEMORY;
	case CURLE_SSL_CACERT_BADFILE:
		return ACMEMS_CONFIG;
	default:
		/* curl's numbers, not an enum of ours; that the server says no may be mended there */
		return ACMEMS_UNAVAILABLE;
	}
}

static void on_connected(struct curl_member *member, CURLcode result)
{
	struct curl_mail *mail = (struct curl_mail *)member;
	const struct acmems_smtp_call *call = mail->call;
	struct acmems_error err = {0};

	if (result == CURLE_OK) {
		smtp_talk_begin(
			&mail->talk, call->from, call->to, call->message, call->message_len);
		go_on(mail);
		return;
	}
	acmems_error_set(&err, code_of(result), "%s%s%s%s",
		mail->error[0] ? mail->error : curl_easy_strerror(result),
		mail->line[0] ? " (it said: " : "", mail->line, mail->line[0] ? ")" : "");
	if (result == CURLE_SSL_CACERT_BADFILE)
		acmems_error_context(&err, "cannot read trust anchors from \"%s\"",
			call->ca_file ? call->ca_file : "");
	fail(mail, &err);
}

/* Nothing from environment or home directory, no other protocols. */
static void set_limits(struct curl_mail *mail, int64_t timeout_ms)
{
	CURL *easy = mail->member.easy;

	curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 30L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	/* a session that is resumed would not be judged by the anchors as they are now */
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, mail);
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, mail);
}

static bool set_up(struct curl_mail *mail, const struct curl_mail_request *request)
{
	const struct acmems_smtp_call *call = request->call;
	CURL *easy = mail->member.easy = curl_easy_init();

	mail->deadline = acmems_timer_new(on_deadline, mail);
	if (!easy || !mail->deadline)
		return false;
	set_limits(mail, request->timeout_ms);
	curl_easy_setopt(
		easy, CURLOPT_USE_SSL, (long)(call->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (request->resolve) {
		mail->resolve = curl_slist_append(NULL, request->resolve);
		if (!mail->resolve ||
			curl_easy_setopt(easy, CURLOPT_RESOLVE, mail->resolve) != CURLE_OK)
			return false;
	}
	if (call->user &&
		(curl_easy_setopt(easy, CURLOPT_USERNAME, call->user) != CURLE_OK ||
			curl_easy_setopt(easy, CURLOPT_PASSWORD, call->password) != CURLE_OK))
		return false;
	return curl_easy_setopt(easy, CURLOPT_URL, call->url) == CURLE_OK;
}

static bool enter(struct curl_mail *mail)
{
	mail->member.ended = on_connected;
	mail->member.pool = curl_pool_alone();
	if (mail->member.pool && curl_pool_enter(&mail->member))
		return true;
	mail->member.pool = NULL;
	return false;
}

struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err)
{
	struct curl_mail *mail = calloc(1, sizeof(*mail));

	if (mail) {
		mail->call = request->call;
		mail->host = request->host;
		mail->done = done;
		mail->arg = arg;
		if (set_up(mail, request) && enter(mail)) {
			acmems_timer_start(mail->deadline, request->timeout_ms);
			mail->next = mails;
			mails = mail;
			return mail;
		}
		mail_free(mail);
	}
	acmems_error_set(err, ACMEMS_NO_MEMORY, "%s: cannot set up a mail", request->host);
	return NULL;
}

void curl_mail_cancel(struct curl_mail *mail)
{
	mail_free(mail);
}

void curl_mail_fini(void)
{
	while (mails)
		mail_free(mails);
}
