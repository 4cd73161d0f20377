/* The policy process at the end of its link, as the monitor meets it. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/policy.h"
#include "policy/serve.h"
#include "tests/unit.h"

#define WAIT_MS 20000
#define NOW     1790000000

struct link {
	int sock;
	struct wr in;
	struct msg m;
};

/* Waits for a message of this type; others are none that the test expects. */
static void expect(struct link *l, enum msg_type type)
{
	struct pollfd p = {.fd = l->sock, .events = POLLIN};
	struct ipc_fds fds;

	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
	ck_assert_int_eq(ipc_recv(l->sock, &l->in, true, &l->m, &fds), OK);
	ck_assert_int_eq(l->m.type, type);
}

static void say(const struct link *l, const struct msg *m)
{
	ck_assert_int_eq(ipc_send(l->sock, m, NULL, 0, true), OK);
}

static struct link *begin(void)
{
	struct link *l = calloc(1, sizeof *l);
	int pair[2];
	pid_t pid;

	ck_assert_ptr_nonnull(l);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(ipc_pair(pair), OK);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(pair[0]);
		_exit(serve_run(pair[1], geteuid() == 0 ? "nobody" : NULL) == ERR_CLOSED
			  ? 0
			  : 1);
	}
	close(pair[1]);
	l->sock = pair[0];
	l->in = (struct wr){.p = malloc(LIMIT_MSG_BYTES), .cap = LIMIT_MSG_BYTES};
	ck_assert_ptr_nonnull(l->in.p);
	expect(l, MSG_policy_ready);
	return l;
}

/* In a pid namespace it is a child of the one that was started: the worse of both counts. */
static int ended(struct link *l)
{
	int status = 0, worst = 0;

	close(l->sock);
	while (wait(&status) > 0)
		worst = status != 0 ? status : worst;
	free(l->in.p);
	free(l);
	return worst;
}

static void end(struct link *l)
{
	int status = ended(l);

	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d",
		      status);
}

static void load(struct link *l, const char *text)
{
	size_t half = strlen(text) / 2;

	say(l, &MSG_OF(policy_script, .version = 1, .name = SPAN_LIT("t.lua"),
		       .text = {(const uint8_t *)text, half}));
	say(l, &MSG_OF(policy_script, .version = 1, .name = SPAN_LIT("t.lua"),
		       .last = 1, .text = span_str(text + half)));
	expect(l, MSG_policy_loaded);
	ck_assert_msg(l->m.u.policy_loaded.ok == 1, "%.*s",
		      (int)l->m.u.policy_loaded.text.n,
		      (const char *)l->m.u.policy_loaded.text.p);
}

static void ask(struct link *l, uint64_t id, uint64_t conn, enum policy_event event)
{
	say(l, &MSG_OF(policy_ask, .id = id, .version = 1, .conn = conn,
		       .event = (uint8_t)event, .now_s = NOW));
}

START_TEST(walls_stand_before_a_script_is_read)
{
	struct link *l = begin();

	ck_assert_ptr_nonnull(memmem(l->m.u.policy_ready.layers.p,
				     l->m.u.policy_ready.layers.n, "seccomp", 7));
	end(l);
}
END_TEST

START_TEST(script_comes_in_pieces_and_decides)
{
	struct link *l = begin();

	load(l,
	     "owns = { 'password' }\n"
	     "function on_user_auth_request(conn, auth)\n"
	     "return refuse{ reason = 'no: ' .. (conn.claimed.user or 'nobody') } end");
	ck_assert_uint_eq(l->m.u.policy_loaded.handlers,
			  POLICY_BIT(POLICY_ON_user_auth_request));
	ck_assert(span_is(l->m.u.policy_loaded.owns, "password"));
	ask(l, 7, 1, POLICY_ON_user_auth_request);
	expect(l, MSG_policy_decision);
	ck_assert_uint_eq(l->m.u.policy_decision.id, 7);
	ck_assert_uint_eq(l->m.u.policy_decision.verdict, POLICY_REFUSE);
	ck_assert(span_is(l->m.u.policy_decision.where, "t.lua:3"));
	ck_assert(span_is(
	    facts_get_str(l->m.u.policy_decision.fields, "reason", (struct span){0}),
	    "no: nobody"));
	end(l);
}
END_TEST

START_TEST(bad_script_is_told_and_the_next_is_taken)
{
	struct link *l = begin();

	say(l, &MSG_OF(policy_script, .version = 1, .name = SPAN_LIT("t.lua"),
		       .last = 1, .text = SPAN_LIT("\nx = = 1")));
	expect(l, MSG_policy_loaded);
	ck_assert_uint_eq(l->m.u.policy_loaded.ok, 0);
	ck_assert_ptr_nonnull(memmem(l->m.u.policy_loaded.text.p,
				     l->m.u.policy_loaded.text.n, "t.lua:2:", 8));
	load(l, "function on_service_request() return accept{} end");
	ask(l, 1, 1, POLICY_ON_service_request);
	expect(l, MSG_policy_decision);
	ck_assert_uint_eq(l->m.u.policy_decision.verdict, POLICY_ACCEPT);
	end(l);
}
END_TEST

