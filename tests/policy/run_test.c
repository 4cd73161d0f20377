/*
 * Hostile scripts: each ends in its own refusal, with a place, within its bounds, and what is
 * asked next is answered right.
 */
#include <time.h>
#include <unistd.h>

#include "tests/policy/asker.h"

#define AUTH POLICY_ON_user_auth_request
#define GOOD                                                                           \
	"function on_service_request() return accept{ reason = 'still here' } end\n"

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

struct attack {
	const char *body, *words; /* words: of the refusal; NULL: whatever it is */
};

static const struct attack attacks[] = {
    {"while true do end",							       "does too much work"},
    {"repeat until false",							      "does too much work"},
    {"while true do pcall(function() while true do end end) end",                       "does too much work"},
    {"local function f() pcall(f) f() end f()",                                         NULL                },
    {"while true do pcall(error, 'x') end",					     "does too much work"},
    {"local t = {} while true do t[#t + 1] = t end",                                    NULL                },
    {"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",                NULL                },
    {"local s = 'x' while true do s = s .. s end",                                      NULL                },
    {"local s = ('x'):rep(1 << 40)",						    "too large"         },
    {"while true do local s = ('x'):rep(4000000) end",                                  "too"               },
    {"while true do pcall(string.rep, 'x', 7000000) end",                               "does too much work"},
    {"local s = ('x'):rep(3000000) while true do s = s:gsub('x', 'xx') end",            NULL                },
    {"local s = ('a'):rep(30000) return s:match('.-.-.-.-.-.-b') and accept{}",
     "does too much work"										   },
    {"return string.find(('a'):rep(60), ('a?'):rep(60) .. ('a'):rep(61)) and accept{}",
     "does too much work"										   },
    {"return ('a'):rep(100000):find(('%b()'):rep(10)) and accept{} or error('done')",
     "done"												 },
    {"return ('x'):rep(300000):gsub('(.-)(.-)(.-)y$', '%1') and accept{}",
     "does too much work"										   },
    {"for m in ('a'):rep(100000):gmatch('.-.-b') do end",                               "does too much work"},
    {"local f = ('%s'):rep(200) while true do f:format(table.unpack({}, 1, 200)) end",
     "too"												  },
    {"local t = {} for i = 1, 100000 do t[i] = i end "
     "table.sort(t, function() return true end) error('sorted')",		  NULL		},
    {"table.sort({3, 1, 2}, function(a, b) error('in sort') end)",                      "in sort"           },
    {"local t = {} for i = 1, 200 do t[i] = ('x'):rep(30000) .. i end "
     "while true do table.sort(t) end",					    NULL		},
    {"local t = {} for i = 1, 100000 do t[i] = i end for i = 1, 99999 do t[i] = nil "
     "end "
     "while true do next(t) end",						  NULL		},
    {"table.insert(setmetatable({}, {__len = function() return 1 << 62 end}), 1, 1)",
     "__len"												},
    {"table.move({}, 1, 1 << 62, 2)",						   "range too long"    },
    {"table.concat({}, 'x', 1, 1 << 62)",					       "range too long"    },
    {"table.unpack({}, 1, 1 << 30)",						    NULL                },
    {"local function f(n) return 1 + f(n + 1) end f(1)",                                NULL                },
    {"local t = setmetatable({}, {}) getmetatable(t)",                                  "getmetatable"      },
    {"local function f(s) return s:gsub('.', f) end f('x')",                            NULL                },
    {"error({})",								       "a table value"     },
    {"error(setmetatable({}, {__tostring = function() while true do end end}))",
     "a table value"											},
    {"error(nil)",								      "a nil value"       },
    {"error(('x'):rep(3000000))",						       "xxx"               },
    {"error('no place', 0)",							    "no place"          },
    {"refuse{ reason = ('x'):rep(3000000) }",                                           "bytes, more than"  },
    {"setmetatable({}, {__gc = function() while true do end end})",                     "__gc"              },
    {"do local x <close> = setmetatable({}, {__close = function() while true do end "
     "end}) end",								  "does too much work"},
    {"local x <close> = setmetatable({}, {__close = function() while true do end end}) "
     "while true do end",							  "does too much work"},
    {"string.len = nil",								"cannot be changed" },
    {"string.x = 1",								    "cannot be changed" },
    {"net.within = function() return true end",                                         "cannot be changed" },
    {"table.insert(net, 1)",							    NULL                },
    {"setmetatable(string, {})",							"protected"         },
    {"setmetatable(_ENV, {})",							  "protected"         },
    {"setmetatable(conn, {})",							  "protected"         },
    {"conn.disconnect = nil conn:disconnect(('x'):rep(300))",                           "too long"          },
    {"for i = 1, 100 do conn:rekey() end",					      "more than"         },
    {"for i = 1, 100 do log('x') end",						  "more than"         },
    {"load('return 1')",								"load"              },
    {"string.dump(function() end)",						     "dump"              },
    {"require('os')",								   "require"           },
    {"return true",								     "returned a boolean"},
    {"return {}",								       "returned a table"  },
    {"return conn",								     "returned a table"  },
    {"helper.call('x', nil, nil, (function() end)()) while true do end",                NULL                },
    {"json.decode(('['):rep(100000))",						  "nested too deep"   },
    {"local t = {} t[1] = t json.encode(t)",                                            "nested too deep"   },
    {"local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) "
     "return t[1]",								NULL		},
    {"for i = 1, 1 << 60 do end",						       "does too much work"},
    {"goto a ::a:: goto a",							     "does too much work"},
    {"utf8.char(table.unpack({}, 1, 1 << 24))",                                         NULL                },
    {"str.glob(('a'):rep(100000), ('*a'):rep(50000) .. 'b')",                           "does too much work"},
    {"while true do str.split(('a '):rep(1000000)) end",                                NULL                },
};

