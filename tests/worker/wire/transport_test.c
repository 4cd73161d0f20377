/* Output: order, bounds, what is held during an exchange, compression. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/limits.h"
#include "common/rd.h"
#include "tests/unit.h"
#include "worker/wire/transport.h"

static struct transport a, b; /* a writes, b reads */
static int ends[2];

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	a = (struct transport){.fd = ends[0]};
	b = (struct transport){.fd = ends[1]};
}

static void teardown(void)
{
	transport_wipe(&a);
	transport_wipe(&b);
	close(ends[0]);
	close(ends[1]);
}

static enum err send_text(enum ssh_msg number, const char *text)
{
	wr_str(transport_begin(&a, number), text);
	return transport_commit(&a);
}

/* Moves all that waits, and gives the next payload; empty where there is none. */
static struct span next(void)
{
	struct span payload = {0};
	enum err e = transport_next(&b, &payload);

	if (e != ERR_AGAIN) {
		ck_assert_int_eq(e, OK);
		return payload;
	}
	ck_assert_int_eq(transport_flush(&a), OK);
	e = transport_read(&b, SIZE_MAX);
	if (e == ERR_AGAIN)
		return payload;
	ck_assert_int_eq(e, OK);
	return next();
}

static void expect_text(enum ssh_msg number, const char *text)
{
	struct rd r = RD(next());

	ck_assert_uint_eq(rd_u8(&r), number);
	ck_assert(span_is(rd_bytes(&r, LIMIT_PAYLOAD_BYTES), text));
	ck_assert_int_eq(rd_end(&r), OK);
}

static void both_keys(const struct comp_alg *comp)
{
	struct dir_keys k = {.cipher = cipher_find(SPAN_LIT("aes128-gcm@openssh.com"))};

	ck_assert_int_eq(transport_keys_out(&a, &k, comp, true), OK);
	ck_assert_int_eq(transport_keys_in(&b, &k, comp, true), OK);
	ck_assert_uint_eq(a.out.seq, 0);
	ck_assert_uint_eq(b.in.seq, 0);
}

START_TEST(packets_arrive_in_the_order_in_which_they_were_committed)
{
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "one"), OK);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "two"), OK);
	expect_text(SSH_MSG_IGNORE, "one");
	expect_text(SSH_MSG_IGNORE, "two");
	ck_assert_uint_eq(next().n, 0);
	ck_assert_uint_eq(transport_last_seq(&b), 1);
}
END_TEST

START_TEST(a_cancelled_packet_leaves_nothing)
{
	wr_str(transport_begin(&a, SSH_MSG_IGNORE), "never");
	transport_cancel(&a);
	ck_assert_uint_eq(a.output.n, 0);
	ck_assert_int_eq(transport_commit(&a), ERR_BUG);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "one"), OK);
	expect_text(SSH_MSG_IGNORE, "one");
}
END_TEST

START_TEST(a_writer_that_failed_is_not_committed)
{
	struct wr *p = transport_begin(&a, SSH_MSG_IGNORE);
	static uint8_t much[LIMIT_CHAN_PACKET_BYTES + LIMIT_OUT_HEADER_BYTES];

	wr_raw(p, SPAN_OF(much));
	ck_assert_int_eq(transport_commit(&a), ERR_NO_SPACE);
	ck_assert_uint_eq(a.output.n, 0);
}
END_TEST

START_TEST(a_packet_has_room_for_a_whole_channel_packet_and_a_header)
{
	static uint8_t much[LIMIT_CHAN_PACKET_BYTES];
	struct wr *p = transport_begin(&a, SSH_MSG_CHANNEL_DATA);

	wr_u32(p, 1);
	wr_bytes(p, SPAN_OF(much));
	ck_assert_int_eq(transport_commit(&a), OK);
	ck_assert_uint_eq(next().n, sizeof much + 9);
}
END_TEST

START_TEST(during_an_exchange_only_its_packets_go_and_the_rest_follows_in_order)
{
	ck_assert_int_eq(send_text(SSH_MSG_KEXINIT, "kexinit"), OK);
	ck_assert(a.in_kex);
	ck_assert_uint_eq(transport_room(&a), 0);
	ck_assert_int_eq(send_text(SSH_MSG_GLOBAL_REQUEST, "held 1"), OK);
	ck_assert_int_eq(send_text(SSH_MSG_KEXDH_REPLY, "reply"), OK);
	ck_assert_int_eq(send_text(SSH_MSG_PONG, "held 2"), OK);
	ck_assert_int_eq(send_text(SSH_MSG_DISCONNECT, "bye"), OK);
	expect_text(SSH_MSG_KEXINIT, "kexinit");
	expect_text(SSH_MSG_KEXDH_REPLY, "reply");
	expect_text(SSH_MSG_DISCONNECT, "bye");
	ck_assert_uint_eq(next().n, 0);
	both_keys(comp_find(SPAN_LIT("none")));
	ck_assert_int_eq(transport_release(&a), OK);
	expect_text(SSH_MSG_GLOBAL_REQUEST, "held 1");
	expect_text(SSH_MSG_PONG, "held 2");
	ck_assert_uint_gt(transport_room(&a), 0);
	ck_assert_ptr_null(a.held.p);
}
END_TEST

