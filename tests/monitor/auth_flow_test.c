/*
 * Attempts as a lying worker makes them.
 */
#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

/* A connection whose worker nobody listens to; no helper can be had, so that each attempt is refused. */
struct scene {
	struct monitor m;
	struct settings set;
	struct conn_work work;
	struct conn c;
	struct config *config;
	struct account account;    /* alice's, where it is known */
	struct fork_server master; /* the login master, where there is one */
	int orders;                /* where its orders arrive */
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){
	    .set = {.max_auth_tries = 6, .password_authentication = true}
        };
	log_level_set(LOG_QUIET_ALL);
	s->m.base = event_base_new();
	ck_assert_ptr_nonnull(s->m.base);
	s->m.set = &s->set;
	s->work.link = (struct link){.sock = -1, .peer = MSG_WORKER, .state = IN_AUTH};
	s->work.set = &s->set;
	s->config = kit_load("");
	s->c =
	    (struct conn){.m = &s->m, .fd = -1, .work = &s->work, .config = s->config};
	/* what it cannot be told is no reason to end it here */
	s->work.doomed = true;
}

static void scene_close(struct scene *s)
{
	conn_auth_wipe(&s->c);
	config_unref(s->config);
	event_base_free(s->m.base);
}

static enum err try_password(struct scene *s)
{
	const struct msg_auth_password m = {.user = SPAN_LIT("alice"),
					    .service = SPAN_LIT("ssh-connection"),
					    .password = SPAN_LIT("secret")};

	return serve_auth_password(&s->c, &m, NULL);
}

START_TEST(a_refusal_is_held_back)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(s.work.delayed);
	ck_assert_uint_eq(s.work.failures, 1);
	scene_close(&s);
}
END_TEST

START_TEST(an_attempt_while_a_refusal_is_held_back_is_forbidden)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_int_eq(try_password(&s), ERR_FORBIDDEN);
	ck_assert_uint_eq(s.work.failures, 1);
	scene_close(&s);
}
END_TEST

