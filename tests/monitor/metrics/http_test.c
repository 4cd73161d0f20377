/* The server of metrics over real sockets, in one process: what is answered, shared, cut. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "monitor/metrics/http.h"
#include "tests/unit.h"

#define TURNS   2000
#define CLIENTS 8

static struct event_base *base;
static struct http *http;
static struct sockaddr_in at;
static unsigned asked;

static void on_ask(void *ctx)
{
	(void)ctx;
	asked++;
}

static void setup(void)
{
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	at = (struct sockaddr_in){.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, CLIENTS * 2), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	base = event_base_new();
	ck_assert_ptr_ne(base, NULL);
	asked = 0;
	ck_assert_int_eq(http_new(base, on_ask, NULL, &http), OK);
	ck_assert_int_eq(http_listen(http, fd), OK);
}

static void teardown(void)
{
	http_free(http);
	event_base_free(base);
}

static int client(const char *request)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(send(fd, request, strlen(request), MSG_NOSIGNAL),
			 (ssize_t)strlen(request));
	return fd;
}

/* One turn of the loop, which waits a millisecond at most. */
static void turn(void)
{
	const struct timeval tv = {.tv_usec = 1000};

	ck_assert_int_eq(event_base_loopexit(base, &tv), 0);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
	if (event_base_got_break(base))
		ck_assert_int_eq(http_full(http), OK);
}

static void turn_until_asked(unsigned n)
{
	for (int i = 0; i < TURNS && asked < n; i++)
		turn();
	ck_assert_uint_eq(asked, n);
}

/* All that comes until the server closes; the text is kept until the next call. */
static const char *all_of(int fd)
{
	static char text[LIMIT_METRICS_TEXT_BYTES];
	size_t n = 0;
	ssize_t got = 1;

	for (int i = 0; i < TURNS && got != 0 && n < sizeof text - 1; i++) {
		turn();
		got = recv(fd, text + n, sizeof text - 1 - n, MSG_DONTWAIT);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0)
			got = -1;
	}
	ck_assert_msg(got == 0, "the server did not close");
	close(fd);
	text[n] = '\0';
	return text;
}

static void answer(uint64_t connections)
{
	struct metrics k = {0};

	k.slot[METRIC_connections] = connections;
	http_answer(http, &k);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

START_TEST(requests_that_come_together_share_an_answer)
{
	int fd[CLIENTS];
	const char *text;

	for (int i = 0; i < CLIENTS; i++)
		fd[i] = client(GET("/metrics"));
	turn_until_asked(1);
	for (int i = 0; i < CLIENTS; i++)
		turn();
	answer(42);
	for (int i = 0; i < CLIENTS; i++) {
		text = all_of(fd[i]);
		ck_assert_ptr_ne(strstr(text, "HTTP/1.1 200 OK"), NULL);
		ck_assert_ptr_ne(
		    strstr(text,
			   "Content-Type: text/plain; version=0.0.4; charset=utf-8"),
		    NULL);
		ck_assert_ptr_ne(strstr(text, "\nsallyport_connections 42\n"), NULL);
	}
	ck_assert_uint_eq(asked, 1);
	/* and so does one that comes right after */
	ck_assert_ptr_ne(strstr(all_of(client(GET("/metrics"))), " 42\n"), NULL);
	ck_assert_uint_eq(asked, 1);
}
END_TEST

START_TEST(an_answer_that_is_old_is_not_given_again)
{
	int fd = client(GET("/metrics"));

	turn_until_asked(1);
	answer(1);
	(void)all_of(fd);
	usleep((LIMIT_METRICS_FRESH_MS + 1) * 1000);
	fd = client(GET("/metrics"));
	turn_until_asked(2);
	answer(2);
	ck_assert_ptr_ne(strstr(all_of(fd), "\nsallyport_connections 2\n"), NULL);
}
END_TEST

START_TEST(nothing_else_is_served)
{
	static const struct {
		const char *request, *status;
	} rows[] = {
	    {GET("/"),							   " 404 "},
	    {GET("/metrics/../../etc/passwd"),                                   " 404 "},
	    {"POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n"
	     "Connection: close\r\n\r\n",			   " 501 "},
	    {"DELETE /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
	     " 501 "								    },
	    {"GET /metrics\r\n\r\n",					     ""     },
	    {"\r\n\r\n",							 ""     },
	    {"SSH-2.0-OpenSSH_9.2\r\n",					  ""     },
	};
	const char *text;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int fd = client(rows[i].request);

		shutdown(fd, SHUT_WR);
		text = all_of(fd);
		ck_assert_msg(strstr(text, rows[i].status) != NULL, "%s: %s",
			      rows[i].request, text);
		ck_assert_ptr_eq(strstr(text, "sallyport_"), NULL);
	}
	ck_assert_uint_eq(asked, 0);
}
END_TEST

