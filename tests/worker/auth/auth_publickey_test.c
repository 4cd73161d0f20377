/* Public keys: what is asked of the monitor, and the echo of a key that would do. */
#include "tests/worker/peer.h"

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

static void request(bool hostbound, struct span hostkey, bool proof)
{
	uint8_t store[512];
	struct wr w = WR(store);

	peer_request(&w, "tester",
		     hostbound ? "publickey-hostbound-v00@openssh.com" : "publickey");
	wr_bool(&w, proof);
	wr_str(&w, "ssh-ed25519");
	wr_str(&w, "a blob");
	if (hostbound)
		wr_bytes(&w, hostkey);
	if (proof)
		wr_str(&w, "a signature");
	peer_send_wr(p, &w);
}

/* The last question; its spans stay valid. */
static struct msg asked(void)
{
	struct msg m;

	ck_assert_int_eq(msg_decode((struct span){p->last, p->n_last}, &m), OK);
	return m;
}

START_TEST(a_key_that_would_do_is_echoed_as_it_came)
{
	struct rd r;

	p->verdict = AUTH_KEY_WOULD_DO;
	request(false, (struct span){0}, false);
	r = RD(peer_expect(p, SSH_MSG_USERAUTH_PK_OK));
	rd_u8(&r);
	ck_assert(span_is(rd_bytes(&r, 64), "ssh-ed25519"));
	ck_assert(span_is(rd_bytes(&r, 64), "a blob"));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_ptr_null(p->w.auth.asked_key);
	ck_assert_uint_eq(asked().u.auth_publickey.proof, 0);
}
END_TEST

START_TEST(a_proof_goes_to_the_monitor_whole)
{
	struct msg m;

	p->verdict = AUTH_SUCCESS;
	request(_i != 0, SPAN_OF(p->blob), true);
	peer_expect(p, SSH_MSG_USERAUTH_SUCCESS);
	m = asked();
	ck_assert_int_eq(m.type, MSG_auth_publickey);
	ck_assert(span_is(m.u.auth_publickey.user, "tester"));
	ck_assert(span_is(m.u.auth_publickey.service, "ssh-connection"));
	ck_assert(span_is(m.u.auth_publickey.algorithm, "ssh-ed25519"));
	ck_assert(span_is(m.u.auth_publickey.key, "a blob"));
	ck_assert(span_is(m.u.auth_publickey.signature, "a signature"));
	ck_assert_uint_eq(m.u.auth_publickey.hostbound, (unsigned)_i);
	ck_assert(span_equal(m.u.auth_publickey.hostkey,
			     _i != 0 ? SPAN_OF(p->blob) : (struct span){0}));
}
END_TEST

START_TEST(a_proof_for_another_host_key_is_refused_and_counted)
{
	request(true, SPAN_LIT("another host's key"), true);
	peer_expect(p, SSH_MSG_USERAUTH_FAILURE);
	ck_assert_uint_eq(p->asked[MSG_auth_publickey], 0);
	ck_assert_uint_eq(p->asked[MSG_auth_none], 1);
}
END_TEST

START_TEST(a_request_with_bytes_behind_ends_the_connection)
{
	uint8_t store[256];
	struct wr w = WR(store);

	peer_request(&w, "tester", "publickey");
	wr_bool(&w, false);
	wr_str(&w, "ssh-ed25519");
	wr_str(&w, "a blob");
	wr_str(&w, "no signature was announced");
	peer_send_wr(p, &w);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_auth_auth_publickey");
	TCase *t = tcase_create("auth_publickey");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_key_that_would_do_is_echoed_as_it_came);
	tcase_add_loop_test(t, a_proof_goes_to_the_monitor_whole, 0, 2);
	tcase_add_test(t, a_proof_for_another_host_key_is_refused_and_counted);
	tcase_add_test(t, a_request_with_bytes_behind_ends_the_connection);
	suite_add_tcase(s, t);
	return s;
}