/* On a machine that is slow (sanitizers), time may be over before the fuel is. */
static bool said(const char *where, const char *words)
{
	return strstr(where, words) != NULL ||
	       (strcmp(words, "does too much work") == 0 &&
		strstr(where, "takes too long") != NULL);
}

START_TEST(hostile_script_is_refused_and_the_next_decision_is_right)
{
	const struct attack *a = &attacks[_i];
	struct asker *k = calloc(1, sizeof *k);
	double before;

	asker_begin(k);
	{
		char text[LIMIT_SCRIPT_PIECE_BYTES];

		(void)snprintf(
		    text, sizeof text,
		    GOOD "function on_user_auth_request(conn, auth)\n%s\nend", a->body);
		ck_assert_msg(asker_load(k, 1, text) == OK, "%s", k->loaded.why);
	}
	before = cpu_s();
	ask_as(k, 1, AUTH, (struct span){0});
	if (k->answers == 0) { /* it waits for a helper */
		engine_helped(k->e, k->call.call, true, SPAN_LIT("1"));
		ck_assert_uint_eq(k->answers, 1);
	}
	ck_assert_msg(k->verdict == POLICY_ERROR, "%s: not refused", a->body);
	ck_assert_msg(cpu_s() - before < 3, "%s: %.1f s", a->body, cpu_s() - before);
	ck_assert_msg(strncmp(k->where, "t.lua:", 6) == 0, "%s: %s", a->body, k->where);
	ck_assert_msg(a->words == NULL || said(k->where, a->words), "%s: %s", a->body,
		      k->where);
	ck_assert_uint_le(engine_conn_bytes(k->e, 1), LIMIT_STATE_BYTES);
	ck_assert_int_eq(ask(k, POLICY_ON_service_request, (struct span){0}),
			 POLICY_ACCEPT);
	ask_as(k, 2, POLICY_ON_service_request, (struct span){0});
	ck_assert_int_eq(k->verdict, POLICY_ACCEPT);
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(errors_of_told_events_are_notes)
{
	struct asker *k = calloc(1, sizeof *k);
	struct engine_question q = {.version = 1, .conn = 1, .event = POLICY_ON_log};

	asker_begin(k);
	ck_assert_int_eq(asker_load(k, 1, "function on_log()\n error('oh') end"), OK);
	engine_ask(k->e, &q);
	ck_assert_uint_eq(k->answers, 0);
	ck_assert_uint_eq(k->notes, 1);
	ck_assert_str_eq(k->note, "t.lua:2: oh");
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(where_is_the_line_of_the_constructor)
{
	struct asker *k = calloc(1, sizeof *k);

	asker_begin(k);
	asker_body(k, "if auth then\nreturn refuse{ reason = 'x' }\nend");
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_REFUSE);
	ck_assert_str_eq(k->where, "t.lua:3");
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(a_helper_is_waited_for_while_others_go_on)
{
	struct asker *k = calloc(1, sizeof *k);
	uint64_t first;

	asker_begin(k);
	asker_body(k, "seen = (seen or 0) + 1\n"
		      "local ok, r, why = pcall(helper.call, 'ldap', {user = 'x'}, "
		      "{deadline = 1.5, cache = 60})\n"
		      "if not r then return refuse{ reason = why } end\n"
		      "return accept{ reason = r.name .. seen }");
	ask_as(k, 1, AUTH, (struct span){0});
	ck_assert_uint_eq(k->answers, 0);
	ck_assert_str_eq(k->name, "ldap");
	ck_assert_str_eq(k->request, "{\"user\":\"x\"}");
	ck_assert_uint_eq(k->call.deadline_ms, 1500);
	ck_assert_uint_eq(k->call.cache_s, 60);
	first = k->call.call;
	ask_as(k, 1, AUTH, (struct span){0});
	ask_as(k, 2, AUTH, (struct span){0});
	ck_assert_uint_eq(k->answers, 0);
	engine_helped(k->e, first, true, SPAN_LIT("{\"name\": \"alice\"}"));
	ck_assert_uint_eq(k->answers, 1);
	ck_assert(
	    span_is(facts_get_str(k->answer, "reason", (struct span){0}), "alice2"));
	engine_helped(k->e, first, true, SPAN_LIT("{}")); /* it waits no more */
	ck_assert_uint_eq(k->answers, 1);
	engine_helped(k->e, k->call.call, false, SPAN_LIT("timeout"));
	ck_assert_uint_eq(k->answers, 2);
	ck_assert_int_eq(k->verdict, POLICY_REFUSE);
	ck_assert(
	    span_is(facts_get_str(k->answer, "reason", (struct span){0}), "timeout"));
	engine_free(k->e); /* one still waits */
	free(k);
}
END_TEST

START_TEST(a_helper_cannot_be_called_from_a_callback)
{
	lua_fails("('x'):gsub('x', function() return helper.call('a', 1) end)",
		  "calls back");
}
END_TEST

static void on_line(void *ctx, uint64_t conn, const char *file, int line)
{
	struct asker *k = ctx;

	(void)conn;
	ck_assert_str_eq(file, "t.lua");
	k->lines++;
	k->line = line;
}

START_TEST(lines_are_told_to_who_wants_them)
{
	struct asker *k = calloc(1, sizeof *k);
	const struct engine_hooks hooks = {
	    .ctx = k, .answer = on_answer, .line = on_line};

	ck_assert_int_eq(engine_new(&engine_limits_usual, &hooks, &k->e), OK);
	asker_body(k, "local x = 1\nif x == 2 then\nx = 3\nend\nreturn accept{}");
	k->lines = 0;
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ACCEPT);
	ck_assert_uint_eq(k->lines, 3);
	ck_assert_int_eq(k->line, 6);
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(what_fuel_does_not_count_ends_by_cpu_time)
{
	struct engine_limits limits = engine_limits_usual;
	struct asker *k = calloc(1, sizeof *k);
	double before = cpu_s();

	limits.fuel = INT64_MAX;
	limits.soft_ms = 50;
	limits.hard_ms = 5000;
	asker_begin_with(k, &limits);
	asker_body(k, "while true do pcall(function() while true do end end) end");
	ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_ERROR);
	ck_assert_ptr_nonnull(strstr(k->where, "takes too long"));
	ck_assert(cpu_s() - before < 1);
	engine_free(k->e);
	free(k);
}
END_TEST

START_TEST(what_a_decision_costs_is_told_each_time)
{
	struct engine_limits limits = engine_limits_usual;
	struct asker *k = calloc(1, sizeof *k);

	limits.soft_ms = 5000; /* the watch runs, as it does in the process */
	limits.hard_ms = 10000;
	asker_begin_with(k, &limits);
	asker_body(k, "local n = 0 for i = 1, 100000 do n = n + i end");
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(ask(k, AUTH, (struct span){0}), POLICY_NONE);
		ck_assert_uint_gt(k->cpu_us, 50);
		ck_assert_uint_lt(k->cpu_us, 500000);
	}
	engine_free(k->e);
	free(k);
}
END_TEST

