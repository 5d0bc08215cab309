/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/dns_look.h>
#include <acmems/validator.h>

#include "base/op_core.h"

/* The DNS on paper: texts of the records, one server, and what else comes of asking. */
static const char *texts[8];
static const char *cname;
static struct acmems_error find_error; /* finding the place fails */
static struct acmems_error wait_error; /* waiting ends with it, unless all is right */
static bool refuse_find, refuse_wait;
static bool never;
static int finds, waits;
static char found_name[256];
static struct acmems_dns_wait asked;
static char asked_owner[256];
static struct acmems_task task;
static struct {
	acmems_dns_place_done *place;
	acmems_dns_wait_done *seen;
	void *arg;
} answer;

static void give_place(void *arg)
{
	struct acmems_dns_place place = {
		.owner = cname ? cname : found_name, .zone = "example.org."};

	(void)arg;
	finds--;
	answer.place(
		answer.arg, find_error.code ? NULL : &place, find_error.code ? &find_error : NULL);
}

static uint64_t fake_find(const struct acmems_dns_find *find, acmems_dns_place_done *done,
	void *arg, struct acmems_error *err)
{
	if (refuse_find) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
		return 0;
	}
	assert_in_range(find->timeout_ms, 10000, 20000);
	snprintf(found_name, sizeof(found_name), "%s", find->name);
	finds++;
	answer.place = done;
	answer.arg = arg;
	if (!never)
		acmems_task_post(&task, give_place, NULL);
	return 11;
}

static void fake_find_cancel(uint64_t id)
{
	finds -= id == 11;
}

static void give_records(void *arg)
{
	bool right = false;

	(void)arg;
	waits--;
	for (size_t i = 0; texts[i]; i++)
		right = asked.shows(answer.arg, texts[i], strlen(texts[i])) || right;
	if (wait_error.code == ACMEMS_OK && !right)
		acmems_error_set(&wait_error, ACMEMS_NOT_FOUND, "not seen");
	answer.seen(answer.arg, wait_error.code == ACMEMS_OK ? NULL : &wait_error);
}

static uint64_t fake_wait(const struct acmems_dns_wait *wait, acmems_dns_wait_done *done, void *arg,
	struct acmems_error *err)
{
	if (refuse_wait) {
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory");
		return 0;
	}
	asked = *wait;
	snprintf(asked_owner, sizeof(asked_owner), "%s", wait->owner);
	assert_string_equal(wait->zone, "example.org.");
	assert_in_range(wait->timeout_ms, 10000, 20000);
	waits++;
	answer.seen = done;
	answer.arg = arg;
	if (!never)
		acmems_task_post(&task, give_records, NULL);
	return 12;
}

static void fake_wait_cancel(uint64_t id)
{
	waits -= id == 12;
}

static int64_t fake_wall(void)
{
	return 1800000000;
}

#define acmems_dns_look_find(look_, name_, timeout_, done_, arg_, err_)                            \
	fake_find(&(struct acmems_dns_find){.name = (name_), .timeout_ms = (timeout_)}, done_,     \
		arg_, err_)
#define acmems_dns_look_once(look_, owner_, zone_, shows_, timeout_, done_, arg_, err_)            \
	fake_wait(&(struct acmems_dns_wait){.owner = (owner_),                                     \
			  .zone = (zone_),                                                         \
			  .timeout_ms = (timeout_),                                                \
			  .shows = (shows_)},                                                      \
		done_, arg_, err_)
#define acmems_dns_find_cancel fake_find_cancel
#define acmems_dns_wait_cancel fake_wait_cancel
#define acmems_clock_wall fake_wall
#include "../../modules/validator/dns-persist01.c"

#define URL "https://ca.example/acct/1"
#define RIGHT "ca.example; accounturi=" URL

