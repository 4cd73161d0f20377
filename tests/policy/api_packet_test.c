/* packet.get and packet.put: what the one writes the other reads; what is short has no field. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "local p = packet.put('', 'i', 7) p = packet.put(p, 's', 'pty-req') p = "
    "packet.put(p, 'f', true) p = packet.put(p, 's', 'xterm') for i = 80, 83 do p = "
    "packet.put(p, 'i', i) end assert(packet.get(p, 'ChannelId') == 7 and "
    "packet.get(p, 'RequestType') == 'pty-req' and packet.get(p, 'WantsReply') == true "
    "and packet.get(p, 'TerminalType') == 'xterm' and packet.get(p, "
    "'TerminalHeightRows') == 81 and packet.get(p, 'TerminalModes') == nil and "
    "packet.get(p, 'Command') == nil)",
    "local p = packet.put('', 's', 'a') p = packet.put(p, 'l', '0x10') p = "
    "packet.put(p, 'b', 255) p = packet.put(p, 'sb', '0aff') p = packet.put(p, 'm', "
    "'123456789012345678901234567890') assert(packet.get(p, '%s') == 'a' and "
    "packet.get(p, '%l,s') == 16 and packet.get(p, '%b,s,l') == 255 and packet.get(p, "
    "'%sb,s,l,b') == '0AFF' and packet.get(p, '%m,s,l,b,s') == "
    "'123456789012345678901234567890' and packet.get(p, '%f,s,l,b,s,m') == nil)",
    "assert(packet.get('', 'ChannelId') == nil and "
    "packet.get('\\0\\0\\0\\1\\xff\\xff\\xff\\xff', 'RequestType') == nil and "
    "packet.get('\\xff\\xff\\xff\\xff', '%s') == nil)",
    "assert(packet.put('x', 'f', 'false') == 'x\\0' and packet.put('', 'l', "
    "'18446744073709551615') == ('\\xff'):rep(8) and packet.get(('\\xff'):rep(8), "
    "'%l') == '18446744073709551615')",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"packet.get('', 'Nonsense')",               "there is no field"},
    {"packet.get('', '%')",                      "no type"          },
    {"packet.get('', '%q')",                     "no such type"     },
    {"packet.put('', 'i', 1 << 32)",             "too large"        },
    {"packet.put('', 'i', 'x')",                 "no number"        },
    {"packet.put('', 'i', -1)",                  "must be 0 to"     },
    {"packet.put('', 'b', 256)",                 "too large"        },
    {"packet.put('', 'f', 1)",                   "true or false"    },
    {"packet.put('', 'sb', 'zz')",               "no hex"           },
    {"packet.put('', 's')",                      "value expected"   },
    {"packet.put(('x'):rep(1 << 20), 's', 'x')", "too long"         },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_packet");
	TCase *t = tcase_create("api_packet");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	suite_add_tcase(s, t);
	return s;
}