START_TEST(who_goes_before_the_answer_is_forgotten)
{
	int fd = client(GET("/metrics"));

	turn_until_asked(1);
	close(fd);
	for (int i = 0; i < CLIENTS; i++)
		turn();
	answer(1);
	ck_assert_ptr_ne(strstr(all_of(client(GET("/metrics"))), " 1\n"), NULL);
}
END_TEST

START_TEST(long_headers_are_cut_off)
{
	char *request = malloc(LIMIT_METRICS_HEADER_BYTES * 2 + 1);
	const char *text;

	memset(request, 'x', LIMIT_METRICS_HEADER_BYTES * 2);
	memcpy(request, "GET /metrics HTTP/1.1\r\nX: ", 26);
	request[LIMIT_METRICS_HEADER_BYTES * 2] = '\0';
	text = all_of(client(request));
	ck_assert_ptr_eq(strstr(text, "sallyport_"), NULL);
	ck_assert_uint_eq(asked, 0);
	free(request);
}
END_TEST

/* Clients that say nothing use up the descriptors; somebody who asks after that is served. */
START_TEST(when_descriptors_are_used_up_all_are_cut_and_others_get_their_turn)
{
	int fd[CLIENTS], last;
	struct rlimit files;

	for (int i = 0; i < CLIENTS; i++)
		fd[i] = client("");
	last = client(GET("/metrics"));
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	/* a free descriptor or two are left for what is accepted */
	files.rlim_cur = (rlim_t)last + 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	for (int i = 0; i < CLIENTS; i++) {
		char byte;

		for (int j = 0; j < TURNS && asked == 0 &&
				recv(fd[0], &byte, 1, MSG_DONTWAIT) != 0;
		     j++)
			turn();
	}
	turn_until_asked(1);
	answer(3);
	ck_assert_ptr_ne(strstr(all_of(last), "\nsallyport_connections 3\n"), NULL);
	for (int i = 0; i < CLIENTS; i++)
		close(fd[i]);
}
END_TEST

START_TEST(another_socket_takes_the_place_of_the_first)
{
	int old = client("");
	struct sockaddr_in before = at;
	int fd;

	turn();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	at.sin_port = 0;
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(fd, CLIENTS), 0);
	ck_assert_int_eq(
	    getsockname(fd, (struct sockaddr *)&at, &(socklen_t){sizeof at}), 0);
	ck_assert_int_eq(http_listen(http, fd), OK);
	ck_assert_str_eq(all_of(old), "");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(connect(fd, (struct sockaddr *)&before, sizeof before), 0);
	close(fd);
	fd = client(GET("/metrics"));
	turn_until_asked(1);
	answer(1);
	ck_assert_ptr_ne(strstr(all_of(fd), " 200 "), NULL);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_metrics_http");
	TCase *t = tcase_create("http");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, requests_that_come_together_share_an_answer);
	tcase_add_test(t, an_answer_that_is_old_is_not_given_again);
	tcase_add_test(t, nothing_else_is_served);
	tcase_add_test(t, who_goes_before_the_answer_is_forgotten);
	tcase_add_test(t, long_headers_are_cut_off);
	tcase_add_test(
	    t, when_descriptors_are_used_up_all_are_cut_and_others_get_their_turn);
	tcase_add_test(t, another_socket_takes_the_place_of_the_first);
	suite_add_tcase(s, t);
	return s;
}
