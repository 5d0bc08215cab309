/* SPDX-License-Identifier: ISC */
/*
 * tsig.c - keys, signing, checking.
 *
 * A MAC covers: the MAC of the request, if this is an answer; the message as it was before it was
 * signed; and the variables of the TSIG record (RFC 8945, 4.3).
 */
#include "dns/tsig.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define SECRET_MAX 512
#define CLASS_ANY 255

struct algorithm {
	const char *name;
	const char *wire_name; /* NULL: as name */
	const EVP_MD *(*digest)(void);
};

static const struct algorithm algorithms[] = {
	{"hmac-sha256", NULL, EVP_sha256},
	{"hmac-sha1", NULL, EVP_sha1},
	{"hmac-sha224", NULL, EVP_sha224},
	{"hmac-sha384", NULL, EVP_sha384},
	{"hmac-sha512", NULL, EVP_sha512},
	{"hmac-md5", "hmac-md5.sig-alg.reg.int", EVP_md5},
};

struct acmems_tsig_key {
	char *name;
	const struct algorithm *algorithm;
	uint8_t name_wire[WIRE_NAME_MAX];
	size_t name_len;
	uint8_t algorithm_wire[WIRE_NAME_MAX];
	size_t algorithm_len;
	uint8_t secret[SECRET_MAX];
	size_t secret_len;
};

/* ---- keys ---- */

static const struct algorithm *find_algorithm(const char *name)
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		const struct algorithm *algorithm = &algorithms[i];

		if (strlen(algorithm->name) == len && strncasecmp(algorithm->name, name, len) == 0)
			return algorithm;
		if (algorithm->wire_name && strlen(algorithm->wire_name) == len &&
			strncasecmp(algorithm->wire_name, name, len) == 0)
			return algorithm;
	}
	return NULL;
}

/* base64 (RFC 4648, 4) with or without white space at its ends. Errors must not show the text. */
static bool decode_secret(struct acmems_tsig_key *key, const char *secret, struct acmems_error *err)
{
	static const char blank[] = " \t\r\n";
	const char *start = secret + strspn(secret, blank);
	size_t len = strlen(start), padding = 0;
	char url[SECRET_MAX * 4 / 3 + 4];
	bool ok;

	while (len > 0 && strchr(blank, start[len - 1]))
		len--;
	ok = len > 0 && len % 4 == 0 && len < sizeof(url);
	while (ok && padding < 2 && start[len - padding - 1] == '=')
		padding++;
	for (size_t i = 0; ok && i < len - padding; i++) {
		ok = start[i] != '-' && start[i] != '_';
		url[i] = start[i];
		if (start[i] == '+')
			url[i] = '-';
		if (start[i] == '/')
			url[i] = '_';
	}
	key->secret_len = sizeof(key->secret);
	ok = ok && acmems_unbase64url(url, len - padding, key->secret, &key->secret_len);
	acmems_wipe(url, sizeof(url));
	return ok || acmems_error_set(err, ACMEMS_CONFIG,
			     "the secret of TSIG key \"%s\" is not base64, or too long", key->name);
}

static bool fill_key(struct acmems_tsig_key *key, const char *name, const char *algorithm,
	const char *secret, struct acmems_error *err)
{
	const char *wire_name;

	key->algorithm = find_algorithm(algorithm);
	if (!key->algorithm)
		return acmems_error_set(err, ACMEMS_CONFIG,
			"TSIG key \"%s\": algorithm \"%.64s\" is not known; use hmac-sha256 "
			"(hmac-sha1, -sha224, -sha384, -sha512 and hmac-md5 are known too)",
			name, algorithm);
	wire_name = key->algorithm->wire_name;
	key->algorithm_len = message_name(
		wire_name ? wire_name : key->algorithm->name, key->algorithm_wire, err);
	key->name_len = message_name(name, key->name_wire, err);
	return key->algorithm_len > 0 && key->name_len > 0 && decode_secret(key, secret, err);
}

struct acmems_tsig_key *acmems_tsig_key_new(
	const char *name, const char *algorithm, const char *secret, struct acmems_error *err)
{
	struct acmems_tsig_key *key = calloc(1, sizeof(*key));

	if (key)
		key->name = strdup(name);
	if (!key || !key->name)
		acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory for a TSIG key");
	else if (fill_key(key, name, algorithm, secret, err))
		return key;
	acmems_tsig_key_free(key);
	return NULL;
}

