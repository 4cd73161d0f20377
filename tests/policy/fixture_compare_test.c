/* Is a decision the one that was wanted? */
#include <stdio.h>
#include <string.h>

#include "policy/fixture.h"
#include "tests/unit.h"

static char differs[256];

static void say(void *ctx, const char *field, json_t *want, json_t *got)
{
	size_t n = strlen(differs);

	(void)ctx;
	(void)snprintf(differs + n, sizeof differs - n, "%s%s%s ", field,
		       want ? "" : "+", got ? "" : "-");
}

static const struct {
	const char *want, *got, *differs;
} rows[] = {
    {"{\"verdict\": \"accept\"}",                                 "{\"verdict\": \"accept\"}",                           ""         },
    {"{\"verdict\": \"accept\"}",                                 "{\"verdict\": \"refuse\"}",                           "verdict " },
 /* what is enforced must be wanted */
    {"{\"verdict\": \"accept\"}",                                 "{\"verdict\": \"accept\", \"pty\": false}",           "pty+ "    },
    {"{\"verdict\": \"accept\", \"pty\": false}",                 "{\"verdict\": \"accept\"}",                           "pty- "    },
 /* texts only where they are named */
    {"{}",
     "{\"reason\": \"a\", \"message\": \"b\", \"banner\": \"c\", \"instruction\": "
     "\"d\"}",													   ""	 },
    {"{\"reason\": \"x\"}",				       "{\"reason\": \"a\"}",                                 "reason "  },
    {"{\"permit_open\": [\"a:1\", \"b:2\"]}",                     "{\"permit_open\": [\"b:2\", \"a:1\"]}",
     "permit_open "														 },
    {"{\"env\": {\"A\": \"1\"}}",                                 "{\"env\": {\"A\": \"1\"}}",                           ""         },
    {"{\"prompts\": [\"a\", {\"text\": \"b\", \"echo\": true}]}",
     "{\"prompts\": [{\"text\": \"a\", \"echo\": false}, {\"text\": \"b\", \"echo\": "
     "true}]}",													  ""	 },
    {"{\"prompts\": [\"a\"]}",				    "{\"prompts\": [{\"text\": \"a\", \"echo\": true}]}",
     "prompts "														     },
    {"{\"prompts\": [\"a\"]}",				    "{\"prompts\": [{\"text\": \"b\", \"echo\": false}]}",
     "prompts "														     },
    {"{\"prompts\": []}",					 "{\"prompts\": [{\"text\": \"b\", \"echo\": false}]}",
     "prompts "														     },
    {"{\"notes\": [\"glass\"]}",				  "{\"notes\": [\"break-glass login\"]}",                ""         },
    {"{\"notes\": [\"glass\"]}",				  "{\"notes\": [\"other\"]}",                            "notes "   },
    {"{\"notes\": [\"glass\"]}",				  "{}",						  "notes- "  },
    {"{\"actions\": [{\"action\": \"eof\"}]}",                    "{}",                                                  "actions- "},
    {"{}",							"{\"actions\": [{\"action\": \"eof\"}]}",              "actions+ "},
};

START_TEST(fixture_compare_finds_every_difference)
{
	json_t *want = json_loads(rows[_i].want, 0, NULL);
	json_t *got = json_loads(rows[_i].got, 0, NULL);

	ck_assert(want != NULL && got != NULL);
	differs[0] = '\0';
	ck_assert_int_eq(fixture_compare(want, got, say, NULL),
			 rows[_i].differs[0] == '\0');
	ck_assert_str_eq(differs, rows[_i].differs);
	json_decref(want);
	json_decref(got);
}
END_TEST

static enum err time_of(const char *text, uint64_t *now_s, int32_t *zone_s)
{
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	enum err e = fixture_time(v, now_s, zone_s);

	json_decref(v);
	return e;
}

START_TEST(fixture_time_knows_numbers_and_zones)
{
	uint64_t now = 0;
	int32_t zone = 7;

	ck_assert_int_eq(time_of("12", &now, &zone), OK);
	ck_assert_uint_eq(now, 12);
	ck_assert_int_eq(zone, 7);
	ck_assert_int_eq(time_of("\"1970-01-02T00:00:00Z\"", &now, &zone), OK);
	ck_assert_uint_eq(now, 86400);
	ck_assert_int_eq(zone, 0);
	ck_assert_int_eq(time_of("\"1970-01-02T00:00:00-05:30\"", &now, &zone), OK);
	ck_assert_uint_eq(now, 86400 + 5 * 3600 + 30 * 60);
	ck_assert_int_eq(zone, -(5 * 3600 + 30 * 60));
}
END_TEST

static const char *const no_times[] = {"-1",
				       "1.5",
				       "null",
				       "\"\"",
				       "\"1970-01-02\"",
				       "\"1970-01-02T00:00:00\"",
				       "\"1970-01-02T00:00:00+99:00\"",
				       "\"1970-01-02T00:00:00+01:00x\"",
				       "\"1970-01-02T25:00:00Z\"",
				       "\"1960-01-02T00:00:00Z\""};

START_TEST(fixture_time_refuses_what_is_none)
{
	uint64_t now;
	int32_t zone;

	ck_assert_int_eq(time_of(no_times[_i], &now, &zone), ERR_CONFIG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_fixture_compare");
	TCase *t = tcase_create("fixture_compare");

	tcase_add_loop_test(t, fixture_compare_finds_every_difference, 0,
			    sizeof rows / sizeof rows[0]);
	tcase_add_test(t, fixture_time_knows_numbers_and_zones);
	tcase_add_loop_test(t, fixture_time_refuses_what_is_none, 0,
			    sizeof no_times / sizeof no_times[0]);
	suite_add_tcase(s, t);
	return s;
}
