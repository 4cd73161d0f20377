/* The environment of the user's program. */
#include "monitor/login/login.h"
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct env env;

static void setup(void)
{
	env = (struct env){0};
}

static void teardown(void)
{
	env_wipe(&env);
	ck_assert_ptr_null(env.vars);
}

static struct passwd person(uid_t uid)
{
	static char name[] = "tess", home[] = "/home/tess", shell[] = "/bin/zsh";

	return (struct passwd){
	    .pw_name = name, .pw_uid = uid, .pw_dir = home, .pw_shell = shell};
}

static void expect(const char *name, const char *value)
{
	const char *got = env_get(&env, name);

	ck_assert_msg(got != NULL, "%s is not set", name);
	ck_assert_str_eq(got, value);
}

START_TEST(env_set_replaces_and_ends_with_null)
{
	char name[16];

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof name, "V%d", i);
			env_set(&env, name, round == 0 ? "old" : "new");
		}
	ck_assert_int_eq(env.err, OK);
	ck_assert_uint_eq(env.n, 100);
	ck_assert_ptr_null(env.vars[100]);
	expect("V0", "new");
	expect("V99", "new");
	ck_assert_ptr_null(env_get(&env, "V"));
}
END_TEST

START_TEST(env_set_leaves_out_names_that_are_none)
{
	env_set(&env, "", "x");
	env_set(&env, "A=B", "x");
	ck_assert_uint_eq(env.n, 0);
}
END_TEST

START_TEST(env_account_overrides_what_the_client_asked)
{
	uint8_t store[256];
	struct wr w = WR(store);
	struct passwd pw = person(1000);

	wr_str(&w, "LANG");
	wr_str(&w, "C.UTF-8");
	wr_str(&w, "HOME");
	wr_str(&w, "/root");
	wr_str(&w, "SSH_CONNECTION");
	wr_str(&w, "forged");
	ck_assert_int_eq(env_request(&env, (struct span){store, w.n}), OK);
	env_account(&env, &pw);
	expect("LANG", "C.UTF-8");
	expect("HOME", "/home/tess");
	expect("USER", "tess");
	expect("LOGNAME", "tess");
	expect("SHELL", "/bin/zsh");
	expect("MAIL", "/var/mail/tess");
	expect("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/games");
}
END_TEST

START_TEST(env_account_gives_root_its_own_path)
{
	struct passwd pw = person(0);

	env_account(&env, &pw);
	expect("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}
END_TEST

START_TEST(env_connection_says_who_is_connected_to_what)
{
	struct msg_login_session m = {.remote = SPAN_LIT("192.0.2.7"),
				      .remote_port = 4711,
				      .local = SPAN_LIT("2001:db8::1"),
				      .local_port = 22,
				      .pty = 1,
				      .term = SPAN_LIT("xterm"),
				      .original = SPAN_LIT("ls -l")};

	ck_assert_int_eq(env_connection(&env, &m), OK);
	expect("SSH_CLIENT", "192.0.2.7 4711 22");
	expect("SSH_CONNECTION", "192.0.2.7 4711 2001:db8::1 22");
	expect("TERM", "xterm");
	expect("SSH_ORIGINAL_COMMAND", "ls -l");
}
END_TEST

START_TEST(env_connection_lets_set_env_override_all_but_the_connection)
{
	uint8_t store[256];
	struct wr w = WR(store);
	struct passwd pw = person(1000);
	struct msg_login_session m = {.remote = SPAN_LIT("192.0.2.7"),
				      .local = SPAN_LIT("::1")};

	wr_str(&w, "PATH");
	wr_str(&w, "/opt/bin");
	wr_str(&w, "SSH_CLIENT");
	wr_str(&w, "forged");
	m.env_fixed = (struct span){store, w.n};
	env_set(&env, "PATH", "/of/the/client");
	env_account(&env, &pw);
	ck_assert_int_eq(env_connection(&env, &m), OK);
	expect("PATH", "/opt/bin");
	expect("SSH_CLIENT", "192.0.2.7 0 0");
}
END_TEST

START_TEST(env_connection_sets_term_for_a_terminal_only)
{
	struct msg_login_session m = {.term = SPAN_LIT("xterm")};

	ck_assert_int_eq(env_connection(&env, &m), OK);
	ck_assert_ptr_null(env_get(&env, "TERM"));
	ck_assert_ptr_null(env_get(&env, "SSH_ORIGINAL_COMMAND"));
	m.original = SPAN_LIT("a\0b");
	ck_assert_int_eq(env_connection(&env, &m), ERR_RANGE);
}
END_TEST

START_TEST(env_request_refuses_what_is_cut_and_leaves_out_nuls)
{
	uint8_t store[64];
	struct wr w = WR(store);

	wr_str(&w, "A");
	wr_bytes(&w, SPAN_LIT("x\0y"));
	wr_str(&w, "B");
	wr_str(&w, "z");
	for (size_t cut = 1; cut < w.n; cut++)
		if (cut != 12) /* one whole pair */
			ck_assert_int_eq(env_request(&env, (struct span){store, cut}),
					 ERR_TRUNCATED);
	ck_assert_uint_eq(env.n, 0);
	ck_assert_int_eq(env_request(&env, (struct span){store, w.n}), OK);
	ck_assert_uint_eq(env.n, 1);
	expect("B", "z");
}
END_TEST

START_TEST(env_request_is_bounded_in_number)
{
	static uint8_t store[LIMIT_ENV_BYTES];
	struct wr w = WR(store);
	char name[16];

	for (int i = 0; i < 2 * LIMIT_ENV_COUNT; i++) {
		snprintf(name, sizeof name, "V%d", i);
		wr_str(&w, name);
		wr_str(&w, "");
	}
	ck_assert_int_eq(w.err, OK);
	ck_assert_int_eq(env_request(&env, (struct span){store, w.n}), OK);
	ck_assert_uint_eq(env.n, LIMIT_ENV_COUNT);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_env");
	TCase *t = tcase_create("env");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, env_set_replaces_and_ends_with_null);
	tcase_add_test(t, env_set_leaves_out_names_that_are_none);
	tcase_add_test(t, env_account_overrides_what_the_client_asked);
	tcase_add_test(t, env_account_gives_root_its_own_path);
	tcase_add_test(t, env_connection_says_who_is_connected_to_what);
	tcase_add_test(t, env_connection_lets_set_env_override_all_but_the_connection);
	tcase_add_test(t, env_connection_sets_term_for_a_terminal_only);
	tcase_add_test(t, env_request_refuses_what_is_cut_and_leaves_out_nuls);
	tcase_add_test(t, env_request_is_bounded_in_number);
	suite_add_tcase(s, t);
	return s;
}
