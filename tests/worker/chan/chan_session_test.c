/* Sessions from start to end: no output lost, exact statuses, answers in order. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static void say(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(output_eof_status_and_close_come_in_this_order)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	say(p.out, "hello");
	program_ends(&p);
	ck_assert_int_eq(monitor_exits(0, 7, ""), OK);
	expect_data(9, "hello");
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_exit_status(9, 7);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(next_asked(MSG_chan_closed).u.chan_closed.sent, 5);
	ck_assert_uint_eq(fake.w.chans.n, 0);
	expect_nothing();
}
END_TEST

START_TEST(status_that_comes_after_the_end_of_output_is_waited_for)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	close(p.out);
	close(p.err);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_nothing();
	ck_assert_int_eq(monitor_exits(0, 0, ""), OK);
	expect_exit_status(9, 0);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	close(p.in);
}
END_TEST

START_TEST(exit_by_a_signal_names_it)
{
	struct program p;
	struct rd r;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	program_ends(&p);
	ck_assert_int_eq(monitor_exits(0, 0, "KILL"), OK);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	r = next_out(SSH_MSG_CHANNEL_REQUEST);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert(span_is(rd_bytes(&r, 64), "exit-signal"));
	ck_assert(!rd_bool(&r));
	ck_assert(span_is(rd_bytes(&r, 64), "KILL"));
	ck_assert(!rd_bool(&r));
	ck_assert_uint_eq(rd_bytes(&r, 64).n, 0);
	ck_assert_uint_eq(rd_bytes(&r, 64).n, 0);
	ck_assert_int_eq(rd_end(&r), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(output_beyond_the_window_is_not_lost_at_exit)
{
	struct program p;
	size_t got = 0;
	static const char text[] = "0123456789";

	ck_assert_int_eq(client_open("session", 9, 3, 100), OK);
	ck_assert_int_eq(monitor_opens(0, -1), OK);
	next_asked(MSG_open_session);
	next_out(SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
	p = start_pipes(0, 9);
	say(p.out, text);
	program_ends(&p);
	ck_assert_int_eq(monitor_exits(0, 1, ""), OK);
	turns(3);
	for (; got < sizeof text - 1; got += 3) {
		char part[4] = {0};

		memcpy(part, text + got,
		       sizeof text - 1 - got < 3 ? sizeof text - 1 - got : 3);
		expect_data(9, part);
		if (got + 3 >= sizeof text - 1)
			break;
		expect_nothing();
		ck_assert_int_eq(client_adjust(0, 3), OK);
		turns(3);
	}
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_exit_status(9, 1);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(output_beyond_the_room_is_not_lost_at_exit)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	say(p.out, "last words");
	fake.room = 0;
	ck_assert_int_eq(monitor_exits(0, 1, ""),
			 OK); /* a child still holds the pipes */
	expect_nothing();
	turns(3);
	expect_data(9, "last words");
	expect_exit_status(9, 1);
	expect_nothing();
	program_ends(&p);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(child_that_keeps_the_pipes_open_does_not_keep_back_the_status)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	ck_assert_int_eq(monitor_exits(0, 3, ""), OK);
	expect_exit_status(9, 3);
	say(p.err, "from the child");
	turns(2);
	next_out(SSH_MSG_CHANNEL_EXTENDED_DATA);
	expect_nothing();
	program_ends(&p);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

START_TEST(errors_of_the_program_are_extended_data)
{
	struct program p;
	struct rd r;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	say(p.err, "oops");
	turn();
	r = next_out(SSH_MSG_CHANNEL_EXTENDED_DATA);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_uint_eq(rd_u32(&r), SSH_EXTENDED_DATA_STDERR);
	ck_assert(span_is(rd_bytes(&r, 64), "oops"));
	ck_assert_int_eq(rd_end(&r), OK);
	program_ends(&p);
}
END_TEST

