/* Every channel request: what it takes, when, and how it is answered. */
#include <sys/ioctl.h>

#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static enum err request(void)
{
	return give(recv_channel_request);
}

static struct wr *pty_request(const char *term, size_t modes_n)
{
	static uint8_t modes[LIMIT_MODES_BYTES + 1];

	client_request(0, "pty-req");
	wr_str(&draft, term);
	for (uint32_t i = 1; i <= 4; i++)
		wr_u32(&draft, i * 10);
	wr_bytes(&draft, (struct span){modes, modes_n});
	return &draft;
}

static struct wr *env_request(const char *name, const char *value)
{
	client_request(0, "env");
	wr_str(&draft, name);
	wr_str(&draft, value);
	return &draft;
}

static struct wr *x11_request(bool single, const char *protocol, const char *cookie)
{
	client_request(0, "x11-req");
	wr_bool(&draft, single);
	wr_str(&draft, protocol);
	wr_str(&draft, cookie);
	wr_u32(&draft, 3);
	return &draft;
}

static void expect_yes(void)
{
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
}

static void expect_no(void)
{
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
}

START_TEST(start_carries_all_that_was_collected)
{
	struct msg_session_start m;
	struct rd env;

	open_session_channel(0, 9);
	pty_request("xterm", 3);
	ck_assert_int_eq(request(), OK);
	env_request("LANG", "C");
	ck_assert_int_eq(request(), OK);
	env_request("EMPTY", "");
	ck_assert_int_eq(request(), OK);
	x11_request(true, "MIT-MAGIC-COOKIE-1", "0123abcd");
	ck_assert_int_eq(request(), OK);
	client_request(0, "auth-agent-req@openssh.com");
	ck_assert_int_eq(request(), OK);
	for (size_t i = 0; i < 5; i++)
		expect_yes();
	wr_str(client_request(0, "exec"), "ls -l");
	ck_assert_int_eq(request(), OK);
	expect_nothing();
	m = next_asked(MSG_session_start).u.session_start;
	ck_assert_uint_eq(m.kind, SESSION_EXEC);
	ck_assert(span_is(m.command, "ls -l"));
	ck_assert_uint_eq(m.pty, 1);
	ck_assert(span_is(m.term, "xterm"));
	ck_assert_uint_eq(m.columns, 10);
	ck_assert_uint_eq(m.rows, 20);
	ck_assert_uint_eq(m.width_px, 30);
	ck_assert_uint_eq(m.height_px, 40);
	ck_assert_uint_eq(m.modes.n, 3);
	ck_assert_uint_eq(m.agent, 1);
	ck_assert_uint_eq(m.x11, 2);
	ck_assert(span_is(m.x11_protocol, "MIT-MAGIC-COOKIE-1"));
	ck_assert(span_is(m.x11_cookie, "0123abcd"));
	ck_assert_uint_eq(m.x11_screen, 3);
	env = RD(m.env);
	ck_assert(span_is(rd_bytes(&env, 64), "LANG"));
	ck_assert(span_is(rd_bytes(&env, 64), "C"));
	ck_assert(span_is(rd_bytes(&env, 64), "EMPTY"));
	ck_assert(span_is(rd_bytes(&env, 64), ""));
	ck_assert_int_eq(rd_end(&env), OK);
}
END_TEST

START_TEST(shell_and_subsystem_are_told_apart)
{
	struct msg_session_start m;

	open_session_channel(0, 9);
	client_request(0, "shell");
	ck_assert_int_eq(request(), OK);
	m = next_asked(MSG_session_start).u.session_start;
	ck_assert_uint_eq(m.kind, SESSION_SHELL);
	ck_assert_uint_eq(m.command.n, 0);
	ck_assert_uint_eq(m.pty, 0);
	open_session_channel(1, 9);
	wr_str(client_request(1, "subsystem"), "sftp");
	ck_assert_int_eq(request(), OK);
	m = next_asked(MSG_session_start).u.session_start;
	ck_assert_uint_eq(m.kind, SESSION_SUBSYSTEM);
	ck_assert(span_is(m.command, "sftp"));
}
END_TEST

START_TEST(what_the_login_may_not_do_fails)
{
	fake.w.granted.permits = PERMIT_SESSION;
	open_session_channel(0, 9);
	pty_request("xterm", 0);
	ck_assert_int_eq(request(), OK);
	expect_no();
	x11_request(false, "MIT-MAGIC-COOKIE-1", "00");
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "auth-agent-req@openssh.com");
	ck_assert_int_eq(request(), OK);
	expect_no();
}
END_TEST

START_TEST(second_of_what_there_is_one_of_fails)
{
	open_session_channel(0, 9);
	pty_request("xterm", 0);
	ck_assert_int_eq(request(), OK);
	expect_yes();
	ck_assert_int_eq(request(), OK);
	expect_no();
	x11_request(false, "MIT-MAGIC-COOKIE-1", "00");
	ck_assert_int_eq(request(), OK);
	expect_yes();
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "auth-agent-req@openssh.com");
	ck_assert_int_eq(request(), OK);
	expect_yes();
	ck_assert_int_eq(request(), OK);
	expect_no();
}
END_TEST

