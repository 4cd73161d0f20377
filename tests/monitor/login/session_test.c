/* Local sessions of the built login helper: pipes, terminals, signals, agent, X11, records. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <utmpx.h>

#include "tests/monitor/login/people.h"

static struct hand hand;
static struct person person;
static struct msg ask; /* a login_session to be changed before it is sent */

/* What a session gave us. */
struct lived {
	int sock, fd[LIMIT_MSG_FDS];
	char out[65536], err[4096];
};
static struct lived lived;

static void setup(void)
{
	hand = (struct hand){0};
	person = person_make("*", "19000::::::");
	hand_start(&hand, "sallyport-login", geteuid() == 0 ? "nobody" : NULL);
	hand_recv(&hand, hand.sock, MSG_fork_ready);
	lived = (struct lived){
	    .sock = -1, .fd = {-1, -1, -1}
        };
	ask = MSG_OF(login_session, .user = span_str(person.name), .kind = SESSION_EXEC,
		     .remote = SPAN_LIT("192.0.2.7"), .remote_port = 4711,
		     .local = SPAN_LIT("::1"), .local_port = 22, .columns = 77,
		     .rows = 33, .term = SPAN_LIT("vt100"), .x11_offset = 40,
		     .pam_service = SPAN_LIT("sshd"),
		     .flags = LOGIN_X11_LOCAL | LOGIN_USER_RC);
}

static void teardown(void)
{
	for (size_t i = 0; i < LIMIT_MSG_FDS; i++)
		if (lived.fd[i] >= 0)
			close(lived.fd[i]);
	if (lived.sock >= 0)
		close(lived.sock);
	hand_end(&hand);
	remove_home(&person);
}

static void begin(const char *command)
{
	size_t n = ask.u.login_session.pty != 0 ? 1 : LIMIT_MSG_FDS;

	ask.u.login_session.command = span_str(command);
	lived.sock = helper_ask(&hand, &ask);
	helper_recv(&hand, lived.sock, MSG_login_started);
	ck_assert_msg(hand.m.u.login_started.ok == 1, "%.*s",
		      (int)hand.m.u.login_started.text.n,
		      (const char *)hand.m.u.login_started.text.p);
	ck_assert_uint_eq(hand.fds.n, n);
	for (size_t i = 0; i < n; i++) {
		lived.fd[i] = ipc_fd_take(&hand.fds, i);
		ck_assert_int_ne(fcntl(lived.fd[i], F_GETFL) & O_NONBLOCK, 0);
	}
}

/* Reads from fd until text is there, or the end where text is NULL. */
static void read_until(int fd, char *out, size_t cap, const char *text)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = strlen(out);
	ssize_t r = 1;

	while (r > 0 && (text == NULL || strstr(out, text) == NULL)) {
		ck_assert_msg(poll(&p, 1, HAND_WAIT_MS) == 1, "waiting for %s, got: %s",
			      text != NULL ? text : "the end", out);
		r = read(fd, out + n, cap - 1 - n);
		if (r < 0 && errno == EAGAIN)
			r = 1;
		else if (r > 0)
			n += (size_t)r;
		out[n] = '\0';
	}
	if (text != NULL)
		ck_assert_msg(strstr(out, text) != NULL, "no %s in: %s", text, out);
}

/* Lets the program run to its end; the pty's only descriptor is fd[0]. */
static void finish(void)
{
	bool pty = ask.u.login_session.pty != 0;

	read_until(lived.fd[pty ? 0 : 1], lived.out, sizeof lived.out, NULL);
	if (!pty)
		read_until(lived.fd[2], lived.err, sizeof lived.err, NULL);
	helper_recv(&hand, lived.sock, MSG_login_exited);
}

static void expect_out(const char *line)
{
	ck_assert_msg(strstr(lived.out, line) != NULL, "no %s in: %s%s", line,
		      lived.out, lived.err);
}