START_TEST(program_that_reads_no_more_is_told_to_openssh)
{
	struct program p;
	struct rd r;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	close(p.in);
	turns(2);
	r = next_out(SSH_MSG_CHANNEL_REQUEST);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert(span_is(rd_bytes(&r, 64), "eow@openssh.com"));
	ck_assert(!rd_bool(&r));
	ck_assert_int_eq(rd_end(&r), OK);
	turns(2);
	expect_nothing();
	ck_assert_int_lt(fake.w.chans.slot[0]->to.fd, 0);
	ck_assert_int_eq(client_data(0, 10), OK);
	close(p.out);
	close(p.err);
}
END_TEST

START_TEST(program_that_reads_no_more_is_not_told_to_others)
{
	struct program p;

	memcpy(fake.w.kex.v_client, "SSH-2.0-dropbear", sizeof "SSH-2.0-dropbear");
	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	close(p.in);
	turns(2);
	expect_nothing();
	close(p.out);
	close(p.err);
}
END_TEST

START_TEST(eof_of_the_client_closes_the_input_of_the_program)
{
	struct program p;
	char back[8];

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	ck_assert_int_eq(client_data(0, 3), OK);
	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(read(p.in, back, sizeof back), 3);
	ck_assert_int_eq(read(p.in, back, sizeof back), 0);
	expect_nothing();
	program_ends(&p);
}
END_TEST

START_TEST(data_before_the_start_reaches_the_program)
{
	int in[2], out[2], err[2];
	char back[8];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	open_session_channel(0, 9);
	ck_assert_int_eq(client_data(0, 2), OK);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_int_eq(client_data(0, 1), OK);
	ck_assert_int_eq(client_eof(0), OK);
	ck_assert_int_eq(monitor_starts(0, (int[]){in[1], out[0], err[0]}, 3), OK);
	ck_assert_int_eq(read(in[0], back, sizeof back), 3);
	ck_assert_int_eq(read(in[0], back, sizeof back), 0);
	close(in[0]);
	close(out[1]);
	close(err[1]);
}
END_TEST

