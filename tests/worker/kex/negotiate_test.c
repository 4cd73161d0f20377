/* Negotiation: the client's order, guesses, markers, malformed lists. */
#include <string.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/kex/negotiate.h"

static struct proposal both(const char *kex, const char *hostkey, const char *rest)
{
	struct proposal p = {
	    .list = {span_str(kex), span_str(hostkey)}
        };

	for (int i = LIST_CIPHER_IN; i <= LIST_COMP_OUT; i++)
		p.list[i] = span_str(rest);
	return p;
}

START_TEST(negotiate_chooses_the_first_of_the_client_that_the_server_has)
{
	struct proposal client = both("x,b,a", "k2,k1", "z,y");
	struct proposal server = both("a,b,c", "k1,k2", "y,z");
	enum proposal_list none;
	struct agreed a;

	ck_assert_int_eq(negotiate(&client, &server, &a, &none), OK);
	ck_assert(span_is(a.name[LIST_KEX], "b"));
	ck_assert(span_is(a.name[LIST_HOSTKEY], "k2"));
	ck_assert(span_is(a.name[LIST_MAC_OUT], "z"));
	ck_assert_uint_eq(a.name[LIST_LANG_IN].n, 0);
}
END_TEST

START_TEST(negotiate_names_the_list_without_a_common_name)
{
	struct proposal client = both("a", "k", "y");
	struct proposal server = both("a", "k", "y");
	enum proposal_list none = PROPOSAL_LISTS;
	struct agreed a;
	enum err e;

	client.list[_i] = SPAN_LIT("nobody-has-it");
	e = negotiate(&client, &server, &a, &none);
	if (_i == LIST_MAC_IN || _i == LIST_MAC_OUT || _i >= LIST_LANG_IN) {
		ck_assert_int_eq(e, OK);
		ck_assert_uint_eq(a.name[_i].n, 0);
	} else {
		ck_assert_int_eq(e, ERR_KEX_NONE);
		ck_assert_int_eq((int)none, _i);
		ck_assert_ptr_nonnull(proposal_list_name(none));
	}
}
END_TEST

struct guess {
	const char *kex, *hostkey;
	bool guess, wrong;
};

static const struct guess guesses[] = {
    {"a,b", "k1,k2", true,  false},
    {"b,a", "k1",    true,  true },
    {"a",   "k2,k1", true,  true },
    {"x,a", "k1",    true,  true },
    {"b,a", "k1",    false, false},
};

START_TEST(negotiate_tells_a_wrong_guess)
{
	const struct guess *g = &guesses[_i];
	struct proposal client = both(g->kex, g->hostkey, "y");
	struct proposal server = both("a,b", "k1,k2", "y");
	enum proposal_list none;
	struct agreed a;

	client.guess = g->guess;
	ck_assert_int_eq(negotiate(&client, &server, &a, &none), OK);
	ck_assert_int_eq(a.guessed_wrong, g->wrong);
}
END_TEST

START_TEST(negotiate_sees_the_markers_wherever_they_stand)
{
	struct proposal client =
	    both("ext-info-c,a,kex-strict-c-v00@openssh.com", "k", "y");
	struct proposal server = both("a", "k", "y");
	enum proposal_list none;
	struct agreed a;

	ck_assert_int_eq(negotiate(&client, &server, &a, &none), OK);
	ck_assert(a.strict);
	ck_assert(a.ext_info);
	client.list[LIST_KEX] = SPAN_LIT("a,kex-strict-c-v00@openssh.co");
	ck_assert_int_eq(negotiate(&client, &server, &a, &none), OK);
	ck_assert(!a.strict);
	ck_assert(!a.ext_info);
}
END_TEST

START_TEST(a_proposal_is_read_as_it_was_written)
{
	uint8_t cookie[KEXINIT_COOKIE_BYTES] = {1}, store[512];
	struct proposal p = both("a,b", "k", "y,z"), again;
	struct wr w = WR(store);
	struct rd r;

	proposal_write(&w, SPAN_OF(cookie), &p);
	r = RD(((struct span){store, w.n}));
	ck_assert_int_eq(proposal_read(&r, &again), OK);
	for (int i = 0; i < PROPOSAL_LISTS; i++)
		ck_assert(span_equal(p.list[i], again.list[i]));
	for (size_t cut = 0; cut < w.n; cut++) {
		r = RD(((struct span){store, cut}));
		ck_assert_int_eq(proposal_read(&r, &again), ERR_TRUNCATED);
	}
	w.n = w.n + 1;
	r = RD(((struct span){store, w.n}));
	ck_assert_int_eq(proposal_read(&r, &again), ERR_TRAILING);
}
END_TEST

