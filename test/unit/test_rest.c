/* SPDX-License-Identifier: ISC */
/* test_rest.c - giving memory back leaves the program running. */
#include "unit.h"

#include <openssl/evp.h>
#include <sys/resource.h>

#include "rest.h"

static void code_runs_on_after_its_pages_were_dropped(void **state)
{
	struct rusage before, after;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	(void)state;
	assert_int_equal(EVP_Digest("abc", 3, digest, &len, EVP_sha256(), NULL), 1);
	getrusage(RUSAGE_SELF, &before);
	rest_now();
	rest_now();
	assert_int_equal(EVP_Digest("abc", 3, digest, &len, EVP_sha256(), NULL), 1);
	assert_int_equal(digest[0], 0xba);
	getrusage(RUSAGE_SELF, &after);
	/* the pages had gone and came again */
	assert_true(after.ru_minflt > before.ru_minflt);
}

static void it_can_be_started_and_stopped(void **state)
{
	(void)state;
	assert_true(rest_start());
	rest_stop();
	rest_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_runs_on_after_its_pages_were_dropped),
		cmocka_unit_test_setup_teardown(
			it_can_be_started_and_stopped, unit_loop_setup, unit_loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
