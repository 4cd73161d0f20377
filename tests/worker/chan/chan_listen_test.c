/* Listeners of the client, and the channels that what they accept becomes. */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static struct wr *global(const char *name, bool reply)
{
	draft = WR(draft_bytes);
	wr_str(&draft, name);
	wr_bool(&draft, reply);
	return &draft;
}

static enum err forward(const char *name, const char *host, uint32_t port)
{
	global(name, true);
	wr_str(&draft, host);
	wr_u32(&draft, port);
	return give(recv_global_request);
}

static enum err forward_unix(const char *name, const char *path)
{
	wr_str(global(name, true), path);
	return give(recv_global_request);
}

static enum err listens(uint32_t id, bool ok, uint32_t port)
{
	struct ipc_fds fds = {0};
	struct msg_listen_result m = {.listen = id, .ok = ok, .port = port};

	return on_listen_result(&fake.w, &m, &fds);
}

static void expect_yes(void)
{
	struct rd r = next_out(SSH_MSG_REQUEST_SUCCESS);

	ck_assert_int_eq(rd_end(&r), OK);
}

static void expect_port(uint32_t port)
{
	struct rd r = next_out(SSH_MSG_REQUEST_SUCCESS);

	ck_assert_uint_eq(rd_u32(&r), port);
	ck_assert_int_eq(rd_end(&r), OK);
}

static void expect_no(void)
{
	struct rd r = next_out(SSH_MSG_REQUEST_FAILURE);

	ck_assert_int_eq(rd_end(&r), OK);
}

static int arrives(enum incoming_kind kind, uint32_t listen)
{
	int pair[2];
	struct ipc_fds fds = {.n = 1};
	struct msg_incoming m = {.kind = (uint8_t)kind,
				 .listen = listen,
				 .origin = SPAN_LIT("192.0.2.7"),
				 .origin_port = 777};

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	    0);
	fds.fd[0] = pair[0];
	ck_assert_int_eq(on_incoming(&fake.w, &m, &fds), OK);
	ipc_fds_close(&fds);
	return pair[1];
}

static bool is_closed(int fd)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	close(fd);
	return n == 0;
}

/* The fields that every open begins with; the channel is number. */
static struct rd next_open(const char *type, uint32_t number)
{
	struct rd r = next_out(SSH_MSG_CHANNEL_OPEN);

	ck_assert(span_is(rd_bytes(&r, 64), type));
	ck_assert_uint_eq(rd_u32(&r), number);
	rd_u32(&r);
	rd_u32(&r);
	return r;
}