static const char *const malformed[] = {",a", "a,,b", "a,,", "a b", "a\x01", "\xff"};

START_TEST(proposal_read_refuses_a_list_that_is_not_well_formed)
{
	uint8_t cookie[KEXINIT_COOKIE_BYTES] = {1}, store[512];
	struct proposal p = both("a", "k", "y"), again;
	struct wr w = WR(store);
	struct rd r;

	p.list[LIST_MAC_OUT] = span_str(malformed[_i]);
	proposal_write(&w, SPAN_OF(cookie), &p);
	r = RD(((struct span){store, w.n}));
	ck_assert_int_eq(proposal_read(&r, &again), ERR_RANGE);
}
END_TEST

/* Reads a KEXINIT whose MACs are list. */
static enum err read_list(struct span list, struct proposal *out)
{
	static uint8_t store[2 * LIMIT_NAMELIST_BYTES];
	const uint8_t cookie[KEXINIT_COOKIE_BYTES] = {0};
	struct proposal p = both("a", "k", "y");
	struct wr w = WR(store);
	struct rd r;

	p.list[LIST_MAC_IN] = list;
	proposal_write(&w, SPAN_OF(cookie), &p);
	r = RD(((struct span){store, w.n}));
	return proposal_read(&r, out);
}

START_TEST(a_list_that_ends_with_a_comma_is_taken)
{
	struct proposal client, server = both("a", "k", "y");
	enum proposal_list none;
	struct agreed a;

	ck_assert_int_eq(read_list(SPAN_LIT("x,y,"), &client), OK);
	ck_assert_int_eq(negotiate(&client, &server, &a, &none), OK);
	ck_assert(span_is(a.name[LIST_MAC_IN], "y"));
}
END_TEST

START_TEST(a_name_has_its_greatest_length)
{
	uint8_t name[LIMIT_NAME_BYTES + 1];
	struct proposal p;

	memset(name, 'a', sizeof name);
	ck_assert_int_eq(read_list((struct span){name, LIMIT_NAME_BYTES}, &p), OK);
	ck_assert_int_eq(read_list(SPAN_OF(name), &p), ERR_RANGE);
}
END_TEST

START_TEST(proposal_read_refuses_a_list_that_is_too_long)
{
	static uint8_t store[LIMIT_NAMELIST_BYTES * 2], list[LIMIT_NAMELIST_BYTES + 1];
	uint8_t cookie[KEXINIT_COOKIE_BYTES] = {1};
	struct proposal p = both("a", "k", "y"), again;
	struct wr w = WR(store);
	struct rd r;

	for (size_t i = 0; i < sizeof list; i++)
		list[i] = i % 2 == 0 ? 'a' : ',';
	p.list[LIST_KEX] = SPAN_OF(list);
	proposal_write(&w, SPAN_OF(cookie), &p);
	r = RD(((struct span){store, w.n}));
	ck_assert_int_eq(proposal_read(&r, &again), ERR_RANGE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_negotiate");
	TCase *t = tcase_create("negotiate");
	const int n_guesses = sizeof guesses / sizeof guesses[0];
	const int n_malformed = sizeof malformed / sizeof malformed[0];

	tcase_add_test(t,
		       negotiate_chooses_the_first_of_the_client_that_the_server_has);
	tcase_add_loop_test(t, negotiate_names_the_list_without_a_common_name, 0,
			    PROPOSAL_LISTS);
	tcase_add_loop_test(t, negotiate_tells_a_wrong_guess, 0, n_guesses);
	tcase_add_test(t, negotiate_sees_the_markers_wherever_they_stand);
	tcase_add_test(t, a_proposal_is_read_as_it_was_written);
	tcase_add_loop_test(t, proposal_read_refuses_a_list_that_is_not_well_formed, 0,
			    n_malformed);
	tcase_add_test(t, a_list_that_ends_with_a_comma_is_taken);
	tcase_add_test(t, a_name_has_its_greatest_length);
	tcase_add_test(t, proposal_read_refuses_a_list_that_is_too_long);
	suite_add_tcase(s, t);
	return s;
}