START_TEST(exec_gives_output_errors_and_status)
{
	char in[8] = {0};

	begin("echo out; echo err >&2; read x; echo \"in=$x\"; exit 7");
	ck_assert_int_eq(write(lived.fd[0], "word\n", 5), 5);
	finish();
	ck_assert_str_eq(lived.out, "out\nin=word\n");
	ck_assert_str_eq(lived.err, "err\n");
	ck_assert_uint_eq(hand.m.u.login_exited.status, 7);
	ck_assert_uint_eq(hand.m.u.login_exited.signal.n, 0);
	ck_assert_int_eq(read(lived.fd[1], in, sizeof in), 0);
}
END_TEST

START_TEST(exec_runs_as_the_account_alone)
{
	char line[64];

	begin("id -u; id -g; id -G; umask; grep -E 'NoNewPrivs|Seccomp:|CapEff|SigIgn' "
	      "/proc/self/status; for f in /proc/self/fd/*; do echo fd ${f##*/}; done");
	finish();
	snprintf(line, sizeof line, "%u\n", person.uid);
	ck_assert_int_eq(strncmp(lived.out, line, strlen(line)), 0);
	if (person.own) {
		expect_out("\n42420\n42420 42421\n");
		expect_out("CapEff:\t0000000000000000");
	}
	/* walls of ours would be walls for sudo */
	expect_out("NoNewPrivs:\t0");
	expect_out("Seccomp:\t0");
	expect_out("SigIgn:\t0000000000000000");
	expect_out("fd 2\n");
	/* the shell's own descriptor of the folder is the only one besides */
	for (int fd = 4; fd < 64; fd++) {
		snprintf(line, sizeof line, "fd %d\n", fd);
		ck_assert_msg(strstr(lived.out, line) == NULL, "leaked: %s", lived.out);
	}
}
END_TEST

/* Field of /proc/PID/status. */
static void expect_status(int pid, const char *line)
{
	char path[64], text[4096] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, f), 0);
	fclose(f);
	ck_assert_msg(strstr(text, line) != NULL, "no %s in: %s", line, text);
}

START_TEST(waiter_has_no_rights)
{
	char line[64];
	int waiter = 0;

	ask.u.login_session.pty = (uint8_t)_i;
	begin("echo p=$PPID.; sleep 30");
	read_until(lived.fd[_i != 0 ? 0 : 1], lived.out, sizeof lived.out, ".");
	ck_assert_int_eq(sscanf(lived.out, "p=%d.", &waiter), 1);
	usleep(200 * 1000); /* it gives them up while the program runs already */
	snprintf(line, sizeof line, "Uid:\t%u\t%u\t%u\t%u\n", person.uid, person.uid,
		 person.uid, person.uid);
	expect_status(waiter, line);
	expect_status(waiter, "Seccomp:\t2");
	expect_status(waiter, "NoNewPrivs:\t1");
	expect_status(waiter, "CapPrm:\t0000000000000000");
	if (geteuid() == 0)
		expect_status(waiter, "CapBnd:\t0000000000000000");
}
END_TEST

START_TEST(exec_has_the_environment_of_sshd)
{
	uint8_t store[128];
	char line[PATH_MAX + 16];
	struct wr w = WR(store);

	wr_str(&w, "LC_TEST");
	wr_str(&w, "asked");
	ask.u.login_session.env = (struct span){store, w.n};
	ask.u.login_session.original = SPAN_LIT("what was asked");
	begin("env; pwd");
	finish();
	snprintf(line, sizeof line, "USER=%s\n", person.name);
	expect_out(line);
	expect_out("SSH_CONNECTION=192.0.2.7 4711 ::1 22\n");
	expect_out("SSH_CLIENT=192.0.2.7 4711 22\n");
	expect_out("SSH_ORIGINAL_COMMAND=what was asked\n");
	expect_out("LC_TEST=asked\n");
	ck_assert_ptr_null(strstr(lived.out, "CK_"));
	ck_assert_ptr_null(strstr(lived.out, "SSH_TTY="));
	if (person.own) {
		snprintf(line, sizeof line, "\n%s\n", person.home);
		expect_out(line);
	}
}
END_TEST