START_TEST(an_attempt_after_the_answer_is_taken)
{
	struct scene s;

	scene_open(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_int_eq(event_base_dispatch(s.m.base), 1); /* until no timer is left */
	ck_assert(!s.work.delayed);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert_uint_eq(s.work.failures, 2);
	scene_close(&s);
}
END_TEST

/* The account is known already, and a login master takes orders. */
static void scene_staff(struct scene *s)
{
	int pair[2];

	s->account = (struct account){
	    .user = "alice", .found = true, .found_ms = clock_ms(), .refs = 1};
	s->m.accounts = &s->account;
	ck_assert_int_eq(ipc_pair(pair), OK);
	s->master.link = (struct link){.m = &s->m, .sock = pair[0], .peer = MSG_FORK};
	s->m.login_master = &s->master;
	s->orders = pair[1];
}

/* Tells whether a helper was asked for. */
static bool helper_asked(const struct scene *s)
{
	uint8_t store[64];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;

	if (ipc_recv(s->orders, &buf, false, &m, &fds) != OK)
		return false;
	ipc_fds_close(&fds);
	return m.type == MSG_fork_child;
}

static void scene_dismiss(struct scene *s)
{
	conn_auth_wipe(&s->c);
	s->work.account = NULL;
	while (s->m.children.n > 0)
		for (uint32_t i = 1; i <= s->m.next_child; i++)
			free(idmap_remove(&s->m.children, i));
	idmap_wipe(&s->m.children);
	close(s->master.link.sock);
	close(s->orders);
	scene_close(s);
}

START_TEST(a_password_is_checked_where_the_method_is_on)
{
	struct scene s;

	scene_open(&s);
	scene_staff(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(helper_asked(&s));
	ck_assert(s.work.attempting);
	scene_dismiss(&s);
}
END_TEST

START_TEST(a_password_is_not_checked_where_the_method_is_off)
{
	struct scene s;

	scene_open(&s);
	scene_staff(&s);
	s.set.password_authentication = false;
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(!helper_asked(&s));
	ck_assert(s.work.delayed);
	scene_dismiss(&s);
}
END_TEST

START_TEST(a_password_is_not_checked_before_its_turn)
{
	static const char *lists[] = {"publickey,password"};
	struct scene s;

	scene_open(&s);
	scene_staff(&s);
	s.set.authentication_methods = (struct strlist){lists, 1};
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(!helper_asked(&s));
	event_base_dispatch(s.m.base);
	s.work.done[s.work.n_done++] = METHOD_PUBLICKEY;
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(helper_asked(&s));
	scene_dismiss(&s);
}
END_TEST

/* What has not ended by itself may be held up by the user's own file system. */
START_TEST(a_helper_that_nobody_waits_for_is_killed)
{
	uint8_t store[64];
	struct wr buf = WR(store);
	struct ipc_fds fds;
	struct msg m;
	struct scene s;

	scene_open(&s);
	scene_staff(&s);
	ck_assert_int_eq(try_password(&s), OK);
	ck_assert(helper_asked(&s));
	conn_auth_wipe(&s.c);
	s.work.account = NULL;
	ck_assert_int_eq(ipc_recv(s.orders, &buf, false, &m, &fds), OK);
	ck_assert_int_eq(m.type, MSG_fork_kill);
	scene_dismiss(&s);
}
END_TEST

/* The user's Match block names other files, and nobody can read them now. */
START_TEST(keys_of_other_files_do_not_count_where_no_helper_can_be_had)
{
	static const char *files[] = {"/etc/ssh/keys/%u"};
	static const uint8_t blob[] = "\0\0\0\013ssh-ed25519\0\0\0\040"
				      "0123456789abcdef0123456789abcdef";
	const struct span key = {blob, sizeof blob - 1};
	const struct msg_auth_publickey m = {.user = SPAN_LIT("alice"),
					     .service = SPAN_LIT("ssh-connection"),
					     .algorithm = SPAN_LIT("ssh-ed25519"),
					     .key = key};
	uint8_t store[256];
	struct wr keys = WR(store);
	struct scene s;

	scene_open(&s);
	scene_staff(&s);
	wr_bytes(&keys, key);
	wr_str(&keys, "");
	wr_str(&keys, "keys:1");
	s.account.keys = (struct span){store, keys.n};
	s.set.pubkey_authentication = true;
	s.set.permit_root_login = ROOT_LOGIN_YES;
	s.account.uid = geteuid();
	s.set.pubkey_accepted_algorithms = "ssh-ed25519";
	s.set.local_sessions = true;
	s.m.login_master = NULL;
	ck_assert_int_eq(serve_auth_publickey(&s.c, &m, NULL), OK);
	ck_assert(!s.work.delayed); /* told that the key would do */
	s.work.attempting = true;
	s.work.attempt.method = METHOD_PUBLICKEY;
	s.set.authorized_keys_file = (struct strlist){files, 1};
	s.work.attempt.copy = malloc(128);
	memcpy(s.work.attempt.copy, key.p, key.n);
	s.work.attempt.key = (struct span){s.work.attempt.copy, key.n};
	s.work.attempt.algorithm = SPAN_LIT("ssh-ed25519");
	s.work.attempt.copy_n = key.n;
	auth_account_ready(&s.c, &s.account);
	ck_assert(!s.work.attempting);
	ck_assert(s.work.delayed); /* refused */
	scene_dismiss(&s);
}
END_TEST

START_TEST(a_user_name_is_one_field_of_a_log_line)
{
	char shown[LIMIT_SHOWN_BYTES];

	user_show(SPAN_LIT("x\" Accepted for\nroot\x1b"), shown);
	ck_assert_str_eq(shown, "x??Accepted?for\\012root\\033");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_flow");
	TCase *t = tcase_create("attempts");

	tcase_add_test(t, a_refusal_is_held_back);
	tcase_add_test(t, an_attempt_while_a_refusal_is_held_back_is_forbidden);
	tcase_add_test(t, an_attempt_after_the_answer_is_taken);
	tcase_add_test(t, a_password_is_checked_where_the_method_is_on);
	tcase_add_test(t, a_password_is_not_checked_where_the_method_is_off);
	tcase_add_test(t, a_password_is_not_checked_before_its_turn);
	tcase_add_test(t, a_helper_that_nobody_waits_for_is_killed);
	tcase_add_test(t, keys_of_other_files_do_not_count_where_no_helper_can_be_had);
	tcase_add_test(t, a_user_name_is_one_field_of_a_log_line);
	suite_add_tcase(s, t);
	return s;
}
