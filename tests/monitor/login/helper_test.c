/* Programs of PolicyHelper, well-behaved and hostile, with the built login master. */
#include <fcntl.h>
#include <sched.h>

#include "tests/monitor/login/people.h"

#define CHILD 7

static struct hand hand;
static struct person person;
static int sock;

static void setup(void)
{
	hand = (struct hand){0};
	person = person_make("*", "19000::::::");
	hand_start(&hand, "sallyport-login", geteuid() == 0 ? "nobody" : NULL);
	hand_recv(&hand, hand.sock, MSG_fork_ready);
	sock = -1;
}

static void teardown(void)
{
	if (sock >= 0)
		close(sock);
	hand_end(&hand); /* fails where a process is left */
	remove_home(&person);
}

static void start_argv(const char *const *argv, size_t n)
{
	uint8_t store[LIMIT_HELPER_ARGV_BYTES];
	struct wr w = WR(store);
	struct msg m =
	    MSG_OF(helper_start, .name = SPAN_LIT("h"), .user = span_str(person.name));

	for (size_t i = 0; i < n; i++)
		wr_str(&w, argv[i]);
	m.u.helper_start.argv = (struct span){store, w.n};
	sock = helper_start(&hand, CHILD);
	hand_send(sock, &m);
}

/* Starts a program in Python, which has say(line) and each request as r. */
static void start_python(const char *before, const char *each)
{
	char code[4096];
	const char *argv[] = {"/usr/bin/python3", "-u", "-c", code};

	snprintf(
	    code, sizeof code,
	    "import json, os, signal, sys, time\n"
	    "def say(text): sys.stdout.write(text)\n"
	    "def answer(r, result): say(json.dumps({'id': r['id'], 'result': result}) "
	    "+ '\\n')\n"
	    "%s\n"
	    "for line in sys.stdin:\n"
	    "  r = json.loads(line)\n"
	    "  %s\n",
	    before, each);
	start_argv(argv, sizeof argv / sizeof argv[0]);
}

static void ask(uint64_t call, const char *request)
{
	struct msg m = MSG_OF(helper_ask, .call = call, .conn = 5,
			      .request = span_str(request), .deadline_ms = 60000);

	hand_send(sock, &m);
}

/* Takes messages up to the next of this type, and gives how many log lines held text. */
static size_t take(enum msg_type type, const char *text)
{
	size_t n = 0;

	for (;;) {
		struct wr buf = {.p = hand.store, .cap = LIMIT_MSG_BYTES};
		struct pollfd p = {.fd = sock, .events = POLLIN};
		struct span line;

		ck_assert_msg(poll(&p, 1, HAND_WAIT_MS) == 1,
			      "no answer; %s was expected", msg_rules[type].name);
		ck_assert_int_eq(ipc_recv(sock, &buf, true, &hand.m, &hand.fds), OK);
		if (hand.m.type == type)
			return n;
		ck_assert_msg(hand.m.type == MSG_helper_log,
			      "%s came where %s was expected",
			      msg_rules[hand.m.type].name, msg_rules[type].name);
		line = hand.m.u.helper_log.text;
		n += memmem(line.p, line.n, text, strlen(text)) != NULL;
	}
}

/* Takes an answer. Gives how many log lines came before it that held text. */
static size_t expect(uint64_t call, bool ok, const char *said, const char *text)
{
	size_t n = take(MSG_helper_answer, text);
	const struct msg_helper_answer *a = &hand.m.u.helper_answer;

	ck_assert_msg(a->call == call && (a->ok != 0) == ok && span_is(a->text, said),
		      "call %llu %s: %.*s", (unsigned long long)a->call,
		      a->ok ? "ok" : "failed", (int)a->text.n, (const char *)a->text.p);
	return n;
}

static void expect_ended(bool clean, const char *text)
{
	const struct msg_helper_ended *ended = &hand.m.u.helper_ended;

	(void)take(MSG_helper_ended, "");
	ck_assert_msg(span_is(ended->text, text) && (ended->clean != 0) == clean,
		      "%.*s", (int)ended->text.n, (const char *)ended->text.p);
	hand_recv(&hand, hand.sock, MSG_fork_ended);
	ck_assert_uint_eq(hand.m.u.fork_ended.child, CHILD);
	ck_assert_uint_eq(hand.m.u.fork_ended.status, 0);
}

START_TEST(requests_are_answered_in_any_order)
{
	start_python(
	    "kept = []",
	    "kept.append(r)\n"
	    "  if len(kept) == 3:\n"
	    "    for k in reversed(kept): answer(k, [k['request'], k['conn']])");
	ask(11, "{\"user\":\"alice\"}");
	ask(12, "\"two\"");
	ask(13, "3");
	expect(13, true, "[3,5]", "");
	expect(12, true, "[\"two\",5]", "");
	expect(11, true, "[{\"user\":\"alice\"},5]", "");
}
END_TEST

