/* SPDX-License-Identifier: ISC */
/*
 * wait.c - until a record is seen (acmems/dns_find.h).
 *
 * A flow (base/flow.h) over the view of dns/wait_view.h. Questions of one state go out together;
 * when the last answer has come, the view is looked at again.
 */
#include <acmems/dns_find.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <acmems/loop.h>

#include "base/flow.h"
#include "dns/name.h"
#include "base/text_list.h"
#include "dns/wait_view.h"

#define QUESTION_MS 5000
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 5000
#define LAST_MS 200 /* too little time to ask once more */
#define PORT 53

/* Two types of addresses of each name server are more than there are targets. */
#define QUESTIONS_MAX (2 * WAIT_NAMES_MAX)
_Static_assert(QUESTIONS_MAX >= WAIT_TARGETS_MAX, "every target can be asked");

struct wait;

/* One that is under way. */
struct question {
	struct wait *wait;
	uint64_t ask; /* 0: it is not */
};

struct wait {
	struct wait *next;
	uint64_t id;
	struct flow flow;
	struct wait_view view;
	char owner[ACMEMS_DNS_NAME_MAX];
	char zone[ACMEMS_DNS_NAME_MAX];
	char *value;
	char **resolvers;
	uint16_t port;
	int64_t end_ms;
	int64_t pause_ms;
	struct acmems_timer *pause;
	struct acmems_timer *deadline;
	struct question questions[QUESTIONS_MAX];
	size_t asking;
	acmems_dns_wait_done *done;
	void *arg;
};

static struct {
	struct wait *first;
	uint64_t last_id;
} waits;

static void unlink_wait(struct wait *wait)
{
	struct wait **link = &waits.first;

	while (*link && *link != wait)
		link = &(*link)->next;
	if (*link)
		*link = wait->next;
}

static void free_wait(struct wait *wait)
{
	for (size_t i = 0; i < QUESTIONS_MAX; i++)
		if (wait->questions[i].ask > 0)
			acmems_dns_ask_cancel(wait->questions[i].ask);
	flow_fini(&wait->flow);
	acmems_timer_free(wait->pause);
	acmems_timer_free(wait->deadline);
	wait_view_fini(&wait->view);
	free(wait->value);
	free(wait->resolvers);
	free(wait);
}

static void finish(struct wait *wait, const struct acmems_error *err)
{
	unlink_wait(wait);
	wait->done(wait->arg, err);
	free_wait(wait);
}

/* ---- questions ---- */

static int64_t left_ms(const struct wait *wait)
{
	return wait->end_ms - acmems_clock_ms();
}

/* Ends before the deadline, so that what it ends with can be told. */
static int64_t question_ms(const struct wait *wait)
{
	int64_t most = left_ms(wait) * 9 / 10;

	if (most < 1)
		return 1;
	return most < QUESTION_MS ? most : QUESTION_MS;
}

/* Asks one more in the present state; what can not even be asked goes the way of answers. */
static void ask(struct wait *wait, size_t slot, const struct acmems_dns_question *from,
	acmems_dns_done *done)
{
	struct acmems_dns_question question = *from;
	struct acmems_error err = {0};

	question.timeout_ms = question_ms(wait);
	wait->questions[slot].wait = wait;
	wait->asking++;
	wait->questions[slot].ask = acmems_dns_ask(&question, done, &wait->questions[slot], &err);
	if (wait->questions[slot].ask == 0)
		done(&wait->questions[slot], NULL, &err);
}

/* The slot of a question that is answered. */
static size_t answered(struct question *question)
{
	question->ask = 0;
	question->wait->asking--;
	return (size_t)(question - question->wait->questions);
}

/* Goes on when no answer is outstanding. */
static void step_if_all(struct wait *wait, void (*all)(struct wait *wait))
{
	if (wait->asking > 0)
		return;
	if (all)
		all(wait);
	flow_step(&wait->flow);
}

/* ---- states ---- */

static void on_names(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct question *question = arg;
	struct wait *wait = question->wait;

	answered(question);
	wait_take_names(&wait->view, wait->zone, answer, err);
	step_if_all(wait, NULL);
}

static void enter_name_servers(void *subject)
{
	struct wait *wait = subject;
	struct acmems_dns_question question = {.name = wait->zone,
		.type = ACMEMS_DNS_NS,
		.servers = wait->resolvers,
		.recursive = true};

	ask(wait, 0, &question, on_names);
}

static void all_addresses(struct wait *wait)
{
	wait_addresses_taken(&wait->view, wait->zone);
}

static void on_address(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct question *question = arg;
	struct wait *wait = question->wait;

	wait_take_addresses(&wait->view, answered(question) / 2, wait->port, answer, err);
	step_if_all(wait, all_addresses);
}

static void enter_addresses(void *subject)
{
	struct wait *wait = subject;

	wait->view.fault = (struct acmems_error){0};
	wait->asking++; /* so that not all are answered before all are asked */
	for (size_t i = 0; i < wait->view.name_count; i++) {
		struct wait_name *name = &wait->view.names[i];
		struct acmems_dns_question question = {.name = name->text,
			.type = ACMEMS_DNS_A,
			.servers = wait->resolvers,
			.recursive = true};

		if (name->found)
			continue;
		name->failed = false;
		ask(wait, 2 * i, &question, on_address);
		question.type = ACMEMS_DNS_AAAA;
		ask(wait, 2 * i + 1, &question, on_address);
	}
	wait->asking--;
	step_if_all(wait, all_addresses);
}

static void all_answers(struct wait *wait)
{
	wait_round_over(&wait->view);
}

