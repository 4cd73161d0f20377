/*
 * The monitor's side of PolicyHelper, with the built login master: names, calls under way, answers
 * kept, programs that die, hang or are replaced. What a hostile program writes is tested in
 * tests/monitor/login/helper_test.c.
 */
#include <dirent.h>

#include "common/log.h"
#include "monitor/helper_link.h"
#include "monitor/link.h"
#include "monitor/spawn.h"
#include "tests/monitor/config_kit.h"
#include "tests/monitor/hand.h"

#define CALLS_MOST 256

/* Answers by what it is asked; 'crash' and 'hang' are as they say. */
static const char program[] =
    "#!/usr/bin/python3 -u\n"
    "import json, os, sys, time\n"
    "asked = 0\n"
    "for line in sys.stdin:\n"
    "  r = json.loads(line)\n"
    "  asked += 1\n"
    "  what = r['request']\n"
    "  if what == 'crash': os.abort()\n"
    "  if what == 'hang': continue\n"
    "  if what == 'wait': time.sleep(0.5)\n"
    "  if what == 'fail': print(json.dumps({'id': r['id'], 'error': 'no such user'}))\n"
    "  elif what == 'pid': print(json.dumps({'id': r['id'], 'result': "
    "open('/proc/self/stat').read().split()[0]}))\n"
    "  else: print(json.dumps({'id': r['id'], 'result': [what, r['conn'], asked]}))\n"
    "  if what == 'leave': sys.exit(0)\n";

/* What an asker was told. */
struct told {
	unsigned times;
	bool ok;
	char text[512];
};

static struct monitor m;
static struct hand hand;
static struct fork_server *master;
static char dir[32], path[64];
static struct told told[CALLS_MOST];
static char said[1 << 16];
static uint64_t next_call;

static void keep_line(void *ctx, enum log_level level, const char *line)
{
	size_t n = strlen(said);

	(void)ctx;
	(void)level;
	(void)snprintf(said + n, sizeof said - n, "%s\n", line);
}

static void config_set(const char *lines)
{
	char text[1024];

	(void)snprintf(text, sizeof text,
		       "PolicyHelper h %s\nPolicyHelper gone /nonexistent/prog\n"
		       "PolicyHelperUser root\n%s",
		       path, lines);
	config_unref(m.config);
	m.config = kit_load(text);
	m.set = config_settings(m.config);
}

