/* The exchange itself: values that must be refused, group exchange, a monitor that signs another hash. */
#include <signal.h>

#include "tests/worker/peer.h"
#include "worker/alg/dh.h"

static struct peer *p;

static void setup(void)
{
	p = peer_new();
}

static void teardown(void)
{
	peer_end(p);
	free(p);
}

static void begin(const char *method)
{
	p->kex_list = method;
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_keep(p->i_server, &p->n_i_server, peer_expect(p, SSH_MSG_KEXINIT));
}

static void send_value(uint8_t number, struct span raw)
{
	uint8_t store[4096];
	struct wr w = WR(store);

	wr_u8(&w, number);
	wr_bytes(&w, raw);
	peer_send_wr(p, &w);
}

/* RFC 7748 6.1: points that give zero whatever the scalar. */
/* clang-format off */
static const uint8_t low_order[][32] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
};
/* clang-format on */

START_TEST(a_point_of_low_order_ends_the_connection)
{
	begin("curve25519-sha256");
	send_value(SSH_MSG_KEXDH_INIT, SPAN_OF(low_order[_i]));
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
	ck_assert_uint_eq(p->asked[MSG_kex_sign], 0);
}
END_TEST

START_TEST(a_point_off_the_curve_ends_the_connection)
{
	uint8_t point[65] = {4, 1, 2, 3};

	begin("ecdh-sha2-nistp256");
	send_value(SSH_MSG_KEXDH_INIT, SPAN_OF(point));
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

static const uint8_t bad_values[][2] = {
    {0, 0},
    {0, 1}
};

START_TEST(a_dh_value_out_of_range_ends_the_connection)
{
	const struct span raw = {bad_values[_i] + 1, bad_values[_i][1]};

	begin("diffie-hellman-group14-sha256");
	send_value(SSH_MSG_KEXDH_INIT, raw);
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

START_TEST(a_negative_dh_value_is_out_of_its_range)
{
	static const uint8_t negative[] = {0x80};

	begin("diffie-hellman-group14-sha256");
	send_value(SSH_MSG_KEXDH_INIT, SPAN_OF(negative));
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(trailing_bytes_after_the_value_end_the_connection)
{
	uint8_t store[64];
	struct wr w = WR(store);
	uint8_t point[32] = {9};

	begin("curve25519-sha256");
	wr_u8(&w, SSH_MSG_KEXDH_INIT);
	wr_bytes(&w, SPAN_OF(point));
	wr_u8(&w, 0);
	peer_send_wr(p, &w);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(the_client_is_not_heard_while_the_monitor_signs)
{
	p->mute = true;
	begin("curve25519-sha256,kex-strict-c-v00@openssh.com");
	peer_kexdh_init(p, "curve25519-sha256");
	ck_assert_int_eq(p->w.kex.phase, KEX_WAIT_SIGN);
	peer_send_number(p, SSH_MSG_NEWKEYS); /* far too early: it waits, unread */
	ck_assert(!p->w.ending);
	ck_assert_int_eq(p->w.kex.phase, KEX_WAIT_SIGN);
}
END_TEST

START_TEST(a_monitor_that_signs_another_hash_is_not_believed)
{
	p->lies = true;
	begin("curve25519-sha256");
	peer_kexdh_init(p, "curve25519-sha256");
}
END_TEST

static void gex_request(uint32_t min, uint32_t n, uint32_t max)
{
	uint8_t store[32];
	struct wr w = WR(store);

	wr_u8(&w, SSH_MSG_KEX_DH_GEX_REQUEST);
	wr_u32(&w, min);
	wr_u32(&w, n);
	wr_u32(&w, max);
	peer_send_wr(p, &w);
}

START_TEST(a_group_exchange_offers_a_group_of_the_size_asked_for)
{
	struct rd r;
	struct span prime;
	uint8_t value[256];

	begin("diffie-hellman-group-exchange-sha256");
	gex_request(2048, 3072, 8192);
	r = RD(peer_expect(p, SSH_MSG_KEX_DH_GEX_GROUP));
	rd_u8(&r);
	prime = rd_mpint(&r, 1024);
	rd_mpint(&r, 8);
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_uint_eq(prime.n, 3072 / 8);
	memset(value, 0x5a, sizeof value);
	send_value(SSH_MSG_KEX_DH_GEX_INIT, SPAN_OF(value));
	peer_expect(p, SSH_MSG_KEX_DH_GEX_REPLY);
	peer_expect(p, SSH_MSG_NEWKEYS);
	ck_assert_int_eq(p->w.kex.phase, KEX_WAIT_NEWKEYS);
}
END_TEST

START_TEST(an_old_group_request_names_one_size)
{
	uint8_t store[16];
	struct wr w = WR(store);

	begin("diffie-hellman-group-exchange-sha256");
	wr_u8(&w, SSH_MSG_KEX_DH_GEX_REQUEST_OLD);
	wr_u32(&w, 2048);
	peer_send_wr(p, &w);
	ck_assert_uint_gt(peer_expect(p, SSH_MSG_KEX_DH_GEX_GROUP).n, 256);
}
END_TEST

START_TEST(a_group_request_that_contradicts_itself_is_refused)
{
	begin("diffie-hellman-group-exchange-sha256");
	gex_request(4096, 2048, 1024);
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

START_TEST(a_second_group_request_is_refused)
{
	begin("diffie-hellman-group-exchange-sha256");
	gex_request(2048, 2048, 8192);
	gex_request(2048, 2048, 8192);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_group_value_before_its_group_is_refused)
{
	static const uint8_t value[] = {2};

	begin("diffie-hellman-group-exchange-sha256");
	send_value(SSH_MSG_KEX_DH_GEX_INIT, SPAN_OF(value));
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(group_messages_under_another_method_are_refused)
{
	static const uint8_t value[] = {2};

	begin("curve25519-sha256");
	if (_i == 0)
		gex_request(2048, 2048, 8192);
	else
		send_value(SSH_MSG_KEX_DH_GEX_INIT, SPAN_OF(value));
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_kex_reply");
	TCase *t = tcase_create("kex_reply");
	const int n_low = sizeof low_order / sizeof low_order[0];

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_point_of_low_order_ends_the_connection, 0, n_low);
	tcase_add_test(t, a_point_off_the_curve_ends_the_connection);
	tcase_add_loop_test(t, a_dh_value_out_of_range_ends_the_connection, 0, 2);
	tcase_add_test(t, a_negative_dh_value_is_out_of_its_range);
	tcase_add_test(t, trailing_bytes_after_the_value_end_the_connection);
	tcase_add_test(t, the_client_is_not_heard_while_the_monitor_signs);
	tcase_add_test_raise_signal(
	    t, a_monitor_that_signs_another_hash_is_not_believed, SIGABRT);
	tcase_add_test(t, a_group_exchange_offers_a_group_of_the_size_asked_for);
	tcase_add_test(t, an_old_group_request_names_one_size);
	tcase_add_test(t, a_group_request_that_contradicts_itself_is_refused);
	tcase_add_test(t, a_second_group_request_is_refused);
	tcase_add_test(t, a_group_value_before_its_group_is_refused);
	tcase_add_loop_test(t, group_messages_under_another_method_are_refused, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
