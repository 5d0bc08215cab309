/* SPDX-License-Identifier: ISC */
/*
 * curl_mail.c - curl's SMTP, which waits for the server's last word and for its farewell without
 * letting anybody else work, also on a multi handle. So each mail has a thread of its own, which
 * shares nothing with the loop but this struct: the thread writes its result and wakes the loop, which
 * joins it before it looks. Mails are rare, and a notifier sends one at a time.
 */
#include "net/curl_mail.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <acmems/loop.h>

#include "net/curl_trust.h"

#define LINE_MAX_BYTES 512

struct curl_mail {
	struct curl_mail *next; /* of those that have a thread */
	pthread_t thread;
	int fd; /* readable when the thread has ended */
	struct acmems_watch *watch;
	atomic_bool given_up;
	CURLcode result; /* the thread's, until it is joined, as all below */
	CURL *easy;
	struct curl_slist *to;
	struct curl_slist *resolve;
	char *host;
	char *ca_file;
	char *message;
	const char *at;
	size_t left;
	char line[LINE_MAX_BYTES]; /* the server's last */
	char error[CURL_ERROR_SIZE];
	acmems_smtp_done *done; /* NULL: given up */
	void *arg;
};

static struct curl_mail *mails;

/* ---- the transfer ---- */

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
	struct curl_mail *mail = arg;
	size_t len = size * count < mail->left ? size * count : mail->left;

	if (len > 0)
		memcpy(out, mail->at, len);
	mail->at += len;
	mail->left -= len;
	return len;
}

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
	return curl_trust_set(ssl_ctx, mail->ca_file) ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

static int on_progress(
	void *arg, curl_off_t in_all, curl_off_t in, curl_off_t out_all, curl_off_t out)
{
	struct curl_mail *mail = arg;

	(void)in_all;
	(void)in;
	(void)out_all;
	(void)out;
	return atomic_load(&mail->given_up) ? 1 : 0;
}

static void mail_free(struct curl_mail *mail)
{
	acmems_watch_free(mail->watch);
	if (mail->fd >= 0)
		close(mail->fd);
	if (mail->easy)
		curl_easy_cleanup(mail->easy);
	curl_slist_free_all(mail->to);
	curl_slist_free_all(mail->resolve);
	free(mail->host);
	free(mail->ca_file);
	free(mail->message);
	free(mail);
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

/* The thread has ended: takes it off the list. */
static void join(struct curl_mail *mail)
{
	struct curl_mail **at = &mails;

	pthread_join(mail->thread, NULL);
	while (*at != mail)
		at = &(*at)->next;
	*at = mail->next;
}

static void on_ended(void *arg, int fd, unsigned ready)
{
	struct curl_mail *mail = arg;
	acmems_smtp_done *done = mail->done;
	struct acmems_error err = {0};
	char answer[LINE_MAX_BYTES];
	bool ok;

	(void)fd;
	(void)ready;
	join(mail);
	ok = mail->result == CURLE_OK;
	arg = mail->arg;
	snprintf(answer, sizeof(answer), "%s", mail->line);
	if (!ok)
		acmems_error_set(&err, code_of(mail->result), "%s: %s%s%s%s", mail->host,
			mail->error[0] ? mail->error : curl_easy_strerror(mail->result),
			answer[0] ? " (it said: " : "", answer, answer[0] ? ")" : "");
	mail_free(mail);
	if (done)
		done(arg, ok ? answer : NULL, ok ? NULL : &err);
}

static void *run(void *arg)
{
	struct curl_mail *mail = arg;
	const uint64_t one = 1;
	ssize_t put;

	mail->result = curl_easy_perform(mail->easy);
	do
		put = write(mail->fd, &one, sizeof(one));
	while (put < 0 && errno == EINTR);
	return NULL;
}

/* Signals are the loop's. */
static bool start_thread(struct curl_mail *mail)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&mail->thread, NULL, run, mail);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed)
		return false;
	mail->next = mails;
	mails = mail;
	return true;
}

/* Nothing from environment or home directory, no other protocols. */
static void set_limits(struct curl_mail *mail, const struct curl_mail_request *request)
{
	CURL *easy = mail->easy;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 30L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, mail);
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
#endif
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, mail->error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_line);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, mail);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, mail);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, mail);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
}

static bool add_line(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (longer)
		*list = longer;
	return longer != NULL;
}

static bool set_envelope(struct curl_mail *mail, const struct acmems_smtp_call *call)
{
	char address[512];

	for (size_t i = 0; call->to[i]; i++) {
		snprintf(address, sizeof(address), "<%s>", call->to[i]);
		if (!add_line(&mail->to, address))
			return false;
	}
	snprintf(address, sizeof(address), "<%s>", call->from);
	return curl_easy_setopt(mail->easy, CURLOPT_MAIL_FROM, address) == CURLE_OK &&
	       curl_easy_setopt(mail->easy, CURLOPT_MAIL_RCPT, mail->to) == CURLE_OK;
}

static bool set_up(struct curl_mail *mail, const struct curl_mail_request *request)
{
	const struct acmems_smtp_call *call = request->call;

	mail->easy = curl_easy_init();
	mail->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	mail->host = strdup(request->host);
	mail->ca_file = call->ca_file ? strdup(call->ca_file) : NULL;
	mail->message = malloc(call->message_len + 1);
	if (!mail->easy || mail->fd < 0 || !mail->host || !mail->message ||
		(call->ca_file && !mail->ca_file))
		return false;
	memcpy(mail->message, call->message, call->message_len);
	mail->at = mail->message;
	mail->left = call->message_len;
	set_limits(mail, request);
	curl_easy_setopt(mail->easy, CURLOPT_USE_SSL,
		(long)(call->starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	if (request->resolve &&
		(!add_line(&mail->resolve, request->resolve) ||
			curl_easy_setopt(mail->easy, CURLOPT_RESOLVE, mail->resolve) != CURLE_OK))
		return false;
	if (call->user &&
		(curl_easy_setopt(mail->easy, CURLOPT_USERNAME, call->user) != CURLE_OK ||
			curl_easy_setopt(mail->easy, CURLOPT_PASSWORD, call->password) != CURLE_OK))
		return false;
	return curl_easy_setopt(mail->easy, CURLOPT_URL, call->url) == CURLE_OK &&
	       set_envelope(mail, call);
}

struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err)
{
	struct curl_mail *mail = calloc(1, sizeof(*mail));

	if (mail) {
		mail->fd = -1;
		mail->done = done;
		mail->arg = arg;
		if (set_up(mail, request))
			mail->watch = acmems_watch_new(mail->fd, ACMEMS_READ, on_ended, mail, err);
		if (mail->watch && start_thread(mail))
			return mail;
		mail_free(mail);
	}
	acmems_error_set(err, ACMEMS_NO_MEMORY, "%s: cannot set up a mail", request->host);
	return NULL;
}

void curl_mail_cancel(struct curl_mail *mail)
{
	mail->done = NULL;
	atomic_store(&mail->given_up, true);
}

void curl_mail_fini(void)
{
	for (struct curl_mail *mail = mails; mail; mail = mail->next)
		curl_mail_cancel(mail);
	while (mails) {
		struct curl_mail *mail = mails;

		join(mail);
		mail_free(mail);
	}
}
