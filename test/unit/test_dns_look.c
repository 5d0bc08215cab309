/* SPDX-License-Identifier: ISC */
/* test_dns_look.c - the options that validators by DNS share. */
#include "fake_net.h"

#include <acmems/dns_look.h>

static char *authoritative[] = {(char *)"authoritative", NULL};
static char *none[] = {(char *)"none", NULL};
static char *servers[] = {(char *)"192.0.2.1", (char *)"[2001:db8::1]:5353", NULL};
static char *odd[] = {(char *)"192.0.2.1", (char *)"192.0.2.1:x", NULL};
static char *slip[] = {(char *)"authorative", NULL};
static char *mixed[] = {(char *)"192.0.2.1", (char *)"none", NULL};

static struct acmems_dns_look look;
static struct acmems_error err;

static int setup(void **state)
{
	(void)state;
	look = (struct acmems_dns_look){
		.propagation = {authoritative, 1, false}, .nameserver_port = 53};
	err = (struct acmems_error){0};
	fake_net_reset();
	return 0;
}

static void lists_are_checked(void **state)
{
	(void)state;
	assert_true(acmems_dns_look_check(&look, &err));
	look.propagation.items = none;
	assert_true(acmems_dns_look_check(&look, &err));
	look.propagation = look.resolvers = (struct acmems_list){servers, 2, true};
	assert_true(acmems_dns_look_check(&look, &err));
	look.resolvers.items = odd;
	assert_false(acmems_dns_look_check(&look, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_non_null(strstr(err.message, "resolvers"));
	look.propagation.items = odd;
	assert_false(acmems_dns_look_check(&look, &err));
	assert_non_null(strstr(err.message, "propagation"));
	look.propagation.items = mixed;
	assert_false(acmems_dns_look_check(&look, &err));
	assert_non_null(strstr(err.message, "stand alone"));
	/* or it would be asked, in vain, when there is an order */
	look.resolvers = (struct acmems_list){0};
	look.propagation = (struct acmems_list){slip, 1, true};
	assert_false(acmems_dns_look_check(&look, &err));
	assert_non_null(strstr(err.message, "is not \"authoritative\""));
	slip[0] = (char *)"ns:53";
	assert_true(acmems_dns_look_check(&look, &err));
}

static void on_place(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *why)
{
	(void)why;
	*(bool *)arg = place != NULL;
}

static void on_seen(void *arg, const struct acmems_error *why)
{
	*(bool *)arg = why == NULL;
}

static void asked_accordingly(void **state)
{
	bool well = false;

	(void)state;
	assert_true(acmems_dns_look_waits(&look));
	assert_true(acmems_dns_look_find(&look, "a.example", 1000, on_place, &well, &err) != 0);
	assert_string_equal(fake_last(&fake_finds)->body, "a.example");
	assert_string_equal(fake_last(&fake_finds)->servers, "-");
	assert_int_equal(fake_last(&fake_finds)->timeout_ms, 1000);
	fake_place("a.example.", "example.");
	assert_true(well);
	look.nameserver_port = 5353;
	assert_true(acmems_dns_look_wait(
			    &look, "a.example.", "example.", "v", 2000, on_seen, &well, &err) != 0);
	assert_string_equal(fake_last(&fake_waits)->servers, "-");
	assert_string_equal(fake_last(&fake_waits)->zone, "example.");
	assert_string_equal(fake_last(&fake_waits)->value, "v");
	assert_int_equal(fake_last(&fake_waits)->port, 5353);
	fake_seen(false);
	assert_false(well);
	look.propagation = look.resolvers = (struct acmems_list){servers, 2, true};
	assert_true(acmems_dns_look_find(&look, "a.example", 1000, on_place, &well, &err) != 0);
	assert_string_equal(fake_last(&fake_finds)->servers, "192.0.2.1,[2001:db8::1]:5353");
	fake_no_place();
	assert_true(acmems_dns_look_wait(
			    &look, "a.example.", "example.", "v", 2000, on_seen, &well, &err) != 0);
	assert_string_equal(fake_last(&fake_waits)->servers, "192.0.2.1,[2001:db8::1]:5353");
	fake_seen(true);
	assert_true(well);
	look.propagation = (struct acmems_list){none, 1, true};
	assert_false(acmems_dns_look_waits(&look));
}

static bool shows(void *arg, const char *text, size_t len)
{
	(void)arg, (void)text, (void)len;
	return true;
}

static void judged_once(void **state)
{
	bool well = false;

	(void)state;
	look.propagation = (struct acmems_list){servers, 2, true};
	assert_true(acmems_dns_look_once(&look, "a.example.", "example.", shows, 2000, on_seen,
			    &well, &err) != 0);
	assert_string_equal(fake_last(&fake_waits)->servers, "192.0.2.1,[2001:db8::1]:5353");
	assert_int_equal(fake_last(&fake_waits)->timeout_ms, 2000);
	fake_seen(true);
	assert_true(well);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lists_are_checked, setup),
		cmocka_unit_test_setup(asked_accordingly, setup),
		cmocka_unit_test_setup(judged_once, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