/* Every library behind the walls: what one of them would ask the kernel for kills it. */
START_TEST(all_libraries_work_behind_the_walls)
{
	struct link *l = begin();

	load(l,
	     "function on_user_auth_request()\n"
	     "local s = base32.encode(crypto.random(20))\n"
	     "assert(totp.verify(s, totp.code(s)) and #crypto.sha512('') == 64)\n"
	     "assert(#crypto.hmac('sha1', 'a', 'b') == 20 and net.within('::1', "
	     "'::/0'))\n"
	     "assert(packet.get(packet.put('', 'm', '99999999999999999999'), '%m'))\n"
	     "local t = {} for i = 1, 3000 do t[i] = ('x'):rep(i % 300) end "
	     "table.sort(t)\n"
	     "assert(#table.concat(t) > 0 and time.date() and str.glob('a', '*'))\n"
	     "assert(json.decode(json.encode({1.5, {a = 'b'}}))[1] == 1.5)\n"
	     "assert(math.sqrt(2) and utf8.char(228) and ('%5.1f'):format(1.25))\n"
	     "return accept{ env = { B = 'b', A = 'a' } } end");
	ask(l, 1, 1, POLICY_ON_user_auth_request);
	expect(l, MSG_policy_decision);
	ck_assert_msg(l->m.u.policy_decision.verdict == POLICY_ACCEPT, "%.*s",
		      (int)l->m.u.policy_decision.where.n,
		      (const char *)l->m.u.policy_decision.where.p);
	end(l);
}
END_TEST

START_TEST(what_a_handler_does_comes_before_its_decision)
{
	struct link *l = begin();

	load(
	    l,
	    "function on_service_request(conn)\n"
	    "log('hello') shared.set('k', shared.get('k') + 1) conn:disconnect('bye')\n"
	    "local r = helper.call('h', {}, {deadline = 2})\n"
	    "return accept{ reason = r } end");
	say(l, &MSG_OF(policy_share, .key = SPAN_LIT("k"), .value = SPAN_LIT("41"),
		       .expires_s = NOW + 60));
	ask(l, 5, 3, POLICY_ON_service_request);
	expect(l, MSG_policy_note);
	ck_assert(span_is(l->m.u.policy_note.text, "hello"));
	expect(l, MSG_policy_share_set);
	ck_assert(span_is(l->m.u.policy_share_set.value, "42"));
	expect(l, MSG_policy_action);
	ck_assert_uint_eq(l->m.u.policy_action.action, POLICY_DISCONNECT);
	ck_assert_uint_eq(l->m.u.policy_action.conn, 3);
	expect(l, MSG_policy_help);
	ck_assert_uint_eq(l->m.u.policy_help.deadline_ms, 2000);
	say(l, &MSG_OF(policy_helped, .call = l->m.u.policy_help.call, .ok = 1,
		       .text = SPAN_LIT("\"yes\"")));
	expect(l, MSG_policy_decision);
	ck_assert(span_is(
	    facts_get_str(l->m.u.policy_decision.fields, "reason", (struct span){0}),
	    "yes"));
	say(l, &MSG_OF(policy_drop, .conn = 3));
	say(l, &MSG_OF(policy_forget, .version = 1));
	ask(l, 6, 3, POLICY_ON_service_request);
	expect(l, MSG_policy_decision);
	ck_assert_uint_eq(l->m.u.policy_decision.verdict, POLICY_ERROR);
	end(l);
}
END_TEST

START_TEST(endless_loop_is_refused_and_the_process_goes_on)
{
	struct link *l = begin();

	load(l, "function on_user_auth_request()\n"
		"while true do pcall(string.rep, 'x', 100) end end\n"
		"function on_service_request() return accept{} end");
	ask(l, 1, 1, POLICY_ON_user_auth_request);
	expect(l, MSG_policy_decision);
	ck_assert_uint_eq(l->m.u.policy_decision.verdict, POLICY_ERROR);
	ck_assert_ptr_nonnull(memmem(l->m.u.policy_decision.where.p,
				     l->m.u.policy_decision.where.n, "t.lua:2: ", 9));
	ask(l, 2, 1, POLICY_ON_service_request);
	expect(l, MSG_policy_decision);
	ck_assert_uint_eq(l->m.u.policy_decision.verdict, POLICY_ACCEPT);
	end(l);
}
END_TEST

START_TEST(message_that_is_not_for_it_ends_it)
{
	struct link *l = begin();
	int status;

	say(l, &MSG_OF(policy_note, .text = SPAN_LIT("x")));
	ck_assert_int_eq(
	    poll(&(struct pollfd){.fd = l->sock, .events = POLLIN}, 1, WAIT_MS), 1);
	status = ended(l);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%x", status);
}
END_TEST

START_TEST(script_that_never_ends_in_pieces_ends_it)
{
	static uint8_t piece[LIMIT_SCRIPT_PIECE_BYTES];
	struct link *l = begin();
	int status;

	memset(piece, ' ', sizeof piece);
	for (size_t i = 0; i <= LIMIT_SCRIPT_BYTES / sizeof piece; i++)
		if (ipc_send(
			l->sock,
			&MSG_OF(policy_script, .version = 1, .text = SPAN_OF(piece)),
			NULL, 0, true) != OK)
			break;
	ck_assert_int_eq(
	    poll(&(struct pollfd){.fd = l->sock, .events = POLLIN}, 1, WAIT_MS), 1);
	status = ended(l);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%x", status);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_serve");
	TCase *t = tcase_create("serve");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, walls_stand_before_a_script_is_read);
	tcase_add_test(t, script_comes_in_pieces_and_decides);
	tcase_add_test(t, bad_script_is_told_and_the_next_is_taken);
	tcase_add_test(t, all_libraries_work_behind_the_walls);
	tcase_add_test(t, what_a_handler_does_comes_before_its_decision);
	tcase_add_test(t, endless_loop_is_refused_and_the_process_goes_on);
	tcase_add_test(t, message_that_is_not_for_it_ends_it);
	tcase_add_test(t, script_that_never_ends_in_pieces_ends_it);
	suite_add_tcase(s, t);
	return s;
}
