/* Compression: bombs, garbage, full buffers. */
#include <string.h>

#include "common/limits.h"
#include "tests/unit.h"
#include "worker/alg/comp.h"

static uint8_t plain[LIMIT_PAYLOAD_BYTES], packed[LIMIT_PAYLOAD_BYTES * 2],
    back[LIMIT_PAYLOAD_BYTES * 2];

static struct comp start(const char *name, bool deflates)
{
	struct comp c = {0};

	ck_assert_int_eq(comp_start(comp_find(span_str(name)), deflates, &c), OK);
	return c;
}

START_TEST(none_allocates_nothing)
{
	struct comp c = start("none", true);

	ck_assert(!comp_active(&c));
	ck_assert_ptr_null(c.stream);
	comp_wipe(&c);
	comp_wipe(&c);
}
END_TEST

START_TEST(a_bomb_is_refused_before_it_exceeds_a_payload)
{
	struct comp out = start("zlib@openssh.com", true);
	struct comp in = start("zlib@openssh.com", false);
	struct wr p = WR(packed), w = WR(back);

	/* two payloads of zeros in what comes as one */
	ck_assert_int_eq(comp_deflate(&out, SPAN_OF(plain), &p), OK);
	ck_assert_int_eq(comp_deflate(&out, SPAN_OF(plain), &p), OK);
	ck_assert_uint_lt(p.n, LIMIT_PACKET_BYTES);
	ck_assert_int_eq(comp_inflate(&in, (struct span){p.p, p.n}, &w),
			 ERR_COMPRESSION);
	ck_assert_uint_eq(w.n, 0);
	comp_wipe(&in);
	comp_wipe(&out);
}
END_TEST

START_TEST(garbage_is_refused)
{
	static const uint8_t garbage[] = {0x78, 0x9c, 0xff, 0xff, 0xff, 0xff};
	struct comp in = start("zlib@openssh.com", false);
	struct wr w = WR(back);

	ck_assert_int_eq(comp_inflate(&in, SPAN_OF(garbage), &w), ERR_COMPRESSION);
	ck_assert_uint_eq(w.n, 0);
	comp_wipe(&in);
}
END_TEST

START_TEST(bytes_behind_the_end_of_a_stream_are_refused)
{
	/* an empty zlib stream, ended, and one byte more */
	static const uint8_t ended[] = {0x78, 0x9c, 0x03, 0x00, 0x00,
					0x00, 0x00, 0x01, 0x00};
	struct comp in = start("zlib@openssh.com", false);
	struct wr w = WR(back);

	ck_assert_int_eq(comp_inflate(&in, SPAN_OF(ended), &w), ERR_COMPRESSION);
	comp_wipe(&in);
}
END_TEST

START_TEST(each_payload_can_be_read_as_soon_as_it_is_there)
{
	struct comp out = start("zlib@openssh.com", true);
	struct comp in = start("zlib@openssh.com", false);
	uint32_t x = 1;

	for (size_t n = 1; n < sizeof plain; n = n * 3 / 2 + 1) {
		struct wr p = WR(packed), w = WR(back);

		/* incompressible: the bound must hold */
		for (size_t i = 0; i < n; i++)
			plain[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		ck_assert_int_eq(comp_deflate(&out, (struct span){plain, n}, &p), OK);
		ck_assert_uint_lt(p.n, comp_deflate_bound(n));
		ck_assert_int_eq(comp_inflate(&in, (struct span){p.p, p.n}, &w), OK);
		ck_assert(span_equal((struct span){w.p, w.n}, (struct span){plain, n}));
	}
	comp_wipe(&in);
	comp_wipe(&out);
}
END_TEST

START_TEST(comp_deflate_refuses_what_does_not_fit)
{
	struct comp out = start("zlib@openssh.com", true);
	struct wr p = {.p = packed, .cap = 8};

	ck_assert_int_eq(comp_deflate(&out, SPAN_LIT("a text longer than eight"), &p),
			 ERR_NO_SPACE);
	ck_assert_uint_eq(p.n, 0);
	comp_wipe(&out);
}
END_TEST

START_TEST(a_direction_does_only_what_it_was_started_for)
{
	struct comp out = start("zlib@openssh.com", true);
	struct comp in = start("zlib@openssh.com", false);
	struct comp none = {0};
	struct wr w = WR(back);

	ck_assert_int_eq(comp_inflate(&out, SPAN_LIT("a"), &w), ERR_BUG);
	ck_assert_int_eq(comp_deflate(&in, SPAN_LIT("a"), &w), ERR_BUG);
	ck_assert_int_eq(comp_deflate(&none, SPAN_LIT("a"), &w), ERR_BUG);
	ck_assert_int_eq(comp_inflate(&none, SPAN_LIT("a"), &w), ERR_BUG);
	comp_wipe(&in);
	comp_wipe(&out);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_comp");
	TCase *t = tcase_create("comp");

	tcase_add_test(t, none_allocates_nothing);
	tcase_add_test(t, a_bomb_is_refused_before_it_exceeds_a_payload);
	tcase_add_test(t, garbage_is_refused);
	tcase_add_test(t, bytes_behind_the_end_of_a_stream_are_refused);
	tcase_add_test(t, each_payload_can_be_read_as_soon_as_it_is_there);
	tcase_add_test(t, comp_deflate_refuses_what_does_not_fit);
	tcase_add_test(t, a_direction_does_only_what_it_was_started_for);
	suite_add_tcase(s, t);
	return s;
}
