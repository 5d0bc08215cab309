/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include <stdio.h>

#include <acmems/dns_find.h>

#include "dns/find_view.h"
#include "dns/name.h"
#include "dns/route.h"
#include "dns_peer.h"

enum { A = 1, CNAME = 5, SOA = 6 };
enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5, SILENT = 99 };

/* What the resolver on paper answers; a question that is not listed gets NXDOMAIN without more. */
struct row {
	const char *name;
	unsigned type;
	unsigned rcode;
	const char *cname; /* at the name */
	const char *soa; /* in the answer section */
	const char *authority; /* SOA in the authority section */
};

static struct dns_peer peer;
static const struct row *rows;
static char asked[32][64];
static size_t asked_count;
static struct acmems_error err;

static struct {
	int count;
	char owner[256], zone[256], primary[256];
	bool has_primary;
	uint32_t minimum;
	struct acmems_error err;
} got;

static void on_done(
	void *arg, const struct acmems_dns_place *place, const struct acmems_error *error)
{
	assert_ptr_equal(arg, &got);
	assert_true((place == NULL) != (error == NULL));
	got.count++;
	if (error) {
		got.err = *error;
		return;
	}
	snprintf(got.owner, sizeof(got.owner), "%s", place->owner);
	snprintf(got.zone, sizeof(got.zone), "%s", place->zone);
	snprintf(got.primary, sizeof(got.primary), "%s", place->primary ? place->primary : "-");
	got.minimum = place->minimum;
}

static void answers(struct dns_peer *from, bool tcp, const uint8_t *request, size_t len,
	struct dns_bytes *answer)
{
	static const struct row unknown = {.rcode = NXDOMAIN};
	const struct row *row = rows;
	char name[256];
	unsigned type = question_of(request, len, name);

	(void)from;
	(void)tcp;
	assert_true(request[2] & 1); /* RD */
	if (asked_count < 32)
		snprintf(asked[asked_count++], sizeof(asked[0]), "%u %s", type, name);
	while (row->name && (strcmp(row->name, name) != 0 || row->type != type))
		row++;
	if (!row->name)
		row = &unknown;
	if (row->rcode == SILENT)
		return;
	answer_begin(answer, request, len, 0x8180 | row->rcode, !!row->cname + !!row->soa,
		row->authority != NULL, 0);
	if (row->cname)
		put_name_record(answer, name, CNAME, row->cname);
	if (row->soa)
		put_soa(answer, row->soa, "Primary.example.", 77);
	if (row->authority)
		put_soa(answer, row->authority, "primary.example.", 88);
}

static uint64_t start(const char *name, const char *zone, int64_t timeout_ms)
{
	char *resolvers[] = {peer.text, NULL};
	struct acmems_dns_find find = {
		.name = name, .zone = zone, .resolvers = resolvers, .timeout_ms = timeout_ms};

	memset(&got, 0, sizeof(got));
	err = (struct acmems_error){0};
	asked_count = 0;
	return acmems_dns_find(&find, on_done, &got, &err);
}

static void find(const struct row *paper, const char *name, const char *zone)
{
	rows = paper;
	if (!peer.handler)
		dns_peer_open(&peer, answers, true);
	assert_true(start(name, zone, 5000) != 0);
	assert_int_equal(got.count, 0);
	run_until(got.count > 0);
	run_due();
	assert_int_equal(got.count, 1);
}

static void found(const char *owner, const char *zone, uint32_t minimum)
{
	assert_string_equal(got.err.message, "");
	assert_string_equal(got.owner, owner);
	assert_string_equal(got.zone, zone);
	assert_string_equal(got.primary, "primary.example.");
	assert_int_equal(got.minimum, minimum);
}

static int teardown(void **state)
{
	dns_peer_close(&peer);
	return unit_loop_teardown(state);
}

/* ---- names ---- */

