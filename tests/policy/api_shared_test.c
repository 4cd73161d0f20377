/* shared, helper.call and log. */
#include "tests/policy/asker.h"

static const char *const holds[] = {
    "shared.set('a', {x = {1, 2}}) local v = shared.get('a') assert(v.x[2] == 2 and "
    "shared.get('b') == nil) v.x = 1 assert(shared.get('a').x[1] == 1) shared.set('a', "
    "nil) assert(shared.get('a') == nil)",
    "assert(shared.incr('n') == 1 and shared.incr('n', 5) == 6 and shared.incr('n', "
    "-6) == 0 and shared.get('n') == 0)",
    "log('x') log('error', 'y') log('debug', 'z') print('a', 1, nil, {})",
};

START_TEST(what_is_promised_holds)
{
	lua_holds(holds[_i]);
}
END_TEST

static const struct {
	const char *body, *words;
} fails[] = {
    {"shared.set('', 1)",				 "a key has"        },
    {"shared.set(('k'):rep(200), 1)",                     "a key has"        },
    {"shared.set('k', ('v'):rep(70000))",                 "too long"         },
    {"shared.set('k', print)",                            "json"             },
    {"shared.set('k', 1, 0)",                             "must be 1 to"     },
    {"shared.set('s', 'x') shared.incr('s')",             "no whole number"  },
    {"shared.set('m', math.maxinteger) shared.incr('m')", "too large"        },
    {"shared.set('k')",				   "value expected"   },
    {"helper.call('', 1)",				"no name"          },
    {"helper.call('h')",				  "value expected"   },
    {"helper.call('h', 1, {deadline = -1})",              "must be 0 to"     },
    {"helper.call('h', 1, {cache = 'x'})",                "number of seconds"},
    {"helper.call('h', 1, {deadline = 0/0})",             "must be 0 to"     },
    {"log('loud', 'x')",				  "must be error"    },
    {"log(1)",					    "string expected"  },
};

START_TEST(what_is_wrong_is_said_with_its_line)
{
	lua_fails(fails[_i].body, fails[_i].words);
}
END_TEST

START_TEST(what_is_stored_is_seen_by_all_connections_told_and_ends)
{
	struct asker *k = calloc(1, sizeof *k);
	struct engine_question q = {
	    .id = 5, .version = 1, .conn = 3, .event = POLICY_ON_user_auth_request};

	asker_begin(k);
	asker_body(k, "local n = shared.get('n') shared.set('n', (n or 0) + 1, 60)\n"
		      "return accept{ reason = tostring(n) }");
	ask_as(k, 1, POLICY_ON_user_auth_request, (struct span){0});
	ck_assert_uint_eq(k->shares, 1);
	ck_assert_str_eq(k->key, "n");
	ck_assert_str_eq(k->value, "1");
	ck_assert_uint_eq(k->expires_s, ASKED_AT + 60);
	ask_as(k, 2, POLICY_ON_user_auth_request, (struct span){0});
	ck_assert(span_is(facts_get_str(k->answer, "reason", (struct span){0}), "1"));
	q.now_s = ASKED_AT + 60;
	engine_ask(k->e, &q);
	ck_assert(span_is(facts_get_str(k->answer, "reason", (struct span){0}), "nil"));
	engine_share(k->e, SPAN_LIT("n"), SPAN_LIT("41"), q.now_s + 9);
	engine_ask(k->e, &q);
	ck_assert(span_is(facts_get_str(k->answer, "reason", (struct span){0}), "41"));
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(log_lines_are_told_with_their_level)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	asker_body(k, "log('verbose', 'from ' .. auth.method)");
	{
		uint8_t buf[LIMIT_TEXT_BYTES];
		struct wr w = WR(buf);
		struct span facts = {0};

		facts_str(&w, "auth.method", SPAN_LIT("none"));
		ck_assert_int_eq(wr_end(&w, &facts), OK);
		ck_assert_int_eq(ask(k, POLICY_ON_user_auth_request, facts),
				 POLICY_NONE);
	}
	ck_assert_int_eq(k->level, LOG_VERBOSE);
	ck_assert_str_eq(k->note, "from none");
	engine_free(k->e);
	free(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_shared");
	TCase *t = tcase_create("api_shared");

	tcase_add_loop_test(t, what_is_promised_holds, 0,
			    (int)(sizeof holds / sizeof *holds));
	tcase_add_loop_test(t, what_is_wrong_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	tcase_add_test(t, what_is_stored_is_seen_by_all_connections_told_and_ends);
	tcase_add_test(t, log_lines_are_told_with_their_level);
	suite_add_tcase(s, t);
	return s;
}