START_TEST(forwarded_tcpip_names_host_as_asked_for_and_port_as_taken)
{
	struct rd r;

	ck_assert_int_eq(forward("tcpip-forward", "LocalHost", 0), OK);
	ck_assert_int_eq(listens(0, true, 40001), OK);
	expect_port(40001);
	close(arrives(INCOMING_TCP, 0));
	r = next_open("forwarded-tcpip", 0);
	ck_assert(span_is(rd_bytes(&r, 64), "LocalHost"));
	ck_assert_uint_eq(rd_u32(&r), 40001);
	ck_assert(span_is(rd_bytes(&r, 64), "192.0.2.7"));
	ck_assert_uint_eq(rd_u32(&r), 777);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(forwarded_streamlocal_names_its_path)
{
	struct rd r;

	ck_assert_int_eq(forward_unix("streamlocal-forward@openssh.com", "/tmp/s"), OK);
	ck_assert_int_eq(listens(0, true, 0), OK);
	expect_yes();
	close(arrives(INCOMING_UNIX, 0));
	r = next_open("forwarded-streamlocal@openssh.com", 0);
	ck_assert(span_is(rd_bytes(&r, 64), "/tmp/s"));
	ck_assert_uint_eq(rd_bytes(&r, 64).n, 0);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(what_a_listener_accepts_too_early_or_too_late_is_closed)
{
	int early, late;

	ck_assert_int_eq(forward("tcpip-forward", "", 80), OK);
	early = arrives(INCOMING_TCP, 0);
	ck_assert_int_eq(listens(0, true, 80), OK);
	expect_yes();
	close(arrives(INCOMING_UNIX, 0)); /* of another kind */
	ck_assert_int_eq(forward("cancel-tcpip-forward", "", 80), OK);
	expect_yes();
	late = arrives(INCOMING_TCP, 0);
	expect_nothing();
	ck_assert(is_closed(early));
	ck_assert(is_closed(late));
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(cancel_names_host_and_port_as_they_are_in_use)
{
	ck_assert_int_eq(forward("tcpip-forward", "a", 0), OK);
	ck_assert_int_eq(listens(0, true, 40001), OK);
	expect_port(40001);
	next_asked(MSG_listen_tcp);
	ck_assert_int_eq(forward("cancel-tcpip-forward", "b", 40001), OK);
	expect_no();
	ck_assert_int_eq(forward("cancel-tcpip-forward", "a", 40002), OK);
	expect_no();
	ck_assert_int_eq(forward("cancel-tcpip-forward", "a", 40001), OK);
	expect_yes();
	ck_assert_uint_eq(next_asked(MSG_listen_stop).u.listen_stop.listen, 0);
	ck_assert_int_eq(forward("cancel-tcpip-forward", "a", 40001), OK);
	expect_no();
	expect_nothing_asked();
}
END_TEST

START_TEST(listener_that_was_refused_can_be_asked_for_again)
{
	ck_assert_int_eq(forward("tcpip-forward", "", 80), OK);
	ck_assert_int_eq(listens(0, false, 0), OK);
	expect_no();
	ck_assert_int_eq(forward("cancel-tcpip-forward", "", 80), OK);
	expect_no();
	ck_assert_int_eq(forward("tcpip-forward", "", 80), OK);
	ck_assert_int_eq(listens(1, true, 80), OK);
	expect_yes();
}
END_TEST

START_TEST(listeners_are_bounded)
{
	for (uint32_t i = 0; i < LIMIT_LISTENS; i++) {
		ck_assert_int_eq(forward("tcpip-forward", "", 1000 + i), OK);
		next_asked(MSG_listen_tcp);
		ck_assert_int_eq(listens(i, true, 1000 + i), OK);
		expect_yes();
	}
	ck_assert_int_eq(forward("tcpip-forward", "", 999), OK);
	expect_no();
	expect_nothing_asked();
}
END_TEST

START_TEST(addresses_that_cannot_be_are_refused)
{
	static char host[LIMIT_HOST_BYTES + 2];

	memset(host, 'h', sizeof host - 1);
	ck_assert_int_eq(forward("tcpip-forward", host, 80), OK);
	expect_no();
	ck_assert_int_eq(forward("tcpip-forward", "", UINT16_MAX + 1), OK);
	expect_no();
	global("tcpip-forward", true);
	wr_bytes(&draft, SPAN_LIT("a\0b"));
	wr_u32(&draft, 80);
	ck_assert_int_eq(give(recv_global_request), OK);
	expect_no();
	host[LIMIT_PATH_BYTES + 1] = 0;
	ck_assert_int_eq(forward_unix("streamlocal-forward@openssh.com", host), OK);
	expect_no();
	ck_assert_int_eq(forward_unix("streamlocal-forward@openssh.com", ""), OK);
	expect_no();
	expect_nothing_asked();
}
END_TEST

/* A running session that asked for agent and X11. */
static struct program session_with(bool agent, bool x11)
{
	open_session_channel(0, 9);
	if (agent) {
		client_request(0, "auth-agent-req@openssh.com");
		ck_assert_int_eq(give(recv_channel_request), OK);
	}
	if (x11) {
		client_request(0, "x11-req");
		wr_bool(&draft, false);
		wr_str(&draft, "MIT-MAGIC-COOKIE-1");
		wr_str(&draft, "00");
		wr_u32(&draft, 0);
		ck_assert_int_eq(give(recv_channel_request), OK);
	}
	fake.seen_out = fake.n_out;
	return start_pipes(0, 9);
}

START_TEST(agent_and_x11_of_a_session_are_offered_to_the_client)
{
	struct program p = session_with(true, true);
	struct rd r;

	close(arrives(INCOMING_AGENT, 0));
	r = next_open("auth-agent@openssh.com", 1);
	ck_assert_int_eq(rd_end(&r), OK);
	close(arrives(INCOMING_X11, 0));
	r = next_open("x11", 2);
	ck_assert(span_is(rd_bytes(&r, 64), "192.0.2.7"));
	ck_assert_uint_eq(rd_u32(&r), 777);
	ck_assert_int_eq(rd_end(&r), OK);
	program_ends(&p);
}
END_TEST

START_TEST(agent_and_x11_that_no_session_asked_for_are_closed)
{
	struct program p = session_with(false, false);

	ck_assert(is_closed(arrives(INCOMING_AGENT, 0)));
	ck_assert(is_closed(arrives(INCOMING_X11, 0)));
	ck_assert(is_closed(arrives(INCOMING_AGENT, 5)));
	expect_nothing();
	program_ends(&p);
}
END_TEST

START_TEST(accepted_connections_beyond_the_bound_are_closed)
{
	struct program p = session_with(true, false);

	for (size_t i = 0; i < LIMIT_CHAN_OFFERS; i++)
		close(arrives(INCOMING_AGENT, 0));
	fake.seen_out = fake.n_out;
	ck_assert(is_closed(arrives(INCOMING_AGENT, 0)));
	expect_nothing();
	program_ends(&p);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_listen");
	TCase *t = tcase_create("listen");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, forwarded_tcpip_names_host_as_asked_for_and_port_as_taken);
	tcase_add_test(t, forwarded_streamlocal_names_its_path);
	tcase_add_test(t, what_a_listener_accepts_too_early_or_too_late_is_closed);
	tcase_add_test(t, cancel_names_host_and_port_as_they_are_in_use);
	tcase_add_test(t, listener_that_was_refused_can_be_asked_for_again);
	tcase_add_test(t, listeners_are_bounded);
	tcase_add_test(t, addresses_that_cannot_be_are_refused);
	tcase_add_test(t, agent_and_x11_of_a_session_are_offered_to_the_client);
	tcase_add_test(t, agent_and_x11_that_no_session_asked_for_are_closed);
	tcase_add_test(t, accepted_connections_beyond_the_bound_are_closed);
	suite_add_tcase(s, t);
	return s;
}
