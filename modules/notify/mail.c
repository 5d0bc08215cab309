/* SPDX-License-Identifier: ISC */
/*
 * notify/mail.c - a mail for each event, or for several, through an SMTP server. What is folded,
 * collected, held back and tried again is the core's business; how a mail looks is mail_text.c's.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <acmems/crypto.h>
#include <acmems/file.h>
#include <acmems/loop.h>
#include <acmems/module.h>
#include <acmems/notify.h>
#include <acmems/smtp.h>

#include "mail_parts.h"

#define PASSWORD_MAX 4096
#define HOST_ROOM 256

enum mail_tls { MAIL_NONE, MAIL_STARTTLS, MAIL_TLS };

struct mail {
	struct acmems_instance self;
	char *server;
	int tls; /* enum mail_tls */
	char *ca_file;
	char *user;
	char *password_file;
	char *from;
	struct acmems_list to;
	char *prefix;
	int64_t timeout;
	/* ours */
	char host[HOST_ROOM];
	uint64_t op;
	uint64_t call;
};

static const char *const tls_names[] = {"none", "starttls", "tls", NULL};

static const struct acmems_option options[] = {
	{.name = "server",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, server),
		.fallback = "smtp://127.0.0.1",
		.min = 1,
		.max = 512,
		.help = "smtp://HOST[:PORT], or smtps:// for TLS from the beginning"},
	{.name = "tls",
		.type = ACMEMS_CHOICE,
		.offset = offsetof(struct mail, tls),
		.fallback = "none",
		.choices = tls_names,
		.help = "how the connection is protected"},
	{.name = "ca-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, ca_file),
		.min = 1,
		.max = 3000,
		.help = "extra trust anchors for the server's certificate"},
	{.name = "user",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, user),
		.min = 1,
		.max = 255,
		.help = "name to log in with"},
	{.name = "password-file",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, password_file),
		.min = 1,
		.max = 3000,
		.help = "file with the password, read for each mail"},
	{.name = "from",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, from),
		.flags = ACMEMS_REQUIRED,
		.min = 3,
		.max = 319,
		.help = "address of the sender"},
	{.name = "to",
		.type = ACMEMS_LIST,
		.offset = offsetof(struct mail, to),
		.flags = ACMEMS_REQUIRED,
		.min = 1,
		.max = 50,
		.help = "addresses of those who get it"},
	{.name = "subject-prefix",
		.type = ACMEMS_STRING,
		.offset = offsetof(struct mail, prefix),
		.fallback = "[acmems]",
		.max = 100,
		.help = "what subjects begin with"},
	{.name = "timeout",
		.type = ACMEMS_DURATION,
		.offset = offsetof(struct mail, timeout),
		.fallback = "30s",
		.min = 1000,
		.max = 59000,
		.help = "how long one mail may take"},
};

static struct acmems_smtp_call call_of(const struct mail *mail)
{
	return (struct acmems_smtp_call){
		.url = mail->server,
		.starttls = mail->tls == MAIL_STARTTLS,
		.ca_file = mail->ca_file,
		.user = mail->user,
		.from = mail->from,
		.to = (const char *const *)mail->to.items,
		.timeout_ms = mail->timeout,
	};
}

/* The caller frees it with drop_password(); NULL: there is none. */
static bool read_password(const struct mail *mail, char **ret_password, struct acmems_error *err)
{
	size_t len = 0;

	*ret_password = NULL;
	return !mail->password_file ||
	       acmems_file_read_secret(
		       mail->password_file, PASSWORD_MAX, ret_password, &len, err) ||
	       acmems_error_context(err, "password-file");
}

static void drop_password(char *password)
{
	if (password)
		acmems_wipe(password, strlen(password));
	free(password);
}

static bool mail_check(void *instance, struct acmems_error *err)
{
	struct mail *mail = instance;
	struct acmems_smtp_call call = call_of(mail);
	bool secure = strncmp(mail->server, "smtps://", 8) == 0;
	char *password;

	if (!acmems_smtp_check(&call, err))
		return false;
	if (strpbrk(mail->prefix, "\r\n"))
		return acmems_error_set(
			err, ACMEMS_CONFIG, "\"subject-prefix\" can have no line end");
	if (secure != (mail->tls == MAIL_TLS))
		return acmems_error_set(err, ACMEMS_CONFIG,
			"smtps:// and tls = \"tls\" go together, \"%s\" and \"%s\" do not",
			mail->server, tls_names[mail->tls]);
	if (!mail->user != !mail->password_file)
		return acmems_error_set(
			err, ACMEMS_CONFIG, "\"user\" and \"password-file\" go together");
	if (mail->user && mail->tls == MAIL_NONE)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"a password is only sent over TLS: say tls = \"starttls\" or \"tls\"");
	/* it is read anew for each mail, but faults are better known now */
	if (!read_password(mail, &password, err))
		return false;
	drop_password(password);
	return true;
}

/* The name of this machine as far as it can stand in a Message-ID. */
static void find_host(struct mail *mail)
{
	if (gethostname(mail->host, sizeof(mail->host) - 1) < 0 || !mail->host[0] ||
		mail->host[strspn(mail->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789.-")])
		snprintf(mail->host, sizeof(mail->host), "localhost");
}

static bool mail_start(void *instance, uint64_t op, struct acmems_error *err)
{
	struct mail *mail = instance;

	(void)err;
	find_host(mail);
	acmems_op_finish(op, NULL);
	return true;
}

static void on_done(void *arg, const char *answer, const struct acmems_error *err)
{
	struct mail *mail = arg;

	mail->call = 0;
	if (err)
		acmems_op_finish(mail->op, err);
	else
		acmems_op_finish_with(mail->op, answer, strlen(answer));
}

static void on_cancel(void *arg)
{
	struct mail *mail = arg;

	acmems_smtp_cancel(mail->call);
	mail->call = 0;
}

static bool mail_send_several(void *instance, uint64_t op, const struct acmems_event *const *events,
	size_t count, struct acmems_error *err)
{
	struct mail *mail = instance;
	struct acmems_smtp_call call = call_of(mail);
	struct mail_head head = {.from = mail->from,
		.to = call.to,
		.prefix = mail->prefix,
		.host = mail->host,
		.instance = mail->self.name};
	char *password = NULL;
	char *text;

	if (!read_password(mail, &password, err))
		return false;
	text = mail_text(&head, events, count, &call.message_len);
	call.message = text;
	call.password = password;
	mail->op = op;
	mail->call = 0;
	if (text)
		mail->call = acmems_smtp_start(&call, on_done, mail, err);
	else
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a mail");
	free(text);
	drop_password(password);
	if (mail->call != 0)
		acmems_op_on_cancel(op, on_cancel, mail);
	return mail->call != 0;
}

static bool mail_send(
	void *instance, uint64_t op, const struct acmems_event *event, struct acmems_error *err)
{
	return mail_send_several(instance, op, &event, 1, err);
}

static void mail_release(void *instance)
{
	on_cancel(instance);
}

static const struct acmems_notify_ops ops = {.send = mail_send, .send_several = mail_send_several};

ACMEMS_MODULE = {
	ACMEMS_MODULE_HEAD(ACMEMS_NOTIFY, "mail"),
	.version = ACMEMS_VERSION,
	.summary = "sends mails",
	ACMEMS_MODULE_OPTIONS(options),
	.instance_size = sizeof(struct mail),
	.ops_size = sizeof(ops),
	.ops = &ops,
	.check = mail_check,
	.start = mail_start,
	.release = mail_release,
};