START_TEST(requests_before_the_start_is_decided_are_answered_after_it)
{
	struct program p = {-1, -1, -1};
	int in[2], out[2], err[2];

	ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	open_session_channel(0, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	wr_str(client_request(0, "signal"), "HUP");
	ck_assert_int_eq(give(recv_channel_request), OK);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	wr_str(client_request(0, "signal"), "INT");
	ck_assert_int_eq(give(recv_channel_request), OK);
	expect_nothing();
	expect_nothing_asked();
	ck_assert_int_eq(monitor_starts(0, (int[]){in[1], out[0], err[0]}, 3), OK);
	p = (struct program){in[0], out[1], err[1]};
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	ck_assert(
	    span_is(next_asked(MSG_session_signal).u.session_signal.signal, "HUP"));
	ck_assert(
	    span_is(next_asked(MSG_session_signal).u.session_signal.signal, "INT"));
	program_ends(&p);
}
END_TEST

START_TEST(start_that_failed_may_be_followed_by_another)
{
	open_session_channel(0, 9);
	wr_str(client_request(0, "subsystem"), "nosuch");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	wr_str(client_request(0, "exec"), "a");
	ck_assert_int_eq(give(recv_channel_request), OK);
	wr_str(client_request(0, "exec"), "b");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_int_eq(monitor_starts(0, NULL, 0), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	ck_assert(span_is(next_asked(MSG_session_start).u.session_start.command, "a"));
	expect_nothing_asked(); /* b waits behind a */
	ck_assert_int_eq(monitor_starts(0, NULL, 0), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	ck_assert(span_is(next_asked(MSG_session_start).u.session_start.command, "b"));
	ck_assert_int_eq(monitor_starts(0, NULL, 0), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
	expect_nothing();
}
END_TEST

START_TEST(start_refused_in_words_shows_them_and_ends)
{
	struct ipc_fds fds = {0};
	struct msg_session_started m = {.chan = 0, .message = SPAN_LIT("git only")};
	struct rd r;

	open_session_channel(0, 9);
	wr_str(client_request(0, "exec"), "id");
	ck_assert_int_eq(give(recv_channel_request), OK);
	wr_str(client_request(0, "exec"), "again");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_int_eq(client_data(0, 5), OK);
	ck_assert_int_eq(on_session_started(&fake.w, &m, &fds), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	r = next_out(SSH_MSG_CHANNEL_EXTENDED_DATA);
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_uint_eq(rd_u32(&r), SSH_EXTENDED_DATA_STDERR);
	ck_assert(span_is(rd_bytes(&r, LIMIT_TEXT_BYTES), "git only\r\n"));
	ck_assert_int_eq(rd_end(&r), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9); /* the one that waited */
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_exit_status(9, 1);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_int_eq(client_close(0), OK);
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(requests_that_wait_are_bounded)
{
	enum err e = OK;
	size_t n = 0;

	open_session_channel(0, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	for (; e == OK && n < LIMIT_CHAN_HELD_BYTES; n++) {
		client_request(0, "shell");
		e = give(recv_channel_request);
	}
	ck_assert_int_eq(e, ERR_BUDGET);
}
END_TEST

START_TEST(start_without_its_descriptors_fails)
{
	int fd = dup(0);

	open_session_channel(0, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	ck_assert_int_eq(monitor_starts(0, &fd, 1), OK);
	expect_about(SSH_MSG_CHANNEL_FAILURE, 9);
}
END_TEST

START_TEST(close_while_the_program_runs_closes_its_descriptors)
{
	struct program p;
	char byte;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	ck_assert_int_eq(client_close(0), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	next_asked(MSG_chan_closed);
	ck_assert_int_eq(read(p.in, &byte, 1), 0);
	ck_assert_int_eq(write(p.out, "x", 1), -1);
	ck_assert_int_eq(monitor_exits(0, 0, ""), OK);
	expect_nothing();
	program_ends(&p);
}
END_TEST

START_TEST(status_goes_out_though_the_client_closed_after_our_eof)
{
	struct program p;

	open_session_channel(0, 9);
	p = start_pipes(0, 9);
	ck_assert_int_eq(client_eof(0), OK);
	program_ends(&p);
	turns(2);
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	ck_assert_int_eq(client_close(0), OK);
	expect_nothing();
	ck_assert_int_eq(monitor_exits(0, 5, ""), OK);
	expect_exit_status(9, 5);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(close_before_the_start_is_answered_at_once)
{
	int fd[3] = {dup(0), dup(0), dup(0)};

	open_session_channel(0, 9);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_int_eq(client_close(0), OK);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	next_asked(MSG_chan_closed);
	ck_assert_int_eq(monitor_starts(0, fd, 3), OK); /* it crossed */
	expect_nothing();
	open_session_channel(0, 10);
	ck_assert_int_eq(monitor_exits(0, 0, ""), OK);
	expect_nothing();
}
END_TEST

START_TEST(eof_before_the_start_ends_nothing)
{
	open_session_channel(0, 9);
	ck_assert_int_eq(client_eof(0), OK);
	turns(2);
	expect_nothing();
	ck_assert_uint_eq(fake.w.chans.n, 1);
}
END_TEST

/* ---- terminals ---- */

static int tty_master, tty_slave;

static void start_tty(void)
{
	char name[64];

	tty_master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(tty_master, 0);
	ck_assert_int_eq(grantpt(tty_master), 0);
	ck_assert_int_eq(unlockpt(tty_master), 0);
	ck_assert_int_eq(ptsname_r(tty_master, name, sizeof name), 0);
	tty_slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(tty_slave, 0);
	open_session_channel(0, 9);
	client_request(0, "pty-req");
	wr_str(&draft, "xterm");
	for (size_t i = 0; i < 4; i++)
		wr_u32(&draft, 24);
	wr_str(&draft, "");
	ck_assert_int_eq(give(recv_channel_request), OK);
	client_request(0, "shell");
	ck_assert_int_eq(give(recv_channel_request), OK);
	next_asked(MSG_session_start);
	ck_assert_int_eq(monitor_starts(0, &tty_master, 1), OK);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
	expect_about(SSH_MSG_CHANNEL_SUCCESS, 9);
}

START_TEST(terminal_goes_both_ways_and_is_made_non_blocking)
{
	char back[8];

	start_tty();
	say(tty_slave, "$ ");
	turn();
	expect_data(9, "$ ");
	ck_assert_int_eq(client_data(0, 1), OK);
	client(0);
	wr_str(&draft, "\r");
	ck_assert_int_eq(give(recv_channel_data), OK);
	ck_assert_int_eq(read(tty_slave, back, sizeof back), 2);
	ck_assert(fcntl(tty_master, F_GETFL) & O_NONBLOCK);
	close(tty_slave);
}
END_TEST

START_TEST(terminal_stays_open_when_the_client_sends_eof)
{
	start_tty();
	ck_assert_int_eq(client_eof(0), OK);
	say(tty_slave, "still here");
	turn();
	expect_data(9, "still here");
	close(tty_slave);
}
END_TEST

START_TEST(terminal_held_open_by_a_child_ends_with_its_session)
{
	start_tty();
	say(tty_slave, "bye");
	ck_assert_int_eq(monitor_exits(0, 2, ""), OK);
	turns(2);
	expect_data(9, "bye");
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_exit_status(9, 2);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
	close(tty_slave);
}
END_TEST

START_TEST(terminal_that_hangs_up_waits_for_the_status)
{
	start_tty();
	say(tty_slave, "bye");
	close(tty_slave);
	turns(3);
	expect_data(9, "bye");
	expect_about(SSH_MSG_CHANNEL_EOF, 9);
	expect_nothing();
	ck_assert_int_eq(monitor_exits(0, 0, ""), OK);
	expect_exit_status(9, 0);
	expect_about(SSH_MSG_CHANNEL_CLOSE, 9);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, output_eof_status_and_close_come_in_this_order);
	tcase_add_test(t, status_that_comes_after_the_end_of_output_is_waited_for);
	tcase_add_test(t, exit_by_a_signal_names_it);
	tcase_add_test(t, output_beyond_the_window_is_not_lost_at_exit);
	tcase_add_test(t, output_beyond_the_room_is_not_lost_at_exit);
	tcase_add_test(t,
		       child_that_keeps_the_pipes_open_does_not_keep_back_the_status);
	tcase_add_test(t, errors_of_the_program_are_extended_data);
	tcase_add_test(t, program_that_reads_no_more_is_told_to_openssh);
	tcase_add_test(t, program_that_reads_no_more_is_not_told_to_others);
	tcase_add_test(t, eof_of_the_client_closes_the_input_of_the_program);
	tcase_add_test(t, data_before_the_start_reaches_the_program);
	tcase_add_test(t, requests_before_the_start_is_decided_are_answered_after_it);
	tcase_add_test(t, start_that_failed_may_be_followed_by_another);
	tcase_add_test(t, start_refused_in_words_shows_them_and_ends);
	tcase_add_test(t, requests_that_wait_are_bounded);
	tcase_add_test(t, start_without_its_descriptors_fails);
	tcase_add_test(t, close_while_the_program_runs_closes_its_descriptors);
	tcase_add_test(t, status_goes_out_though_the_client_closed_after_our_eof);
	tcase_add_test(t, close_before_the_start_is_answered_at_once);
	tcase_add_test(t, eof_before_the_start_ends_nothing);
	tcase_add_test(t, terminal_goes_both_ways_and_is_made_non_blocking);
	tcase_add_test(t, terminal_stays_open_when_the_client_sends_eof);
	tcase_add_test(t, terminal_held_open_by_a_child_ends_with_its_session);
	tcase_add_test(t, terminal_that_hangs_up_waits_for_the_status);
	suite_add_tcase(s, t);
	return s;
}