static void on_answer(
	void *arg, const struct acmems_dns_answer *answer, const struct acmems_error *err)
{
	struct question *question = arg;
	struct wait *wait = question->wait;

	wait_take_answer(&wait->view, &wait->view.targets[answered(question)], answer, err);
	step_if_all(wait, all_answers);
}

static void enter_ask(void *subject)
{
	struct wait *wait = subject;
	struct wait_view *view = &wait->view;

	wait->asking++;
	for (size_t i = 0; i < view->target_count; i++) {
		char *servers[] = {view->targets[i].server, NULL};
		struct acmems_dns_question question = {.name = wait->owner,
			.type = ACMEMS_DNS_TXT,
			.servers = servers,
			.recursive = view->given};

		if (!view->targets[i].met)
			ask(wait, i, &question, on_answer);
	}
	wait->asking--;
	step_if_all(wait, all_answers);
}

static void on_pause_over(void *arg)
{
	struct wait *wait = arg;

	wait->view.resting = false;
	flow_step(&wait->flow);
}

static void enter_pause(void *subject)
{
	struct wait *wait = subject;

	/* otherwise the deadline is what comes next */
	if (left_ms(wait) > wait->pause_ms + LAST_MS)
		acmems_timer_start(wait->pause, wait->pause_ms);
	wait->pause_ms += wait->pause_ms / 2;
	if (wait->pause_ms > PAUSE_MAX_MS)
		wait->pause_ms = PAUSE_MAX_MS;
}

static void enter_seen(void *subject)
{
	finish(subject, NULL);
}

static void enter_failed(void *subject)
{
	struct wait *wait = subject;
	struct acmems_error why = wait->view.why;

	finish(wait, &why);
}

static const struct flow_state states[WAIT_STATES] = {
	[WAIT_NAME_SERVERS] = {.name = "name servers", .enter = enter_name_servers},
	[WAIT_ADDRESSES] = {.name = "addresses", .enter = enter_addresses},
	[WAIT_ASK] = {.name = "ask", .enter = enter_ask},
	[WAIT_PAUSE] = {.name = "pause", .enter = enter_pause},
	[WAIT_SEEN] = {.name = "seen", .enter = enter_seen},
	[WAIT_FAILED] = {.name = "failed", .enter = enter_failed},
};

static int decide(const void *subject)
{
	const struct wait *wait = subject;

	return (int)wait_decide(&wait->view);
}

/* No state has a deadline of its own. */
static void expired(void *subject, int state)
{
	(void)subject;
	(void)state;
}

static const struct flow_table table = {.room = "dns",
	.states = states,
	.count = WAIT_STATES,
	.decide = decide,
	.expired = expired};

/* ---- life ---- */

static void on_deadline(void *arg)
{
	struct wait *wait = arg;

	wait_out_of_time(&wait->view, wait->zone);
	flow_step(&wait->flow);
}

static bool take_servers(struct wait_view *view, char *const *servers, struct acmems_error *err)
{
	view->given = view->complete = servers && servers[0];
	for (size_t i = 0; view->given && servers[i]; i++) {
		struct wait_target *target = &view->targets[view->target_count];

		if (!acmems_dns_server_check(servers[i], err))
			return false;
		if (view->target_count == WAIT_TARGETS_MAX ||
			strlen(servers[i]) >= sizeof(target->server))
			return acmems_error_set(err, ACMEMS_CONFIG, "too many name servers");
		*target = (struct wait_target){.said = "does not answer"};
		memcpy(target->server, servers[i], strlen(servers[i]) + 1);
		view->target_count++;
	}
	return true;
}

static bool init_wait(
	struct wait *wait, const struct acmems_dns_wait *from, struct acmems_error *err)
{
	char name[24];

	if (!name_normal(from->owner, wait->owner, err) ||
		!name_normal(from->zone, wait->zone, err) ||
		!take_servers(&wait->view, from->servers, err))
		return false;
	snprintf(name, sizeof(name), "w%llu", (unsigned long long)wait->id);
	wait->value = strdup(from->value ? from->value : "");
	wait->pause = acmems_timer_new(on_pause_over, wait);
	wait->deadline = acmems_timer_new(on_deadline, wait);
	if (!wait->value || !wait->pause || !wait->deadline ||
		!text_list_copy(from->resolvers, &wait->resolvers) ||
		!flow_init(&wait->flow, &table, wait, name))
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to wait for a record");
	wait->view.owner = wait->owner;
	wait->view.value = wait->value;
	wait->view.absent = from->absent;
	wait->view.shows = from->shows;
	wait->view.once = from->once;
	wait->port = from->port > 0 ? from->port : PORT;
	wait->end_ms = acmems_clock_ms() + from->timeout_ms;
	wait->pause_ms = PAUSE_FIRST_MS;
	return true;
}

uint64_t acmems_dns_wait(const struct acmems_dns_wait *from, acmems_dns_wait_done *done, void *arg,
	struct acmems_error *err)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (!wait) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to wait for a record");
		return 0;
	}
	wait->id = ++waits.last_id;
	if (!init_wait(wait, from, err)) {
		free_wait(wait);
		return 0;
	}
	wait->done = done;
	wait->arg = arg;
	wait->view.shows_arg = arg;
	wait->next = waits.first;
	waits.first = wait;
	acmems_timer_start(wait->deadline, from->timeout_ms);
	flow_step(&wait->flow);
	return wait->id;
}

void acmems_dns_wait_cancel(uint64_t id)
{
	for (struct wait *wait = waits.first; wait; wait = wait->next) {
		if (wait->id != id)
			continue;
		unlink_wait(wait);
		free_wait(wait);
		return;
	}
}
