/* SPDX-License-Identifier: ISC */
/* test_policy.c - which block lets a request in; above all, that nothing fails open. */
#include "unit.h"

#include <stdio.h>

#include "base/op_core.h"
#include "fake_house.h"
#include "fake_http.h"
#include "sign/policy.h"
#include "sign/policy_block.h"
#include "x509/csr.h"

static struct fake_house house;
static struct acmems_sign_request ask;
static struct acmems_csr *csr;

/* How a run has ended. */
static struct {
	unsigned ends;
	struct block *block;
	struct acmems_error err;
} verdict;

static void on_done(void *arg, struct block *block, const struct acmems_error *err)
{
	assert_ptr_equal(arg, &verdict);
	assert_true((block == NULL) == (err != NULL));
	verdict.ends++;
	verdict.block = block;
	if (err)
		verdict.err = *err;
}

static void prepare(size_t blocks, const char *names)
{
	fake_house_init(&house, blocks);
	memset(&verdict, 0, sizeof(verdict));
	csr_free(csr);
	csr = fake_csr(names);
	ask = (struct acmems_sign_request){
		.peer = {.family = ACMEMS_IPV4}, .body = "body", .body_len = 4, .csr = csr};
}

static struct policy_run *start(void)
{
	struct acmems_error err = {0};
	struct policy_run *run = policy_start(&house.generation, &ask, on_done, &verdict, &err);

	assert_non_null(run);
	/* never from inside the starter */
	assert_int_equal(verdict.ends, 0);
	return run;
}

static struct block *judge(void)
{
	start();
	run_due();
	assert_int_equal(verdict.ends, 1);
	return verdict.block;
}

static void test_first_fit_wins(void **state)
{
	static const char *const lab[] = {"*.lab.example", NULL};
	static const char *const org[] = {"*.example.org", NULL};

	(void)state;
	prepare(3, "www.example.org");
	fake_house_domains(&house, 0, lab);
	fake_house_domains(&house, 1, org);
	assert_ptr_equal(judge(), &house.blocks[1]);
	assert_int_equal(house.auth[0][0].calls, 0);
	assert_int_equal(house.auth[2][0].calls, 0);
}

static void test_every_name_must_fit(void **state)
{
	static const char *const org[] = {"*.example.org", NULL};

	(void)state;
	prepare(1, "www.example.org www.example.net");
	fake_house_domains(&house, 0, org);
	assert_null(judge());
	assert_int_equal(verdict.err.code, ACMEMS_REFUSED);
	assert_non_null(strstr(verdict.err.detail, "www.example.net"));
	assert_non_null(strstr(verdict.err.detail, "1 of 2"));
	assert_null(strstr(verdict.err.message, "example"));
}

static void test_every_method_must_agree(void **state)
{
	static const enum fake_mode noes[] = {FAKE_NO, FAKE_BROKEN, FAKE_UNABLE};

	(void)state;
	for (size_t i = 0; i < sizeof(noes) / sizeof(noes[0]); i++) {
		prepare(1, "a.example");
		house.blocks[0].method_count = 2;
		house.auth[0][1].mode = noes[i];
		assert_null(judge());
		assert_int_equal(verdict.err.code, ACMEMS_REFUSED);
	}
	prepare(1, "a.example");
	house.blocks[0].method_count = 2;
	assert_ptr_equal(judge(), &house.blocks[0]);
}

static void test_error_goes_on_to_next_block(void **state)
{
	(void)state;
	prepare(2, "a.example");
	house.auth[0][0].mode = FAKE_BROKEN;
	assert_ptr_equal(judge(), &house.blocks[1]);
}

/* The Python ACMEMS let everybody into a block without a method. */
static void test_no_method_no_entry(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	prepare(1, "a.example");
	house.blocks[0].method_count = 0;
	assert_false(policy_possible(&house.generation, &ask, &err));
	assert_null(judge());
}