START_TEST(what_is_held_is_bounded)
{
	static uint8_t much[LIMIT_CHAN_PACKET_BYTES];
	enum err e = send_text(SSH_MSG_KEXINIT, "kexinit");
	size_t n = 0;

	while (e == OK) {
		wr_raw(transport_begin(&a, SSH_MSG_GLOBAL_REQUEST), SPAN_OF(much));
		e = transport_commit(&a);
		n++;
	}
	ck_assert_int_eq(e, ERR_NO_SPACE);
	ck_assert_uint_le(n, LIMIT_HELD_BYTES / sizeof much + 1);
}
END_TEST

START_TEST(a_client_that_does_not_read_chokes_and_then_ends_the_connection)
{
	static uint8_t much[LIMIT_CHAN_PACKET_BYTES];
	enum err e = OK;

	while (e == OK) {
		wr_raw(transport_begin(&a, SSH_MSG_GLOBAL_REQUEST), SPAN_OF(much));
		e = transport_commit(&a);
		if (a.output.n >= LIMIT_OUT_DATA_BYTES)
			ck_assert_uint_eq(transport_room(&a), 0);
		ck_assert_int_eq(transport_choked(&a),
				 a.output.n >= LIMIT_OUT_CHOKE_BYTES);
	}
	ck_assert_int_eq(e, ERR_NO_SPACE);
	ck_assert_uint_ge(a.output.n, LIMIT_OUT_BYTES);
}
END_TEST

START_TEST(compression_is_delayed_until_the_login)
{
	const struct comp_alg *zlib = comp_find(SPAN_LIT("zlib@openssh.com"));
	char text[4000];
	size_t plain;

	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	both_keys(zlib);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, text), OK);
	plain = a.output.n;
	expect_text(SSH_MSG_IGNORE, text);
	ck_assert_int_eq(transport_logged_in(&a), OK);
	ck_assert_int_eq(transport_logged_in(&b), OK);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, text), OK);
	ck_assert_uint_lt(a.output.n, plain / 10);
	expect_text(SSH_MSG_IGNORE, text);
	both_keys(zlib); /* new keys begin new streams */
	ck_assert(comp_active(&a.comp_out));
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, text), OK);
	expect_text(SSH_MSG_IGNORE, text);
}
END_TEST

START_TEST(rest_gives_back_what_holds_nothing_and_keeps_what_waits)
{
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "one"), OK);
	transport_rest(&a);
	ck_assert_ptr_nonnull(a.output.p);
	expect_text(SSH_MSG_IGNORE, "one");
	transport_rest(&a);
	transport_rest(&b);
	ck_assert_ptr_null(a.output.p);
	ck_assert_ptr_null(b.input.p);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "two"), OK);
	expect_text(SSH_MSG_IGNORE, "two");
}
END_TEST

START_TEST(a_client_that_is_gone_is_lost)
{
	shutdown(ends[1], SHUT_RDWR);
	ck_assert_int_eq(send_text(SSH_MSG_IGNORE, "one"), OK);
	ck_assert_int_eq(transport_flush(&a), ERR_LOST);
	ck_assert_int_eq(transport_read(&a, SIZE_MAX), ERR_CLOSED);
	ck_assert(a.peer_closed);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_wire_transport");
	TCase *t = tcase_create("transport");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, packets_arrive_in_the_order_in_which_they_were_committed);
	tcase_add_test(t, a_cancelled_packet_leaves_nothing);
	tcase_add_test(t, a_writer_that_failed_is_not_committed);
	tcase_add_test(t, a_packet_has_room_for_a_whole_channel_packet_and_a_header);
	tcase_add_test(
	    t, during_an_exchange_only_its_packets_go_and_the_rest_follows_in_order);
	tcase_add_test(t, what_is_held_is_bounded);
	tcase_add_test(t,
		       a_client_that_does_not_read_chokes_and_then_ends_the_connection);
	tcase_add_test(t, compression_is_delayed_until_the_login);
	tcase_add_test(t, rest_gives_back_what_holds_nothing_and_keeps_what_waits);
	tcase_add_test(t, a_client_that_is_gone_is_lost);
	suite_add_tcase(s, t);
	return s;
}
