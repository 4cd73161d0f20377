/* What a login may do and what is run for it: no key's or user's wish is wider than the settings. */
#include "monitor/account.h"
#include "monitor/auth/keyopts.h"
#include "monitor/decide.h"
#include "tests/unit.h"

struct scene {
	struct settings set;
	struct key_options key[2];
	struct conn_work work;
	struct conn c;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){.set = {.permit_user_rc = true}};
	for (size_t i = 0; i < 2; i++) {
		s->key[i] = (struct key_options){.pty = true, .user_rc = true};
		s->work.keys[i].options = &s->key[i];
	}
	s->work.set = &s->set;
	s->work.n_keys = 1;
	s->c.work = &s->work;
}

static void runs(const struct scene *s, enum session_kind kind, const char *asked,
		 const char *run)
{
	const struct msg_session_start m = {.kind = (uint8_t)kind,
					    .command = span_str(asked)};
	struct span command, original;

	ck_assert_int_eq(decide_command(&s->c, &m, &command, &original), OK);
	ck_assert_msg(span_is(command, run), "%.*s runs", (int)command.n,
		      (const char *)command.p);
}

START_TEST(a_command_is_run_as_asked_where_none_is_forced)
{
	struct scene s;

	scene_open(&s);
	runs(&s, SESSION_EXEC, "id", "id");
	runs(&s, SESSION_SHELL, "", "");
}
END_TEST

START_TEST(the_settings_command_comes_before_the_keys)
{
	struct scene s;

	scene_open(&s);
	s.key[0].has_command = true;
	s.key[0].command = SPAN_LIT("of the key");
	runs(&s, SESSION_EXEC, "id", "of the key");
	s.set.force_command = "of the settings";
	runs(&s, SESSION_EXEC, "id", "of the settings");
	runs(&s, SESSION_SHELL, "", "of the settings");
}
END_TEST

START_TEST(an_empty_forced_command_gives_no_shell)
{
	struct scene s;

	scene_open(&s);
	s.key[0].has_command = true;
	runs(&s, SESSION_EXEC, "id", "exit");
	runs(&s, SESSION_SHELL, "", "exit");
	s.key[0].has_command = false;
	s.set.force_command = "";
	runs(&s, SESSION_SHELL, "", "exit");
}
END_TEST

START_TEST(two_keys_must_agree_on_the_command)
{
	const struct msg_session_start m = {.kind = SESSION_SHELL};
	struct span command, original;
	struct scene s;

	scene_open(&s);
	s.work.n_keys = 2;
	s.key[0].has_command = s.key[1].has_command = true;
	s.key[0].command = SPAN_LIT("one");
	s.key[1].command = SPAN_LIT("one");
	runs(&s, SESSION_SHELL, "", "one");
	s.key[1].command = SPAN_LIT("two");
	ck_assert_int_eq(decide_command(&s.c, &m, &command, &original), ERR_DENIED);
}
END_TEST

START_TEST(the_users_own_rc_file_is_no_way_around_a_forced_command)
{
	struct scene s;

	scene_open(&s);
	ck_assert(decide_user_rc(&s.c));
	s.set.force_command = "internal-sftp";
	ck_assert(!decide_user_rc(&s.c));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_decide");
	TCase *t = tcase_create("sessions");

	tcase_add_test(t, a_command_is_run_as_asked_where_none_is_forced);
	tcase_add_test(t, the_settings_command_comes_before_the_keys);
	tcase_add_test(t, an_empty_forced_command_gives_no_shell);
	tcase_add_test(t, two_keys_must_agree_on_the_command);
	tcase_add_test(t, the_users_own_rc_file_is_no_way_around_a_forced_command);
	suite_add_tcase(s, t);
	return s;
}