START_TEST(the_program_has_its_own_account_and_nothing_of_ours)
{
	char want[512];

	start_python("", "answer(r, [os.getuid(), os.getgid(), "
			 "sorted(map(int, os.listdir('/proc/self/fd')))[:3], "
			 "len(os.listdir('/proc/self/fd')), sorted(set(os.environ) - "
			 "{'LC_CTYPE'}), os.environ['SALLYPORT_HELPER'], os.getcwd(), "
			 "os.getsid(0) == os.getpid()])");
	ask(1, "{}");
	/* the fourth descriptor is that of listdir itself */
	snprintf(want, sizeof want,
		 "[%u,%u,[0,1,2],4,[\"HOME\",\"LANG\",\"PATH\",\"SALLYPORT_HELPER\"],"
		 "\"h\",\"/\",true]",
		 (unsigned)person.uid, (unsigned)(person.own ? person.uid : getegid()));
	expect(1, true, want, "");
}
END_TEST

START_TEST(the_program_may_end_after_an_answer)
{
	start_python("", "answer(r, 1); sys.exit(0)");
	ask(1, "{}");
	expect(1, true, "1", "");
	expect_ended(true, "it ended with status 0");
}
END_TEST

START_TEST(the_program_may_die)
{
	start_python("", "answer(r, 1); sys.stderr.write('last words'); "
			 "sys.stderr.flush(); os.kill(os.getpid(), 9)");
	ask(1, "{}");
	ask(2, "{}");
	expect(1, true, "1", "");
	ck_assert_uint_eq(take(MSG_helper_ended, "last words"), 1);
	ck_assert(span_is(hand.m.u.helper_ended.text, "it ended by signal KILL"));
	hand_recv(&hand, hand.sock, MSG_fork_ended);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_named)
{
	const char *argv[] = {"/nonexistent/helper"};

	start_argv(argv, 1);
	ck_assert_uint_eq(take(MSG_helper_ended, "/nonexistent/helper: No such file"),
			  1);
	ck_assert(span_is(hand.m.u.helper_ended.text, "it ended with status 127"));
	hand_recv(&hand, hand.sock, MSG_fork_ended);
}
END_TEST

START_TEST(an_account_that_is_not_there_is_named)
{
	if (geteuid() != 0)
		return; /* an ordinary user's programs run as that user */
	snprintf(person.name, sizeof person.name, "nosuchaccount");
	start_python("", "answer(r, 1)");
	ck_assert_int_eq(
	    poll(&(struct pollfd){.fd = sock, .events = POLLIN}, 1, HAND_WAIT_MS), 1);
	hand_recv(&hand, sock, MSG_helper_log);
	ck_assert_ptr_nonnull(memmem(hand.m.u.helper_log.text.p,
				     hand.m.u.helper_log.text.n,
				     "account nosuchaccount: there is none", 36));
	hand_recv(&hand, hand.sock, MSG_fork_ended);
}
END_TEST

START_TEST(garbage_is_told_and_passed_over)
{
	start_python("", "say('\\x00\\xff hello\\n{\\n[]\\n{\"id\":\"1\"}\\n'); "
			 "answer(r, 'good')");
	ask(1, "{}");
	ck_assert_uint_eq(expect(1, true, "\"good\"", "it wrote a line"), 4);
	ask(2, "{}");
	ck_assert_uint_eq(expect(2, true, "\"good\"", "it wrote a line"), 4);
}
END_TEST

START_TEST(an_endless_line_ends_the_program)
{
	start_python("", "answer(r, 0)\n"
			 "  while True: say('x' * 1000000)");
	ask(1, "{}");
	expect(1, true, "0", "");
	ck_assert_uint_eq(take(MSG_helper_ended, "it wrote a line of more than"), 1);
	ck_assert_msg(span_is(hand.m.u.helper_ended.text, "it ended by signal TERM"),
		      "%.*s", (int)hand.m.u.helper_ended.text.n,
		      (const char *)hand.m.u.helper_ended.text.p);
	ck_assert_uint_eq(hand.m.u.helper_ended.clean, 0);
	hand_recv(&hand, hand.sock, MSG_fork_ended);
}
END_TEST

START_TEST(an_answer_counts_once_and_for_its_own_call)
{
	start_python("", "answer({'id': r['id'] + 1000}, 'wrong'); "
			 "answer(r, 'first'); answer(r, 'second')");
	ask(1, "{}");
	ck_assert_uint_eq(expect(1, true, "\"first\"", "request 1001, which nobody"),
			  1);
	ask(2, "{}");
	ck_assert_uint_eq(expect(2, true, "\"first\"", "which nobody waits for"), 2);
}
END_TEST

START_TEST(calls_that_were_never_answered_do_not_fill_the_relay)
{
	start_python("", "answer(r, r['id']) if r['id'] > 100 else None");
	for (uint64_t i = 1; i <= LIMIT_HELPER_CALLS + 10; i++)
		ask(i, "{}");
	ask(101, "{}");
	expect(101, true, "101", "");
}
END_TEST

