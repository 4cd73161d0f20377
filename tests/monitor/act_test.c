/* Actions on a connection: what is done, what is refused and with which code. */
#include "monitor/act.h"
#include "tests/monitor/chan_kit.h"

static uint8_t store[LIMIT_PIECE_BYTES + 64];

static struct act_result act(enum policy_action action, uint32_t chan, struct span data)
{
	const struct act a = {.action = action, .chan = chan, .data = data};

	return act_on(&kit.c, &a);
}

static void refused(struct act_result r, uint32_t code)
{
	ck_assert_ptr_nonnull(r.why);
	ck_assert_uint_eq(r.code, code);
	kit_quiet();
}

static struct span packet(uint8_t number, bool on_channel, struct span payload)
{
	struct wr w = WR(store);

	wr_u8(&w, number);
	wr_bool(&w, on_channel);
	wr_bytes(&w, payload);
	return (struct span){w.p, w.n};
}

START_TEST(packet_goes_to_its_channel)
{
	static const uint8_t payload[] = {0, 0, 0, 1, 'x', 0};
	struct msg m;

	kit_channel(3, &MSG_OF(open_session, .chan = 3));
	ck_assert_ptr_null(
	    act(POLICY_SEND_PACKET, 3, packet(98, true, SPAN_OF(payload))).why);
	m = kit_sent(MSG_packet);
	ck_assert_uint_eq(m.u.packet.chan, 3);
	ck_assert_uint_eq(m.u.packet.on_channel, 1);
	ck_assert_uint_eq(m.u.packet.number, 98);
	ck_assert(span_equal(m.u.packet.payload, SPAN_OF(payload)));
	ck_assert_ptr_null(
	    act(POLICY_SEND_PACKET, 0, packet(80, false, SPAN_OF(payload))).why);
	ck_assert_uint_eq(kit_sent(MSG_packet).u.packet.on_channel, 0);
	refused(act(POLICY_SEND_PACKET, 9, packet(98, true, SPAN_OF(payload))),
		CODE_NO_SUCH);
}
END_TEST

START_TEST(packet_that_would_harm_the_transport_is_refused)
{
	refused(act(POLICY_SEND_PACKET, 0, packet(20, false, SPAN_LIT("x"))),
		CODE_INVALID);
	refused(act(POLICY_SEND_PACKET, 0, packet(80, false, SPAN_LIT("x"))),
		CODE_INVALID);
	refused(act(POLICY_SEND_PACKET, 0, SPAN_LIT("P")), CODE_INVALID);
}
END_TEST

START_TEST(before_the_login_there_is_little_to_do)
{
	static const uint8_t payload[] = {0, 0, 0, 1, 'x', 0, 0, 0, 0};

	kit.work.link.state = IN_AUTH;
	refused(act(POLICY_SEND, 1, SPAN_LIT("x")), CODE_NOT_CONNECTED);
	refused(act(POLICY_SEND_PACKET, 0, packet(80, false, SPAN_OF(payload))),
		CODE_NOT_CONNECTED);
	refused(act(POLICY_OPEN_CHANNEL, 0, SPAN_OF(payload)), CODE_NOT_CONNECTED);
	kit.c.work = NULL;
	refused(act(POLICY_REKEY, 0, (struct span){0}), CODE_NOT_CONNECTED);
	refused(act(POLICY_TIMEOUT, 0, (struct span){payload, 4}), CODE_NOT_CONNECTED);
	kit.c.work = &kit.work;
}
END_TEST

START_TEST(keys_are_exchanged_and_connections_ended)
{
	ck_assert_ptr_null(act(POLICY_REKEY, 0, (struct span){0}).why);
	ck_assert_uint_eq(kit_sent(MSG_rekey).u.rekey.now, 1);
	ck_assert_ptr_null(act(POLICY_DISCONNECT, 0, SPAN_LIT("good night")).why);
	ck_assert_str_eq(kit.goodbye, "good night");
	ck_assert(kit.work.tried);
	ck_assert_ptr_null(act(POLICY_DISCONNECT, 0, (struct span){0}).why);
	ck_assert_str_eq(kit.goodbye, "closed by the gateway's policy");
}
END_TEST

START_TEST(timeout_is_the_settings_until_it_is_set)
{
	static const uint8_t five[] = {0, 0, 0, 5}, much[] = {0xff, 0, 0, 0};

	kit.set.connection_timeout_s = 60;
	ck_assert_uint_eq(act_timeout_s(&kit.c), 60);
	ck_assert_ptr_null(act(POLICY_TIMEOUT, 0, SPAN_OF(five)).why);
	ck_assert_uint_eq(act_timeout_s(&kit.c), 5);
	refused(act(POLICY_TIMEOUT, 0, SPAN_OF(much)), CODE_INVALID);
	refused(act(POLICY_TIMEOUT, 0, SPAN_LIT("12345")), CODE_INVALID);
	refused(act(POLICY_ACTION_COUNT, 0, (struct span){0}), CODE_INVALID);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_act");
	TCase *t = tcase_create("act");

	tcase_add_checked_fixture(t, kit_begin, kit_end);
	tcase_add_test(t, packet_goes_to_its_channel);
	tcase_add_test(t, packet_that_would_harm_the_transport_is_refused);
	tcase_add_test(t, before_the_login_there_is_little_to_do);
	tcase_add_test(t, keys_are_exchanged_and_connections_ended);
	tcase_add_test(t, timeout_is_the_settings_until_it_is_set);
	suite_add_tcase(s, t);
	return s;
}
