/* SPDX-License-Identifier: ISC */
/*
 * validator/dns01-exec_words.c - the conventions of lego's exec provider, of dehydrated's hooks and of
 * certbot's manual hooks, so that what was written for these runs as it is.
 */
#include "dns01-exec_words.h"

static void say_lego(const struct dns01_exec_facts *facts, struct dns01_exec_words *words)
{
	words->arguments[0] = facts->cleanup ? "cleanup" : "present";
	words->arguments[1] = facts->owner;
	words->arguments[2] = facts->value;
}

/* The token may begin with '-', hence the "--". */
static void say_lego_raw(const struct dns01_exec_facts *facts, struct dns01_exec_words *words)
{
	words->arguments[0] = facts->cleanup ? "cleanup" : "present";
	words->arguments[1] = "--";
	words->arguments[2] = facts->domain;
	words->arguments[3] = facts->token;
	words->arguments[4] = facts->key_authorization;
}

static void say_dehydrated(const struct dns01_exec_facts *facts, struct dns01_exec_words *words)
{
	words->arguments[0] = facts->cleanup ? "clean_challenge" : "deploy_challenge";
	words->arguments[1] = facts->domain;
	words->arguments[2] = facts->token;
	words->arguments[3] = facts->value;
}

static void set(struct dns01_exec_words *words, const char *name, const char *value)
{
	words->variables[words->variable_count++] =
		(struct acmems_child_variable){.name = name, .value = value};
}

/*
 * An order's challenges are presented one by one, so each is all there is: scripts that wait or
 * reload when no challenge remains do so for each.
 */
static void say_certbot(const struct dns01_exec_facts *facts, struct dns01_exec_words *words)
{
	set(words, "CERTBOT_DOMAIN", facts->domain);
	set(words, "CERTBOT_IDENTIFIER", facts->domain);
	set(words, "CERTBOT_ALL_DOMAINS", facts->domain);
	set(words, "CERTBOT_ALL_IDENTIFIERS", facts->domain);
	set(words, "CERTBOT_REMAINING_CHALLENGES", "0");
	set(words, "CERTBOT_VALIDATION", facts->value);
	if (facts->http)
		set(words, "CERTBOT_TOKEN", facts->token);
	if (facts->cleanup)
		set(words, "CERTBOT_AUTH_OUTPUT", facts->output);
}

void dns01_exec_say(enum dns01_exec_convention convention, const struct dns01_exec_facts *facts,
	struct dns01_exec_words *words)
{
	*words = (struct dns01_exec_words){0};
	switch (convention) {
	case EXEC_LEGO:
		say_lego(facts, words);
		return;
	case EXEC_LEGO_RAW:
		say_lego_raw(facts, words);
		return;
	case EXEC_DEHYDRATED:
		say_dehydrated(facts, words);
		return;
	case EXEC_CERTBOT:
		say_certbot(facts, words);
		return;
	}
}
