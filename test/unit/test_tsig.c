/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <acmems/crypto.h>
#include <acmems/dns_update.h>

#include "dns/tsig.h"
#include "dns_peer.h"

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZmdoaWowMTIzNDU2Nzg5YWI="
#define SIGNED_AT INT64_C(1780000000)

/* MACs made by another implementation: of a request, of its answer, of a BADTIME. */
static const struct {
	const char *algorithm;
	const char *request;
	const char *answer;
	const char *badtime;
} vectors[] = {
	{"hmac-sha256", "ea35c12d4dbc29b762455e643a8aaa65a1bde6ff87fa1ce9a0f31698f405846e",
		"791660fd93ae25e1ba588ed7e24a266783944046df51f93d6cf7418d3c072232",
		"3b2c3cf2fa67327b4d4e70d21e5d59f6854e56154869d6e61ae7fe9dd6d71433"},
	{"hmac-sha1", "d1a1b236c40f2d9f4c0f96ea42d2cdf9591ee9cb",
		"65e00172f33c3f7e1fbde5ad357c93a9acd5a581",
		"fad3cb99079d07294fc99ba093bba2960e430e32"},
	{"hmac-sha224", "3cd7f0f76af9184ec9e534252d967baabe3bee5e76e3f048dc4c820c",
		"84c7ff9d3a50f98d90236806914f6c55f9657d6adf47a2372dbfc3c7",
		"c45a0f2bd608f043b9a5e120d016a59bbc93a07d5cff2c97cf2c8dc2"},
	{"hmac-sha384",
		"ee3a46b223136d7c9bcb78fc9f95b67f14046b0f136f2fd7fca8da7a4220cdfd"
		"f3db261f537f69f6e6e5a00f5f673f72",
		"55c7198fd9ee4d40acc0d6a10588e9cb7fa9d9f136b694f0ea1e21266f04e30b"
		"238523e4fe7866f7d9a9d39ccc7814bc",
		"39a40a9d9c36850757dcfdccd2ddd70dc28cef9ab319d895819916946485025d"
		"1e1a0aec322a76b722b56c1778d2a2b2"},
	{"hmac-sha512",
		"d03d2f77fc20fed58767a21bfc1d37d3806cfe1fb171c25813b409c646551c3a"
		"c28db903c9b77645b0725221cf854d6cdff23da0271132419f01467e49c7c3d4",
		"2df53a52ef8ba2c0faf8c189b7e80ece147403bee091a5a99c12c314901f685a"
		"042439bfd2de361226baa2a5a16c8f8b958dcfa55b01d0ebc0f31f2af644ecb3",
		"8f445a656c8c2424c16b5a8c6afc31e5ba1a013c1e3d8d83116627fc762507d7"
		"1f13441cb70e6026b8c702d4aacef4164d23d2dc661bf12e1ab9e03d627b56f7"},
	{"hmac-md5", "268b1a5287599905abbc1d8a2e72e1ca", "20b5e70fa0b415e0bd1dda1fc515c209",
		"ff84789b2b09d274e3e5dc1e91a8dc69"},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static struct acmems_error err;

/* The update that the MACs are of; id 0x1234. */
static void make_request(struct message *message)
{
	static const struct acmems_dns_update update = {.zone = "example.org",
		.owner = "_acme-challenge.example.org.",
		.value = "hello",
		.ttl = 5};

	assert_true(message_update(message, &update, 0x1234, &err));
}

struct fields {
	const char *key;
	const char *algorithm;
	const char *mac; /* hex */
	int64_t time;
	unsigned error;
	int64_t server_time; /* 0: no other data */
	unsigned rcode;
	uint16_t rr_class;
};

static void put_tsig(struct dns_bytes *bytes, const struct fields *fields)
{
	struct dns_bytes *data = calloc(1, sizeof(*data));
	uint8_t mac[64];
	size_t len = strlen(fields->mac) / 2;

	assert_non_null(data);
	assert_true(acmems_unhex(fields->mac, 2 * len, mac, len));
	put_name(data, fields->algorithm);
	put_u16(data, (unsigned)(fields->time >> 32));
	put_u32(data, (uint32_t)fields->time);
	put_u16(data, 300);
	put_u16(data, (unsigned)len);
	put_data(data, mac, len);
	put_u16(data, 0x1234);
	put_u16(data, fields->error);
	put_u16(data, fields->server_time ? 6 : 0);
	if (fields->server_time) {
		put_u16(data, (unsigned)(fields->server_time >> 32));
		put_u32(data, (uint32_t)fields->server_time);
	}
	put_name(bytes, fields->key);
	put_u16(bytes, 250);
	put_u16(bytes, fields->rr_class);
	put_u32(bytes, 0);
	put_u16(bytes, (unsigned)data->len);
	put_data(bytes, data->data, data->len);
	free(data);
}

static struct tsig_seen check(
	const struct acmems_tsig_key *key, const char *request_mac, const struct fields *fields)
{
	struct dns_bytes *bytes = calloc(1, sizeof(*bytes));
	struct tsig_mac mac = {.len = strlen(request_mac) / 2};
	struct tsig_seen seen;
	struct wire_view view;
	const char *why;

	assert_non_null(bytes);
	assert_true(acmems_unhex(request_mac, 2 * mac.len, mac.bytes, mac.len));
	put_u16(bytes, 0x1234);
	put_u16(bytes, 0xa800 | fields->rcode);
	put_u16(bytes, 1);
	put_u16(bytes, 0);
	put_u16(bytes, 0);
	put_u16(bytes, 1);
	put_name(bytes, "example.org.");
	put_u16(bytes, 6);
	put_u16(bytes, 1);
	put_tsig(bytes, fields);
	assert_true(wire_look(&view, bytes->data, bytes->len, &why));
	tsig_check(key, &mac, SIGNED_AT, &view, &seen);
	free(bytes);
	return seen;
}

static const char *wire_name_of(const char *algorithm)
{
	return strcmp(algorithm, "hmac-md5") == 0 ? "HMAC-MD5.SIG-ALG.REG.INT." : algorithm;
}

static struct fields good_fields(size_t i)
{
	return (struct fields){.key = "Acmems.example.",
		.algorithm = wire_name_of(vectors[i].algorithm),
		.mac = vectors[i].answer,
		.time = SIGNED_AT + 1,
		.rr_class = 255};
}

static struct acmems_tsig_key *key_of(const char *algorithm)
{
	return acmems_tsig_key_new("acmems.Example", algorithm, SECRET, &err);
}

/* ---- tests ---- */

static void requests_are_signed_as_others_sign_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct acmems_tsig_key *key = key_of(vectors[i].algorithm);
		struct message plain = {0}, message = {0};
		char hex[ACMEMS_DIGEST_HEX_MAX];
		struct wire_view view;
		struct tsig_mac mac;
		const char *why;

		assert_non_null(key);
		make_request(&plain);
		make_request(&message);
		assert_true(tsig_sign(key, SIGNED_AT, &message, &mac, &err));
		acmems_hex(mac.bytes, mac.len, hex);
		assert_string_equal(hex, vectors[i].request);
		assert_memory_equal(message.bytes, plain.bytes, 11);
		assert_int_equal(message.bytes[11], 1);
		assert_memory_equal(message.bytes + 12, plain.bytes + 12, plain.len - 12);
		assert_true(wire_look(&view, message.bytes, message.len, &why));
		assert_int_equal(view.tsig, plain.len);
		message_fini(&plain);
		message_fini(&message);
		acmems_tsig_key_free(key);
	}
}