static const char *const issuers[] = {"ca.example", "ca2.example", NULL};
static const char *const uris[] = {URL, "acme:sha-256/abc", NULL};
static char *authoritative[] = {(char[]){"authoritative"}, NULL};
static char *none[] = {(char[]){"none"}, NULL};
static struct dns_persist01 persist;
static struct acmems_challenge challenge;
static struct acmems_error got;
static int done;

static int setup(void **state)
{
	memset(texts, 0, sizeof(texts));
	cname = NULL;
	find_error = wait_error = got = (struct acmems_error){0};
	refuse_find = refuse_wait = never = false;
	finds = waits = done = 0;
	asked = (struct acmems_dns_wait){0};
	persist = (struct dns_persist01){
		.self = {.type = "dns-persist01", .name = "standing"},
		.look = {.propagation = {.items = authoritative, .count = 1},
			.nameserver_port = 53},
		.timeout_ms = 20000,
	};
	challenge = (struct acmems_challenge){.id = 1,
		.type = "dns-persist-01",
		.identifier = "www.example.org",
		.token = "",
		.key_authorization = "",
		.account_url = URL,
		.issuer_domain_names = issuers,
		.account_uris = uris};
	return unit_loop_setup(state);
}

static bool on_start(void *ctx, uint64_t op, struct acmems_error *err)
{
	(void)ctx;
	return persist_present(&persist, op, &challenge, err);
}

static bool on_start_cleanup(void *ctx, uint64_t op, struct acmems_error *err)
{
	(void)ctx;
	return persist_cleanup(&persist, op, &challenge, err);
}

static void on_done(void *arg, const struct acmems_error *err, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	done++;
	if (err)
		got = *err;
}

static uint64_t begin(op_start_fn *start)
{
	struct op_spec spec = {.owner = "dns-persist01",
		.what = "present",
		.deadline_ms = 60000,
		.start = start,
		.done = on_done};
	struct acmems_error err = {0};
	uint64_t id = op_run(&spec, &err);

	if (id == 0)
		got = err;
	return id;
}

/* Presents with one record in the zone; "" when all is well, else the message. */
static const char *present(const char *text)
{
	texts[0] = text;
	done = 0;
	got = wait_error = (struct acmems_error){0};
	if (text)
		acmems_error_set(&wait_error, ACMEMS_NOT_FOUND, "not seen at 1 of 2");
	else
		acmems_error_set(&wait_error, ACMEMS_NOT_FOUND, "shows no TXT record");
	if (text && strncmp(text, "+", 1) == 0) {
		texts[0] = text + 1;
		wait_error = (struct acmems_error){0};
	}
	assert_true(begin(on_start) != 0);
	run_until(done > 0);
	assert_int_equal(finds + waits, 0);
	return got.message;
}

#define HINT "; the zone's owner has to set: _validation-persist.www.example.org. IN TXT \"" RIGHT
#define AT "the record at _validation-persist.www.example.org "

/* ---- records ---- */

static void a_right_record_is_enough(void **state)
{
	(void)state;
	assert_string_equal(present("+" RIGHT), "");
	assert_string_equal(found_name, "_validation-persist.www.example.org");
	assert_string_equal(asked_owner, "_validation-persist.www.example.org");
	assert_string_equal(present("+CA2.example. ;\taccounturi = acme:sha-256/abc"), "");
	assert_string_equal(present("+" RIGHT ";persistUntil=1800000000;policy=Wildcard;x=y"), "");
	assert_string_equal(present("+" RIGHT "; policy=other"), "");
}

static void absence_is_told_with_what_has_to_be_set(void **state)
{
	(void)state;
	assert_string_equal(present(NULL),
		"there is no TXT record at _validation-persist.www.example.org" HINT "\"");
	assert_int_equal(got.code, ACMEMS_VALIDATION);
	challenge.wildcard = true;
	assert_string_equal(present(NULL),
		"there is no TXT record at "
		"_validation-persist.www.example.org" HINT "; policy=wildcard\"");
	challenge.issuer_domain_names = NULL;
	assert_string_equal(
		present(NULL), "there is no TXT record at _validation-persist.www.example.org");
}

