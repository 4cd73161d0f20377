/* Channels and requests in a script's words. */
#include <string.h>

#include "common/facts.h"
#include "monitor/chan_facts.h"
#include "tests/unit.h"

static uint8_t bytes[LIMIT_FACTS_BYTES], wire[LIMIT_COMMAND_BYTES + 8];

static struct span facts_of(const char *name, struct span payload)
{
	const struct request_facts q = {3, span_str(name), true, payload};
	struct wr w = WR(bytes);
	struct span out = {0};

	chan_facts_request(&w, &q);
	ck_assert_int_eq(wr_end(&w, &out), OK);
	ck_assert_int_eq(facts_check(out), OK);
	return out;
}

static void is(struct span facts, const char *name, const char *value)
{
	ck_assert(span_is(facts_get_str(facts, name, SPAN_LIT("?")), value));
}

START_TEST(open_of_each_type_has_its_fields)
{
	struct msg m = MSG_OF(open_tcp, .chan = 1, .host = SPAN_LIT("db"), .port = 5432,
			      .origin = SPAN_LIT("::1"), .origin_port = 9);
	struct wr w = WR(bytes);
	struct span f = {0}, payload;
	struct rd r;

	ck_assert(chan_facts_open(&w, &m));
	ck_assert_int_eq(wr_end(&w, &f), OK);
	ck_assert_int_eq(facts_check(f), OK);
	is(f, "channel.type", "direct-tcpip");
	is(f, "channel.host", "db");
	ck_assert_uint_eq(facts_get_num(f, "channel.port", 0), 5432);
	ck_assert_uint_eq(facts_get_num(f, "channel.origin_port", 0), 9);
	payload = facts_get_str(f, "channel.payload", (struct span){0});
	r = RD(payload);
	ck_assert(span_is(rd_bytes(&r, 9), "db"));
	ck_assert_uint_eq(rd_u32(&r), 5432);
	ck_assert(span_is(rd_bytes(&r, 9), "::1"));
	ck_assert_uint_eq(rd_u32(&r), 9);
	ck_assert_int_eq(rd_end(&r), OK);
	w = WR(bytes);
	ck_assert(chan_facts_open(
	    &w, &MSG_OF(open_other, .type = SPAN_LIT("x"), .payload = SPAN_LIT("p"))));
	ck_assert_int_eq(wr_end(&w, &f), OK);
	is(f, "channel.type", "x");
	is(f, "channel.payload", "p");
	w = WR(bytes);
	ck_assert(chan_facts_open(&w, &MSG_OF(open_unix, .path = SPAN_LIT("/s"))));
	ck_assert_int_eq(wr_end(&w, &f), OK);
	is(f, "channel.path", "/s");
	ck_assert(!chan_facts_open(&w, &MSG_OF(chan_closed, .chan = 1)));
}
END_TEST

START_TEST(packet_is_whole_from_the_channels_number_on)
{
	struct span f = facts_of("x@example.com", SPAN_LIT("rest"));
	struct span packet = facts_get_str(f, "request.payload", (struct span){0});
	struct rd r = RD(packet);

	ck_assert_uint_eq(rd_u32(&r), 3);
	ck_assert(span_is(rd_bytes(&r, 64), "x@example.com"));
	ck_assert(rd_bool(&r));
	ck_assert(span_is(rd_rest(&r), "rest"));
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert(facts_get_bool(f, "request.want_reply", false));
	is(f, "request.type", "x@example.com");
}
END_TEST

START_TEST(fields_of_requests_have_their_names)
{
	struct wr w = WR(wire);
	struct span f;

	wr_str(&w, "xterm");
	for (uint32_t i = 1; i <= 4; i++)
		wr_u32(&w, i);
	wr_str(&w, "modes");
	f = facts_of("pty-req", (struct span){w.p, w.n});
	is(f, "request.term", "xterm");
	ck_assert_uint_eq(facts_get_num(f, "request.columns", 0), 1);
	ck_assert_uint_eq(facts_get_num(f, "request.height_px", 0), 4);
	is(f, "request.modes", "modes");
	w = WR(wire);
	wr_str(&w, "NAME");
	wr_str(&w, "value");
	f = facts_of("env", (struct span){w.p, w.n});
	is(f, "request.name", "NAME");
	is(f, "request.value", "value");
	w = WR(wire);
	wr_bool(&w, true);
	wr_str(&w, "MIT");
	wr_str(&w, "secret");
	wr_u32(&w, 2);
	f = facts_of("x11-req", (struct span){w.p, w.n});
	ck_assert(facts_get_bool(f, "request.single_connection", false));
	is(f, "request.x11_protocol", "MIT");
	ck_assert_uint_eq(facts_get_num(f, "request.x11_screen", 0), 2);
}
END_TEST

START_TEST(malformed_request_has_no_fields_but_its_packet)
{
	struct span f = facts_of("exec", SPAN_LIT("\0\0\0\2id and a tail"));
	struct fact found;

	ck_assert(!facts_find(f, "request.command", &found));
	ck_assert(facts_find(f, "request.payload", &found));
	f = facts_of("signal", SPAN_LIT("\0\0\0\11TERM"));
	ck_assert(!facts_find(f, "request.signal", &found));
}
END_TEST

START_TEST(start_is_the_request_that_the_client_sent)
{
	static uint8_t command[LIMIT_COMMAND_BYTES];
	const struct msg_session_start shell = {.kind = SESSION_SHELL},
				       exec = {.kind = SESSION_EXEC,
					       .command = SPAN_OF(command)};
	struct wr w = WR(wire);
	struct span name = {0}, f;
	struct fact found;

	chan_facts_start(&w, &shell, &name);
	ck_assert(span_is(name, "shell"));
	ck_assert_uint_eq(w.n, 0);
	memset(command, 'x', sizeof command);
	chan_facts_start(&w, &exec, &name);
	ck_assert(span_is(name, "exec"));
	/* the longest command fits, and its packet beside it */
	f = facts_of("exec", (struct span){w.p, w.n});
	ck_assert(facts_find(f, "request.command", &found));
	ck_assert_uint_eq(found.value.n, LIMIT_COMMAND_BYTES);
}
END_TEST

START_TEST(env_is_read_to_its_end)
{
	struct span name = {0}, value = {0};
	struct wr w = WR(wire);

	wr_str(&w, "A");
	wr_str(&w, "b");
	ck_assert_int_eq(chan_facts_env((struct span){w.p, w.n}, &name, &value), OK);
	ck_assert(span_is(name, "A") && span_is(value, "b"));
	ck_assert_int_ne(chan_facts_env((struct span){w.p, w.n - 1}, &name, &value),
			 OK);
	wr_u8(&w, 0);
	ck_assert_int_ne(chan_facts_env((struct span){w.p, w.n}, &name, &value), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_chan_facts");
	TCase *t = tcase_create("facts");

	tcase_add_test(t, open_of_each_type_has_its_fields);
	tcase_add_test(t, packet_is_whole_from_the_channels_number_on);
	tcase_add_test(t, fields_of_requests_have_their_names);
	tcase_add_test(t, malformed_request_has_no_fields_but_its_packet);
	tcase_add_test(t, start_is_the_request_that_the_client_sent);
	tcase_add_test(t, env_is_read_to_its_end);
	suite_add_tcase(s, t);
	return s;
}