static void answers_are_believed_when_all_is_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct acmems_tsig_key *key = key_of(vectors[i].algorithm);
		struct fields fields = good_fields(i);
		struct tsig_seen seen;

		assert_non_null(key);
		seen = check(key, vectors[i].request, &fields);
		assert_null(seen.why);
		assert_true(seen.present && seen.authentic);
		assert_int_equal(seen.error, 0);
		fields.mac = vectors[i].badtime;
		fields.time = SIGNED_AT;
		fields.error = TSIG_BADTIME;
		fields.server_time = SIGNED_AT + 600;
		fields.rcode = 9;
		seen = check(key, vectors[i].request, &fields);
		assert_true(seen.authentic);
		assert_int_equal(seen.error, TSIG_BADTIME);
		assert_int_equal(seen.server_time, SIGNED_AT + 600);
		acmems_tsig_key_free(key);
	}
}

static void every_difference_is_noticed(void **state)
{
	struct acmems_tsig_key *key = key_of("hmac-sha256");
	struct fields fields = good_fields(0);
	char cut[65];

	(void)state;
	assert_non_null(key);
	fields.key = "other.example.";
	assert_string_equal(
		check(key, vectors[0].request, &fields).why, "it is signed with another key");
	fields = good_fields(0);
	fields.algorithm = "hmac-sha512.";
	assert_string_equal(
		check(key, vectors[0].request, &fields).why, "it is signed with another algorithm");
	fields = good_fields(0);
	fields.rcode = 5;
	assert_string_equal(check(key, vectors[0].request, &fields).why, "its signature is wrong");
	fields = good_fields(0);
	assert_string_equal(check(key, vectors[1].request, &fields).why, "its signature is wrong");
	memcpy(cut, vectors[0].answer, 32);
	cut[32] = '\0';
	fields.mac = cut;
	assert_string_equal(check(key, vectors[0].request, &fields).why, "its signature is wrong");
	fields = good_fields(0);
	fields.error = TSIG_BADKEY;
	fields.mac = "";
	assert_false(check(key, vectors[0].request, &fields).authentic);
	assert_int_equal(check(key, vectors[0].request, &fields).error, TSIG_BADKEY);
	fields = good_fields(0);
	fields.rr_class = 1;
	assert_string_equal(
		check(key, vectors[0].request, &fields).why, "its TSIG record is damaged");
	acmems_tsig_key_free(key);
}

