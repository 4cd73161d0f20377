/* Key revocation lists: each section is read; one that is cut off or not known refuses the whole. */
#include <string.h>

#include "monitor/auth/krl.h"
#include "tests/monitor/auth/krl_kit.h"
#include "tests/unit.h"

static uint8_t store[4096];
static struct wr w;
static struct revoked r;
static const char *why;

static void setup(void)
{
	w = WR(store);
	r = (struct revoked){0};
	why = NULL;
	krl_head(&w);
}

static void teardown(void)
{
	revoked_wipe(&r);
}

static enum err parse(void)
{
	struct span all;

	revoked_wipe(&r);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	ck_assert(krl_is(all));
	return krl_parse(all, &r, &why);
}

START_TEST(krl_is_told_by_its_first_bytes)
{
	ck_assert(!krl_is((struct span){0}));
	ck_assert(!krl_is(SPAN_LIT("ssh-ed25519 AAAA")));
	ck_assert(!krl_is((struct span){store, 7}));
	ck_assert(krl_is((struct span){store, 8}));
}
END_TEST

START_TEST(krl_an_empty_one_revokes_nothing)
{
	ck_assert_int_eq(parse(), OK);
	ck_assert_uint_eq(r.keys.n + r.sha1.n + r.n_ca, 0);
}
END_TEST

static void put_all(void)
{
	size_t ca = krl_open_ca(&w, SPAN_LIT("ca blob")), mark;

	krl_serials(&w, 5, 5);
	krl_serials(&w, 10, 20);
	krl_bitmap(&w, 100, SPAN_LIT("\x05"));
	mark = krl_open(&w, 0x23);
	wr_str(&w, "lost laptop");
	wr_str(&w, "");
	wr_close(&w, mark);
	mark = krl_open(&w, 0x39);
	wr_str(&w, "note@example.com");
	wr_bool(&w, false);
	wr_str(&w, "x");
	wr_close(&w, mark);
	wr_close(&w, ca);
	mark = krl_open(&w, 3);
	wr_bytes(&w, (struct span){store, 20});
	wr_close(&w, mark);
	mark = krl_open(&w, 5);
	wr_bytes(&w, (struct span){store, 32});
	wr_bytes(&w, (struct span){store + 1, 32});
	wr_close(&w, mark);
}

START_TEST(krl_every_section_is_read)
{
	put_all();
	ck_assert_msg(parse() == OK, "%s", why);
	ck_assert_uint_eq(r.n_ca, 1);
	ck_assert(!r.ca[0].any);
	ck_assert_uint_eq(r.ca[0].n_serials, 3);
	ck_assert_uint_eq(r.ca[0].n_ids, 2);
	ck_assert(span_is(r.ca[0].ids[0], "lost laptop"));
	ck_assert_uint_eq(r.sha1.n, 1);
	ck_assert_uint_eq(r.keys.n, 2);
}
END_TEST

START_TEST(krl_cut_off_anywhere_is_refused)
{
	size_t head = w.n, whole;

	put_all();
	whole = w.n;
	for (size_t n = 8; n < whole; n++) {
		struct revoked cut = {0};
		enum err e = krl_parse((struct span){store, n}, &cut, &why);

		/* between two sections nothing tells that there were more */
		ck_assert_msg(e != OK || n >= head, "%zu bytes of the head", n);
		if (e == OK)
			ck_assert(cut.n_ca == 0 || n > head);
		else
			ck_assert_ptr_nonnull(why);
		revoked_wipe(&cut);
	}
}
END_TEST

START_TEST(krl_what_is_critical_and_unknown_refuses_all)
{
	size_t mark = krl_open(&w, 255);

	wr_str(&w, "x@example.com");
	wr_bool(&w, _i == 1);
	wr_str(&w, "");
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), _i == 1 ? ERR_CONFIG : OK);
}
END_TEST

static const struct {
	uint8_t section, of_ca;
	const char *data;
	size_t n;
} bad[] = {
    {6,   0,    "",				 0 }, /* none that there is */
    {4,   0,    "\0\0\0\1k",			5 }, /* a signature */
    {3,   0,    "\0\0\0\3abc",                      7 },
    {5,   0,    "\0\0\0\3abc",                      7 },
    {2,   0,    "\0\0\0\0",			 4 }, /* no key */
    {2,   0,    "\0\0\0\1",			 4 },
    {1,   0,    "\0\0\0\0",			 4 },
    {1,   0x24, "",				 0 },
    {1,   0x20, "\0\0\0\0\0\0\0",                   7 },
    {1,   0x21, "\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\1", 16},
    {1,   0x21, "\0\0\0\0\0\0\0\2",                 8 },
    {1,   0x22, "\0\0\0\0\0\0\0\2\0\0\0\1\x80",     13}, /* below zero */
    {1,   0x23, "\0\0\0\1",                         4 },
    {1,   0x39, "\0\0\0\0\1\0\0\0\0",               9 },
    {255, 0,    "\0\0\0\0\0",                       5 },
};
#define N_BAD ((int)(sizeof bad / sizeof bad[0]))

START_TEST(krl_malformed_sections_are_refused)
{
	struct span data = {(const uint8_t *)bad[_i].data, bad[_i].n};
	size_t mark;

	if (bad[_i].of_ca == 0) {
		mark = krl_open(&w, bad[_i].section);
		wr_raw(&w, data);
	} else {
		mark = krl_open_ca(&w, (struct span){0});
		wr_u8(&w, bad[_i].of_ca);
		wr_bytes(&w, data);
	}
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), ERR_CONFIG);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(krl_another_format_is_refused)
{
	store[11] = 2;
	ck_assert_int_eq(parse(), ERR_CONFIG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_krl");
	TCase *t = tcase_create("krl");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, krl_is_told_by_its_first_bytes);
	tcase_add_test(t, krl_an_empty_one_revokes_nothing);
	tcase_add_test(t, krl_every_section_is_read);
	tcase_add_test(t, krl_cut_off_anywhere_is_refused);
	tcase_add_loop_test(t, krl_what_is_critical_and_unknown_refuses_all, 0, 2);
	tcase_add_loop_test(t, krl_malformed_sections_are_refused, 0, N_BAD);
	tcase_add_test(t, krl_another_format_is_refused);
	suite_add_tcase(s, t);
	return s;
}
