/* SPDX-License-Identifier: ISC */
/* ask.c - questions (acmems/dns.h). */
#include <acmems/dns.h>

#include <stdlib.h>
#include <string.h>

#include "dns/message.h"
#include "dns/server_name.h"
#include "dns/tour.h"

struct ask {
	struct acmems_dns_question question;
	bool plain; /* the server does not know EDNS */
	struct acmems_dns_answer answer;
	char server[SERVER_NAME_TEXT_MAX];
	acmems_dns_done *done;
	void *arg;
};

static bool ask_make(void *arg, uint16_t id, struct message *message, struct acmems_error *err)
{
	struct ask *ask = arg;

	return message_question(message, &ask->question, id, !ask->plain, err);
}

enum { NOERROR = 0, FORMERR = 1, NXDOMAIN = 3, NOTIMP = 4 };

static enum tour_verdict ask_judge(
	void *arg, const struct wire_view *answer, const char *server, struct acmems_error *err)
{
	struct ask *ask = arg;
	bool with_edns = !ask->plain;
	char rcode[16];

	if (answer->rcode == NOERROR || answer->rcode == NXDOMAIN) {
		if (!message_answer(&ask->answer, answer, err))
			return TOUR_NEXT;
		memcpy(ask->server, server, strlen(server) + 1);
		ask->answer.server = ask->server;
		return TOUR_SETTLED;
	}
	/* old servers answer EDNS in this way (RFC 6891, 7) */
	ask->plain = with_edns && (answer->rcode == FORMERR || answer->rcode == NOTIMP);
	if (ask->plain)
		return TOUR_AGAIN;
	acmems_error_set(
		err, ACMEMS_UNAVAILABLE, "it answers %s", message_rcode(answer->rcode, rcode));
	return TOUR_NEXT;
}

static void ask_done(void *arg, const struct acmems_error *err)
{
	struct ask *ask = arg;
	struct acmems_error why;

	if (!err) {
		ask->done(ask->arg, &ask->answer, NULL);
		return;
	}
	why = *err;
	acmems_error_context(&why, "cannot ask for %s", ask->question.name);
	ask->done(ask->arg, NULL, &why);
}

static void ask_release(void *arg)
{
	struct ask *ask = arg;

	message_answer_fini(&ask->answer);
	free((char *)ask->question.name);
	free(ask);
}

uint64_t acmems_dns_ask(const struct acmems_dns_question *question, acmems_dns_done *done,
	void *arg, struct acmems_error *err)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	struct tour_config config = {.servers = question->servers,
		.timeout_ms = question->timeout_ms,
		.arg = ask,
		.make = ask_make,
		.judge = ask_judge,
		.done = ask_done,
		.release = ask_release};
	uint8_t name[WIRE_NAME_MAX];
	uint64_t id = 0;

	if (!ask) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a question");
		return 0;
	}
	ask->question = *question;
	ask->question.name = strdup(question->name);
	ask->question.servers = NULL;
	ask->done = done;
	ask->arg = arg;
	if (!ask->question.name)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a question");
	else if (message_name(question->name, name, err) > 0)
		id = tour_start(&config, err);
	if (id == 0)
		ask_release(ask);
	return id;
}

void acmems_dns_ask_cancel(uint64_t id)
{
	tour_cancel(id);
}