/* A MAC made here: only the time is wrong. */
static void old_answers_are_not_believed(void **state)
{
	struct acmems_tsig_key *key = key_of("hmac-sha256");
	struct fields fields = good_fields(0);
	struct message message = {0};
	struct wire_view view;
	struct tsig_seen seen;
	struct tsig_mac mac;
	const char *why;

	(void)state;
	assert_non_null(key);
	make_request(&message);
	assert_true(tsig_sign(key, SIGNED_AT, &message, &mac, &err));
	message_fini(&message);
	assert_true(check(key, vectors[0].request, &fields).authentic);
	/* the same answer, seen by clocks that differ */
	for (int64_t shift = -302; shift <= 302; shift += 604) {
		struct dns_bytes *bytes = calloc(1, sizeof(*bytes));

		assert_non_null(bytes);
		put_data(bytes, "\x12\x34\xa8\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12);
		put_name(bytes, "example.org.");
		put_u16(bytes, 6);
		put_u16(bytes, 1);
		put_tsig(bytes, &fields);
		assert_true(wire_look(&view, bytes->data, bytes->len, &why));
		tsig_check(key, &mac, SIGNED_AT + shift, &view, &seen);
		assert_string_equal(seen.why, "its signature is too old or too new");
		free(bytes);
	}
	acmems_tsig_key_free(key);
}

static void damaged_records_are_refused(void **state)
{
	struct acmems_tsig_key *key = key_of("hmac-sha256");
	struct dns_bytes *bytes = calloc(1, sizeof(*bytes));
	struct fields fields = good_fields(0);
	struct tsig_mac mac = {.len = 32};
	struct tsig_seen seen;
	struct wire_view view;
	const char *why;

	(void)state;
	assert_non_null(key);
	assert_non_null(bytes);
	put_data(bytes, "\x12\x34\xa8\x00\x00\x00\x00\x00\x00\x00\x00\x01", 12);
	put_tsig(bytes, &fields);
	/* every shorter record with a length that fits it */
	while (bytes->data[37] > 0) {
		assert_true(wire_look(&view, bytes->data, bytes->len, &why));
		tsig_check(key, &mac, SIGNED_AT, &view, &seen);
		assert_false(seen.authentic);
		bytes->data[37]--;
		bytes->len--;
	}
	/* without any */
	put_data(bytes, "", 0);
	bytes->len = 12;
	bytes->data[11] = 0;
	assert_true(wire_look(&view, bytes->data, bytes->len, &why));
	tsig_check(key, &mac, SIGNED_AT, &view, &seen);
	assert_false(seen.present || seen.authentic);
	free(bytes);
	acmems_tsig_key_free(key);
}

static void keys_that_are_wrong_are_refused(void **state)
{
	static const char *const secrets[] = {"", "=", "====", "abc", "ab-_",
		"a b=", "\xff\xff\xff\xff", "YWJj=", "YWJ=YWJj", "YW==YW=="};

	(void)state;
	assert_null(acmems_tsig_key_new("a..b", "hmac-sha256", SECRET, &err));
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_null(acmems_tsig_key_new("a", "hmac-sha3", SECRET, &err));
	assert_non_null(strstr(err.message, "algorithm \"hmac-sha3\" is not known"));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		assert_null(acmems_tsig_key_new("a", "hmac-sha256", secrets[i], &err));
		assert_string_equal(
			err.message, "the secret of TSIG key \"a\" is not base64, or too long");
	}
	acmems_tsig_key_free(NULL);
}

