#include <string.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/kex/negotiate.h"

static uint8_t store[8 * LIMIT_NAMELIST_BYTES];

/* A KEXINIT behind its number, all lists "a" but one. */
static struct span kexinit(enum proposal_list which, struct span list)
{
	const uint8_t cookie[KEXINIT_COOKIE_BYTES] = {0};
	struct wr w = WR(store);
	struct span whole = {0};

	wr_raw(&w, SPAN_OF(cookie));
	for (enum proposal_list i = LIST_KEX; i < PROPOSAL_LISTS; i++)
		wr_bytes(&w, i == which ? list : SPAN_LIT("a"));
	wr_bool(&w, false);
	wr_u32(&w, 0);
	ck_assert_int_eq(wr_end(&w, &whole), OK);
	return whole;
}

static enum err read_list(enum proposal_list which, struct span list,
			  struct proposal *out)
{
	struct rd r = RD(kexinit(which, list));

	return proposal_read(&r, out);
}

START_TEST(list_that_ends_with_a_comma_is_taken)
{
	struct proposal client, server;
	struct agreed agreed;
	enum proposal_list none;

	ck_assert_int_eq(read_list(LIST_CIPHER_IN, SPAN_LIT("x,a,"), &client), OK);
	memcpy(&server, &client, sizeof server);
	for (enum proposal_list i = LIST_KEX; i < PROPOSAL_LISTS; i++)
		server.list[i] = SPAN_LIT("a");
	ck_assert_int_eq(negotiate(&client, &server, &agreed, &none), OK);
	ck_assert(span_is(agreed.name[LIST_CIPHER_IN], "a"));
}
END_TEST

START_TEST(malformed_lists_are_refused)
{
	static const char *const bad[] = {",a", "a,,b", "a,,", "a b", "a\n", "\x80"};
	static uint8_t name[LIMIT_NAMELIST_BYTES + 1];
	struct proposal p;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(read_list(LIST_MAC_IN, span_str(bad[i]), &p) == ERR_RANGE,
			      "%s", bad[i]);
	memset(name, 'a', sizeof name);
	ck_assert_int_eq(
	    read_list(LIST_KEX, (struct span){name, LIMIT_NAME_BYTES + 1}, &p),
	    ERR_RANGE);
	ck_assert_int_eq(read_list(LIST_KEX, SPAN_OF(name), &p), ERR_RANGE);
	ck_assert_int_eq(read_list(LIST_KEX, (struct span){name, LIMIT_NAME_BYTES}, &p),
			 OK);
}
END_TEST

START_TEST(list_without_a_common_name_is_named)
{
	struct proposal client, server;
	struct agreed agreed;
	enum proposal_list none = LIST_KEX;

	ck_assert_int_eq(read_list(LIST_CIPHER_OUT, SPAN_LIT("b,c"), &client), OK);
	server = client;
	server.list[LIST_CIPHER_OUT] = SPAN_LIT("a");
	ck_assert_int_eq(negotiate(&client, &server, &agreed, &none), ERR_KEX_NONE);
	ck_assert_int_eq(none, LIST_CIPHER_OUT);
	/* an empty list likewise */
	client.list[LIST_CIPHER_OUT] = (struct span){0};
	ck_assert_int_eq(negotiate(&client, &server, &agreed, &none), ERR_KEX_NONE);
}
END_TEST

START_TEST(clients_preference_wins)
{
	struct proposal client, server;
	struct agreed agreed;
	enum proposal_list none;

	ck_assert_int_eq(read_list(LIST_KEX, SPAN_LIT("z,c,b,ext-info-c"), &client),
			 OK);
	server = client;
	server.list[LIST_KEX] = SPAN_LIT("a,b,c");
	ck_assert_int_eq(negotiate(&client, &server, &agreed, &none), OK);
	ck_assert(span_is(agreed.name[LIST_KEX], "c"));
	ck_assert(agreed.ext_info && !agreed.strict);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_negotiate");
	TCase *t = tcase_create("negotiate");

	tcase_add_test(t, list_that_ends_with_a_comma_is_taken);
	tcase_add_test(t, malformed_lists_are_refused);
	tcase_add_test(t, list_without_a_common_name_is_named);
	tcase_add_test(t, clients_preference_wins);
	suite_add_tcase(s, t);
	return s;
}
