/* Methods of conn and channel: each becomes an action, and what cannot be is an error at its line. */
#include "tests/policy/asker.h"

#define DATA_IN POLICY_ON_channel_data_in

/* Runs a body in on_channel_data_in of channel 5, or of another event. */
static struct asker *told(enum policy_event event, const char *body)
{
	static uint8_t buf[256];
	struct asker *k = calloc(1, sizeof *k);
	struct wr w = WR(buf);
	struct engine_question q = {.version = 1, .conn = 9, .event = event};
	char text[LIMIT_SCRIPT_PIECE_BYTES];

	asker_begin(k);
	if (event == DATA_IN) {
		facts_num(&w, "channel.id", 5);
		facts_str(&w, "data.bytes", SPAN_LIT("ping"));
	}
	ck_assert_int_eq(wr_end(&w, &q.facts), OK);
	(void)snprintf(text, sizeof text, "function on_%s(%s)\n%s\nend",
		       policy_events[event].name, policy_events[event].args, body);
	ck_assert_msg(asker_load(k, 1, text) == OK, "%s", k->loaded.why);
	engine_ask(k->e, &q);
	return k;
}

static void done(struct asker *k)
{
	engine_free(k->e);
	free(k);
}

static const struct {
	const char *body;
	enum policy_action action;
	uint32_t channel;
	const char *data; /* up to the first NUL */
} does[] = {
    {"channel:send(data)",							      POLICY_SEND,          5, "ping"       },
    {"channel:send_error('no')",							POLICY_SEND_ERROR,    5, "no"         },
    {"channel:send_text('caf\\xc3\\xa9')",					      POLICY_SEND,          5, "caf\xc3\xa9"},
    {"channel:eof()",								   POLICY_EOF,           5, ""           },
    {"channel:close()",								 POLICY_CLOSE,         5, ""           },
    {"channel:close(3)",								POLICY_CLOSE,         5, ""           },
    {"channel:set_record_length(16384)",						POLICY_RECORD_LENGTH, 5, ""           },
    {"conn:disconnect('bye')",							  POLICY_DISCONNECT,    0, "bye"        },
    {"conn:disconnect()",							       POLICY_DISCONNECT,    0, ""           },
    {"conn:rekey()",								    POLICY_REKEY,         0, ""           },
    {"conn:set_timeout(5)",							     POLICY_TIMEOUT,       0, ""           },
    {"conn:open_channel('x@example.com')",					      POLICY_OPEN_CHANNEL,  0, ""           },
    {"conn:open_channel('x', 'params')",						POLICY_OPEN_CHANNEL,  0, ""           },
    {"conn:send_packet(nil, 2, packet.put('', 's', 'x'))",                              POLICY_SEND_PACKET,   0,
     "\002"														   },
    {"conn:send_packet(channel, 98, packet.put(packet.put('', 's', 'x'), 'f', false))",
     POLICY_SEND_PACKET,										      5, "b\001"      },
};

START_TEST(method_becomes_its_action)
{
	struct asker *k = told(DATA_IN, does[_i].body);

	ck_assert_msg(k->notes == 0, "%s: %s", does[_i].body, k->note);
	ck_assert_uint_eq(k->actions, 1);
	ck_assert_int_eq(k->action, does[_i].action);
	ck_assert_uint_eq(k->channel, does[_i].channel);
	ck_assert_str_eq(k->data, does[_i].data);
	done(k);
}
END_TEST

static const struct {
	enum policy_event event;
	const char *body, *words;
} fails[] = {
    {DATA_IN,         "channel:send(1)",                          "string expected"     },
    {DATA_IN,         "channel:send(('x'):rep(70000))",           "too long"            },
    {DATA_IN,         "channel:close(256)",                       "0 to 255"            },
    {DATA_IN,         "channel:set_record_length(16385)",         "0 to 16384"          },
    {DATA_IN,         "channel.send('x', 'y')",                   "table expected"      },
    {DATA_IN,         "conn:set_timeout(-1)",                     "must be 0 to"        },
    {DATA_IN,         "conn:open_channel('a b')",                 "no name"             },
    {DATA_IN,         "conn:open_channel('x', ('x'):rep(16385))", "too long"            },
    {DATA_IN,         "conn:send_packet(nil, 20, '')",            "key exchange"        },
    {DATA_IN,         "conn:send_packet(channel, 94, '')",        "channel:send"        },
    {DATA_IN,         "conn:send_packet(channel, 93, '')",        "windows"             },
    {DATA_IN,         "conn:send_packet(channel, 98, 'x')",       "a name and a boolean"},
    {DATA_IN,         "conn:send_packet(nil, 300, '')",           "0 to 255"            },
    {POLICY_ON_error, "conn:open_channel('x')",                   "opens no channels"   },
    {DATA_IN,         "for i = 1, 65 do channel:send('x') end",   "more than 64 actions"},
};

START_TEST(what_cannot_be_is_said_with_its_line)
{
	struct asker *k = told(fails[_i].event, fails[_i].body);

	ck_assert_uint_eq(k->notes, 1);
	ck_assert_msg(strstr(k->note, "t.lua:2") != NULL &&
			  strstr(k->note, fails[_i].words) != NULL,
		      "not '%s': %s", fails[_i].words, k->note);
	done(k);
}
END_TEST

START_TEST(text_is_sent_in_the_code_page)
{
	struct asker *k = calloc(1, sizeof *k);
	struct codepage *page = NULL;
	struct engine_question q = {.version = 1, .conn = 9, .event = DATA_IN};
	static uint8_t buf[256];
	struct wr w = WR(buf);

	asker_begin(k);
	ck_assert_int_eq(codepage_open("850", &page), OK);
	engine_codepage(k->e, page);
	facts_num(&w, "channel.id", 5);
	facts_str(&w, "data.bytes", SPAN_LIT("caf\x82"));
	ck_assert_int_eq(wr_end(&w, &q.facts), OK);
	ck_assert_int_eq(asker_load(k, 1,
				    "function on_channel_data_in(conn, channel, data)\n"
				    "assert(str.decode(data) == 'caf\\xc3\\xa9')\n"
				    "assert(str.encode('\\xc3\\xa9') == '\\x82')\n"
				    "assert(str.encode('\\xe2\\x82\\xac') == nil)\n"
				    "channel:send_text('na\\xc3\\xafve')\n"
				    "channel:send_text('\\xe2\\x82\\xac') end"),
			 OK);
	engine_ask(k->e, &q);
	ck_assert_uint_eq(k->actions, 1);
	ck_assert_str_eq(k->data, "na\x8bve");
	ck_assert_msg(strstr(k->note, "t.lua:6: send_text") != NULL, "%s", k->note);
	done(k);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("policy_api_conn");
	TCase *t = tcase_create("api_conn");

	tcase_add_loop_test(t, method_becomes_its_action, 0,
			    (int)(sizeof does / sizeof *does));
	tcase_add_loop_test(t, what_cannot_be_is_said_with_its_line, 0,
			    (int)(sizeof fails / sizeof *fails));
	tcase_add_test(t, text_is_sent_in_the_code_page);
	suite_add_tcase(s, t);
	return s;
}