static void names_are_normal_and_lie_above_one_another(void **state)
{
	char name[ACMEMS_DNS_NAME_MAX];

	(void)state;
	assert_true(name_normal("WWW.Example.org", name, &err));
	assert_string_equal(name, "www.example.org.");
	assert_true(name_normal(".", name, &err));
	assert_string_equal(name, ".");
	assert_true(name_normal("a\\.b.example", name, &err));
	assert_string_equal(name_parent(name), "example.");
	assert_string_equal(name_parent("org."), ".");
	assert_null(name_parent("."));
	assert_true(name_within("a.example.", "example."));
	assert_true(name_within("example.", "example."));
	assert_true(name_within("example.", "."));
	assert_false(name_within("anexample.", "example."));
	assert_false(name_within("example.", "a.example."));
	assert_false(name_normal("a..b", name, &err));
	assert_false(name_normal("", name, &err));
}

static void this_machine_can_be_reached(void **state)
{
	struct acmems_address address;

	(void)state;
	assert_true(acmems_address_parse("127.0.0.1", &address, &err));
	address.port = 53;
	assert_true(route_exists(&address));
}

/* ---- zones ---- */

static void an_absence_says_its_zone(void **state)
{
	static const struct row paper[] = {
		{"_acme-challenge.www.example.org.", CNAME, NXDOMAIN, .authority = "Example.org."},
		{0}};

	(void)state;
	find(paper, "_acme-challenge.WWW.example.org", NULL);
	found("_acme-challenge.www.example.org.", "example.org.", 88);
	assert_int_equal(asked_count, 1);
}

