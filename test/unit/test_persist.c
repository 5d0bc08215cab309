/* SPDX-License-Identifier: ISC */
/* test_persist.c - what a standing record may say, for both spellings. The CA is put together by hand. */
#include "unit.h"

#include "acme/client_core.h"
#include "acme/persist.h"

#define URL "https://ca.example/acct/123"
#define THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define OF_NAME "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
#define OF_ANY "NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug"

static char url[] = URL;
static char *ca_names[] = {(char[]){"ca.example"}, NULL};
static char *own_names[] = {(char[]){"one.example"}, (char[]){"two.example"}, NULL};
static struct directory directory;
static struct acme_client client;
static struct acmems_error err;

static int setup(void **state)
{
	(void)state;
	directory = (struct directory){.issuers = ca_names};
	client = (struct acme_client){
		.thumbprint = THUMBPRINT, .directory.current = &directory, .account.url = url};
	return 0;
}

static void hashes_are_those_of_the_draft(void **state)
{
	char uri[PERSIST_URI_MAX];
	char name[300];

	(void)state;
	assert_true(persist_hash_uri("acme:", "example.com", THUMBPRINT, URL, uri));
	assert_string_equal(uri, "acme:sha-256/" OF_NAME);
	assert_true(persist_hash_uri("", PERSIST_ANY_NAME, THUMBPRINT, URL, uri));
	assert_string_equal(uri, "sha-256/" OF_ANY);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_false(persist_hash_uri("", name, THUMBPRINT, URL, uri));
}

static void up_to_draft_01_the_url_is_the_account(void **state)
{
	struct acme_challenge challenge = {.issuers = own_names};
	struct persist_offer *offer = persist_offer_new(&client, &challenge, "example.com", &err);

	(void)state;
	assert_non_null(offer);
	assert_string_equal(offer->issuers[0], "one.example");
	assert_string_equal(offer->issuers[1], "two.example");
	assert_string_equal(offer->uris[0], URL);
	assert_null(offer->uris[1]);
	persist_offer_free(offer);
	challenge.account_uri = (char[]){"https://ca.example/acct/other"};
	directory.account_hash_prefix = (char[]){"acme:"};
	offer = persist_offer_new(&client, &challenge, "example.com", &err);
	assert_non_null(offer);
	assert_string_equal(offer->uris[0], "https://ca.example/acct/other");
	assert_null(offer->uris[1]);
	persist_offer_free(offer);
}

static void since_draft_02_it_is_a_hash(void **state)
{
	struct acme_challenge challenge = {0};
	struct persist_offer *offer;

	(void)state;
	directory.account_hash_prefix = (char[]){"acme:"};
	offer = persist_offer_new(&client, &challenge, "example.com", &err);
	assert_non_null(offer);
	assert_string_equal(offer->issuers[0], "ca.example");
	assert_string_equal(offer->uris[0], "acme:sha-256/" OF_NAME);
	assert_string_equal(offer->uris[1], "acme:sha-256/" OF_ANY);
	assert_null(offer->uris[2]);
	persist_offer_free(offer);
}

static void a_ca_that_says_nothing_is_borne(void **state)
{
	struct acme_challenge challenge = {0};
	struct persist_offer *offer;

	(void)state;
	client.directory.current = NULL;
	offer = persist_offer_new(&client, &challenge, "example.com", &err);
	assert_non_null(offer);
	assert_null(offer->issuers);
	assert_string_equal(offer->uris[0], URL);
	persist_offer_free(offer);
	persist_offer_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hashes_are_those_of_the_draft, setup),
		cmocka_unit_test_setup(up_to_draft_01_the_url_is_the_account, setup),
		cmocka_unit_test_setup(since_draft_02_it_is_a_hash, setup),
		cmocka_unit_test_setup(a_ca_that_says_nothing_is_borne, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
