/* SPDX-License-Identifier: ISC */
/* test_account_payload.c - what newAccount is sent, and consent. */
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <acmems/crypto.h>

#include "acme/account_payload.h"
#include "acme/json.h"

static struct acmems_error err;
static char *contacts[] = {
	(char *)"mailto:a@example.org", (char *)"mailto:\"x\"@example.org", NULL};
static char *terms[] = {
	(char *)"https://ca.example/terms/1", (char *)"https://ca.example/terms/2", NULL};
static struct directory directory = {.new_account = (char *)"https://ca.example/new-account"};

static struct acmems_json *payload(const struct acme_config *config, EVP_PKEY *key)
{
	char *text = account_payload(config, &directory, key, &err);
	struct acmems_json *json;

	if (!text) {
		assert_int_equal(err.code, ACMEMS_NO_MEMORY);
		return NULL;
	}
	json = json_parse(text, strlen(text), &err);
	if (!json && err.code != ACMEMS_NO_MEMORY)
		fail_msg("%s", text);
	free(text);
	return json;
}

static const char *text_of(const struct acmems_json *json, const char *name)
{
	const char *text = NULL;

	assert_true(acmems_json_need_text(json, name, 1000, &text, &err));
	return text;
}

static void terms_are_taken_as_configured(void **state)
{
	struct acme_config config = {0};

	(void)state;
	directory.terms = NULL;
	assert_true(account_accepts(&config, &directory));
	directory.terms = (char *)"https://ca.example/terms/2";
	assert_false(account_accepts(&config, &directory));
	config.accept_terms = (struct acmems_list){terms, 2, true};
	assert_true(account_accepts(&config, &directory));
	directory.terms = (char *)"https://ca.example/terms/3";
	assert_false(account_accepts(&config, &directory));
	config.accept_any_terms = true;
	assert_true(account_accepts(&config, &directory));
	directory.terms = NULL;
}

static void contacts_are_quoted(void **state)
{
	struct acme_config config = {.contact = {contacts, 2, true}};
	struct acmems_json *json = payload(&config, NULL);
	const struct acmems_json *list;

	(void)state;
	if (!json)
		return;
	assert_true(acmems_json_array(json, "contact", 10, &list, &err));
	assert_int_equal(acmems_json_count(list), 2);
	assert_string_equal(
		acmems_json_element_text(acmems_json_next(acmems_json_first(list))), contacts[1]);
	assert_true(acmems_json_object(json, "externalAccountBinding", &list, &err));
	assert_null(list);
	acmems_json_free(json);
}

/* RFC 8555, 7.3.4: a JWS over the account's key, with the key id and newAccount's URL. */
static void another_account_is_bound(void **state)
{
	struct acme_config config = {.eab_kid = "kid-1", .eab_key = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct acmems_json *json = payload(&config, key);
	const struct acmems_json *binding = NULL;
	unsigned char head[512] = {0};
	size_t len = sizeof(head) - 1;

	(void)state;
	EVP_PKEY_free(key);
	if (!json)
		return;
	assert_true(acmems_json_object(json, "externalAccountBinding", &binding, &err));
	assert_non_null(binding);
	assert_true(strlen(text_of(binding, "signature")) == 43);
	assert_true(acmems_unbase64url(
		text_of(binding, "protected"), strlen(text_of(binding, "protected")), head, &len));
	head[len] = '\0';
	assert_non_null(strstr((char *)head, "\"alg\":\"HS256\""));
	assert_non_null(strstr((char *)head, "\"kid\":\"kid-1\""));
	assert_non_null(strstr((char *)head, "https://ca.example/new-account"));
	assert_null(strstr((char *)head, "nonce"));
	acmems_json_free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_are_taken_as_configured),
		cmocka_unit_test(contacts_are_quoted),
		cmocka_unit_test(another_account_is_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
