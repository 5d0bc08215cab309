/* SPDX-License-Identifier: ISC */
/* curl_mail.c - curl's SMTP driven by our loop. Its callbacks only record; a task reads the end. */
#include "net/curl_mail.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "base/str.h"
#include "net/curl_trust.h"

#define LINE_MAX_BYTES 512

struct curl_mail {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *to;
	struct curl_slist *resolve;
	struct acmems_timer *timer;
	struct acmems_task finished;
	char *host;
	char *ca_file;
	const char *message;
	size_t left;
	char line[LINE_MAX_BYTES]; /* the server's last */
	char error[CURL_ERROR_SIZE];
	acmems_smtp_done *done;
	void *arg;
};

static void read_finished(void *arg);

/* ---- curl's events on our loop ---- */

static void act(struct curl_mail *mail, curl_socket_t fd, int mask)
{
	int running = 0;

	curl_multi_socket_action(mail->multi, fd, mask, &running);
	acmems_task_post(&mail->finished, read_finished, mail);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *arg, int fd, unsigned ready)
{
	act(arg, fd,
		((ready & ACMEMS_READ) ? CURL_CSELECT_IN : 0) |
			((ready & ACMEMS_WRITE) ? CURL_CSELECT_OUT : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_data)
{
	struct curl_mail *mail = arg;
	struct acmems_watch *watch = NULL;
	struct acmems_error err = {0};
	unsigned events = 0;

	(void)easy;
	acmems_watch_free(socket_data);
	if (what & CURL_POLL_IN)
		events |= ACMEMS_READ;
	if (what & CURL_POLL_OUT)
		events |= ACMEMS_WRITE;
	if (what != CURL_POLL_REMOVE && events)
		watch = acmems_watch_new(fd, events, on_ready, mail, &err);
	curl_multi_assign(mail->multi, fd, watch);
	return 0;
}

static int on_timer_wanted(CURLM *multi, long ms, void *arg)
{
	struct curl_mail *mail = arg;

	(void)multi;
	if (ms < 0)
		acmems_timer_stop(mail->timer);
	else
		acmems_timer_start(mail->timer, ms);
	return 0;
}

/* ---- the transfer ---- */

static size_t on_read(char *out, size_t size, size_t count, void *arg)
{
	struct curl_mail *mail = arg;
	size_t len = size * count < mail->left ? size * count : mail->left;

	if (len > 0)
		memcpy(out, mail->message, len);
	mail->message += len;
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

static void mail_free(struct curl_mail *mail)
{
	acmems_task_cancel(&mail->finished);
	if (mail->easy)
		curl_easy_cleanup(mail->easy);
	if (mail->multi)
		curl_multi_cleanup(mail->multi);
	acmems_timer_free(mail->timer);
	curl_slist_free_all(mail->to);
	curl_slist_free_all(mail->resolve);
	free(mail->host);
	free(mail->ca_file);
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

static void complete(struct curl_mail *mail, CURLcode result)
{
	acmems_smtp_done *done = mail->done;
	void *arg = mail->arg;
	struct acmems_error err = {0};
	char answer[LINE_MAX_BYTES];

	curl_multi_remove_handle(mail->multi, mail->easy);
	snprintf(answer, sizeof(answer), "%s", mail->line);
	if (result != CURLE_OK)
		acmems_error_set(&err, code_of(result), "%s: %s%s%s%s", mail->host,
			mail->error[0] ? mail->error : curl_easy_strerror(result),
			answer[0] ? " (it said: " : "", answer, answer[0] ? ")" : "");
	mail_free(mail);
	done(arg, result == CURLE_OK ? answer : NULL, result == CURLE_OK ? NULL : &err);
}

static void read_finished(void *arg)
{
	struct curl_mail *mail = arg;
	int left;
	const struct CURLMsg *message = curl_multi_info_read(mail->multi, &left);

	if (message)
		complete(mail, message->data.result);
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
	mail->multi = curl_multi_init();
	mail->timer = acmems_timer_new(on_timer, mail);
	mail->host = strdup(request->host);
	mail->ca_file = call->ca_file ? strdup(call->ca_file) : NULL;
	if (!mail->easy || !mail->multi || !mail->timer || !mail->host ||
		(call->ca_file && !mail->ca_file))
		return false;
	curl_multi_setopt(mail->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(mail->multi, CURLMOPT_SOCKETDATA, mail);
	curl_multi_setopt(mail->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(mail->multi, CURLMOPT_TIMERDATA, mail);
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
	       set_envelope(mail, call) &&
	       curl_multi_add_handle(mail->multi, mail->easy) == CURLM_OK;
}

struct curl_mail *curl_mail_start(const struct curl_mail_request *request, acmems_smtp_done *done,
	void *arg, struct acmems_error *err)
{
	struct curl_mail *mail = calloc(1, sizeof(*mail));

	if (mail) {
		mail->done = done;
		mail->arg = arg;
		mail->message = request->call->message;
		mail->left = request->call->message_len;
		if (set_up(mail, request))
			return mail;
		mail_free(mail);
	}
	acmems_error_set(err, ACMEMS_NO_MEMORY, "%s: cannot set up a mail", request->host);
	return NULL;
}

void curl_mail_cancel(struct curl_mail *mail)
{
	curl_multi_remove_handle(mail->multi, mail->easy);
	mail_free(mail);
}