static void test_no_domains_no_entry(void **state)
{
	static const char *const none[] = {NULL};
	struct acmems_error err = {0};

	(void)state;
	prepare(1, "a.example");
	fake_house_domains(&house, 0, none);
	assert_false(policy_possible(&house.generation, &ask, &err));
	assert_null(judge());
}

static void test_no_blocks_no_entry(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	prepare(0, "a.example");
	assert_false(policy_possible(&house.generation, &ask, &err));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_null(judge());
}

static void test_method_without_check_is_a_no(void **state)
{
	(void)state;
	prepare(1, "a.example");
	house.method[0][0].ops.auth.check = NULL;
	assert_null(judge());
	/* possible need not be offered */
	prepare(1, "a.example");
	house.method[0][0].ops.auth.possible = NULL;
	assert_non_null(judge());
}

static void test_no_names_no_entry(void **state)
{
	(void)state;
	prepare(1, "a.example");
	csr->name_count = 0;
	assert_null(judge());
	csr->name_count = 1;
}

static void test_impossible_is_struck_out(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	prepare(2, "a.example");
	house.auth[0][0].impossible = true;
	assert_true(policy_possible(&house.generation, &ask, &err));
	assert_ptr_equal(judge(), &house.blocks[1]);
	assert_int_equal(house.auth[0][0].calls, 0);
	assert_false(house.auth[0][0].saw_body);
	house.auth[1][0].impossible = true;
	assert_false(policy_possible(&house.generation, &ask, &err));
	assert_int_equal(err.code, ACMEMS_REFUSED);
	assert_non_null(strstr(err.detail, "stranger"));
	assert_null(strstr(err.message, "stranger"));
}

/* Its client is told, unless another block lets it in. */
static void test_what_is_malformed_is_told(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	prepare(2, "a.example");
	house.auth[0][0].impossible = true;
	house.auth[0][0].why = ACMEMS_BAD_REQUEST;
	assert_true(policy_possible(&house.generation, &ask, &err));
	assert_ptr_equal(judge(), &house.blocks[1]);
	house.auth[1][0].impossible = true;
	assert_false(policy_possible(&house.generation, &ask, &err));
	assert_int_equal(err.code, ACMEMS_BAD_REQUEST);
	assert_non_null(strstr(err.message, "stranger"));
}

static void test_closest_block_is_named(void **state)
{
	static const char *const far[] = {"*.example.net", NULL};
	static const char *const near[] = {"a.example.org", NULL};

	(void)state;
	prepare(3, "a.example.org b.example.org");
	house.auth[0][0].impossible = true;
	fake_house_domains(&house, 1, near);
	fake_house_domains(&house, 2, far);
	assert_null(judge());
	assert_memory_equal(verdict.err.detail, "b1: ", 4);
	assert_non_null(strstr(verdict.err.detail, "b.example.org"));
}

/* Everything fits but the method, say a token that has expired: not the block without any fitting name. */
static void test_block_that_misses_a_method_only_is_closest(void **state)
{
	static const char *const far[] = {"*.example.net", NULL};

	(void)state;
	prepare(3, "a.example.org");
	fake_house_domains(&house, 0, far);
	house.auth[1][0].impossible = true;
	fake_house_domains(&house, 2, far);
	house.auth[2][0].impossible = true;
	assert_null(judge());
	assert_memory_equal(verdict.err.detail, "b1: ", 4);
	assert_non_null(strstr(verdict.err.detail, "stranger\nb0: "));
	assert_null(strstr(verdict.err.detail, "b2: "));
}

/* Before the CSR is read nothing tells which block was meant. */
static void test_every_block_that_is_not_possible_is_named(void **state)
{
	struct acmems_error err = {0};
	char begin[32];

	(void)state;
	prepare(4, "a.example.org");
	for (size_t i = 0; i < 4; i++)
		house.auth[i][0].impossible = true;
	assert_false(policy_possible(&house.generation, &ask, &err));
	for (size_t i = 0; i < POLICY_MISSES; i++) {
		snprintf(begin, sizeof(begin), "b%zu: ", i);
		assert_non_null(strstr(err.detail, begin));
	}
	assert_null(strstr(err.detail, "b3: "));
}