static void assert_read(const char *text, const char *name, const char *algorithm)
{
	struct acmems_tsig_key *key = acmems_tsig_key_read(text, strlen(text), &err);

	assert_non_null(key);
	assert_string_equal(acmems_tsig_key_name(key), name);
	assert_string_equal(tsig_algorithm(key), algorithm);
	acmems_tsig_key_free(key);
}

static void key_files_are_read(void **state)
{
	(void)state;
	assert_read("key \"acmems.\" {\n\talgorithm hmac-sha512;\n\tsecret \"" SECRET "\";\n};\n",
		"acmems.", "hmac-sha512");
	assert_read(
		"# tsig\n// x\n/* key \"no\" { */ KEY acmems{Algorithm HMAC-MD5.SIG-ALG.REG.INT;"
		"secret " SECRET "; /**/ };",
		"acmems", "hmac-md5");
	assert_read("server 192.0.2.1 { keys { key; }; };\noptions { key x; };\nkey k { secret "
		    "\"" SECRET "\"; algorithm hmac-sha1; };",
		"k", "hmac-sha1");
	assert_read("# hmac-sha256:k:" SECRET
		    "\nkey:\n- id: k\n  algorithm: hmac-sha256\n  secret: " SECRET "\n",
		"k", "hmac-sha256");
	assert_read("server:\n    id: x\nkey:\n  - id: \"k.example.\"\r\n    secret: '" SECRET
		    "'\n    algorithm: hmac-sha384\nacl:\n  - id: y\n    key: k\n",
		"k.example.", "hmac-sha384");
}

static void key_files_that_are_wrong_are_refused(void **state)
{
	static const char *const texts[] = {"", "key", "key {", "key \"a", "key a { secret \"x\"; ",
		"key a { algorithm hmac-sha256; };", "key a { secret \"" SECRET "\"; };",
		"key a b { };", "key a { foo bar; };", "key:\n", "key:\n  - id: a\n", "/*", "//",
		"{}{}}}", "id: a\nalgorithm: hmac-sha256\nsecret: " SECRET "\n"};
	static const char two[] = "key a { algorithm hmac-sha256; secret \"" SECRET "\"; };"
				  "key b { algorithm hmac-sha256; secret \"" SECRET "\"; };";
	char long_text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		err.code = ACMEMS_OK;
		assert_null(acmems_tsig_key_read(texts[i], strlen(texts[i]), &err));
		assert_int_equal(err.code, ACMEMS_CONFIG);
		assert_null(strstr(err.message, SECRET));
	}
	assert_null(acmems_tsig_key_read(two, strlen(two), &err));
	assert_non_null(strstr(err.message, "more than one TSIG key"));
	memset(long_text, 'a', sizeof(long_text));
	assert_null(acmems_tsig_key_read(long_text, sizeof(long_text), &err));
	memcpy(long_text, "key:\n- id: ", 11);
	assert_null(acmems_tsig_key_read(long_text, sizeof(long_text), &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_signed_as_others_sign_them),
		cmocka_unit_test(answers_are_believed_when_all_is_right),
		cmocka_unit_test(every_difference_is_noticed),
		cmocka_unit_test(old_answers_are_not_believed),
		cmocka_unit_test(damaged_records_are_refused),
		cmocka_unit_test(keys_that_are_wrong_are_refused),
		cmocka_unit_test(key_files_are_read),
		cmocka_unit_test(key_files_that_are_wrong_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