START_TEST(signals_reach_the_program_and_name_its_end)
{
	struct msg m = MSG_OF(login_signal, .signal = SPAN_LIT("NONSENSE"));

	begin("echo ready; sleep 60");
	read_until(lived.fd[1], lived.out, sizeof lived.out, "ready");
	hand_send(lived.sock, &m);
	m.u.login_signal.signal = SPAN_LIT("USR1");
	hand_send(lived.sock, &m);
	helper_recv(&hand, lived.sock, MSG_login_exited);
	ck_assert(span_is(hand.m.u.login_exited.signal, "USR1"));
}
END_TEST

START_TEST(loss_of_the_connection_hangs_up)
{
	begin("trap 'echo hup; exit' HUP; echo ready; while :; do sleep 0.1; done");
	read_until(lived.fd[1], lived.out, sizeof lived.out, "ready");
	close(lived.sock);
	lived.sock = -1;
	read_until(lived.fd[1], lived.out, sizeof lived.out, "hup");
}
END_TEST

START_TEST(end_of_the_program_leaves_its_background_alone)
{
	begin("(sleep 0.5; echo late) & echo early");
	helper_recv(&hand, lived.sock, MSG_login_exited);
	close(lived.sock);
	lived.sock = -1;
	read_until(lived.fd[1], lived.out, sizeof lived.out, "late");
}
END_TEST

START_TEST(pty_has_size_modes_and_owner)
{
	static const uint8_t modes[] = {53, 0, 0,    0, 0,   3, 0, 0,    0, 8, 128,
					0,  0, 0x96, 0, 129, 0, 0, 0x96, 0, 0};
	char line[64];

	ask.u.login_session.pty = 1;
	ask.u.login_session.modes = SPAN_OF(modes);
	begin("stty -a; tty; echo TERM=$TERM; echo T=$SSH_TTY; stat -c 'owner %u %G "
	      "%a' $(tty)");
	finish();
	expect_out("rows 33; columns 77");
	expect_out("speed 38400 baud");
	expect_out("-echo ");
	expect_out("erase = ^H");
	expect_out("TERM=vt100");
	expect_out("T=/dev/pts/");
	snprintf(line, sizeof line, "owner %u %s", person.uid,
		 geteuid() == 0 ? "tty 620" : "");
	expect_out(line);
}
END_TEST

START_TEST(pty_shell_is_a_login_shell_that_ends_with_its_input)
{
	ask.u.login_session.pty = 1;
	ask.u.login_session.kind = SESSION_SHELL;
	begin("");
	if (!person.own) /* whose shell may be nologin */
		return;
	ck_assert_int_gt(write(lived.fd[0], "echo argv0=$0; exit 3\n", 22), 0);
	finish();
	expect_out("argv0=-sh");
	ck_assert_uint_eq(hand.m.u.login_exited.status, 3);
}
END_TEST

START_TEST(pty_is_hung_up_when_it_is_let_go)
{
	ask.u.login_session.pty = 1;
	begin("echo ready; cat");
	read_until(lived.fd[0], lived.out, sizeof lived.out, "ready");
	close(lived.fd[0]);
	lived.fd[0] = -1;
	helper_recv(&hand, lived.sock, MSG_login_exited);
	ck_assert(span_is(hand.m.u.login_exited.signal, "HUP"));
}
END_TEST