START_TEST(a_flood_of_standard_error_is_read_and_not_listened_to)
{
	size_t n;

	start_python("", "sys.stderr.write('noise\\n' * 500000 + 'z' * 5000000); "
			 "answer(r, 'done')");
	ask(1, "{}");
	n = expect(1, true, "\"done\"", "noise");
	/* a burst in each second that it took */
	ck_assert_msg(n > 0 && n <= LIMIT_HELPER_LOGS * 8, "%zu lines were logged", n);
	usleep(1100 * 1000);
	ask(2, "{}");
	ck_assert_uint_ge(expect(2, true, "\"done\"", "lines more were not logged"), 1);
}
END_TEST

START_TEST(requests_are_refused_where_the_program_does_not_read)
{
	static char request[LIMIT_HELPER_BYTES];
	const char *argv[] = {"/bin/sleep", "60"};
	uint64_t call = 1;

	memset(request, 'x', sizeof request - 2);
	request[0] = request[sizeof request - 2] = '"';
	start_argv(argv, 2);
	while (hand_quiet(sock, 0) && call < 200)
		ask(call++, request);
	take(MSG_helper_answer, "");
	ck_assert_uint_eq(hand.m.u.helper_answer.ok, 0);
	ck_assert(span_is(hand.m.u.helper_answer.text,
			  "the program does not read its requests"));
	ck_assert_uint_ge(call, LIMIT_HELPER_QUEUE_BYTES / LIMIT_HELPER_BYTES);
}
END_TEST

START_TEST(a_request_that_is_no_json_never_reaches_the_program)
{
	start_python("", "answer(r, r['request'])");
	ask(1, "{}}\n{\"id\":2");
	expect(1, false, "the request is not JSON", "");
	ask(2, "\"a\\nb\"");
	expect(2, true, "\"a\\nb\"", "");
}
END_TEST

START_TEST(the_program_ends_with_its_link)
{
	start_python("", "answer(r, 1)");
	ask(1, "{}");
	expect(1, true, "1", "");
	close(sock);
	sock = -1;
	hand_recv(&hand, hand.sock, MSG_fork_ended);
	ck_assert_uint_eq(hand.m.u.fork_ended.status, 0);
}
END_TEST

START_TEST(a_program_that_ignores_its_end_is_killed)
{
	start_python("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
		     "signal.signal(signal.SIGHUP, signal.SIG_IGN)",
		     "answer(r, 1)\n"
		     "while True: time.sleep(1)");
	ask(1, "{}");
	expect(1, true, "1", "");
	close(sock);
	sock = -1;
	ck_assert(hand_quiet(hand.sock, LIMIT_HELPER_END_MS)); /* it has its time */
	hand_recv(&hand, hand.sock, MSG_fork_ended);
}
END_TEST

START_TEST(what_the_program_started_ends_with_it)
{
	start_python("", "os.fork() or time.sleep(600); answer(r, 1); sys.exit(3)");
	ask(1, "{}");
	expect(1, true, "1", "");
	expect_ended(false, "it ended with status 3");
}
END_TEST

START_TEST(what_left_for_a_session_of_its_own_ends_too)
{
	int ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(ours, 0);
	if (geteuid() != 0 || unshare(CLONE_NEWPID) != 0) {
		close(ours);
		return; /* only root has process namespaces to give */
	}
	start_python("", "pid = os.fork()\n"
			 "  if pid == 0:\n"
			 "    os.setsid(); os.fork() and os._exit(0)\n"
			 "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
			 "    time.sleep(600)\n"
			 "  os.waitpid(pid, 0)\n"
			 "  answer(r, 1)\n"
			 "  sys.exit(3)");
	ask(1, "{}");
	expect(1, true, "1", "");
	expect_ended(false, "it ended with status 3");
	/* the leak sanitizer forks at the end, and the other namespace is over */
	ck_assert_int_eq(setns(ours, CLONE_NEWPID), 0);
	close(ours);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_helper");
	TCase *t = tcase_create("programs");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, requests_are_answered_in_any_order);
	tcase_add_test(t, the_program_has_its_own_account_and_nothing_of_ours);
	tcase_add_test(t, the_program_may_end_after_an_answer);
	tcase_add_test(t, the_program_may_die);
	tcase_add_test(t, a_program_that_is_not_there_is_named);
	tcase_add_test(t, an_account_that_is_not_there_is_named);
	tcase_add_test(t, garbage_is_told_and_passed_over);
	tcase_add_test(t, an_endless_line_ends_the_program);
	tcase_add_test(t, an_answer_counts_once_and_for_its_own_call);
	tcase_add_test(t, calls_that_were_never_answered_do_not_fill_the_relay);
	tcase_add_test(t, a_flood_of_standard_error_is_read_and_not_listened_to);
	tcase_add_test(t, requests_are_refused_where_the_program_does_not_read);
	tcase_add_test(t, a_request_that_is_no_json_never_reaches_the_program);
	tcase_add_test(t, the_program_ends_with_its_link);
	tcase_add_test(t, a_program_that_ignores_its_end_is_killed);
	tcase_add_test(t, what_the_program_started_ends_with_it);
	tcase_add_test(t, what_left_for_a_session_of_its_own_ends_too);
	suite_add_tcase(s, t);
	return s;
}
