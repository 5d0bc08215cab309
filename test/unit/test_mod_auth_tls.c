/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "../../modules/auth/tls.c"

#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define WITH_COLONS                                                                                \
	"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:"  \
	"DD:EE:FF"

static struct acmems_name names[] = {
	{.kind = ACMEMS_NAME_DNS, .text = (char *)"www.example.org"},
	{.kind = ACMEMS_NAME_EMAIL, .text = (char *)"Admin@example.org"},
	{.kind = ACMEMS_NAME_URI, .text = (char *)"spiffe://example.org/Mail"},
	{.kind = ACMEMS_NAME_IP, .text = (char *)"2001:db8::1"},
	{.kind = ACMEMS_NAME_OTHER, .text = (char *)"a name of an uncommon kind"},
};

static const struct acmems_client_cert cert = {
	.subject = "CN=www.example.org,O=Example\\, Inc",
	.issuer = "CN=Clients' CA",
	.digest = DIGEST,
	.names = names,
	.name_count = 5,
};

static struct acmems_list list_of(const char *const *texts)
{
	struct acmems_list list = {.items = (char **)texts, .given = true};

	while (texts[list.count])
		list.count++;
	return list;
}

static bool judged(struct tls *tls, const struct acmems_client_cert *client, const char *why)
{
	const struct acmems_sign_request request = {.client = client};
	struct acmems_error err = {0};

	if (tls_possible(tls, &request, &err))
		return true;
	assert_int_equal(err.code, ACMEMS_REFUSED);
	if (!strstr(err.message, why))
		fail_msg("%s, not %s", err.message, why);
	return false;
}

static bool fits(size_t offset, const char *text)
{
	const char *const texts[] = {"nothing", text, NULL};
	struct tls tls = {0};
	struct acmems_error err = {0};
	bool ok;

	/* the first fits nobody, and is of the right form everywhere */
	*(struct acmems_list *)((char *)&tls + offset) =
		list_of(offset == offsetof(struct tls, fingerprint) ? texts + 1 : texts);
	if (!tls_check(&tls, &err))
		fail_msg("%s", err.message);
	ok = judged(&tls, &cert, "");
	tls_release(&tls);
	return ok;
}

static void names_of_every_kind(void **state)
{
	static const struct {
		const char *pattern;
		bool fits;
	} cases[] = {
		{"www.example.org", true},
		{"WWW.Example.ORG", true},
		{"*.example.org", true},
		{"DNS:ww?.example.org", true},
		{"dns:*", true},
		{"*", true},
		{"example.org", false},
		{"www.example.org.", false},
		{"email:Admin@example.org", true},
		{"EMAIL:*@example.org", true},
		{"email:admin@example.org", false},
		{"URI:spiffe://example.org/*", true},
		{"URI:spiffe://example.org/mail", false},
		{"IP:2001:DB8::1", true},
		{"IP:2001:db8::2", false},
		{"DNS:*uncommon*", false},
		{"URI:www.example.org", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (fits(offsetof(struct tls, san), cases[i].pattern) != cases[i].fits)
			fail_msg("%s", cases[i].pattern);
	}
}

static void subjects_issuers_fingerprints(void **state)
{
	size_t subject = offsetof(struct tls, subject), issuer = offsetof(struct tls, issuer);
	size_t fingerprint = offsetof(struct tls, fingerprint);

	(void)state;
	assert_true(fits(subject, "CN=www.example.org,O=Example\\, Inc"));
	assert_true(fits(subject, "CN=*.example.org,O=Example*"));
	assert_false(fits(subject, "CN=www.example.org"));
	assert_false(fits(subject, "cn=www.example.org,*"));
	assert_true(fits(issuer, "CN=Clients' CA"));
	assert_false(fits(issuer, "CN=Clients"));
	assert_true(fits(fingerprint, DIGEST));
	assert_true(fits(fingerprint, WITH_COLONS));
	assert_false(fits(
		fingerprint, "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"));
}

static void everything_given_has_to_fit(void **state)
{
	static const char *const san[] = {"www.example.org", NULL};
	static const char *const subject[] = {"CN=www.example.org,*", NULL};
	static const char *const other[] = {"CN=ftp.example.org,*", NULL};
	struct tls tls = {.san = list_of(san), .subject = list_of(subject)};
	struct acmems_error err = {0};

	(void)state;
	assert_true(tls_check(&tls, &err));
	assert_true(judged(&tls, &cert, ""));
	tls.subject = list_of(other);
	assert_false(judged(&tls, &cert, "none of the subjects"));
	tls.subject = list_of(subject);
	tls.issuer = list_of(other);
	assert_false(judged(&tls, &cert, "none of the issuers"));
	tls_release(&tls);
}

static void nobody_without_certificate(void **state)
{
	static const char *const any[] = {"*", NULL};
	const struct acmems_client_cert nameless = {.subject = "", .issuer = "", .digest = ""};
	struct tls tls = {.san = list_of(any)};
	struct acmems_error err = {0};

	(void)state;
	assert_true(tls_check(&tls, &err));
	assert_false(judged(&tls, NULL, "no certificate"));
	assert_false(judged(&tls, &nameless, "none of the names"));
	tls_release(&tls);
}

static void wrong_settings_are_named(void **state)
{
	static const struct {
		const char *san, *fingerprint, *says;
	} cases[] = {
		{NULL, NULL, "has to be given"},
		{"", NULL, "fits no name"},
		{"URI:", NULL, "fits no name"},
		{"spiffe://example.org/*", NULL, "URI:"},
		{"*@example.org", NULL, "email:"},
		{NULL, "00", "64 hex digits"},
		{NULL, DIGEST "00", "64 hex digits"},
		{NULL, ":" DIGEST, "64 hex digits"},
		{NULL, DIGEST ":", "64 hex digits"},
		{NULL, "x" DIGEST, "64 hex digits"},
		{NULL, "SHA256:" DIGEST, "64 hex digits"},
		{NULL, "0:0" DIGEST, "64 hex digits"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const san[] = {cases[i].san, NULL};
		const char *const fingerprint[] = {cases[i].fingerprint, NULL};
		struct tls tls = {.san = list_of(san), .fingerprint = list_of(fingerprint)};
		struct acmems_error err = {0};

		assert_false(tls_check(&tls, &err));
		if (err.code != ACMEMS_CONFIG || !strstr(err.message, cases[i].says))
			fail_msg("%zu: %s, not %s", i, err.message, cases[i].says);
		tls_release(&tls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_kind),
		cmocka_unit_test(subjects_issuers_fingerprints),
		cmocka_unit_test(everything_given_has_to_fit),
		cmocka_unit_test(nobody_without_certificate),
		cmocka_unit_test(wrong_settings_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
