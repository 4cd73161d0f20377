/*
 * Names, by hosts file and by a name server that the test plays on 127.0.0.153. As root only: an
 * ordinary user can neither cover /etc/resolv.conf nor listen on port 53.
 */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "common/wr.h"
#include "tests/monitor/hand.h"

#define SERVER "127.0.0.153"

static struct hand hand;
static char dir[64];
static pid_t server;
static int target, port;
static bool possible;

enum { DNS_PORT = 53, DNS_HEADER = 12, DNS_TYPE_A = 1, DNS_TTL_S = 60 };

/* Answers A with 127.0.0.1 for names that begin with "db", anything else with "no such name". */
static size_t answer(const uint8_t *q, size_t n, uint8_t *out, size_t cap)
{
	struct wr w = {.p = out, .cap = cap};
	bool known = q[DNS_HEADER] >= 2 && (q[DNS_HEADER + 1] | 0x20) == 'd' &&
		     (q[DNS_HEADER + 2] | 0x20) == 'b';
	bool has = known && q[n - 3] == DNS_TYPE_A;

	wr_raw(&w, (struct span){q, 2});
	wr_u16(&w, known ? 0x8180 : 0x8183);
	wr_u16(&w, 1);
	wr_u16(&w, has ? 1 : 0);
	wr_u32(&w, 0);
	wr_raw(&w, (struct span){q + DNS_HEADER, n - DNS_HEADER});
	if (has) {
		wr_u16(&w,
		       0xc000 | DNS_HEADER); /* RFC 1035 4.1.4: the name asked for */
		wr_u16(&w, DNS_TYPE_A);
		wr_u16(&w, 1);
		wr_u32(&w, DNS_TTL_S);
		wr_u16(&w, 4);
		wr_u32(&w, INADDR_LOOPBACK);
	}
	return w.n;
}

static void serve_names(int sock)
{
	struct sockaddr_in from;
	uint8_t q[512], a[512];
	ssize_t n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		socklen_t len = sizeof from;

		n = recvfrom(sock, q, sizeof q, 0, (struct sockaddr *)&from, &len);
		if (n > DNS_HEADER + 5)
			sendto(sock, a, answer(q, (size_t)n, a, sizeof a), 0,
			       (struct sockaddr *)&from, len);
	}
}

static int bind_to(int type, const char *host, uint16_t at_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(at_port)};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(inet_pton(AF_INET, host, &a.sin_addr), 1);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static void cover_with(const char *path, const char *text)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof copy, "%s%s", dir, strrchr(path, '/'));
	write_file(copy, text, 0644);
	ck_assert_int_eq(mount(copy, path, NULL, MS_BIND, NULL), 0);
}

static void setup(void)
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	int sock;

	hand = (struct hand){0};
	possible = geteuid() == 0 && private_mounts();
	if (!possible)
		return;
	snprintf(dir, sizeof dir, "/tmp/sallyport-resolve-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	cover_with("/etc/resolv.conf",
		   "nameserver " SERVER "\noptions timeout:1 attempts:1\n");
	cover_with("/etc/hosts", "127.0.0.1 inhosts\n");
	sock = bind_to(SOCK_DGRAM, SERVER, DNS_PORT);
	ck_assert_int_ge(sock, 0);
	server = fork();
	if (server == 0)
		serve_names(sock);
	close(sock);
	target = bind_to(SOCK_STREAM, "127.0.0.1", 0);
	ck_assert_int_eq(listen(target, 8), 0);
	ck_assert_int_eq(getsockname(target, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	hand_start(&hand, "sallyport-connector", "nobody");
	hand_recv(&hand, hand.sock, MSG_connector_ready);
}

static void teardown(void)
{
	char copy[PATH_MAX];

	if (!possible)
		return;
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(target);
	hand_end(&hand);
	snprintf(copy, sizeof copy, "%s/resolv.conf", dir);
	unlink(copy);
	snprintf(copy, sizeof copy, "%s/hosts", dir);
	unlink(copy);
	rmdir(dir);
}

/* Gives whether it connected; the text is in hand. */
static bool connects(const char *host)
{
	struct msg m = MSG_OF(connect_tcp, .id = 1, .host = span_str(host),
			      .port = (uint32_t)port, .timeout_ms = 4000);

	hand_send(hand.sock, &m);
	hand_recv(&hand, hand.sock, MSG_connected);
	ipc_fds_close(&hand.fds);
	return hand.m.u.connected.ok != 0;
}

START_TEST(names_in_the_hosts_file_connect)
{
	if (possible)
		ck_assert(connects("inhosts"));
}
END_TEST

START_TEST(names_that_a_server_knows_connect)
{
	if (!possible)
		return;
	ck_assert_msg(connects("db1.example"), "%.*s", (int)hand.m.u.connected.text.n,
		      (const char *)hand.m.u.connected.text.p);
	ck_assert(connects("DB2.example."));
}
END_TEST

START_TEST(names_that_nobody_knows_are_said_so)
{
	char text[64];

	if (!possible)
		return;
	ck_assert(!connects("nothing.example"));
	snprintf(text, sizeof text, "nothing.example:%d: no such host", port);
	ck_assert(span_is(hand.m.u.connected.text, text));
}
END_TEST

START_TEST(a_changed_hosts_file_is_noticed)
{
	FILE *f;

	if (!possible)
		return;
	ck_assert(!connects("later"));
	f = fopen("/etc/hosts", "ae");
	ck_assert_ptr_nonnull(f);
	fputs("127.0.0.1 later\n", f);
	fclose(f);
	sleep(LIMIT_RESOLV_CHECK_S + 1);
	ck_assert(connects("later"));
	ck_assert(connects("inhosts"));
}
END_TEST

START_TEST(many_questions_at_once_are_all_answered)
{
	enum { MANY = 200 };
	struct msg m = MSG_OF(connect_tcp, .port = 1, .timeout_ms = 6000);

	if (!possible)
		return;
	for (uint64_t i = 0; i < MANY; i++) {
		m.u.connect_tcp.id = i;
		m.u.connect_tcp.host =
		    i % 2 == 0 ? SPAN_LIT("db.example") : SPAN_LIT("none.example");
		hand_send(hand.sock, &m);
	}
	for (int i = 0; i < MANY; i++) {
		hand_recv(&hand, hand.sock, MSG_connected);
		ck_assert_uint_eq(hand.m.u.connected.ok, 0); /* nobody listens there */
	}
	ck_assert(hand_quiet(hand.sock, 50));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_connector_resolve");
	TCase *t = tcase_create("resolve");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, names_in_the_hosts_file_connect);
	tcase_add_test(t, names_that_a_server_knows_connect);
	tcase_add_test(t, names_that_nobody_knows_are_said_so);
	tcase_add_test(t, a_changed_hosts_file_is_noticed);
	tcase_add_test(t, many_questions_at_once_are_all_answered);
	suite_add_tcase(s, t);
	return s;
}