START_TEST(what_is_too_long_fails_and_the_connection_goes_on)
{
	static char text[LIMIT_COMMAND_BYTES + 2];

	memset(text, 'x', sizeof text - 1);
	open_session_channel(0, 9);
	pty_request("xterm", LIMIT_MODES_BYTES + 1);
	ck_assert_int_eq(request(), OK);
	expect_no();
	text[LIMIT_TERM_BYTES + 1] = 0;
	pty_request(text, 0);
	ck_assert_int_eq(request(), OK);
	expect_no();
	x11_request(false, "MIT-MAGIC-COOKIE-1", text);
	ck_assert_int_eq(request(), OK);
	expect_yes();
	expect_nothing_asked();
}
END_TEST

START_TEST(command_beyond_its_limit_fails)
{
	size_t n = LIMIT_COMMAND_BYTES + 1;
	size_t total = n + 64;
	uint8_t *p = malloc(total);
	struct wr w = {.p = p, .cap = total};
	struct rd r;

	open_session_channel(0, 9);
	wr_u32(&w, 0);
	wr_str(&w, "exec");
	wr_bool(&w, true);
	wr_u32(&w, (uint32_t)n);
	memset(p + w.n, 'x', n);
	r = RD(((struct span){p, w.n + n}));
	ck_assert_int_eq(recv_channel_request(&fake.w, &r), OK);
	free(p);
	expect_no();
	expect_nothing_asked();
}
END_TEST

START_TEST(environment_is_bounded_in_number)
{
	open_session_channel(0, 9);
	for (size_t i = 0; i < LIMIT_ENV_COUNT; i++) {
		env_request("A", "b");
		ck_assert_int_eq(request(), OK);
		expect_yes();
	}
	ck_assert_int_eq(request(), OK);
	expect_no();
}
END_TEST

START_TEST(environment_is_bounded_in_bytes)
{
	static char value[10000];
	size_t taken = 0;

	memset(value, 'v', sizeof value - 1);
	open_session_channel(0, 9);
	for (size_t i = 0; i < 5; i++) {
		env_request("A", value);
		ck_assert_int_eq(request(), OK);
		taken += fake.out[fake.n_out - 1].p[0] == SSH_MSG_CHANNEL_SUCCESS;
	}
	ck_assert_uint_eq(taken, LIMIT_ENV_BYTES / sizeof value);
	client_request(0, "shell");
	ck_assert_int_eq(request(), OK);
	ck_assert_uint_le(next_asked(MSG_session_start).u.session_start.env.n,
			  LIMIT_ENV_BYTES);
}
END_TEST

START_TEST(environment_refuses_names_that_are_none)
{
	open_session_channel(0, 9);
	env_request("", "x");
	ck_assert_int_eq(request(), OK);
	expect_no();
	env_request("A=B", "x");
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "env");
	wr_bytes(&draft, (struct span){(const uint8_t *)"A\0B", 3});
	wr_str(&draft, "x");
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "env");
	wr_str(&draft, "A");
	wr_bytes(&draft, (struct span){(const uint8_t *)"x\0y", 3});
	ck_assert_int_eq(request(), OK);
	expect_no();
}
END_TEST

START_TEST(x11_refuses_what_xauth_must_not_see)
{
	static const char *const bad[] = {"a b", "$(id)", "a;b", "a\nb", "\"", "-\\"};

	open_session_channel(0, 9);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		x11_request(false, "MIT-MAGIC-COOKIE-1", bad[i]);
		ck_assert_int_eq(request(), OK);
		expect_no();
		x11_request(false, bad[i], "00");
		ck_assert_int_eq(request(), OK);
		expect_no();
	}
}
END_TEST

START_TEST(requests_after_the_start_keep_to_those_of_a_running_program)
{
	static const char *const late[] = {"shell",
					   "exec",
					   "subsystem",
					   "pty-req",
					   "env",
					   "x11-req",
					   "auth-agent-req@openssh.com"};
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	for (size_t i = 0; i < sizeof late / sizeof *late; i++) {
		client_request(0, late[i]);
		ck_assert_int_eq(request(), OK);
		expect_no();
	}
	expect_nothing_asked();
	program_ends(&p);
}
END_TEST

START_TEST(signal_goes_to_the_monitor_where_its_name_is_known)
{
	struct program p;

	open_session_channel(0, 9);
	wr_str(client_request(0, "signal"), "TERM");
	ck_assert_int_eq(request(), OK);
	expect_no(); /* nothing runs */
	p = start_pipes(0, 9);
	wr_str(client_request(0, "signal"), "TERM");
	ck_assert_int_eq(request(), OK);
	expect_yes();
	ck_assert(
	    span_is(next_asked(MSG_session_signal).u.session_signal.signal, "TERM"));
	wr_str(client_request(0, "signal"), "STOP");
	ck_assert_int_eq(request(), OK);
	expect_no();
	expect_nothing_asked();
	program_ends(&p);
}
END_TEST

