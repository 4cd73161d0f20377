/* Where a connection comes from, and which addresses are counted together. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "monitor/source.h"
#include "tests/unit.h"

static const struct net_block whole = {32, 128};

static struct source source(const char *text)
{
	struct sockaddr_storage a = {0};
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&a;

	a.ss_family = AF_INET6;
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
		return source_of(&a);
	a.ss_family = AF_INET;
	ck_assert_int_eq(inet_pton(AF_INET, text, &v4->sin_addr), 1);
	return source_of(&a);
}

static void shows(const char *address, struct net_block block, const char *want)
{
	struct source s = source(address);
	char text[SOURCE_TEXT_BYTES];

	source_show(&s, &block, text);
	ck_assert_str_eq(text, want);
}

START_TEST(source_show_cuts_the_block)
{
	shows("192.0.2.77", whole, "192.0.2.77");
	shows("192.0.2.77", (struct net_block){24, 1}, "192.0.2.0/24");
	shows("192.0.2.255", (struct net_block){27, 1}, "192.0.2.224/27");
	shows("192.0.2.77", (struct net_block){0, 1}, "0.0.0.0/0");
	shows("2001:db8:ffff:ffff:1::1", (struct net_block){1, 48},
	      "2001:db8:ffff::/48");
	shows("2001:db8:ffff::1", (struct net_block){1, 33}, "2001:db8:8000::/33");
	shows("2001:db8::1", whole, "2001:db8::1");
}
END_TEST

START_TEST(source_of_takes_ipv4_over_ipv6_as_ipv4)
{
	struct source mapped = source("::ffff:192.0.2.1"), plain = source("192.0.2.1");

	ck_assert(!mapped.v6);
	ck_assert_mem_eq(mapped.bytes, plain.bytes, SOURCE_BYTES);
}
END_TEST

START_TEST(source_of_knows_no_source_but_addresses)
{
	const struct sockaddr_storage unix_socket = {.ss_family = AF_UNIX};

	ck_assert(!source_of(&unix_socket).known);
	ck_assert(source("::1").known);
}
END_TEST

START_TEST(source_block_tells_neighbours_apart_by_the_bits_that_count)
{
	struct net_block block = {31, 64};
	struct source a = source("192.0.2.2"), b = source("192.0.2.3"),
		      c = source("192.0.2.4");

	a = source_block(&a, &block);
	b = source_block(&b, &block);
	c = source_block(&c, &block);
	ck_assert_mem_eq(a.bytes, b.bytes, SOURCE_BYTES);
	ck_assert_mem_ne(a.bytes, c.bytes, SOURCE_BYTES);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_source");
	TCase *t = tcase_create("source");

	tcase_add_test(t, source_show_cuts_the_block);
	tcase_add_test(t, source_of_takes_ipv4_over_ipv6_as_ipv4);
	tcase_add_test(t, source_of_knows_no_source_but_addresses);
	tcase_add_test(t, source_block_tells_neighbours_apart_by_the_bits_that_count);
	suite_add_tcase(s, t);
	return s;
}