START_TEST(agent_socket_is_the_accounts_and_goes_with_the_session)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	char c = 0;
	int fd, peer;

	ask.u.login_session.agent = 1;
	begin("echo $SSH_AUTH_SOCK; cat");
	read_until(lived.fd[1], lived.out, sizeof lived.out, "\n");
	lived.out[strcspn(lived.out, "\n")] = '\0';
	ck_assert_int_eq(strncmp(lived.out, "/tmp/ssh-", 9), 0);
	ck_assert_int_eq(stat(lived.out, &st), 0);
	ck_assert_uint_eq(st.st_uid, person.uid);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	snprintf(a.sun_path, sizeof a.sun_path, "%.100s", lived.out);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	helper_recv(&hand, lived.sock, MSG_login_incoming);
	ck_assert_uint_eq(hand.m.u.login_incoming.kind, INCOMING_AGENT);
	peer = ipc_fd_take(&hand.fds, 0);
	ck_assert_int_eq(write(peer, "x", 1), 1);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	close(fd);
	close(peer);
	close(lived.fd[0]);
	lived.fd[0] = -1;
	helper_recv(&hand, lived.sock, MSG_login_exited);
	close(lived.sock);
	lived.sock = -1;
	hand_recv(&hand, hand.sock, MSG_fork_ended);
	ck_assert_int_ne(stat(lived.out, &st), 0);
	*strrchr(lived.out, '/') = '\0';
	ck_assert_int_ne(stat(lived.out, &st), 0);
}
END_TEST

static int dial(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void make_xauth(char *path, size_t cap)
{
	char text[512];

	snprintf(path, cap, "%s/xauth", person.home);
	snprintf(text, sizeof text, "#!/bin/sh\ncat > %s/said\n", person.home);
	write_file(path, text, 0755);
	ask.u.login_session.xauth = span_str(path);
	ask.u.login_session.x11 = 1;
	ask.u.login_session.x11_protocol = SPAN_LIT("MIT-MAGIC-COOKIE-1");
	ask.u.login_session.x11_cookie = SPAN_LIT("00112233");
	ask.u.login_session.x11_screen = 2;
}

START_TEST(x11_has_a_display_a_cookie_and_a_listener)
{
	char xauth[128], command[256];
	unsigned number = 0;
	int fd;

	make_xauth(xauth, sizeof xauth);
	snprintf(command, sizeof command, "echo $DISPLAY; cat %s/said; echo ready; cat",
		 person.home);
	begin(command);
	read_until(lived.fd[1], lived.out, sizeof lived.out, "ready");
	ck_assert_int_eq(sscanf(lived.out, "localhost:%u.2", &number), 1);
	ck_assert_uint_ge(number, 40);
	snprintf(command, sizeof command,
		 "remove unix:%u.2\nadd unix:%u.2 MIT-MAGIC-COOKIE-1 "
		 "00112233\n",
		 number, number);
	expect_out(command);
	fd = dial(6000 + number);
	helper_recv(&hand, lived.sock, MSG_login_incoming);
	ck_assert_uint_eq(hand.m.u.login_incoming.kind, INCOMING_X11);
	ck_assert(span_is(hand.m.u.login_incoming.origin, "127.0.0.1"));
	ipc_fds_close(&hand.fds);
	close(fd);
}
END_TEST

START_TEST(x11_cookies_that_could_say_more_open_no_display)
{
	char xauth[128];

	make_xauth(xauth, sizeof xauth);
	ask.u.login_session.x11_cookie = SPAN_LIT("00\nadd evil");
	begin("echo \"D=$DISPLAY.\"");
	finish();
	expect_out("D=.");
}
END_TEST

START_TEST(user_rc_runs_before_the_command_where_permitted)
{
	char path[256];

	if (!person.own)
		return; /* nobody else's home is touched */
	snprintf(path, sizeof path, "%s/.ssh", person.home);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof path, "%s/.ssh/rc", person.home);
	write_file(path, "echo rc\n", 0644);
	begin("echo command");
	finish();
	ck_assert_str_eq(lived.out, "rc\ncommand\n");
}
END_TEST

START_TEST(internal_sftp_is_the_systems_server)
{
	static const uint8_t init[] = {0, 0, 0, 5, 1, 0, 0, 0, 3};
	struct pollfd p;

	ask.u.login_session.kind = SESSION_SUBSYSTEM;
	begin("internal-sftp -e");
	ck_assert_int_eq(write(lived.fd[0], init, sizeof init), sizeof init);
	p = (struct pollfd){.fd = lived.fd[1], .events = POLLIN};
	ck_assert_int_eq(poll(&p, 1, HAND_WAIT_MS), 1);
	ck_assert_int_gt(read(lived.fd[1], lived.out, sizeof lived.out), 4);
	ck_assert_int_eq(lived.out[4], 2); /* SSH_FXP_VERSION */
	close(lived.fd[0]);
	lived.fd[0] = -1;
	helper_recv(&hand, lived.sock, MSG_login_exited);
}
END_TEST