static void window_change(uint32_t columns, uint32_t rows)
{
	client_request(0, "window-change");
	wr_u32(&draft, columns);
	wr_u32(&draft, rows);
	wr_u32(&draft, 0);
	wr_u32(&draft, 0);
	ck_assert_int_eq(request(), OK);
}

START_TEST(window_change_before_the_start_is_carried_by_it)
{
	open_session_channel(0, 9);
	window_change(1, 1);
	expect_no(); /* no terminal */
	pty_request("xterm", 0);
	ck_assert_int_eq(request(), OK);
	expect_yes();
	window_change(132, 43);
	expect_yes();
	client_request(0, "shell");
	ck_assert_int_eq(request(), OK);
	ck_assert_uint_eq(next_asked(MSG_session_start).u.session_start.columns, 132);
}
END_TEST

START_TEST(window_change_and_break_reach_the_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct winsize size = {0};

	ck_assert_int_ge(master, 0);
	open_session_channel(0, 9);
	pty_request("xterm", 0);
	ck_assert_int_eq(request(), OK);
	expect_yes();
	client_request(0, "shell");
	ck_assert_int_eq(request(), OK);
	ck_assert_int_eq(monitor_starts(0, &master, 1), OK);
	expect_yes();
	window_change(100, UINT32_MAX);
	expect_yes();
	ck_assert_int_eq(ioctl(master, TIOCGWINSZ, &size), 0);
	ck_assert_uint_eq(size.ws_col, 100);
	ck_assert_uint_eq(size.ws_row, UINT16_MAX);
	wr_u32(client_request(0, "break"), 500);
	ck_assert_int_eq(request(), OK);
	expect_yes();
}
END_TEST

START_TEST(break_without_a_terminal_fails)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	wr_u32(client_request(0, "break"), 500);
	ck_assert_int_eq(request(), OK);
	expect_no();
	program_ends(&p);
}
END_TEST

START_TEST(client_that_reads_no_more_closes_the_output_of_the_program)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	client_request(0, "eow@openssh.com");
	ck_assert_int_eq(request(), OK);
	expect_yes();
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	ck_assert_int_eq(write(p.out, "x", 1), -1);
	program_ends(&p);
}
END_TEST

START_TEST(unknown_requests_fail_where_an_answer_is_wanted)
{
	int far = open_tcp_channel(0, 9, 1000);

	client_request(0, "xon-xoff");
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "keepalive@openssh.com");
	ck_assert_int_eq(request(), OK);
	expect_no();
	client_request(0, "shell"); /* of a session, not of a forward */
	ck_assert_int_eq(request(), OK);
	expect_no();
	client(0);
	wr_str(&draft, "xon-xoff");
	wr_bool(&draft, false);
	ck_assert_int_eq(request(), OK);
	expect_nothing();
	close(far);
}
END_TEST

START_TEST(known_requests_are_read_to_their_end)
{
	static const char *const all[] = {"shell",
					  "exec",
					  "subsystem",
					  "pty-req",
					  "env",
					  "x11-req",
					  "auth-agent-req@openssh.com",
					  "window-change"};

	open_session_channel(0, 9);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		wr_u8(client_request(0, all[i]), 1);
		ck_assert_int_ne(request(), OK);
	}
	expect_nothing();
	expect_nothing_asked();
}
END_TEST

START_TEST(request_after_the_clients_close_is_refused)
{
	int far = open_tcp_channel(0, 9, 1000);

	for (size_t i = 0; i < 32; i++)
		ck_assert_int_eq(client_data(0, 32768), OK);
	ck_assert_int_eq(client_close(0),
			 OK); /* data waits, so the channel is still there */
	client_request(0, "shell");
	ck_assert_int_eq(request(), ERR_FORBIDDEN);
	close(far);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_request");
	TCase *t = tcase_create("request");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, start_carries_all_that_was_collected);
	tcase_add_test(t, shell_and_subsystem_are_told_apart);
	tcase_add_test(t, what_the_login_may_not_do_fails);
	tcase_add_test(t, second_of_what_there_is_one_of_fails);
	tcase_add_test(t, what_is_too_long_fails_and_the_connection_goes_on);
	tcase_add_test(t, command_beyond_its_limit_fails);
	tcase_add_test(t, environment_is_bounded_in_number);
	tcase_add_test(t, environment_is_bounded_in_bytes);
	tcase_add_test(t, environment_refuses_names_that_are_none);
	tcase_add_test(t, x11_refuses_what_xauth_must_not_see);
	tcase_add_test(t, requests_after_the_start_keep_to_those_of_a_running_program);
	tcase_add_test(t, signal_goes_to_the_monitor_where_its_name_is_known);
	tcase_add_test(t, window_change_before_the_start_is_carried_by_it);
	tcase_add_test(t, window_change_and_break_reach_the_terminal);
	tcase_add_test(t, break_without_a_terminal_fails);
	tcase_add_test(t, client_that_reads_no_more_closes_the_output_of_the_program);
	tcase_add_test(t, unknown_requests_fail_where_an_answer_is_wanted);
	tcase_add_test(t, known_requests_are_read_to_their_end);
	tcase_add_test(t, request_after_the_clients_close_is_refused);
	suite_add_tcase(s, t);
	return s;
}
