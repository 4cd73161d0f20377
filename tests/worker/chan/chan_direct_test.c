/*
 * What a client names as the far end: words that cannot be an address do not reach the
 * monitor.
 */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static enum err open_tcp(struct span host, uint32_t port, size_t origin_n,
			 uint32_t origin_port)
{
	static uint8_t origin[1000];

	draft = WR(draft_bytes);
	wr_str(&draft, "direct-tcpip");
	wr_u32(&draft, 9);
	wr_u32(&draft, 1000);
	wr_u32(&draft, 1000);
	wr_bytes(&draft, host);
	wr_u32(&draft, port);
	wr_bytes(&draft, (struct span){origin, origin_n});
	wr_u32(&draft, origin_port);
	return give(recv_channel_open);
}

static enum err open_unix(struct span path)
{
	draft = WR(draft_bytes);
	wr_str(&draft, "direct-streamlocal@openssh.com");
	wr_u32(&draft, 9);
	wr_u32(&draft, 1000);
	wr_u32(&draft, 1000);
	wr_bytes(&draft, path);
	wr_str(&draft, "");
	wr_u32(&draft, 0);
	return give(recv_channel_open);
}

START_TEST(direct_tcpip_asks_for_what_the_client_named)
{
	struct msg_open_tcp m;

	ck_assert_int_eq(open_tcp(SPAN_LIT("db1"), 5432, 4, 99), OK);
	m = next_asked(MSG_open_tcp).u.open_tcp;
	ck_assert(span_is(m.host, "db1"));
	ck_assert_uint_eq(m.port, 5432);
	ck_assert_uint_eq(m.origin.n, 4);
	ck_assert_uint_eq(m.origin_port, 99);
}
END_TEST

START_TEST(direct_tcpip_refuses_what_is_no_address)
{
	static uint8_t longer[LIMIT_HOST_BYTES + 1];

	memset(longer, 'a', sizeof longer);
	ck_assert_int_eq(open_tcp(SPAN_LIT(""), 80, 0, 0), OK);
	ck_assert_int_eq(open_tcp(SPAN_LIT("a\0b"), 80, 0, 0), OK);
	ck_assert_int_eq(open_tcp(SPAN_OF(longer), 80, 0, 0), OK);
	ck_assert_int_eq(open_tcp(SPAN_LIT("a"), 0, 0, 0), OK);
	ck_assert_int_eq(open_tcp(SPAN_LIT("a"), UINT16_MAX + 1, 0, 0), OK);
	for (size_t i = 0; i < 5; i++)
		expect_refusal(9, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	expect_nothing_asked();
	ck_assert_uint_eq(fake.w.chans.n, 0);
}
END_TEST

START_TEST(direct_tcpip_takes_any_origin)
{
	struct msg_open_tcp m;

	ck_assert_int_eq(open_tcp(SPAN_LIT("a"), 80, 1000, UINT32_MAX), OK);
	m = next_asked(MSG_open_tcp).u.open_tcp;
	ck_assert_uint_eq(m.origin.n, LIMIT_HOST_BYTES);
	ck_assert_uint_eq(m.origin_port, 0);
}
END_TEST

START_TEST(direct_tcpip_is_read_to_its_end)
{
	ck_assert_int_eq(client_open("direct-streamlocal@openssh.com", 1, 1, 1),
			 ERR_TRUNCATED);
	client_open("session", 1, 1000, 1000);
	wr_u8(&draft, 0);
	ck_assert_int_eq(give(recv_channel_open), ERR_TRAILING);
}
END_TEST

START_TEST(direct_streamlocal_asks_for_its_path)
{
	ck_assert_int_eq(open_unix(SPAN_LIT("/run/x.sock")), OK);
	ck_assert(span_is(next_asked(MSG_open_unix).u.open_unix.path, "/run/x.sock"));
}
END_TEST

START_TEST(direct_streamlocal_refuses_what_is_no_path)
{
	static uint8_t longer[LIMIT_PATH_BYTES + 1];

	memset(longer, 'a', sizeof longer);
	ck_assert_int_eq(open_unix(SPAN_LIT("")), OK);
	ck_assert_int_eq(open_unix(SPAN_LIT("/a\0b")), OK);
	ck_assert_int_eq(open_unix(SPAN_OF(longer)), OK);
	for (size_t i = 0; i < 3; i++)
		expect_refusal(9, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED);
	expect_nothing_asked();
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_chan_direct");
	TCase *t = tcase_create("direct");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, direct_tcpip_asks_for_what_the_client_named);
	tcase_add_test(t, direct_tcpip_refuses_what_is_no_address);
	tcase_add_test(t, direct_tcpip_takes_any_origin);
	tcase_add_test(t, direct_tcpip_is_read_to_its_end);
	tcase_add_test(t, direct_streamlocal_asks_for_its_path);
	tcase_add_test(t, direct_streamlocal_refuses_what_is_no_path);
	suite_add_tcase(s, t);
	return s;
}