START_TEST(session_of_nobody_is_refused_with_a_reason)
{
	ask.u.login_session.user = SPAN_LIT("no-such-user-here");
	ask.u.login_session.command = SPAN_LIT("true");
	lived.sock = helper_ask(&hand, &ask);
	helper_recv(&hand, lived.sock, MSG_login_started);
	ck_assert_uint_eq(hand.m.u.login_started.ok, 0);
	ck_assert_uint_gt(hand.m.u.login_started.text.n, 0);
	if (geteuid() == 0)
		return;
	close(lived.sock);
	ask.u.login_session.user = SPAN_LIT("root");
	lived.sock = helper_ask(&hand, &ask);
	helper_recv(&hand, lived.sock, MSG_login_started);
	ck_assert_uint_eq(hand.m.u.login_started.ok, 0);
}
END_TEST

START_TEST(pam_session_runs_where_root_may)
{
	ask.u.login_session.flags |= LOGIN_PAM | LOGIN_MOTD | LOGIN_LASTLOG;
	begin("id -u; echo ready");
	finish();
	expect_out("ready");
}
END_TEST

/* Both on copies of the files: a test leaves no trace in the system's. */
START_TEST(records_tell_login_and_logout)
{
	char path[256];
	struct utmpx *entry;
	bool in = false, out = false;

	if (!person.own)
		return; /* only root writes them */
	snprintf(path, sizeof path, "%s/wtmp", person.home);
	write_file(path, "", 0644);
	ck_assert_int_eq(mount(path, "/var/log/wtmp", NULL, MS_BIND, NULL), 0);
	ask.u.login_session.pty = 1;
	begin("true");
	finish();
	close(lived.sock);
	lived.sock = -1;
	hand_recv(&hand, hand.sock, MSG_fork_ended);
	ck_assert_int_eq(utmpxname("/var/log/wtmp"), 0);
	setutxent();
	while ((entry = getutxent()) != NULL) {
		in = in || (entry->ut_type == USER_PROCESS &&
			    strcmp(entry->ut_user, "tess") == 0 &&
			    strcmp(entry->ut_host, "192.0.2.7") == 0);
		out = out || (in && entry->ut_type == DEAD_PROCESS);
	}
	endutxent();
	ck_assert(in);
	ck_assert(out);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, exec_gives_output_errors_and_status);
	tcase_add_test(t, exec_runs_as_the_account_alone);
	tcase_add_loop_test(t, waiter_has_no_rights, 0, 2);
	tcase_add_test(t, exec_has_the_environment_of_sshd);
	tcase_add_test(t, signals_reach_the_program_and_name_its_end);
	tcase_add_test(t, loss_of_the_connection_hangs_up);
	tcase_add_test(t, end_of_the_program_leaves_its_background_alone);
	tcase_add_test(t, pty_has_size_modes_and_owner);
	tcase_add_test(t, pty_shell_is_a_login_shell_that_ends_with_its_input);
	tcase_add_test(t, pty_is_hung_up_when_it_is_let_go);
	tcase_add_test(t, agent_socket_is_the_accounts_and_goes_with_the_session);
	tcase_add_test(t, x11_has_a_display_a_cookie_and_a_listener);
	tcase_add_test(t, x11_cookies_that_could_say_more_open_no_display);
	tcase_add_test(t, user_rc_runs_before_the_command_where_permitted);
	tcase_add_test(t, internal_sftp_is_the_systems_server);
	tcase_add_test(t, session_of_nobody_is_refused_with_a_reason);
	tcase_add_test(t, pam_session_runs_where_root_may);
	tcase_add_test(t, records_tell_login_and_logout);
	suite_add_tcase(s, t);
	return s;
}
