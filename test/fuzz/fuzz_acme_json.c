/* SPDX-License-Identifier: ISC */
/*
 * fuzz_acme_json.c - whatever a CA may send as JSON: read strictly, then as directory, problem, order
 * and authorization. What comes out must be bounded and printable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "acme/directory.h"
#include "acme/json.h"
#include "acme/problem.h"
#include "acme/request.h"
#include "base/json.h"
#include "base/str.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void must_be_printable(const char *text, const char *also)
{
	for (; *text != '\0'; text++)
		must((*text >= ' ' && *text <= '~') || strchr(also, *text) != NULL);
}

static void as_directory(const struct acmems_json *json)
{
	struct acmems_error err = {0};
	struct directory *directory = directory_parse(json, &err);

	must(directory != NULL || err.code != ACMEMS_OK);
	if (directory != NULL) {
		must(json_is_url(directory->new_nonce));
		must(json_is_url(directory->new_account));
		must(json_is_url(directory->new_order));
		must_be_printable(directory->terms != NULL ? directory->terms : "", "");
	}
	directory_free(directory);
}

static void as_problem(const struct acmems_json *json)
{
	static const int statuses[] = {0, 400, 429, 503};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct acmems_error err = {0};

		problem_read(json, statuses[i], 1, &err);
		must(err.code != ACMEMS_OK);
		must(strlen(err.problem) < sizeof(err.problem));
		must(strlen(err.message) < sizeof(err.message));
		must(strlen(err.detail) < sizeof(err.detail));
		must_be_printable(err.message, "");
		must_be_printable(err.detail, "\n");
	}
}

static void as_challenge(const struct acmems_json *json)
{
	struct acmems_error err = {0};
	const struct acmems_json *problem;
	const char *text;

	acmems_json_need_text(json, "type", 64, &text, &err);
	json_need_url(json, "url", &text, &err);
	acmems_json_text(json, "token", 256, &text, &err);
	must(text == NULL || strlen(text) <= 256);
	if (acmems_json_object(json, "error", &problem, &err) && problem != NULL)
		as_problem(problem);
}

static void as_order(const struct acmems_json *json)
{
	struct acmems_error err = {0};
	const struct acmems_json *list;
	const char *text;
	bool wildcard;

	acmems_json_need_text(json, "status", 64, &text, &err);
	json_url(json, "finalize", &text, &err);
	must(text == NULL || json_is_url(text));
	acmems_json_bool(json, "wildcard", &wildcard, &err);
	if (acmems_json_array(json, "authorizations", 128, &list, &err))
		must(acmems_json_count(list) <= 128);
	if (!acmems_json_array(json, "challenges", 32, &list, &err))
		return;
	for (const struct acmems_json *one = acmems_json_first(list); one != NULL;
		one = acmems_json_next(one))
		as_challenge(one);
}

static bool is_utf8(const char *text)
{
	uint32_t point;
	size_t len = 1;

	for (; *text != '\0' && len > 0; text += len)
		len = utf8_decode(text, 4, &point);
	return len > 0;
}

/* Text that we quote can be read back, as it was if it was UTF-8. */
static void quoted_and_back(const char *text)
{
	struct acmems_error err = {0};
	struct acmems_json *json;
	const char *back;
	struct str out;

	str_init(&out, JSON_MAX);
	str_add(&out, "{\"a\":");
	json_quote(&out, text);
	str_add(&out, "}");
	json = str_text(&out) != NULL ? json_parse(str_text(&out), out.len, &err) : NULL;
	if (json != NULL) {
		must(acmems_json_text(json, "a", JSON_MAX, &back, &err));
		must(back != NULL && (strcmp(back, text) == 0) == is_utf8(text));
	}
	acmems_json_free(json);
	str_fini(&out);
}

static void as_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char small[100];
	int64_t pause;

	if (text == NULL)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	pause = acme_retry_after(text, 1780000000);
	must(pause >= -1 && pause <= 86400000);
	must_be_printable(problem_printable(text, small, sizeof(small)), "");
	quoted_and_back(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acmems_error err = {0};
	struct acmems_json *json = json_parse((const char *)data, size, &err);

	as_text(data, size);
	if (json == NULL) {
		must(err.code != ACMEMS_OK);
		return 0;
	}
	as_directory(json);
	as_problem(json);
	as_order(json);
	as_challenge(json);
	acmems_json_free(json);
	return 0;
}
