/* EXT_INFO: what ours says, what of the client's is taken. */
#include "tests/worker/peer.h"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
	peer_connect(p);
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

START_TEST(our_extensions_are_the_three_that_we_keep)
{
	struct rd r = RD(peer_expect(p, SSH_MSG_EXT_INFO));

	rd_u8(&r);
	ck_assert_uint_eq(rd_u32(&r), 3);
	ck_assert(span_is(rd_bytes(&r, 64), "server-sig-algs"));
	ck_assert(span_is(rd_bytes(&r, 64), "ssh-ed25519"));
	ck_assert(span_is(rd_bytes(&r, 64), "publickey-hostbound@openssh.com"));
	ck_assert(span_is(rd_bytes(&r, 64), "0"));
	ck_assert(span_is(rd_bytes(&r, 64), "ping@openssh.com"));
	ck_assert(span_is(rd_bytes(&r, 64), "0"));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

static void send_extensions(uint32_t claimed, uint32_t n)
{
	uint8_t store[256];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_EXT_INFO);
	wr_u32(&w, claimed);
	for (uint32_t i = 0; i < n; i++) {
		wr_str(&w, "ext-info-in-auth@openssh.com");
		wr_str(&w, "0");
	}
	peer_send_wr(p, &w);
}

START_TEST(the_client_s_extensions_are_read_and_passed_over)
{
	send_extensions(2, 2);
	ck_assert(!p->w.ending);
	peer_log_in(p);
}
END_TEST

START_TEST(a_count_that_is_not_true_ends_the_connection)
{
	send_extensions(_i == 0 ? UINT32_MAX : 1, 2);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_extinfo");
	TCase *t = tcase_create("extinfo");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, our_extensions_are_the_three_that_we_keep);
	tcase_add_test(t, the_client_s_extensions_are_read_and_passed_over);
	tcase_add_loop_test(t, a_count_that_is_not_true_ends_the_connection, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
