/* SPDX-License-Identifier: ISC */
/* test_acme_config.c - an account's configuration, copied and checked. */
#include "unit.h"

#include "acme/config.h"

static struct acmems_error err;
static const struct acme_transport transport;
static char *contacts[] = {(char *)"mailto:a@example.org", (char *)"mailto:b@example.org", NULL};

static struct acme_config good(void)
{
	return (struct acme_config){.name = "ca",
		.directory = "https://ca.example/directory",
		.dir = "/var/lib/acmems/ca",
		.contact = {contacts, 2, true},
		.transport = &transport};
}

/* The copy, freed; false with err. */
static bool taken(struct acme_config config)
{
	struct acme_config copy;

	err = (struct acmems_error){0};
	if (!acme_config_copy(&copy, &config, &err))
		return false;
	acme_config_free(&copy);
	return true;
}

static void refused(struct acme_config config, const char *why)
{
	assert_false(taken(config));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	if (!strstr(err.message, why))
		fail_msg("no \"%s\" in \"%s\"", why, err.message);
}

static void the_copy_is_its_own(void **state)
{
	struct acme_config config = good(), copy;

	(void)state;
	config.eab_kid = "kid-1";
	config.eab_key = "c2VjcmV0";
	config.accept_any_terms = true;
	if (!acme_config_copy(&copy, &config, &err)) {
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
		return;
	}
	assert_string_equal(copy.directory, config.directory);
	assert_ptr_not_equal(copy.directory, config.directory);
	assert_int_equal(copy.contact.count, 2);
	assert_string_equal(copy.contact.items[1], contacts[1]);
	assert_ptr_not_equal(copy.contact.items[1], contacts[1]);
	assert_null(copy.contact.items[2]);
	assert_null(copy.ca_file);
	assert_string_equal(copy.eab_kid, "kid-1");
	assert_true(copy.accept_any_terms);
	acme_config_free(&copy);
	assert_null(copy.eab_key);
	acme_config_free(&copy);
}

static void what_is_wrong_is_told(void **state)
{
	static char *many[CONFIG_CONTACTS_MAX + 2];
	struct acme_config config = good();

	(void)state;
	config.directory = "http://ca.example/directory";
	refused(config, "https");
	config = good();
	config.dir = NULL;
	refused(config, "state directory");
	config = good();
	for (size_t i = 0; i < CONFIG_CONTACTS_MAX + 1; i++)
		many[i] = contacts[0];
	config.contact = (struct acmems_list){many, CONFIG_CONTACTS_MAX + 1, true};
	refused(config, "contacts");
}

static void external_accounts_are_whole(void **state)
{
	struct acme_config config = good();

	(void)state;
	config.eab_kid = "kid-1";
	refused(config, "key id and a MAC key");
	config.eab_key = "not base64url!";
	refused(config, "base64url");
	assert_null(strstr(err.message, "not base64url!"));
	config.eab_key = "";
	refused(config, "base64url");
	config.eab_key = "c2VjcmV0";
	assert_true(taken(config) || err.code == ACMEMS_NO_MEMORY);
	config.eab_algorithm = "HS512";
	assert_true(taken(config) || err.code == ACMEMS_NO_MEMORY);
	config.eab_algorithm = "none";
	refused(config, "HS256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_copy_is_its_own),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(external_accounts_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
