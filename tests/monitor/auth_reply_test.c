/* What a client is told of the methods that are left. Source: RFC 4252 5.1 */
#include <stdlib.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/log.h"
#include "monitor/auth_reply.h"
#include "monitor/banner.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

/* A connection and its worker's end of the socket. */
struct scene {
	struct monitor m;
	struct settings set;
	struct conn_work work;
	struct conn c;
	int worker;
	uint8_t *store;
	struct msg told;
};

static void scene_open(struct scene *s, const char **lists, size_t n)
{
	int pair[2];

	*s = (struct scene){
	    .set = {.pubkey_authentication = true,
		    .password_authentication = true,
		    .authentication_methods = {.item = lists, .n = n},
		    .max_auth_tries = 6}
        };
	log_level_set(LOG_QUIET_ALL);
	ck_assert_int_eq(ipc_pair(pair), OK);
	s->worker = pair[1];
	s->work.link = (struct link){.sock = pair[0], .peer = MSG_WORKER};
	s->work.set = &s->set;
	s->c = (struct conn){.m = &s->m, .fd = -1, .work = &s->work};
	s->store = malloc(LIMIT_MSG_BYTES);
	ck_assert_ptr_nonnull(s->store);
}

static void scene_close(struct scene *s)
{
	close(s->worker);
	close(s->work.link.sock);
	free(s->store);
}

/* What the worker is told next: the verdict and the methods. */
static void expect(struct scene *s, enum auth_verdict verdict, const char *methods)
{
	struct wr buf = {.p = s->store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;

	ck_assert_int_eq(ipc_recv(s->worker, &buf, false, &s->told, &fds), OK);
	ck_assert_int_eq(s->told.type, MSG_auth_result);
	ck_assert_uint_eq(s->told.u.auth_result.verdict, verdict);
	ck_assert_msg(span_is(s->told.u.auth_result.methods, methods), "%.*s",
		      (int)s->told.u.auth_result.methods.n,
		      (const char *)s->told.u.auth_result.methods.p);
}

START_TEST(failure_lists_each_method_that_is_enabled)
{
	struct scene s;

	scene_open(&s, NULL, 0);
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "publickey,password");
	s.set.pubkey_authentication = false;
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "password");
	scene_close(&s);
}
END_TEST

START_TEST(failure_lists_where_each_list_begins_and_nothing_twice)
{
	const char *lists[] = {"publickey,password", "password", "publickey"};
	struct scene s;

	scene_open(&s, lists, 3);
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "publickey,password");
	scene_close(&s);
}
END_TEST

START_TEST(success_of_a_first_step_is_partial_and_lists_the_second)
{
	const char *lists[] = {"publickey,password"};
	struct scene s;

	scene_open(&s, lists, 1);
	s.work.attempt.method = METHOD_PUBLICKEY;
	s.work.attempt.key = SPAN_LIT("\0\0\0\3key");
	auth_reply_success(&s.c, false);
	expect(&s, AUTH_PARTIAL, "password");
	ck_assert(!s.work.user_known);
	ck_assert_uint_eq(s.work.n_done, 1);
	s.work.attempt.method = METHOD_NONE;
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "password");
	scene_close(&s);
}
END_TEST

START_TEST(the_banner_comes_with_the_first_answer_only)
{
	char path[] = "/tmp/sallyport-banner-XXXXXX";
	char line[64];
	struct scene s;
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "hello", 5), 5);
	close(fd);
	scene_open(&s, NULL, 0);
	(void)snprintf(line, sizeof line, "Banner %s\n", path);
	s.m.config = kit_load(line);
	banners_load(&s.m);
	s.set.banner = path;
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "publickey,password");
	ck_assert(span_is(s.told.u.auth_result.banner, "hello"));
	auth_reply_failure(&s.c, ERR_DENIED);
	expect(&s, AUTH_FAILURE, "publickey,password");
	ck_assert_uint_eq(s.told.u.auth_result.banner.n, 0);
	banners_forget(&s.m);
	config_unref(s.m.config);
	scene_close(&s);
	unlink(path);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_reply");
	TCase *t = tcase_create("methods");

	tcase_add_test(t, failure_lists_each_method_that_is_enabled);
	tcase_add_test(t, failure_lists_where_each_list_begins_and_nothing_twice);
	tcase_add_test(t, success_of_a_first_step_is_partial_and_lists_the_second);
	tcase_add_test(t, the_banner_comes_with_the_first_answer_only);
	suite_add_tcase(s, t);
	return s;
}
