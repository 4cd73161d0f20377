/* accept, partial, refuse: what they take, what they refuse and how they say it. */
#include "tests/policy/asker.h"

#define AUTH POLICY_ON_user_auth_request

static bool list_is(struct span fields, const char *name, const char *joined)
{
	struct fact f = {0};
	char text[LIMIT_TEXT_BYTES] = "";
	struct rd r;
	size_t n = 0;

	if (!facts_find(fields, name, &f) || f.type != FACT_LIST)
		return false;
	r = RD(f.value);
	while (r.left.n > 0) {
		struct span s = rd_bytes(&r, LIMIT_TEXT_BYTES);

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s",
				      n > 0 ? "|" : "", (int)s.n, (const char *)s.p);
	}
	return strcmp(text, joined) == 0;
}

START_TEST(every_field_travels)
{
	struct asker *k = calloc(1, sizeof *k);
	struct span f;

	asker_begin(k);
	asker_body(
	    k,
	    "return accept{ reason = 'r', banner = 'b', command = 'c',\n"
	    "env = { B = '2', A = '1=1' }, pty = false, agent = true, x11 = false,\n"
	    "forwarding = false, permit_open = { 'h:1', 'h:2' }, permit_listen = {},\n"
	    "source = { '10.0.0.0/8' }, max_sessions = 1, max_channels = 2,\n"
	    "idle_s = 3, total_s = 4, bandwidth = 5 }");
	ck_assert_msg(ask(k, AUTH, (struct span){0}) == POLICY_ACCEPT, "%s", k->where);
	f = k->answer;
	ck_assert(span_is(facts_get_str(f, "reason", (struct span){0}), "r"));
	ck_assert(span_is(facts_get_str(f, "command", (struct span){0}), "c"));
	ck_assert(list_is(f, "env", "A=1=1|B=2"));
	ck_assert(!facts_get_bool(f, "pty", true) && facts_get_bool(f, "agent", false));
	ck_assert(list_is(f, "permit_open", "h:1|h:2") &&
		  list_is(f, "permit_listen", ""));
	ck_assert(list_is(f, "source", "10.0.0.0/8"));
	ck_assert_uint_eq(facts_get_num(f, "bandwidth", 0), 5);
	ck_assert_uint_eq(facts_get_num(f, "max_sessions", 0), 1);
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(prompts_travel_with_their_echo)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	asker_body(
	    k,
	    "return partial{ available_methods = { 'keyboard-interactive' },\n"
	    "prompts = { instruction = 'now', { 'code: ', echo = true }, 'pin: ' } }");
	ck_assert_msg(ask(k, AUTH, (struct span){0}) == POLICY_PARTIAL, "%s", k->where);
	ck_assert(list_is(k->answer, "prompts", "code: |pin: "));
	ck_assert(list_is(k->answer, "prompts_echo", "1|0"));
	ck_assert(
	    span_is(facts_get_str(k->answer, "instruction", (struct span){0}), "now"));
	ck_assert(list_is(k->answer, "available_methods", "keyboard-interactive"));
	engine_free(k->e);
	free(k);
}
END_TEST

static const struct {
	const char *body, *words;
} wrong[] = {
    {"accept{ comand = 'x' }",                       "accept: there is no field 'comand'"     },
    {"accept{ 'x' }",				"fields have names"                      },
    {"accept{ prompts = {} }",                       "field 'prompts' does not belong here"   },
    {"refuse{ command = 'x' }",                      "field 'command' does not belong here"   },
    {"accept{ route = 'tcp' }",                      "does not belong to on_user_auth_request"},
    {"accept{ totp_used = {} }",                     "is not a script's to say"               },
    {"refuse{ instruction = 'x' }",                  "is not a script's to say"               },
    {"accept('x')",				  "table expected"                         },
    {"accept{ reason = 1 }",                         "field 'reason' must be a string"        },
    {"accept{ reason = ('x'):rep(300) }",            "has 300 bytes, more than 256"           },
    {"accept{ reason = 'a\\0b' }",                   "has a NUL byte"                         },
    {"accept{ idle_s = -1 }",                        "field 'idle_s' must be 0 to"            },
    {"accept{ idle_s = 1.5 }",                       "must be a whole number"                 },
    {"accept{ idle_s = '1' }",                       "must be a whole number"                 },
    {"accept{ max_sessions = 1 << 40 }",             "must be 0 to 512"                       },
    {"accept{ pty = 'no' }",                         "must be true or false"                  },
    {"accept{ permit_open = 'h:1' }",                "must be a list"                         },
    {"accept{ permit_open = { 'a', nil, 'b' } }",    "field 'permit_open'"                    },
    {"accept{ permit_open = { x = 'a' } }",          "without holes and names"                },
    {"accept{ permit_open = { '' } }",               "empty or overlong item"                 },
    {"accept{ permit_open = { {} } }",               "must be made of strings"                },
    {"refuse{ available_methods = { 'a,b' } }",      "no method's name"                       },
    {"accept{ env = { ['A=B'] = 'x' } }",            "a = in it"                              },
    {"accept{ env = { A = 1 } }",                    "must be made of strings"                },
    {"accept{ env = { 'x' } }",                      "must be made of strings"                },
    {"refuse{ prompts = { { 'x', echo = 1 } } }",    "neither true nor false"                 },
    {"refuse{ prompts = { { 'x', 'y' } } }",         "has a prompt that is not"               },
    {"refuse{ prompts = { { 'x', ecoh = true } } }", "has a prompt that is not"               },
    {"refuse{ prompts = { instruction = 1 } }",      "must be made of strings"                },
};

START_TEST(a_field_that_is_wrong_is_named_with_its_line)
{
	char words[LIMIT_TEXT_BYTES];
	const char *said = wrong[_i].words;

	if (strstr(wrong[_i].body, "totp_used") != NULL ||
	    strstr(wrong[_i].body, "{ instruction = 'x'") != NULL)
		said = "field '"; /* which of the two is said first does not matter */
	(void)snprintf(words, sizeof words, "%s", said);
	lua_fails(wrong[_i].body, words);
}
END_TEST

START_TEST(a_constant_decision_is_checked_where_it_is_used)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	ck_assert_int_eq(
	    asker_load(k, 1,
		       "local ROUTE = accept{ route = 'script' }\n"
		       "function on_channel_open_request() return ROUTE end\n"
		       "function on_user_auth_request() return ROUTE end\n"
		       "function on_service_request() return partial{} end"),
	    OK);
	ck_assert_int_eq(ask(k, POLICY_ON_channel_open_request, (struct span){0}),
			 POLICY_ACCEPT);
	ck_assert_str_eq(k->where, "t.lua:1");
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ERROR);
	ck_assert_ptr_nonnull(
	    strstr(k->where, "on_user_auth_request cannot accept so"));
	ck_assert_int_eq(ask(k, POLICY_ON_service_request, (struct span){0}),
			 POLICY_ERROR);
	ck_assert_ptr_nonnull(strstr(k->where, "on_service_request cannot partial so"));
	engine_free(k->e);
	free(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_decision");
	TCase *t = tcase_create("decision");

	tcase_add_test(t, every_field_travels);
	tcase_add_test(t, prompts_travel_with_their_echo);
	tcase_add_loop_test(t, a_field_that_is_wrong_is_named_with_its_line, 0,
			    (int)(sizeof wrong / sizeof *wrong));
	tcase_add_test(t, a_constant_decision_is_checked_where_it_is_used);
	suite_add_tcase(s, t);
	return s;
}
