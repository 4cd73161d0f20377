/* The exchange as a whole: phases, strict KEX, guesses, new keys, what is held meanwhile. */
#include "tests/worker/peer.h"

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

START_TEST(a_first_exchange_leads_to_keys_both_ways)
{
	peer_connect(p);
	ck_assert_int_eq(p->w.kex.phase, KEX_IDLE);
	ck_assert(p->w.kex.first_done);
	ck_assert(p->w.kex.strict);
	ck_assert_ptr_null(p->w.kex.run);
	ck_assert_uint_eq(p->asked[MSG_kex_sign], 1);
	ck_assert_uint_eq(p->asked[MSG_negotiated], 1);
	/* the server names its extensions right after its NEWKEYS */
	ck_assert_int_eq(peer_recv(p).p[0], SSH_MSG_EXT_INFO);
	peer_service(p, "ssh-userauth");
	ck_assert_int_eq(peer_recv(p).p[0], SSH_MSG_SERVICE_ACCEPT);
}
END_TEST

START_TEST(without_ext_info_c_no_extensions_are_named)
{
	p->kex_list = "curve25519-sha256";
	peer_connect(p);
	ck_assert(!p->w.kex.strict);
	ck_assert_uint_eq(peer_recv(p).n, 0);
}
END_TEST

START_TEST(sequence_numbers_begin_anew_under_strict_kex_only)
{
	p->kex_list = _i == 0 ? "curve25519-sha256" : NULL;
	peer_connect(p);
	ck_assert_uint_eq(p->w.transport.in.seq, _i == 0 ? 3 : 0);
}
END_TEST

START_TEST(the_server_s_kexinit_has_its_markers_and_only_what_it_can_do)
{
	struct proposal theirs;
	struct rd r;

	peer_start(p);
	r = RD(peer_expect(p, SSH_MSG_KEXINIT));
	rd_u8(&r);
	ck_assert_int_eq(proposal_read(&r, &theirs), OK);
	ck_assert(span_is(theirs.list[LIST_KEX],
			  "curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group-"
			  "exchange-sha256,diffie-hellman-group14-sha256,ext-info-s,"
			  "kex-strict-s-v00@openssh.com"));
	ck_assert(span_is(theirs.list[LIST_HOSTKEY], "ssh-ed25519"));
	ck_assert(
	    span_is(theirs.list[LIST_CIPHER_OUT], "aes128-gcm@openssh.com,aes128-ctr"));
}
END_TEST

START_TEST(strict_kex_refuses_a_packet_before_kexinit)
{
	static const uint8_t ignore[] = {SSH_MSG_IGNORE, 0, 0, 0, 0};

	peer_start(p);
	peer_banner(p);
	peer_send(p, SPAN_OF(ignore));
	ck_assert(!p->w.ending);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_lax_first_exchange_takes_ignore_and_debug_in_between)
{
	static const uint8_t ignore[] = {SSH_MSG_IGNORE, 0, 0, 0, 0};
	static const uint8_t debug[] = {SSH_MSG_DEBUG, 1, 0, 0, 0, 0, 0, 0, 0, 0};

	p->kex_list = "curve25519-sha256";
	peer_start(p);
	peer_banner(p);
	peer_send(p, SPAN_OF(ignore));
	peer_send(p, SPAN_OF(debug));
	peer_exchange(p);
}
END_TEST

static const uint8_t unwanted[] = {SSH_MSG_IGNORE, SSH_MSG_DEBUG, SSH_MSG_UNIMPLEMENTED,
				   SSH_MSG_SERVICE_REQUEST, 255};

