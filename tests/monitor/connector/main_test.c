/* The built connector, asked as the monitor asks it. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/monitor/hand.h"

static struct hand hand;

static void setup(void)
{
	hand = (struct hand){0};
	hand_start(&hand, "sallyport-connector", geteuid() == 0 ? "nobody" : NULL);
	hand_recv(&hand, hand.sock, MSG_connector_ready);
	ck_assert_uint_gt(hand.m.u.connector_ready.layers.n, 0);
}

static void teardown(void)
{
	hand_end(&hand);
}

/* A listener of the test on loopback; gives its port. */
static int listener(int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(fd, 1024), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void ask_connect(uint64_t id, const char *host, int port, uint32_t timeout_ms)
{
	struct msg m = MSG_OF(connect_tcp, .id = id, .host = span_str(host),
			      .port = (uint32_t)port, .timeout_ms = timeout_ms);

	hand_send(hand.sock, &m);
}

/* Takes the answer to id; gives the descriptor, or -1 where it must have failed. */
static int take_connected(uint64_t id, bool ok)
{
	hand_recv(&hand, hand.sock, MSG_connected);
	ck_assert_uint_eq(hand.m.u.connected.id, id);
	ck_assert_msg(hand.m.u.connected.ok == ok, "%.*s",
		      (int)hand.m.u.connected.text.n,
		      (const char *)hand.m.u.connected.text.p);
	ck_assert_uint_eq(hand.fds.n, ok ? 1 : 0);
	return ipc_fd_take(&hand.fds, 0);
}

/* Sends a byte from a to b. */
static void expect_joined(int a, int b)
{
	char c = 0;

	ck_assert_int_eq(write(a, "x", 1), 1);
	ck_assert_int_eq(read(b, &c, 1), 1);
	ck_assert_int_eq(c, 'x');
}

START_TEST(connect_by_address_hands_back_a_ready_socket)
{
	int port, on = 0;
	int server = listener(&port);
	socklen_t n = sizeof on;
	int fd, peer;

	ask_connect(7, "127.0.0.1", port, 5000);
	fd = take_connected(7, true);
	peer = accept(server, NULL, NULL);
	expect_joined(fd, peer);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	ck_assert_int_ne(on, 0);
	close(fd);
	close(peer);
	close(server);
}
END_TEST

START_TEST(connect_by_localhost_tries_each_loopback)
{
	int port;
	int server = listener(&port);
	int fd;

	ask_connect(8, "localhost", port, 5000);
	fd = take_connected(8, true);
	close(fd);
	close(server);
}
END_TEST

START_TEST(connect_says_that_it_was_refused)
{
	int port;
	char text[64];
	int server = listener(&port);

	close(server);
	ask_connect(9, "127.0.0.1", port, 5000);
	take_connected(9, false);
	snprintf(text, sizeof text, "127.0.0.1:%d: connection refused", port);
	ck_assert(span_is(hand.m.u.connected.text, text));
}
END_TEST

START_TEST(connect_refuses_hosts_that_cannot_be)
{
	ask_connect(10, "", 80, 5000);
	take_connected(10, false);
	ask_connect(11, "a..b", 80, 3000);
	take_connected(11, false);
	ask_connect(12, "no-such-host.invalid", 80, 1500);
	take_connected(12, false);
}
END_TEST

/* 192.0.2.0/24 is nobody (RFC 5737): refused at once, or silent until the end. */
START_TEST(connect_ends_within_its_time)
{
	struct timeval before, after;

	gettimeofday(&before, NULL);
	ask_connect(13, "192.0.2.1", 9, 300);
	take_connected(13, false);
	gettimeofday(&after, NULL);
	ck_assert_int_lt(after.tv_sec - before.tv_sec, 3);
}
END_TEST

START_TEST(connect_cancel_leaves_no_answer)
{
	struct msg cancel = MSG_OF(connect_cancel, .id = 14);

	ask_connect(14, "no-such-host.invalid", 80, 600);
	hand_send(hand.sock, &cancel);
	cancel.u.connect_cancel.id = 99;
	hand_send(hand.sock, &cancel);
	/* a resolver that is not there may have answered before the cancel was read */
	if (!hand_quiet(hand.sock, 1000))
		take_connected(14, false);
}
END_TEST

static uint32_t ask_bind(uint64_t id, const char *host, uint32_t port, bool ok)
{
	struct msg m = MSG_OF(bind_tcp, .id = id, .host = span_str(host), .port = port);

	hand_send(hand.sock, &m);
	hand_recv(&hand, hand.sock, MSG_bound);
	ck_assert_uint_eq(hand.m.u.bound.id, id);
	ck_assert_msg(hand.m.u.bound.ok == ok, "%.*s", (int)hand.m.u.bound.text.n,
		      (const char *)hand.m.u.bound.text.p);
	return hand.m.u.bound.port;
}

/* Connects to a loopback port; -1 where nobody listens. */
static int dial(int family, uint32_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -1;
	r = family == AF_INET ? connect(fd, (struct sockaddr *)&in, sizeof in)
			      : connect(fd, (struct sockaddr *)&in6, sizeof in6);
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

static bool have_ipv6(void)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
				 .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool have = fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0;

	if (fd >= 0)
		close(fd);
	return have;
}

static void expect_accepted(uint64_t id, const char *origin, int family, uint32_t port)
{
	int fd = dial(family, port);
	int peer;

	ck_assert_int_ge(fd, 0);
	hand_recv(&hand, hand.sock, MSG_accepted);
	ck_assert_uint_eq(hand.m.u.accepted.id, id);
	ck_assert(span_is(hand.m.u.accepted.origin, origin));
	ck_assert_uint_gt(hand.m.u.accepted.origin_port, 0);
	peer = ipc_fd_take(&hand.fds, 0);
	expect_joined(fd, peer);
	close(fd);
	close(peer);
}

START_TEST(bind_to_localhost_takes_one_port_in_both_families)
{
	uint32_t port = ask_bind(20, "localhost", 0, true);
	struct msg unbind = MSG_OF(unbind, .id = 20);

	ck_assert_uint_gt(port, 0);
	expect_accepted(20, "127.0.0.1", AF_INET, port);
	if (have_ipv6())
		expect_accepted(20, "::1", AF_INET6, port);
	hand_send(hand.sock, &unbind);
	ask_bind(21, "127.0.0.1", port,
		 true); /* answered after the unbind was served */
	ask_bind(22, "127.0.0.1", port, false);
	ck_assert(hand.m.u.bound.text.n > 0);
}
END_TEST

START_TEST(unbind_closes_the_port)
{
	uint32_t port = ask_bind(23, "*", 0, true);
	struct msg unbind = MSG_OF(unbind, .id = 23);

	expect_accepted(23, "127.0.0.1", AF_INET, port);
	hand_send(hand.sock, &unbind);
	ask_bind(24, "", 0, true);
	ck_assert_int_eq(dial(AF_INET, port), -1);
}
END_TEST

START_TEST(bind_refuses_names_and_ports_it_may_not_have)
{
	ask_bind(25, "db1.example", 0, false);
	ask_bind(26, "192.0.2.1", 0, false); /* not an address of this host */
}
END_TEST

/* 600 connections, and nobody reads: all must come once somebody does, none may be lost. */
START_TEST(replies_wait_while_the_monitor_does_not_read)
{
	enum { MANY = 600 };
	static bool seen[MANY];
	int port;
	int server = listener(&port);
	pid_t reader = fork();

	if (reader == 0) { /* asks, while the test itself sleeps */
		for (uint64_t i = 0; i < MANY; i++)
			ask_connect(i, "127.0.0.1", port, 5000);
		_exit(0);
	}
	memset(seen, 0, sizeof seen);
	usleep(300 * 1000);
	for (int i = 0; i < MANY; i++) {
		hand_recv(&hand, hand.sock, MSG_connected);
		ck_assert_uint_lt(hand.m.u.connected.id, MANY);
		ck_assert(!seen[hand.m.u.connected.id]);
		seen[hand.m.u.connected.id] = true;
		ipc_fds_close(&hand.fds);
	}
	waitpid(reader, NULL, 0);
	close(server);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_connector_main");
	TCase *t = tcase_create("connector");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 20);
	tcase_add_test(t, connect_by_address_hands_back_a_ready_socket);
	tcase_add_test(t, connect_by_localhost_tries_each_loopback);
	tcase_add_test(t, connect_says_that_it_was_refused);
	tcase_add_test(t, connect_refuses_hosts_that_cannot_be);
	tcase_add_test(t, connect_ends_within_its_time);
	tcase_add_test(t, connect_cancel_leaves_no_answer);
	tcase_add_test(t, bind_to_localhost_takes_one_port_in_both_families);
	tcase_add_test(t, unbind_closes_the_port);
	tcase_add_test(t, bind_refuses_names_and_ports_it_may_not_have);
	tcase_add_test(t, replies_wait_while_the_monitor_does_not_read);
	suite_add_tcase(s, t);
	return s;
}