void acmems_tsig_key_free(struct acmems_tsig_key *key)
{
	if (!key)
		return;
	free(key->name);
	acmems_wipe(key, sizeof(*key));
	free(key);
}

const char *acmems_tsig_key_name(const struct acmems_tsig_key *key)
{
	return key->name;
}

const char *tsig_algorithm(const struct acmems_tsig_key *key)
{
	return key->algorithm->name;
}

/* ---- the record ---- */

/* The fields of a TSIG record that are not the key's. */
struct record {
	int64_t time;
	unsigned fudge;
	const uint8_t *mac;
	size_t mac_len;
	uint16_t original_id;
	unsigned error;
	const uint8_t *other;
	size_t other_len;
};

static void add_u16(struct str *bytes, unsigned value)
{
	const uint8_t wire[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	str_add_bytes(bytes, wire, sizeof(wire));
}

static void add_time(struct str *bytes, const struct record *record)
{
	add_u16(bytes, (unsigned)(record->time >> 32) & 0xffff);
	add_u16(bytes, (unsigned)(record->time >> 16) & 0xffff);
	add_u16(bytes, (unsigned)record->time & 0xffff);
	add_u16(bytes, record->fudge);
}

static void add_variables(
	struct str *bytes, const struct acmems_tsig_key *key, const struct record *record)
{
	static const uint8_t no_ttl[4];

	str_add_bytes(bytes, key->name_wire, key->name_len);
	add_u16(bytes, CLASS_ANY);
	str_add_bytes(bytes, no_ttl, sizeof(no_ttl));
	str_add_bytes(bytes, key->algorithm_wire, key->algorithm_len);
	add_time(bytes, record);
	add_u16(bytes, record->error);
	add_u16(bytes, (unsigned)record->other_len);
	str_add_bytes(bytes, record->other, record->other_len);
}

static void add_record(
	struct str *bytes, const struct acmems_tsig_key *key, const struct record *record)
{
	static const uint8_t no_ttl[4];

	str_add_bytes(bytes, key->name_wire, key->name_len);
	add_u16(bytes, WIRE_TYPE_TSIG);
	add_u16(bytes, CLASS_ANY);
	str_add_bytes(bytes, no_ttl, sizeof(no_ttl));
	add_u16(bytes, (unsigned)(key->algorithm_len + 16 + record->mac_len + record->other_len));
	str_add_bytes(bytes, key->algorithm_wire, key->algorithm_len);
	add_time(bytes, record);
	add_u16(bytes, (unsigned)record->mac_len);
	str_add_bytes(bytes, record->mac, record->mac_len);
	add_u16(bytes, record->original_id);
	add_u16(bytes, record->error);
	add_u16(bytes, (unsigned)record->other_len);
	str_add_bytes(bytes, record->other, record->other_len);
}

/* The MAC over the bytes; false: no memory, or OpenSSL does not offer the digest. */
static bool make_mac(
	const struct acmems_tsig_key *key, const struct str *bytes, struct tsig_mac *mac)
{
	unsigned len = 0;

	if (bytes->failed || !HMAC(key->algorithm->digest(), key->secret, (int)key->secret_len,
				     (const uint8_t *)bytes->data, bytes->len, mac->bytes, &len)) {
		ERR_clear_error();
		return false;
	}
	mac->len = len;
	return true;
}

/* ---- signed ---- */

bool tsig_sign(const struct acmems_tsig_key *key, int64_t now, struct message *message,
	struct tsig_mac *ret_mac, struct acmems_error *err)
{
	struct record record = {
		.time = now, .fudge = TSIG_FUDGE, .original_id = wire_u16(message->bytes)};
	unsigned additional = wire_u16(message->bytes + 10) + 1u;
	struct str bytes;
	size_t len;

	str_init(&bytes, WIRE_MAX);
	str_add_bytes(&bytes, message->bytes, message->len);
	add_variables(&bytes, key, &record);
	if (!make_mac(key, &bytes, ret_mac)) {
		str_fini(&bytes);
		return acmems_error_set(err, ACMEMS_SYSTEM, "cannot sign with TSIG key \"%s\" (%s)",
			key->name, tsig_algorithm(key));
	}
	str_fini(&bytes);
	record.mac = ret_mac->bytes;
	record.mac_len = ret_mac->len;
	str_add_bytes(&bytes, message->bytes, message->len);
	add_record(&bytes, key, &record);
	len = bytes.len;
	message_fini(message);
	message->bytes = (uint8_t *)str_take(&bytes);
	message->len = len;
	if (!message->bytes)
		return acmems_error_set(err, ACMEMS_NO_MEMORY, "no memory to sign an update");
	message->bytes[10] = (uint8_t)(additional >> 8);
	message->bytes[11] = (uint8_t)additional;
	return true;
}

/* ---- checked ---- */

/* Finds the record that wire_look() has seen. */
static bool find_record(const struct wire_view *answer, struct wire_record *record)
{
	struct wire_walk walk = {0};

	while (wire_next(answer, &walk, record))
		if (record->type == WIRE_TYPE_TSIG)
			return record->rr_class == CLASS_ANY;
	return false;
}

/* Reads the fields behind the algorithm, which ends at `at`. */
static bool read_fields(const struct wire_view *answer, const struct wire_record *from, size_t at,
	struct record *record)
{
	const uint8_t *bytes = answer->bytes;
	size_t end = from->data + from->data_len;

	if (at + 10 > end)
		return false;
	record->time = (int64_t)wire_u48(bytes + at);
	record->fudge = wire_u16(bytes + at + 6);
	record->mac_len = wire_u16(bytes + at + 8);
	record->mac = bytes + at + 10;
	at += 10 + record->mac_len;
	if (at + 6 > end)
		return false;
	record->original_id = wire_u16(bytes + at);
	record->error = wire_u16(bytes + at + 2);
	record->other_len = wire_u16(bytes + at + 4);
	record->other = bytes + at + 6;
	return at + 6 + record->other_len == end;
}

/* The MAC that the answer should have. */
static bool expected_mac(const struct acmems_tsig_key *key, const struct tsig_mac *request,
	const struct wire_view *answer, const struct record *record, struct tsig_mac *mac)
{
	unsigned additional = answer->counts[3] - 1u;
	struct str bytes;
	bool ok;

	str_init(&bytes, 2 * WIRE_MAX);
	add_u16(&bytes, (unsigned)request->len);
	str_add_bytes(&bytes, request->bytes, request->len);
	add_u16(&bytes, record->original_id);
	str_add_bytes(&bytes, answer->bytes + 2, 8);
	add_u16(&bytes, additional);
	str_add_bytes(&bytes, answer->bytes + WIRE_HEADER_LEN, answer->tsig - WIRE_HEADER_LEN);
	add_variables(&bytes, key, record);
	ok = make_mac(key, &bytes, mac);
	str_fini(&bytes);
	return ok;
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const struct acmems_tsig_key *key, const struct tsig_mac *request,
	int64_t now, const struct wire_view *answer, struct record *record)
{
	uint8_t name[WIRE_NAME_MAX];
	struct wire_record from;
	struct tsig_mac mac;
	size_t len, at = 0;

	if (!find_record(answer, &from))
		return "its TSIG record is damaged";
	len = wire_name(answer, from.start, name, NULL);
	if (len != key->name_len || memcmp(name, key->name_wire, len) != 0)
		return "it is signed with another key";
	len = wire_name(answer, from.data, name, &at);
	if (len == 0 || !read_fields(answer, &from, at, record))
		return "its TSIG record is damaged";
	if (len != key->algorithm_len || memcmp(name, key->algorithm_wire, len) != 0)
		return "it is signed with another algorithm";
	if (!expected_mac(key, request, answer, record, &mac))
		return "there is no memory to check its signature";
	if (record->mac_len != mac.len || !acmems_equal(record->mac, mac.bytes, mac.len))
		return "its signature is wrong";
	if (record->time < now - TSIG_FUDGE || record->time > now + TSIG_FUDGE)
		return "its signature is too old or too new";
	return NULL;
}

void tsig_check(const struct acmems_tsig_key *key, const struct tsig_mac *mac, int64_t now,
	const struct wire_view *answer, struct tsig_seen *seen)
{
	struct record record = {0};

	*seen = (struct tsig_seen){.present = answer->tsig > 0};
	if (!seen->present)
		return;
	seen->why = fault_of(key, mac, now, answer, &record);
	seen->authentic = seen->why == NULL;
	seen->error = record.error;
	if (record.error == TSIG_BADTIME && record.other_len == 6)
		seen->server_time = (int64_t)wire_u48(record.other);
}
