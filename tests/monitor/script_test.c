/*
 * Scripts: read, sent, compiled over there, in force here.
 */
#include "monitor/script.h"
#include "tests/monitor/policy_kit.h"

static struct {
	int loads;
	enum err loaded;
} f;

static void loaded(struct monitor *m, enum err e, void *ctx)
{
	ck_assert_ptr_eq(m, &kit.m);
	ck_assert_ptr_eq(ctx, &f);
	f.loads++;
	f.loaded = e;
}

START_TEST(a_script_is_sent_in_pieces_and_knows_what_it_has)
{
	const size_t n = 3 * LIMIT_SCRIPT_PIECE_BYTES + 7;
	size_t got = 0;
	struct msg m;
	struct conn c = {.m = &kit.m};

	kit_begin(n);
	c.script = kit.m.script;
	ck_assert(!policy_hears(&c, POLICY_ON_user_auth_request));
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), OK);
	do {
		m = hears(MSG_policy_script);
		ck_assert_uint_eq(m.u.policy_script.version, 1);
		got += m.u.policy_script.text.n;
	} while (m.u.policy_script.last == 0);
	ck_assert_uint_eq(got, n);
	ck_assert_int_eq(f.loads, 0);
	says(&MSG_OF(policy_loaded, .version = 1, .ok = 1,
		     .handlers = POLICY_BIT(POLICY_ON_user_auth_request),
		     .owns = SPAN_LIT("none,password")));
	ck_assert_int_eq(f.loads, 1);
	ck_assert(policy_hears(&c, POLICY_ON_user_auth_request));
	ck_assert(!policy_hears(&c, POLICY_ON_connected));
	ck_assert(script_owns(kit.m.script, "password"));
	ck_assert(!script_owns(kit.m.script, "publickey"));
	ck_assert(!script_owns(NULL, "password"));
	kit_end();
}
END_TEST

START_TEST(a_script_that_does_not_compile_is_refused)
{
	kit_begin(10);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), OK);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), ERR_AGAIN);
	hears_script();
	says(&MSG_OF(policy_loaded, .version = 1,
		     .text = SPAN_LIT("p.lua:1: what is this")));
	ck_assert_int_eq(f.loads, 1);
	ck_assert_int_eq(f.loaded, ERR_CONFIG);
	ck_assert_int_eq(kit.m.script->state, SCRIPT_BAD);
	kit_end();
}
END_TEST

START_TEST(a_process_that_dies_of_a_script_refuses_it)
{
	kit_begin(10);
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), OK);
	says(&MSG_OF(policy_ready, .layers = SPAN_LIT("all")));
	hears_script();
	dies();
	ck_assert_int_eq(f.loads, 1);
	ck_assert_int_eq(f.loaded, ERR_CONFIG);
	kit_end();
}
END_TEST

START_TEST(without_the_program_nothing_is_loaded)
{
	kit_begin(10);
	kit.missing = true;
	ck_assert_int_eq(policy_load(&kit.m, kit.m.script, loaded, &f), ERR_FILE);
	ck_assert_int_eq(f.loads, 0);
	kit_end();
}
END_TEST

START_TEST(a_script_that_others_may_write_is_refused)
{
	char path[64];
	struct settings set = {.policy_script = path};
	struct script *s = NULL;

	kit_begin(10);
	memory_path("x", 1, 0664, path);
	ck_assert_int_eq(script_read(&kit.m, &set, &s), ERR_FILE);
	set.policy_script = "none";
	ck_assert_int_eq(script_read(&kit.m, &set, &s), OK);
	ck_assert_ptr_null(s);
	set.policy_script = "default";
	ck_assert_int_eq(script_read(&kit.m, &set, &s), OK);
	ck_assert_str_eq(s->name, "");
	ck_assert_uint_eq(s->n, 0);
	script_unref(s);
	kit_end();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_script");
	TCase *t = tcase_create("script");

	tcase_add_test(t, a_script_is_sent_in_pieces_and_knows_what_it_has);
	tcase_add_test(t, a_script_that_does_not_compile_is_refused);
	tcase_add_test(t, a_process_that_dies_of_a_script_refuses_it);
	tcase_add_test(t, without_the_program_nothing_is_loaded);
	tcase_add_test(t, a_script_that_others_may_write_is_refused);
	suite_add_tcase(s, t);
	return s;
}