static void setup(void)
{
	int sock;

	(void)snprintf(dir, sizeof dir, "/tmp/helper_link_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	(void)snprintf(path, sizeof path, "%s/prog", dir);
	write_file(path, program, 0755);
	m = (struct monitor){.base = event_base_new(),
			     .ipc_bytes = malloc(LIMIT_MSG_BYTES)};
	ck_assert(m.base != NULL && m.ipc_bytes != NULL);
	config_set("");
	hand = (struct hand){0};
	hand_start(&hand, "sallyport-login", NULL);
	hand_recv(&hand, hand.sock, MSG_fork_ready);
	sock = dup(hand.sock);
	master = calloc(1, sizeof *master);
	ck_assert_ptr_nonnull(master);
	master->link = (struct link){.sock = -1, .peer = MSG_FORK, .state = IN_FORK};
	master->program = "sallyport-login";
	ck_assert_int_eq(link_open(&master->link, &m, sock, master), OK);
	m.forkers = m.login_master = master;
	memset(told, 0, sizeof told);
	said[0] = '\0';
	next_call = 0;
	log_open(keep_line, NULL, LOG_VERBOSE);
}

static void teardown(void)
{
	char command[128];

	helpers_wipe(&m);
	spawn_wipe(&m);
	hand_end(&hand); /* fails where a process is left */
	log_open(NULL, NULL, LOG_INFO_LEVEL);
	config_unref(m.config);
	event_base_free(m.base);
	free(m.ipc_bytes);
	(void)snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static void done(struct monitor *monitor, uint64_t call, bool ok, struct span text)
{
	ck_assert_ptr_eq(monitor, &m);
	ck_assert_uint_lt(call, CALLS_MOST);
	told[call].times++;
	told[call].ok = ok;
	(void)snprintf(told[call].text, sizeof told[call].text, "%.*s", (int)text.n,
		       (const char *)text.p);
}

/* Asks, and gives the number of the call. */
static uint64_t ask(const char *name, const char *request, uint32_t deadline_ms,
		    uint32_t cache_s)
{
	const struct helper_question q = {.call = ++next_call,
					  .conn = next_call,
					  .name = span_str(name),
					  .request = span_str(request),
					  .deadline_ms = deadline_ms,
					  .cache_s = cache_s};

	helper_call(&m, &q, done);
	return next_call;
}

/* Serves events for so long, or until the call was answered. */
static void serve_ms(uint64_t call, uint64_t ms)
{
	const struct timeval step = {0, 10 * 1000};
	uint64_t end = clock_ms() + ms;

	while (told[call].times == 0 && clock_ms() < end) {
		ck_assert_int_eq(event_base_loopexit(m.base, &step), 0);
		ck_assert_int_ge(event_base_dispatch(m.base), 0);
	}
}

static void expect(uint64_t call, bool ok, const char *text)
{
	serve_ms(call, HAND_WAIT_MS);
	ck_assert_msg(told[call].times == 1 && told[call].ok == ok &&
			  strcmp(told[call].text, text) == 0,
		      "call %u: %u times, %s: %s (%s was wanted)\n%s", (unsigned)call,
		      told[call].times, told[call].ok ? "ok" : "failed",
		      told[call].text, text, said);
}

static size_t fds_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

START_TEST(a_program_is_started_once_and_asked_often)
{
	uint64_t a = ask("h", "\"one\"", 0, 0), b;

	ck_assert_uint_eq(told[a].times, 0);
	b = ask("h", "\"two\"", 0, 0);
	expect(a, true, "[\"one\",1,1]");
	expect(b, true, "[\"two\",2,2]");
	expect(ask("h", "\"fail\"", 0, 0), false, "no such user");
	expect(ask("h", "3", 0, 0), true, "[3,4,4]");
	ck_assert_uint_eq(m.login_master->forks, 1);
}
END_TEST

START_TEST(names_that_are_unknown_are_told_at_once)
{
	uint64_t call = ask("nobody", "1", 0, 0);

	ck_assert_uint_eq(told[call].times, 1);
	expect(call, false, "no PolicyHelper has this name");
	expect(ask("", "1", 0, 0), false, "no PolicyHelper has this name");
}
END_TEST

START_TEST(answers_are_kept_as_long_as_was_asked)
{
	uint64_t call;

	expect(ask("h", "\"a\"", 0, 60), true, "[\"a\",1,1]");
	call = ask("h", "\"a\"", 0, 60);
	ck_assert_uint_eq(told[call].times, 1);
	expect(call, true, "[\"a\",1,1]");
	expect(ask("h", "\"a\"", 0, 0), true,
	       "[\"a\",3,2]"); /* not from what is kept */
	expect(ask("h", "\"b\"", 0, 1), true, "[\"b\",4,3]");
	serve_ms(0, 1100);
	expect(ask("h", "\"b\"", 0, 1), true, "[\"b\",5,4]");
}
END_TEST

START_TEST(failures_are_not_kept)
{
	expect(ask("h", "\"fail\"", 0, 60), false, "no such user");
	expect(ask("h", "\"fail\"", 0, 60), false, "no such user");
	expect(ask("h", "\"a\"", 0, 60), true, "[\"a\",3,3]");
}
END_TEST

START_TEST(a_call_has_its_deadline_and_disturbs_no_other)
{
	uint64_t began, slow, other;

	expect(ask("h", "1", 0, 0), true, "[1,1,1]"); /* it runs */
	began = clock_ms();
	slow = ask("h", "\"hang\"", 300, 0);
	other = ask("h", "\"a\"", 0, 0);
	expect(other, true, "[\"a\",3,3]");
	expect(slow, false, "deadline");
	ck_assert_uint_ge(clock_ms() - began, 290);
	ck_assert_uint_lt(clock_ms() - began, 2000);
	ck_assert_ptr_nonnull(strstr(said, "helper=h conn=2 no answer within 300 ms"));
}
END_TEST

START_TEST(the_deadline_is_that_of_the_configuration_where_none_is_named)
{
	uint64_t began = clock_ms();

	config_set("PolicyHelperTimeout 1");
	expect(ask("h", "\"hang\"", 0, 0), false, "deadline");
	ck_assert_uint_ge(clock_ms() - began, 990);
	ck_assert_uint_lt(clock_ms() - began, 4000);
}
END_TEST

START_TEST(an_answer_after_the_deadline_is_dropped)
{
	uint64_t late;

	expect(ask("h", "1", 0, 0), true, "[1,1,1]");
	late = ask("h", "\"wait\"", 100, 60);
	expect(late, false, "deadline");
	expect(ask("h", "2", 0, 0), true, "[2,3,3]");
	ck_assert_uint_eq(told[late].times, 1);
	ck_assert_ptr_nonnull(strstr(said, "an answer came too late"));
}
END_TEST

START_TEST(the_death_of_a_program_fails_its_calls_at_once_and_it_is_started_again)
{
	uint64_t a = ask("h", "\"hang\"", 60000, 0),
		 b = ask("h", "\"crash\"", 60000, 0);

	expect(a, false, "the program ended");
	expect(b, false, "the program ended");
	ck_assert_ptr_nonnull(strstr(said, "it ended by signal ABRT"));
	expect(ask("h", "1", 0, 0), false,
	       "the program ended and is not started again yet");
	serve_ms(0, LIMIT_HELPER_PAUSE_MS + 100);
	expect(ask("h", "1", 0, 0), true, "[1,4,1]");
}
END_TEST

START_TEST(the_pause_doubles_while_the_program_keeps_dying)
{
	expect(ask("gone", "1", 0, 0), false, "the program ended");
	ck_assert_ptr_nonnull(strstr(said, "not started again for 1 s"));
	serve_ms(0, LIMIT_HELPER_PAUSE_MS + 100);
	expect(ask("gone", "1", 0, 0), false, "the program ended");
	ck_assert_ptr_nonnull(strstr(said, "not started again for 2 s"));
	ck_assert_ptr_nonnull(strstr(said, "/nonexistent/prog: No such file"));
	expect(ask("h", "1", 0, 0), true, "[1,3,1]"); /* others do not mind */
}
END_TEST

START_TEST(a_program_that_leaves_well_is_started_again_at_once)
{
	expect(ask("h", "\"leave\"", 0, 0), true, "[\"leave\",1,1]");
	for (unsigned i = 0; i < 500 && strstr(said, "helper=h ended") == NULL; i++)
		serve_ms(0, 10);
	expect(ask("h", "1", 0, 0), true, "[1,2,1]");
}
END_TEST

START_TEST(a_program_that_hangs_is_replaced)
{
	uint64_t calls[LIMIT_HELPER_SILENT];

	for (size_t i = 0; i < LIMIT_HELPER_SILENT; i++)
		calls[i] = ask("h", "\"hang\"", 200, 0);
	for (size_t i = 0; i < LIMIT_HELPER_SILENT; i++)
		expect(calls[i], false, "deadline");
	ck_assert_ptr_nonnull(strstr(said, "calls in a row were not answered"));
	serve_ms(0, LIMIT_HELPER_PAUSE_MS + 100);
	expect(ask("h", "1", 0, 0), true, "[1,9,1]");
}
END_TEST

START_TEST(calls_under_way_are_bounded_for_all_and_for_one_connection)
{
	struct helper_question q = {.conn = 77,
				    .name = SPAN_LIT("h"),
				    .request = SPAN_LIT("\"hang\""),
				    .deadline_ms = 60000};

	for (size_t i = 0; i < LIMIT_HELPER_CONN_CALLS; i++) {
		q.call = ++next_call;
		helper_call(&m, &q, done);
		ck_assert_uint_eq(told[next_call].times, 0);
	}
	q.call = ++next_call;
	helper_call(&m, &q, done);
	expect(next_call, false, "too many calls are under way");
	for (size_t i = LIMIT_HELPER_CONN_CALLS; i < LIMIT_HELPER_CALLS; i++)
		ck_assert_uint_eq(told[ask("h", "\"hang\"", 60000, 0)].times, 0);
	expect(ask("h", "\"hang\"", 60000, 0), false, "too many calls are under way");
}
END_TEST

START_TEST(a_reload_lets_calls_end_and_then_the_program)
{
	uint64_t first = ask("h", "\"pid\"", 0, 60), before, after;

	serve_ms(first, HAND_WAIT_MS);
	before = ask("h", "\"wait\"", 0, 0);
	config_set("PolicyHelperTimeout 9");
	helpers_reload(&m);
	after = ask("h", "\"a\"", 0, 0);
	expect(after, true, "[\"a\",3,1]"); /* another program: its first request */
	expect(before, true, "[\"wait\",2,2]");
	after = ask("h", "\"pid\"", 0, 60); /* nothing kept holds */
	serve_ms(after, HAND_WAIT_MS);
	ck_assert(told[after].ok && strcmp(told[first].text, told[after].text) != 0);
	serve_ms(0, 200);
	ck_assert_uint_eq(m.login_master->living, 1);
}
END_TEST

START_TEST(a_retired_program_that_does_not_answer_ends_with_the_deadline)
{
	uint64_t call = ask("h", "\"hang\"", 300, 0);

	helpers_reload(&m);
	expect(call, false, "deadline");
	serve_ms(0, LIMIT_HELPER_END_MS);
	ck_assert_uint_eq(m.login_master->living, 0);
}
END_TEST

START_TEST(who_died_is_told_nothing)
{
	uint64_t call = ask("h", "\"wait\"", 0, 60);

	helpers_forget(&m);
	serve_ms(call, 1500);
	ck_assert_uint_eq(told[call].times, 0);
	expect(ask("h", "1", 0, 0), true, "[1,2,2]");
	expect(ask("h", "\"wait\"", 0, 60), true,
	       "[\"wait\",1,1]"); /* kept all the same */
}
END_TEST

START_TEST(a_request_that_cannot_be_sent_is_told)
{
	m.login_master = NULL;
	expect(ask("h", "1", 0, 0), false, "the program cannot be started");
	m.login_master = master;
	expect(ask("h", "{", 0, 0), false, "the request is not JSON");
}
END_TEST

START_TEST(no_descriptor_is_left_after_many_deaths)
{
	size_t before;

	expect(ask("h", "1", 0, 0), true, "[1,1,1]");
	before = fds_open();
	for (unsigned i = 0; i < 3; i++) {
		expect(ask("h", "\"crash\"", 0, 0), false, "the program ended");
		serve_ms(0, ((uint64_t)LIMIT_HELPER_PAUSE_MS << i) + 100);
		serve_ms(ask("h", "1", 0, 0), HAND_WAIT_MS);
		ck_assert(told[next_call].ok);
	}
	ck_assert_uint_eq(fds_open(), before);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_helper_link");
	TCase *t = tcase_create("calls");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_program_is_started_once_and_asked_often);
	tcase_add_test(t, names_that_are_unknown_are_told_at_once);
	tcase_add_test(t, answers_are_kept_as_long_as_was_asked);
	tcase_add_test(t, failures_are_not_kept);
	tcase_add_test(t, a_call_has_its_deadline_and_disturbs_no_other);
	tcase_add_test(t,
		       the_deadline_is_that_of_the_configuration_where_none_is_named);
	tcase_add_test(t, an_answer_after_the_deadline_is_dropped);
	tcase_add_test(
	    t, the_death_of_a_program_fails_its_calls_at_once_and_it_is_started_again);
	tcase_add_test(t, the_pause_doubles_while_the_program_keeps_dying);
	tcase_add_test(t, a_program_that_leaves_well_is_started_again_at_once);
	tcase_add_test(t, a_program_that_hangs_is_replaced);
	tcase_add_test(t, calls_under_way_are_bounded_for_all_and_for_one_connection);
	tcase_add_test(t, a_reload_lets_calls_end_and_then_the_program);
	tcase_add_test(t,
		       a_retired_program_that_does_not_answer_ends_with_the_deadline);
	tcase_add_test(t, who_died_is_told_nothing);
	tcase_add_test(t, a_request_that_cannot_be_sent_is_told);
	tcase_add_test(t, no_descriptor_is_left_after_many_deaths);
	suite_add_tcase(s, t);
	return s;
}
