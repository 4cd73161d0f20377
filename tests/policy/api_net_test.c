/* net: who is in a network, and that a name is in none. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "assert(net.within('10.1.2.3', '10.0.0.0/8') and not net.within('11.0.0.1', "
    "'10.0.0.0/8') and net.within('10.0.0.1', '10.0.0.1') and net.within('1.2.3.4', "
    "'0.0.0.0/0'))",
    "assert(net.within('192.0.2.129', '192.0.2.128/25') and not "
    "net.within('192.0.2.127', '192.0.2.128/25'))",
    "assert(net.within('2001:db8::1', '2001:db8::/32') and not "
    "net.within('2001:db9::1', '2001:db8::/32') and not net.within('::1', "
    "'0.0.0.0/0'))",
    "assert(net.within('::ffff:10.0.0.1', '10.0.0.0/8'))",
    "assert(net.within('10.0.0.1', '192.0.2.0/24', {'172.16.0.0/12', '10.0.0.0/8'}) "
    "and not net.within('10.0.0.1', {}))",
    "assert(not net.within('localhost', '0.0.0.0/0', '::/0') and not "
    "net.within('10.0.0.1\\0', '10.0.0.0/8') and not net.within(nil, '10.0.0.0/8'))",
    "assert(net.is_private('192.168.1.1') and net.is_private('fd00::1') and not "
    "net.is_private('8.8.8.8') and not net.is_private('x'))",
    "assert(net.is_loopback('127.0.0.9') and net.is_loopback('::1') and not "
    "net.is_loopback('10.0.0.1'))",
    "assert(net.family('1.2.3.4') == 4 and net.family('::1') == 6 and "
    "net.family('host') == nil)",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"net.within('10.0.0.1', '10.0.0.0/33')",            "is no network"        },
    {"net.within('10.0.0.1', 'ten')",                    "is no network"        },
    {"net.within('10.0.0.1', '10.0.0.0/')",              "is no network"        },
    {"net.within('10.0.0.1', '10.0.0.0/8x')",            "is no network"        },
    {"net.within('10.0.0.1')",                           "a network is expected"},
    {"net.within('x', '10.0.0.0/99999999999999999999')", "is no network"        },
    {"net.within('10.0.0.1', '::ffff:10.0.0.0/8')",      "is no network"        },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_net");
	TCase *t = tcase_create("api_net");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
