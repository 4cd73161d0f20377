/* What a login may do and what is run for it: no key's or user's wish is wider than the settings. */
#include "monitor/account.h"
#include "monitor/auth/keyopts.h"
#include "monitor/decide.h"
#include "tests/unit.h"

#define PERMIT_SESSIONS (PERMIT_SESSION | PERMIT_PTY | PERMIT_AGENT | PERMIT_X11)
#define PERMIT_FORWARDS (PERMIT_TCP | PERMIT_LISTEN | PERMIT_UNIX | PERMIT_UNIX_LISTEN)

struct scene {
	struct settings set;
	struct account account;
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
	struct msg_login_session out = {0};

	ck_assert_int_eq(decide_command(&s->c, &m, (struct span){0}, &out), OK);
	ck_assert_msg(span_is(out.command, run), "%.*s runs", (int)out.command.n,
		      (const char *)out.command.p);
}

START_TEST(a_command_is_run_as_asked_where_none_is_forced)
{
	struct scene s;

	scene_open(&s);
	runs(&s, SESSION_EXEC, "id", "id");
	runs(&s, SESSION_SHELL, "", "");
}
END_TEST

START_TEST(the_scripts_command_runs_where_none_is_forced)
{
	const struct msg_session_start m = {.kind = SESSION_EXEC,
					    .command = SPAN_LIT("id")};
	struct msg_login_session out = {0};
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(decide_command(&s.c, &m, SPAN_LIT("menu"), &out), OK);
	ck_assert(span_is(out.command, "menu") && span_is(out.original, "id"));
	s.set.force_command = "of the settings";
	ck_assert_int_eq(decide_command(&s.c, &m, SPAN_LIT("menu"), &out), OK);
	ck_assert(span_is(out.command, "of the settings"));
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
	struct msg_login_session out = {0};
	struct scene s;

	scene_open(&s);
	s.work.n_keys = 2;
	s.key[0].has_command = s.key[1].has_command = true;
	s.key[0].command = SPAN_LIT("one");
	s.key[1].command = SPAN_LIT("one");
	runs(&s, SESSION_SHELL, "", "one");
	s.key[1].command = SPAN_LIT("two");
	ck_assert_int_eq(decide_command(&s.c, &m, (struct span){0}, &out), ERR_DENIED);
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

/* Everything is allowed until a test takes something away; no key opened the door. */
static void scene_allow(struct scene *s)
{
	scene_open(s);
	s->set = (struct settings){
	    .local_sessions = true,
	    .permit_tty = true,
	    .allow_agent_forwarding = true,
	    .x11_forwarding = true,
	    .allow_tcp_forwarding = FORWARD_LOCAL | FORWARD_REMOTE,
	    .allow_stream_local_forwarding = FORWARD_LOCAL | FORWARD_REMOTE};
	s->account = (struct account){.found = true, .uid = 1000};
	s->key[0] = (struct key_options){
	    .pty = true, .agent = true, .x11 = true, .port_forwarding = true};
	s->work.account = &s->account;
	s->work.n_keys = 0;
}

START_TEST(permits_are_all_where_everything_is_allowed)
{
	struct scene s;

	scene_allow(&s);
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_SESSIONS | PERMIT_FORWARDS);
	s.work.n_keys = 1;
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_SESSIONS | PERMIT_FORWARDS);
}
END_TEST

START_TEST(permits_hold_no_session_without_local_sessions)
{
	struct scene s;

	scene_allow(&s);
	s.set.local_sessions = false;
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_FORWARDS);
}
END_TEST

START_TEST(permits_of_a_user_without_an_account_are_tcp_only)
{
	struct scene s;

	scene_allow(&s);
	s.account.uid = UINT32_MAX;
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_TCP | PERMIT_LISTEN);
}
END_TEST

START_TEST(permits_hold_no_forward_where_forwarding_is_disabled)
{
	struct scene s;

	scene_allow(&s);
	s.set.disable_forwarding = true;
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_SESSION | PERMIT_PTY);
}
END_TEST

START_TEST(permits_are_narrowed_by_the_options_of_the_key)
{
	struct scene s;

	scene_allow(&s);
	s.key[0] = (struct key_options){.has_command = false};
	s.work.n_keys = 1;
	ck_assert_uint_eq(decide_permits(&s.c), PERMIT_SESSION);
}
END_TEST

START_TEST(permits_follow_the_direction_of_forwarding)
{
	struct scene s;

	scene_allow(&s);
	s.set.allow_tcp_forwarding = FORWARD_LOCAL;
	s.set.allow_stream_local_forwarding = FORWARD_REMOTE;
	ck_assert_uint_eq(decide_permits(&s.c),
			  PERMIT_SESSIONS | PERMIT_TCP | PERMIT_UNIX_LISTEN);
}
END_TEST

START_TEST(login_needs_an_account)
{
	struct scene s;

	scene_allow(&s);
	ck_assert_int_eq(decide_login(&s.c), OK);
	s.account.found = false;
	ck_assert_int_eq(decide_login(&s.c), ERR_DENIED);
	s.work.account = NULL;
	ck_assert_int_eq(decide_login(&s.c), ERR_DENIED);
}
END_TEST

START_TEST(open_is_denied_without_the_permit)
{
	struct scene s;

	scene_allow(&s);
	ck_assert_int_eq(decide_open_tcp(&s.c, SPAN_LIT("host"), 22), ERR_DENIED);
	ck_assert_int_eq(decide_listen_tcp(&s.c, SPAN_LIT("host"), 22), ERR_DENIED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_decide");
	TCase *t = tcase_create("sessions");

	tcase_add_test(t, a_command_is_run_as_asked_where_none_is_forced);
	tcase_add_test(t, the_scripts_command_runs_where_none_is_forced);
	tcase_add_test(t, the_settings_command_comes_before_the_keys);
	tcase_add_test(t, an_empty_forced_command_gives_no_shell);
	tcase_add_test(t, two_keys_must_agree_on_the_command);
	tcase_add_test(t, the_users_own_rc_file_is_no_way_around_a_forced_command);
	tcase_add_test(t, permits_are_all_where_everything_is_allowed);
	tcase_add_test(t, permits_hold_no_session_without_local_sessions);
	tcase_add_test(t, permits_of_a_user_without_an_account_are_tcp_only);
	tcase_add_test(t, permits_hold_no_forward_where_forwarding_is_disabled);
	tcase_add_test(t, permits_are_narrowed_by_the_options_of_the_key);
	tcase_add_test(t, permits_follow_the_direction_of_forwarding);
	tcase_add_test(t, login_needs_an_account);
	tcase_add_test(t, open_is_denied_without_the_permit);
	suite_add_tcase(s, t);
	return s;
}