static void test_wildcards(void **state)
{
	static const char *const org[] = {"*.example.org", NULL};

	(void)state;
	prepare(1, "*.example.org");
	fake_house_domains(&house, 0, org);
	assert_non_null(judge());
	prepare(1, "*.example.org");
	fake_house_domains(&house, 0, org);
	house.blocks[0].wildcards = false;
	assert_null(judge());
	assert_non_null(strstr(verdict.err.detail, "wildcard"));
}

/* Only CN and DNS names were looked at: others passed unseen. */
static void test_other_kinds_are_refused_by_name(void **state)
{
	struct acmems_error err = {0};

	(void)state;
	prepare(1, "a.example");
	assert_true(policy_names(csr, &err));
	prepare(1, "a.example 2001:db8::1");
	assert_false(policy_names(csr, &err));
	assert_int_equal(err.code, ACMEMS_BAD_CSR);
	assert_non_null(strstr(err.message, "2001:db8::1"));
	/* and no block lets one in, should somebody forget to ask */
	assert_null(judge());
	prepare(1, "a.example root@a.example");
	assert_false(policy_names(csr, &err));
	assert_non_null(strstr(err.message, "root@a.example"));
}

/* Names in capitals were refused. */
static void test_case_does_not_matter(void **state)
{
	static const char *const org[] = {"*.Example.ORG", NULL};

	(void)state;
	prepare(1, "WWW.example.org");
	fake_house_domains(&house, 0, org);
	assert_non_null(judge());
}

static void test_cancel_is_silent(void **state)
{
	struct policy_run *run;

	(void)state;
	prepare(1, "a.example");
	house.auth[0][0].mode = FAKE_LATER;
	run = start();
	run_due();
	assert_int_equal(verdict.ends, 0);
	policy_cancel(run);
	assert_int_equal(house.auth[0][0].cancelled, 1);
	/* also between the judgement and its delivery */
	prepare(1, "a.example");
	house.auth[0][0].impossible = true;
	policy_cancel(start());
	policy_cancel(NULL);
	run_due();
	assert_int_equal(verdict.ends, 0);
	assert_int_equal(op_count(), 0);
}

static void test_slow_method(void **state)
{
	(void)state;
	prepare(1, "a.example");
	house.auth[0][0].mode = FAKE_LATER;
	start();
	run_due();
	acmems_op_finish(house.auth[0][0].op, NULL);
	run_due();
	assert_int_equal(verdict.ends, 1);
	assert_ptr_equal(verdict.block, &house.blocks[0]);
}

static int teardown(void **state)
{
	csr_free(csr);
	csr = NULL;
	return fake_house_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_fit_wins),
		cmocka_unit_test(test_every_name_must_fit),
		cmocka_unit_test(test_every_method_must_agree),
		cmocka_unit_test(test_error_goes_on_to_next_block),
		cmocka_unit_test(test_no_method_no_entry),
		cmocka_unit_test(test_no_domains_no_entry),
		cmocka_unit_test(test_no_blocks_no_entry),
		cmocka_unit_test(test_method_without_check_is_a_no),
		cmocka_unit_test(test_no_names_no_entry),
		cmocka_unit_test(test_impossible_is_struck_out),
		cmocka_unit_test(test_what_is_malformed_is_told),
		cmocka_unit_test(test_closest_block_is_named),
		cmocka_unit_test(test_block_that_misses_a_method_only_is_closest),
		cmocka_unit_test(test_every_block_that_is_not_possible_is_named),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_other_kinds_are_refused_by_name),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_cancel_is_silent),
		cmocka_unit_test(test_slow_method),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, teardown);
}