static void every_fault_has_its_words(void **state)
{
	(void)state;
	assert_string_equal(present("other.example; accounturi=" URL),
		AT "is for \"other.example\", not for ca.example" HINT "\"");
	assert_string_equal(
		present("v=spf1 -all"), AT "is for \"v=spf1 -all\", not for ca.example" HINT "\"");
	assert_string_equal(present("ca.example"), AT "names no accounturi" HINT "\"");
	assert_string_equal(present("ca.example; accounturi=https://ca.example/acct/2"),
		AT "is for another account, https://ca.example/acct/2" HINT "\"");
	assert_string_equal(present(RIGHT "; persistUntil=1799999999"),
		AT "has expired on 2027-01-15 07:59:59 UTC (persistUntil=1799999999)" HINT "\"");
	challenge.wildcard = true;
	assert_non_null(strstr(present(RIGHT), AT "has no policy=wildcard; "));
	assert_non_null(strstr(present(RIGHT "; policy=wild"), AT "has no policy=wildcard; "));
	assert_string_equal(present("+" RIGHT "; policy=wildcard"), "");
}

static void nonsense_is_told(void **state)
{
	static const char *const bad[] = {RIGHT ";", RIGHT "; policy", RIGHT "; =x",
		RIGHT "; a=b c", RIGHT "; accounturi=" URL,
		"ca.example; accounturi=", RIGHT "; persistUntil=soon", RIGHT "; persistUntil=-1",
		RIGHT "; persistUntil=1234567890123456789",
		RIGHT "; persistUntil=", RIGHT "; persistUntil=1; persistUntil=2", RIGHT "; x=\x01",
		RIGHT "; policy=wildcard; Policy=wildcard", RIGHT "; policy=; policy=x",
		RIGHT "; x=\xc3\xa9"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(strstr(present(bad[i]), AT "is malformed at \""));
	assert_non_null(strstr(present(RIGHT ";"), "is malformed at \";\""));
	assert_non_null(strstr(present(RIGHT "; policy "), "is malformed at \"policy\""));
	assert_non_null(strstr(present("a\x1b\"b; accounturi=x"), "is for \"a??b\", not"));
}

static void a_record_with_a_nul_is_no_record(void **state)
{
	struct record_verdict verdict;

	(void)state;
	record_judge(&challenge, 0, RIGHT, strlen(RIGHT), &verdict);
	assert_int_equal(verdict.fault, RECORD_GOOD);
	record_judge(&challenge, 0, RIGHT, strlen(RIGHT) + 3, &verdict);
	assert_int_equal(verdict.fault, RECORD_MALFORMED);
	challenge.account_uris = NULL;
	record_judge(&challenge, 0, RIGHT, strlen(RIGHT), &verdict);
	assert_int_equal(verdict.fault, RECORD_OTHER_ACCOUNT);
}

static void a_ca_without_names_may_be_any(void **state)
{
	static const char *const nobody[] = {NULL};

	(void)state;
	challenge.issuer_domain_names = nobody;
	assert_string_equal(present("+any.example; accounturi=" URL), "");
	assert_string_equal(present("; accounturi=" URL), AT "is for \"\", not for the CA");
}

static void of_many_the_nearest_is_told_of(void **state)
{
	(void)state;
	texts[1] = RIGHT "; persistUntil=5";
	texts[2] = "ca.example; accounturi=https://ca.example/acct/2";
	texts[3] = "other.example";
	assert_non_null(strstr(present("v=spf1 -all"), AT "has expired on 1970-01-01"));
	texts[4] = RIGHT;
	assert_string_equal(present("+v=spf1 -all"), "");
	/* right at one server, and nothing at another */
	assert_string_equal(present(RIGHT), "not seen at 1 of 2" HINT "\"");
}

/* ---- asking ---- */

static void cnames_lead_to_where_it_is(void **state)
{
	(void)state;
	cname = "x.example.net.";
	assert_string_equal(present("+" RIGHT), "");
	assert_string_equal(asked_owner, "x.example.net.");
}

static void nobody_may_be_asked(void **state)
{
	(void)state;
	persist.look.propagation = (struct acmems_list){.items = none, .count = 1};
	refuse_find = true;
	assert_string_equal(present(NULL), "");
}

static void trouble_with_the_dns_is_passed_on(void **state)
{
	(void)state;
	acmems_error_set(&find_error, ACMEMS_UNAVAILABLE, "no zone");
	assert_string_equal(present(NULL), "no zone");
	assert_int_equal(got.code, ACMEMS_UNAVAILABLE);
	find_error.code = ACMEMS_OK;
	refuse_wait = true;
	assert_string_equal(present(NULL), "no memory");
	refuse_wait = false;
	refuse_find = true;
	assert_int_equal(begin(on_start), 0);
	assert_int_equal(got.code, ACMEMS_NO_MEMORY);
	refuse_find = false;
	challenge.identifier = "a.example.a.example.a.example.a.example.a.example.a.example."
			       "a.example.a.example.a.example.a.example.a.example.a.example."
			       "a.example.a.example.a.example.a.example.a.example.a.example."
			       "a.example.a.example.a.example.a.example.a.example.a.example";
	assert_int_equal(begin(on_start), 0);
	assert_int_equal(got.code, ACMEMS_BAD_ANSWER);
}

static void silence_is_passed_on_unless_a_wrong_one_was_seen(void **state)
{
	(void)state;
	done = 0;
	acmems_error_set(&wait_error, ACMEMS_TIMEOUT, "no answer");
	assert_true(begin(on_start) != 0);
	run_until(done > 0);
	assert_int_equal(got.code, ACMEMS_TIMEOUT);
	assert_string_equal(got.message, "no answer");
	done = 0;
	texts[0] = "ca.example";
	assert_true(begin(on_start) != 0);
	run_until(done > 0);
	assert_int_equal(got.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(got.message, "names no accounturi"));
}

static void cancelling_is_silent(void **state)
{
	uint64_t id;

	(void)state;
	never = true;
	id = begin(on_start);
	assert_int_equal(finds, 1);
	op_cancel(id);
	assert_int_equal(finds, 0);
	id = begin(on_start);
	give_place(NULL);
	assert_int_equal(waits, 1);
	op_cancel(id);
	assert_int_equal(waits, 0);
	run_due();
	assert_int_equal(done, 0);
}

static void nothing_is_cleaned_up(void **state)
{
	(void)state;
	assert_true(begin(on_start_cleanup) != 0);
	run_until(done > 0);
	assert_int_equal(got.code, ACMEMS_OK);
}

static void options_are_checked(void **state)
{
	char *bad[] = {(char[]){"a b"}, NULL};
	struct acmems_error err = {0};

	(void)state;
	assert_true(persist_check(&persist, &err));
	persist.look.propagation = (struct acmems_list){.items = bad, .count = 1};
	assert_false(persist_check(&persist, &err));
	assert_int_equal(acmems_module.kind, ACMEMS_VALIDATOR);
}

static int teardown(void **state)
{
	acmems_task_cancel(&task);
	assert_int_equal(op_faults(), 0);
	op_fini();
	return unit_loop_teardown(state);
}

#define on_loop(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_loop(a_right_record_is_enough),
		on_loop(absence_is_told_with_what_has_to_be_set),
		on_loop(every_fault_has_its_words),
		on_loop(nonsense_is_told),
		on_loop(a_record_with_a_nul_is_no_record),
		on_loop(a_ca_without_names_may_be_any),
		on_loop(of_many_the_nearest_is_told_of),
		on_loop(cnames_lead_to_where_it_is),
		on_loop(nobody_may_be_asked),
		on_loop(trouble_with_the_dns_is_passed_on),
		on_loop(silence_is_passed_on_unless_a_wrong_one_was_seen),
		on_loop(cancelling_is_silent),
		on_loop(nothing_is_cleaned_up),
		on_loop(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