static void a_zone_below_a_public_suffix_is_found(void **state)
{
	static const struct row paper[] = {{"_acme-challenge.a.b.co.uk.", CNAME, .rcode = NXDOMAIN},
		{"b.co.uk.", SOA, NOERROR, .soa = "b.co.uk."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.a.b.co.uk", NULL);
	found("_acme-challenge.a.b.co.uk.", "b.co.uk.", 77);
	assert_string_equal(asked[1], "6 _acme-challenge.a.b.co.uk.");
	assert_string_equal(asked[2], "6 a.b.co.uk.");
	assert_string_equal(asked[3], "6 b.co.uk.");
	assert_int_equal(asked_count, 4);
}

static void a_delegated_zone_is_found_before_its_parent(void **state)
{
	static const struct row paper[] = {
		{"_acme-challenge.x.sub.example.org.", CNAME, .rcode = NXDOMAIN},
		{"sub.example.org.", SOA, NOERROR, .soa = "sub.example.org."},
		{"example.org.", SOA, NOERROR, .soa = "example.org."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.x.sub.example.org", NULL);
	found("_acme-challenge.x.sub.example.org.", "sub.example.org.", 77);
}

static void the_very_name_may_be_delegated(void **state)
{
	static const struct row told[] = {{"_acme-challenge.example.org.", CNAME, NOERROR,
						  .authority = "_acme-challenge.example.org."},
		{0}};
	static const struct row stripped[] = {
		{"_acme-challenge.example.org.", CNAME, .rcode = NOERROR},
		{"_acme-challenge.example.org.", SOA, NOERROR,
			.soa = "_acme-challenge.example.org."},
		{0}};

	(void)state;
	find(told, "_acme-challenge.example.org", NULL);
	found("_acme-challenge.example.org.", "_acme-challenge.example.org.", 88);
	find(stripped, "_acme-challenge.example.org", NULL);
	found("_acme-challenge.example.org.", "_acme-challenge.example.org.", 77);
}

static void servers_that_fail_at_a_label_are_passed_over(void **state)
{
	static const struct row paper[] = {
		{"_acme-challenge.a.b.example.org.", CNAME, .rcode = SERVFAIL},
		{"_acme-challenge.a.b.example.org.", SOA, .rcode = REFUSED},
		{"a.b.example.org.", SOA, .rcode = SERVFAIL},
		{"b.example.org.", SOA, .rcode = NOERROR},
		{"example.org.", SOA, NOERROR, .soa = "example.org."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.a.b.example.org", NULL);
	found("_acme-challenge.a.b.example.org.", "example.org.", 77);
}

static void a_silent_server_leaves_time_for_the_labels_above(void **state)
{
	static const struct row paper[] = {{"_acme-challenge.example.org.", CNAME, .rcode = SILENT},
		{"_acme-challenge.example.org.", SOA, .rcode = SILENT},
		{"example.org.", SOA, NOERROR, .soa = "example.org."}, {0}};

	(void)state;
	if (unit_patience_ms() < 2000)
		skip(); /* torture has no time for this */
	rows = paper;
	dns_peer_open(&peer, answers, true);
	assert_true(start("_acme-challenge.example.org", NULL, 2000) != 0);
	run_until(got.count > 0);
	found("_acme-challenge.example.org.", "example.org.", 77);
}

static void an_empty_name_between_is_no_end(void **state)
{
	/* b.example.org is an empty non-terminal, and its server wrongly says NXDOMAIN */
	static const struct row paper[] = {
		{"_acme-challenge.a.b.example.org.", CNAME, .rcode = NXDOMAIN},
		{"a.b.example.org.", SOA, .rcode = NXDOMAIN},
		{"b.example.org.", SOA, .rcode = NXDOMAIN},
		{"example.org.", SOA, NOERROR, .soa = "example.org."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.a.b.example.org", NULL);
	found("_acme-challenge.a.b.example.org.", "example.org.", 77);
}

static void a_soa_of_elsewhere_is_not_believed(void **state)
{
	/* below the name, beside it, and a proper one at last */
	static const struct row paper[] = {{"_acme-challenge.a.example.org.", CNAME, NOERROR,
						   .authority = "x._acme-challenge.a.example.org."},
		{"_acme-challenge.a.example.org.", SOA, NOERROR, .authority = "other.example."},
		{"a.example.org.", SOA, NOERROR, .soa = "deep.a.example.org.",
			.authority = "example.org."},
		{0}};

	(void)state;
	find(paper, "_acme-challenge.a.example.org", NULL);
	found("_acme-challenge.a.example.org.", "example.org.", 88);
}

static void an_alias_on_the_way_up_says_nothing_of_zones(void **state)
{
	/* x.sub is an alias into the parent zone, whose SOA would be an ancestor, and wrong */
	static const struct row paper[] = {
		{"_acme-challenge.x.sub.example.org.", CNAME, .rcode = NXDOMAIN},
		{"x.sub.example.org.", SOA, NOERROR, .cname = "www.example.org.",
			.authority = "example.org."},
		{"sub.example.org.", SOA, NOERROR, .soa = "sub.example.org."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.x.sub.example.org", NULL);
	found("_acme-challenge.x.sub.example.org.", "sub.example.org.", 77);
}

static void a_name_that_nobody_knows_is_told(void **state)
{
	static const struct row nothing[] = {{0}};
	static const struct row root[] = {
		{"_acme-challenge.www.nowhere.", CNAME, NXDOMAIN, .authority = "."}, {0}};
	static const struct row fails[] = {
		{"_acme-challenge.example.org.", CNAME, .rcode = SERVFAIL}, {0}};

	(void)state;
	find(nothing, "_acme-challenge.www.nowhere", NULL);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(got.err.message, "no zone in which _acme-challenge.www.nowhere."));
	assert_string_equal(asked[asked_count - 1], "6 nowhere.");
	find(root, "_acme-challenge.www.nowhere", NULL);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_int_equal(asked_count, 1);
	find(fails, "_acme-challenge.example.org", NULL);
	assert_int_equal(got.err.code, ACMEMS_UNAVAILABLE);
	assert_non_null(
		strstr(got.err.message, "cannot find the zone of _acme-challenge.example.org.: "));
	assert_non_null(strstr(got.err.message, "SERVFAIL"));
}

static void a_top_level_domain_is_not_taken_for_what_failed(void **state)
{
	static const struct row fails[] = {
		{"_acme-challenge.example.org.", CNAME, .rcode = SERVFAIL},
		{"example.org.", SOA, .rcode = SERVFAIL}, {"org.", SOA, NOERROR, .soa = "org."},
		{0}};
	static const struct row local[] = {
		{"_acme-challenge.printer.lan.", CNAME, .rcode = NXDOMAIN},
		{"lan.", SOA, NOERROR, .soa = "lan."}, {0}};

	(void)state;
	find(fails, "_acme-challenge.example.org", NULL);
	assert_int_equal(got.err.code, ACMEMS_UNAVAILABLE);
	find(local, "_acme-challenge.printer.lan", NULL);
	found("_acme-challenge.printer.lan.", "lan.", 77);
}

/* ---- CNAMEs ---- */

static void cnames_are_followed_over_zones(void **state)
{
	static const struct row paper[] = {
		{"_acme-challenge.example.org.", CNAME, NOERROR, .cname = "A.Example.NET."},
		{"a.example.net.", CNAME, NOERROR, .cname = "b.acme.example."},
		{"b.acme.example.", CNAME, NXDOMAIN, .authority = "acme.example."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.example.org", NULL);
	found("b.acme.example.", "acme.example.", 88);
	assert_int_equal(asked_count, 3);
}

static void circles_are_told(void **state)
{
	static const struct row two[] = {{"a.example.", CNAME, NOERROR, .cname = "b.example."},
		{"b.example.", CNAME, NOERROR, .cname = "a.example."}, {0}};
	static const struct row one[] = {
		{"a.example.", CNAME, NOERROR, .cname = "a.example."}, {0}};

	(void)state;
	find(two, "a.example", NULL);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_string_equal(got.err.message,
		"the CNAMEs of a.example. lead in a circle, from b.example. to a.example.");
	find(one, "a.example", NULL);
	assert_string_equal(got.err.message,
		"the CNAMEs of a.example. lead in a circle, from a.example. to a.example.");
}

#define HOP(from, to)                                                                              \
	{                                                                                          \
		from ".example.", CNAME, NOERROR, .cname = to ".example."                          \
	}

static void eight_cnames_are_enough(void **state)
{
	static const struct row paper[] = {HOP("0", "1"), HOP("1", "2"), HOP("2", "3"),
		HOP("3", "4"), HOP("4", "5"), HOP("5", "6"), HOP("6", "7"), HOP("7", "8"),
		HOP("8", "9"), {"9.example.", CNAME, NXDOMAIN, .authority = "example."}, {0}};

	(void)state;
	find(paper, "1.example", NULL);
	found("9.example.", "example.", 88);
	find(paper, "0.example", NULL);
	assert_int_equal(got.err.code, ACMEMS_VALIDATION);
	assert_non_null(strstr(got.err.message, "more than 8 CNAMEs lead on from 0.example."));
}

/* ---- a zone that is given ---- */

static void a_given_zone_is_not_looked_for(void **state)
{
	/* split view: the resolvers know only the zone above */
	static const struct row above[] = {
		{"_acme-challenge.a.in.example.org.", CNAME, NXDOMAIN, .authority = "example.org."},
		{"in.example.org.", SOA, NXDOMAIN, .authority = "example.org."}, {0}};
	static const struct row known[] = {{"_acme-challenge.a.in.example.org.", CNAME, NXDOMAIN,
						   .authority = "in.example.org."},
		{0}};
	static const struct row asked_for[] = {
		{"_acme-challenge.a.in.example.org.", CNAME, .rcode = NXDOMAIN},
		{"in.example.org.", SOA, NOERROR, .soa = "in.example.org."}, {0}};
	static const struct row fails[] = {
		{"_acme-challenge.a.in.example.org.", CNAME, .rcode = SERVFAIL},
		{"in.example.org.", SOA, .rcode = SERVFAIL}, {0}};

	(void)state;
	find(above, "_acme-challenge.a.in.example.org", "IN.example.org");
	assert_string_equal(got.zone, "in.example.org.");
	assert_string_equal(got.primary, "-");
	find(known, "_acme-challenge.a.in.example.org", "in.example.org");
	found("_acme-challenge.a.in.example.org.", "in.example.org.", 88);
	assert_int_equal(asked_count, 1);
	find(asked_for, "_acme-challenge.a.in.example.org", "in.example.org");
	found("_acme-challenge.a.in.example.org.", "in.example.org.", 77);
	assert_int_equal(asked_count, 2);
	find(fails, "_acme-challenge.a.in.example.org", "in.example.org");
	assert_string_equal(got.zone, "in.example.org.");
	assert_string_equal(got.primary, "-");
}

static void cnames_out_of_a_given_zone_are_told(void **state)
{
	static const struct row paper[] = {
		{"_acme-challenge.example.org.", CNAME, NOERROR, .cname = "a.example.net."},
		{"a.example.net.", CNAME, NXDOMAIN, .authority = "example.net."}, {0}};

	(void)state;
	find(paper, "_acme-challenge.example.org", "example.net");
	found("a.example.net.", "example.net.", 88);
	find(paper, "_acme-challenge.example.org", "example.org");
	assert_int_equal(got.err.code, ACMEMS_CONFIG);
	assert_non_null(
		strstr(got.err.message, "the CNAME of _acme-challenge.example.org. leads to "
					"a.example.net., which does not lie in the zone"));
	find(paper, "b.example.net", "example.org");
	assert_string_equal(
		got.err.message, "b.example.net. does not lie in the zone example.org.");
}

/* ---- life ---- */

static void what_can_not_start_says_so(void **state)
{
	static const struct row nothing[] = {{0}};

	(void)state;
	rows = nothing;
	dns_peer_open(&peer, answers, true);
	assert_int_equal(start("a..example", NULL, 5000), 0);
	assert_int_equal(err.code, ACMEMS_CONFIG);
	assert_int_equal(start("a.example", "b..", 5000), 0);
	assert_int_equal(err.code, ACMEMS_CONFIG);
	snprintf(peer.text, sizeof(peer.text), "a b");
	assert_int_equal(start("a.example", NULL, 5000), 0);
	assert_non_null(strstr(err.message, "\"a b\" is not a name server"));
}

static void cancelling_is_silent(void **state)
{
	static const struct row paper[] = {
		{"a.example.", CNAME, NOERROR, .cname = "b.example."}, {0}};
	uint64_t first, second;

	(void)state;
	rows = paper;
	dns_peer_open(&peer, answers, true);
	first = start("a.example", NULL, 5000);
	second = start("a.example", NULL, 5000);
	assert_true(first != 0 && second != 0);
	acmems_dns_find_cancel(first);
	acmems_dns_find_cancel(first);
	run_until(asked_count >= 2);
	acmems_dns_find_cancel(second);
	run_due();
	assert_int_equal(got.count, 0);
	acmems_dns_find_cancel(0);
}

#define on_loop(test) cmocka_unit_test_setup_teardown(test, unit_loop_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_normal_and_lie_above_one_another),
		cmocka_unit_test(this_machine_can_be_reached),
		on_loop(an_absence_says_its_zone),
		on_loop(a_zone_below_a_public_suffix_is_found),
		on_loop(a_delegated_zone_is_found_before_its_parent),
		on_loop(the_very_name_may_be_delegated),
		on_loop(servers_that_fail_at_a_label_are_passed_over),
		on_loop(a_silent_server_leaves_time_for_the_labels_above),
		on_loop(an_empty_name_between_is_no_end),
		on_loop(a_soa_of_elsewhere_is_not_believed),
		on_loop(an_alias_on_the_way_up_says_nothing_of_zones),
		on_loop(a_name_that_nobody_knows_is_told),
		on_loop(a_top_level_domain_is_not_taken_for_what_failed),
		on_loop(cnames_are_followed_over_zones),
		on_loop(circles_are_told),
		on_loop(eight_cnames_are_enough),
		on_loop(a_given_zone_is_not_looked_for),
		on_loop(cnames_out_of_a_given_zone_are_told),
		on_loop(what_can_not_start_says_so),
		on_loop(cancelling_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
