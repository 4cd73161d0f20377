/* Addresses as text and back. */
#include "monitor/connector/addr.h"
#include "tests/unit.h"

#include <errno.h>

START_TEST(addr_parse_reads_both_families_and_writes_them_back)
{
	static const struct {
		const char *host, *text;
	} rows[] = {
	    {"127.0.0.1",        "127.0.0.1:5432"         },
	    {"::1",              "[::1]:5432"             },
	    {"2001:db8::7",      "[2001:db8::7]:5432"     },
	    {"fe80::1%2",        "[fe80::1]:5432"         },
	    {"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5432"},
	};
	char text[ADDR_TEXT_BYTES];
	union addr a;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_int_eq(addr_parse(rows[i].host, 5432, ADDR_ANY, &a), OK);
		addr_text(&a, text);
		ck_assert_str_eq(text, rows[i].text);
		ck_assert_uint_eq(addr_port(&a), 5432);
	}
	ck_assert_int_eq(addr_parse("fe80::1%2", 1, ADDR_ANY, &a), OK);
	ck_assert_uint_eq(a.in6.sin6_scope_id, 2);
}
END_TEST

START_TEST(addr_parse_refuses_what_is_no_address)
{
	static const char *const hosts[] = {
	    "",
	    "db1",
	    "1.2.3",
	    "1.2.3.4.5",
	    "256.1.1.1",
	    "::1%",
	    "::1%eth0",
	    "::1%-1",
	    "::1%99999999999",
	    "[::1]",
	    "127.0.0.1 ",
	    "0x7f.1",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"};
	union addr a;

	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		ck_assert_msg(addr_parse(hosts[i], 1, ADDR_ANY, &a) == ERR_UNKNOWN,
			      "%s", hosts[i]);
}
END_TEST

START_TEST(addr_parse_keeps_to_the_family_asked_for)
{
	union addr a;

	ck_assert_int_eq(addr_parse("::1", 1, ADDR_INET, &a), ERR_UNKNOWN);
	ck_assert_int_eq(addr_parse("127.0.0.1", 1, ADDR_INET6, &a), ERR_UNKNOWN);
	ck_assert_int_eq(addr_parse("::1", 1, ADDR_INET6, &a), OK);
	ck_assert_int_eq(addr_parse("127.0.0.1", 1, ADDR_INET, &a), OK);
}
END_TEST

START_TEST(addr_is_localhost_knows_the_name_and_what_is_below_it)
{
	ck_assert(addr_is_localhost("localhost"));
	ck_assert(addr_is_localhost("LocalHost."));
	ck_assert(addr_is_localhost("db.localhost"));
	ck_assert(!addr_is_localhost("mylocalhost"));
	ck_assert(!addr_is_localhost("localhost.example"));
	ck_assert(!addr_is_localhost(""));
	ck_assert(!addr_is_localhost("."));
}
END_TEST

START_TEST(addr_error_text_has_a_word_for_every_errno)
{
	ck_assert_str_eq(addr_error_text(ECONNREFUSED), "connection refused");
	for (int i = 0; i < 200; i++)
		ck_assert(addr_error_text(i)[0] != '\0');
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_connector_addr");
	TCase *t = tcase_create("addr");

	tcase_add_test(t, addr_parse_reads_both_families_and_writes_them_back);
	tcase_add_test(t, addr_parse_refuses_what_is_no_address);
	tcase_add_test(t, addr_parse_keeps_to_the_family_asked_for);
	tcase_add_test(t, addr_is_localhost_knows_the_name_and_what_is_below_it);
	tcase_add_test(t, addr_error_text_has_a_word_for_every_errno);
	suite_add_tcase(s, t);
	return s;
}
