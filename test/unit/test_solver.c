/* SPDX-License-Identifier: ISC */
/* test_solver.c - a validator module behind the face that orders know. */
#include "unit.h"

#include "base/op_core.h"
#include "fake_house.h"
#include "sign/solver.h"

static struct fake_house house;
static struct solver solver;
static struct acme_solver face;
static const struct acmems_challenge challenge = {.type = "http-01", .identifier = "a.example"};

static struct {
	unsigned ends;
	enum acmems_code code;
} heard;

static void on_done(void *arg, const struct acmems_error *err)
{
	assert_ptr_equal(arg, &heard);
	heard.ends++;
	heard.code = err ? err->code : ACMEMS_OK;
}

static int setup(void **state)
{
	(void)state;
	/* of a test that has failed halfway */
	solver_fini(&solver);
	fake_house_init(&house, 1);
	solver_init(&solver, &house.validator_instance);
	face = solver_face(&solver);
	memset(&heard, 0, sizeof(heard));
	return 0;
}

static uint64_t present(void)
{
	struct acmems_error err = {0};

	return face.present(face.ctx, &challenge, on_done, &heard, &err);
}

static uint64_t cleanup(void)
{
	struct acmems_error err = {0};

	return face.cleanup(face.ctx, &challenge, on_done, &heard, &err);
}

static void test_hands_on(void **state)
{
	(void)state;
	assert_string_equal(face.types[0], "http-01");
	assert_true(present() != 0);
	assert_int_equal(heard.ends, 0);
	run_due();
	assert_int_equal(heard.ends, 1);
	assert_int_equal(heard.code, ACMEMS_OK);
	house.validator.second = FAKE_BROKEN;
	assert_true(cleanup() != 0);
	run_due();
	assert_int_equal(heard.ends, 2);
	assert_int_equal(heard.code, ACMEMS_SYSTEM);
	house.validator.mode = FAKE_UNABLE;
	assert_true(present() == 0);
	solver_fini(&solver);
}

static void test_not_offered_is_done(void **state)
{
	(void)state;
	house.validator_instance.ops.validator.present = NULL;
	house.validator_instance.ops.validator.cleanup = NULL;
	house.validator_instance.ops.validator.types = NULL;
	assert_true(present() != 0);
	assert_true(cleanup() != 0);
	run_due();
	assert_int_equal(heard.ends, 2);
	assert_int_equal(heard.code, ACMEMS_OK);
	assert_null(solver_face(&solver).types[0]);
}

static const char *const *chosen_types(void *instance)
{
	static const char *const types[] = {"dns-account-01", NULL};

	assert_ptr_equal(instance, house.validator_instance.data);
	return types;
}

static void test_types_of_the_instance(void **state)
{
	(void)state;
	house.validator_instance.ops.validator.types_of = chosen_types;
	assert_string_equal(solver_face(&solver).types[0], "dns-account-01");
	house.validator_instance.ops.validator.types = NULL;
	assert_string_equal(solver_face(&solver).types[0], "dns-account-01");
}

static void test_cancel(void **state)
{
	uint64_t first, second;

	(void)state;
	house.validator.mode = FAKE_LATER;
	first = present();
	second = present();
	face.cancel(face.ctx, first);
	face.cancel(face.ctx, first);
	face.cancel(face.ctx, 0);
	assert_int_equal(house.validator.cancelled, 1);
	acmems_op_finish(second, NULL);
	run_due();
	assert_int_equal(heard.ends, 1);
	assert_int_equal(op_faults(), 0);
}

static void test_fini_cancels_all(void **state)
{
	(void)state;
	house.validator.mode = FAKE_LATER;
	for (int i = 0; i < 3; i++)
		assert_true(present() != 0);
	solver_fini(&solver);
	assert_int_equal(house.validator.cancelled, 3);
	assert_int_equal(op_count(), 0);
	run_due();
	assert_int_equal(heard.ends, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hands_on, setup),
		cmocka_unit_test_setup(test_not_offered_is_done, setup),
		cmocka_unit_test_setup(test_types_of_the_instance, setup),
		cmocka_unit_test_setup(test_cancel, setup),
		cmocka_unit_test_setup(test_fini_cancels_all, setup),
	};

	return cmocka_run_group_tests(tests, unit_loop_setup, fake_house_end);
}
