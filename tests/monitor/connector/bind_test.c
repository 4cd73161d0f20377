/* What a bind address means. Listening itself is in main_test.c. */
#include "monitor/connector/bind.h"
#include "tests/unit.h"

static void expect(const char *host, uint8_t family, const char *first,
		   const char *second)
{
	struct msg_bind_tcp m = {.host = span_str(host), .port = 80, .family = family};
	char text[ADDR_TEXT_BYTES];
	union addr addrs[2];
	size_t n = 0;

	ck_assert_int_eq(bind_addrs(&m, addrs, &n), OK);
	ck_assert_uint_eq(n, second != NULL ? 2 : 1);
	addr_text(&addrs[0], text);
	ck_assert_str_eq(text, first);
	if (second == NULL)
		return;
	addr_text(&addrs[1], text);
	ck_assert_str_eq(text, second);
}

START_TEST(bind_addrs_means_all_by_star_and_nothing)
{
	expect("", ADDR_ANY, "0.0.0.0:80", "[::]:80");
	expect("*", ADDR_ANY, "0.0.0.0:80", "[::]:80");
	expect("*", ADDR_INET, "0.0.0.0:80", NULL);
	expect("*", ADDR_INET6, "[::]:80", NULL);
}
END_TEST

START_TEST(bind_addrs_means_both_loopbacks_by_localhost)
{
	expect("localhost", ADDR_ANY, "127.0.0.1:80", "[::1]:80");
	expect("localhost", ADDR_INET6, "[::1]:80", NULL);
}
END_TEST

START_TEST(bind_addrs_takes_an_address_as_it_is)
{
	expect("192.0.2.7", ADDR_ANY, "192.0.2.7:80", NULL);
	expect("0.0.0.0", ADDR_ANY, "0.0.0.0:80", NULL);
	expect("::", ADDR_ANY, "[::]:80", NULL);
}
END_TEST

START_TEST(bind_addrs_refuses_names)
{
	struct msg_bind_tcp m = {.host = SPAN_LIT("db1.example")};
	union addr addrs[2];
	size_t n = 0;

	ck_assert_int_eq(bind_addrs(&m, addrs, &n), ERR_UNKNOWN);
	m.host = SPAN_LIT("::1\0x");
	ck_assert_int_eq(bind_addrs(&m, addrs, &n), ERR_UNKNOWN);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_connector_bind");
	TCase *t = tcase_create("bind");

	tcase_add_test(t, bind_addrs_means_all_by_star_and_nothing);
	tcase_add_test(t, bind_addrs_means_both_loopbacks_by_localhost);
	tcase_add_test(t, bind_addrs_takes_an_address_as_it_is);
	tcase_add_test(t, bind_addrs_refuses_names);
	suite_add_tcase(s, t);
	return s;
}
