/* Passwords: they pass through, and nothing of them stays. */
#include "tests/worker/peer.h"

#define SECRET "correct horse battery staple"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
	peer_connect(p);
	peer_service(p, "ssh-userauth");
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

static void request(bool change)
{
	uint8_t store[256];
	struct wr w = WR(store);

	peer_request(&w, "tester", "password");
	wr_bool(&w, change);
	wr_str(&w, SECRET);
	if (change)
		wr_str(&w, "new " SECRET);
	peer_send_wr(p, &w);
}

static bool is_in(const uint8_t *bytes, size_t n)
{
	return bytes != NULL && memmem(bytes, n, "horse", 5) != NULL;
}

START_TEST(a_password_goes_to_the_monitor_and_is_wiped_here)
{
	const struct buffer *b = &p->w.transport.input;
	struct msg m;

	request(false);
	peer_expect(p, SSH_MSG_USERAUTH_FAILURE);
	ck_assert_int_eq(msg_decode((struct span){p->last, p->n_last}, &m), OK);
	ck_assert_int_eq(m.type, MSG_auth_password);
	ck_assert(span_is(m.u.auth_password.password, SECRET));
	ck_assert_ptr_nonnull(b->p);
	ck_assert(!is_in(b->p, LIMIT_BUFFER_STEP_BYTES));
}
END_TEST

START_TEST(a_change_of_password_is_refused_like_a_wrong_one)
{
	request(true);
	peer_expect(p, SSH_MSG_USERAUTH_FAILURE);
	ck_assert_uint_eq(p->asked[MSG_auth_password], 0);
	ck_assert_uint_eq(p->asked[MSG_auth_none], 1);
	ck_assert(!is_in(p->w.transport.input.p, LIMIT_BUFFER_STEP_BYTES));
}
END_TEST

START_TEST(a_password_beyond_the_limit_ends_the_connection)
{
	static uint8_t store[LIMIT_PASSWORD_BYTES + 256],
	    much[LIMIT_PASSWORD_BYTES + 1];
	struct wr w = WR(store);

	peer_request(&w, "tester", "password");
	wr_bool(&w, false);
	wr_bytes(&w, SPAN_OF(much));
	peer_send_wr(p, &w);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_auth_auth_password");
	TCase *t = tcase_create("auth_password");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_password_goes_to_the_monitor_and_is_wiped_here);
	tcase_add_test(t, a_change_of_password_is_refused_like_a_wrong_one);
	tcase_add_test(t, a_password_beyond_the_limit_ends_the_connection);
	suite_add_tcase(s, t);
	return s;
}