static void on_stuck(void *ctx, uint64_t id, const char *where)
{
	(void)ctx;
	_exit(id != 0 && strcmp(where, "t.lua:1") == 0 ? 7 : 8);
}

START_TEST(what_nothing_else_ends_is_told_as_stuck)
{
	struct engine_limits limits = engine_limits_usual;
	struct asker *k = calloc(1, sizeof *k);
	const struct engine_hooks hooks = {
	    .ctx = k, .answer = on_answer, .stuck = on_stuck};

	limits.fuel = INT64_MAX;
	limits.state_bytes = 1 << 30;
	limits.soft_ms = 10;
	limits.hard_ms = 20;
	ck_assert_int_eq(engine_new(&limits, &hooks, &k->e), OK);
	asker_body(k, "('a'):rep(100000):find('.-.-.-.-b')");
	(void)ask(k, AUTH, (struct span){0});
	_exit(9);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_run");
	TCase *t = tcase_create("run");

	tcase_add_loop_test(t, hostile_script_is_refused_and_the_next_decision_is_right,
			    0, (int)(sizeof attacks / sizeof *attacks));
	tcase_add_test(t, errors_of_told_events_are_notes);
	tcase_add_test(t, where_is_the_line_of_the_constructor);
	tcase_add_test(t, a_helper_is_waited_for_while_others_go_on);
	tcase_add_test(t, a_helper_cannot_be_called_from_a_callback);
	tcase_add_test(t, lines_are_told_to_who_wants_them);
	tcase_add_test(t, what_fuel_does_not_count_ends_by_cpu_time);
	tcase_add_test(t, what_a_decision_costs_is_told_each_time);
	tcase_add_exit_test(t, what_nothing_else_ends_is_told_as_stuck, 7);
	suite_add_tcase(s, t);
	return s;
}