START_TEST(strict_kex_refuses_all_but_the_exchange)
{
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_send_number(p, unwanted[_i]);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_second_kexinit_during_an_exchange_is_refused)
{
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(newkeys_before_the_exchange_is_done_is_refused)
{
	peer_start(p);
	peer_banner(p);
	if (_i == 1)
		peer_kexinit(p, false);
	peer_send_number(p, SSH_MSG_NEWKEYS);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(nothing_of_the_login_is_taken_before_there_are_keys)
{
	p->kex_list = "curve25519-sha256";
	peer_start(p);
	peer_banner(p);
	peer_service(p, "ssh-userauth");
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
}
END_TEST

START_TEST(a_wrong_guess_is_passed_over_and_a_right_one_is_taken)
{
	p->kex_list = _i == 0 ? "ecdh-sha2-nistp256,curve25519-sha256"
			      : "curve25519-sha256,ecdh-sha2-nistp256";
	if (_i == 0)
		p->kex_list = "unheard-of,curve25519-sha256";
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, true);
	if (_i == 0)
		peer_send_number(p, SSH_MSG_KEXDH_INIT);
	ck_assert(!p->w.ending);
	peer_keep(p->i_server, &p->n_i_server, peer_expect(p, SSH_MSG_KEXINIT));
	peer_kexdh_init(p, "curve25519-sha256");
	peer_newkeys(p);
	ck_assert_int_eq(p->w.kex.phase, KEX_IDLE);
}
END_TEST

START_TEST(no_common_method_is_a_failed_key_exchange)
{
	p->kex_list = "rsa1024-sha1,kex-strict-s-v00@openssh.com";
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

START_TEST(a_marker_of_ours_is_no_method)
{
	p->kex_list = "ext-info-s";
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

START_TEST(a_cipher_without_a_tag_needs_a_mac)
{
	p->cipher = "aes128-ctr";
	p->mac = "hmac-md5";
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_KEY_EXCHANGE_FAILED);
}
END_TEST

START_TEST(an_aead_needs_no_mac)
{
	p->mac = "hmac-md5";
	peer_start(p);
	peer_banner(p);
	peer_kexinit(p, false);
	ck_assert_int_eq(p->w.kex.phase, KEX_WAIT_METHOD);
}
END_TEST

START_TEST(the_client_may_exchange_keys_again_and_markers_count_no_more)
{
	peer_connect(p);
	peer_log_in(p);
	p->kex_list = "curve25519-sha256"; /* strict stays on all the same */
	peer_exchange(p);
	ck_assert(p->w.kex.strict);
	ck_assert_uint_eq(p->asked[MSG_kex_sign], 2);
	ck_assert_uint_eq(peer_recv(p).n, 0); /* EXT_INFO came once */
}
END_TEST

static void ping(struct wr *w)
{
	w->n = 0;
	wr_u8(w, SSH_MSG_PING);
	wr_str(w, "hello");
}

START_TEST(bytes_make_the_server_ask_for_new_keys_and_replies_wait_for_them)
{
	uint8_t store[64];
	struct wr w = WR(store);
	struct span s;

	p->rekey_bytes = 4096;
	peer_connect(p);
	peer_log_in(p);
	for (int i = 0; i < 200 && p->w.kex.phase == KEX_IDLE; i++) {
		ping(&w);
		peer_send_wr(p, &w);
	}
	ck_assert_int_eq(p->w.kex.phase, KEX_SENT_INIT);
	do {
		s = peer_recv(p);
		ck_assert_uint_gt(s.n, 0);
	} while (s.p[0] != SSH_MSG_KEXINIT);
	peer_keep(p->i_server, &p->n_i_server, s);
	ping(&w);
	peer_send_wr(p, &w);
	ck_assert_uint_eq(peer_recv(p).n, 0);
	peer_kexinit(p, false);
	peer_kexdh_init(p, "curve25519-sha256");
	peer_newkeys(p);
	ck_assert_int_eq(peer_recv(p).p[0], SSH_MSG_PONG);
}
END_TEST

START_TEST(before_the_login_no_new_keys_are_asked_for)
{
	uint8_t store[64];
	struct wr w = WR(store);

	p->rekey_bytes = 256;
	peer_connect(p);
	for (int i = 0; i < 50; i++) {
		ping(&w);
		peer_send_wr(p, &w);
	}
	ck_assert_int_eq(p->w.kex.phase, KEX_IDLE);
}
END_TEST

START_TEST(time_makes_the_server_ask_for_new_keys)
{
	uint8_t store[64];
	struct wr w = WR(store);

	peer_connect(p);
	p->w.granted.rekey_s = 1;
	peer_log_in(p);
	p->w.granted.rekey_s = 1;
	kex_limits_set(&p->w);
	ck_assert(p->w.kex.rekey.running);
	p->w.kex.rekey.fn(&p->w.kex.rekey);
	ping(&w);
	peer_send_wr(p, &w); /* a turn */
	ping(&w);
	peer_send_wr(p, &w);
	ck_assert_int_eq(p->w.kex.phase, KEX_SENT_INIT);
}
END_TEST

START_TEST(before_the_login_a_client_has_few_exchanges)
{
	peer_connect(p);
	for (int i = 1; i < LIMIT_KEX_BEFORE_LOGIN; i++)
		peer_exchange(p);
	peer_kexinit(p, false);
	peer_expect_disconnect(p, SSH_DISCONNECT_PROTOCOL_ERROR);
	ck_assert_uint_eq(p->asked[MSG_kex_sign], LIMIT_KEX_BEFORE_LOGIN);
}
END_TEST

START_TEST(after_the_login_a_client_has_many)
{
	peer_connect(p);
	peer_log_in(p);
	for (int i = 0; i < 2 * LIMIT_KEX_BEFORE_LOGIN; i++)
		peer_exchange(p);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_kex");
	TCase *t = tcase_create("kex");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_first_exchange_leads_to_keys_both_ways);
	tcase_add_test(t, without_ext_info_c_no_extensions_are_named);
	tcase_add_loop_test(t, sequence_numbers_begin_anew_under_strict_kex_only, 0, 2);
	tcase_add_test(t, the_server_s_kexinit_has_its_markers_and_only_what_it_can_do);
	tcase_add_test(t, strict_kex_refuses_a_packet_before_kexinit);
	tcase_add_test(t, a_lax_first_exchange_takes_ignore_and_debug_in_between);
	tcase_add_loop_test(t, strict_kex_refuses_all_but_the_exchange, 0,
			    sizeof unwanted);
	tcase_add_test(t, a_second_kexinit_during_an_exchange_is_refused);
	tcase_add_loop_test(t, newkeys_before_the_exchange_is_done_is_refused, 0, 2);
	tcase_add_test(t, nothing_of_the_login_is_taken_before_there_are_keys);
	tcase_add_loop_test(t, a_wrong_guess_is_passed_over_and_a_right_one_is_taken, 0,
			    2);
	tcase_add_test(t, no_common_method_is_a_failed_key_exchange);
	tcase_add_test(t, a_marker_of_ours_is_no_method);
	tcase_add_test(t, a_cipher_without_a_tag_needs_a_mac);
	tcase_add_test(t, an_aead_needs_no_mac);
	tcase_add_test(t, the_client_may_exchange_keys_again_and_markers_count_no_more);
	tcase_add_test(
	    t, bytes_make_the_server_ask_for_new_keys_and_replies_wait_for_them);
	tcase_add_test(t, before_the_login_no_new_keys_are_asked_for);
	tcase_add_test(t, time_makes_the_server_ask_for_new_keys);
	tcase_add_test(t, before_the_login_a_client_has_few_exchanges);
	tcase_add_test(t, after_the_login_a_client_has_many);
	suite_add_tcase(s, t);
	return s;
}
