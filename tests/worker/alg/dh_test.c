/* Diffie-Hellman: the range of values, and the choice of a group. */
#include <string.h>

#include "common/rd.h"
#include "tests/unit.h"
#include "worker/alg/dh.h"

#define BITS       2048
#define BYTES      (BITS / 8)
#define WIRE_BYTES 2048

static const struct kex_alg *gex(const char *hash)
{
	return kex_find(span_str(strcmp(hash, "sha1") == 0
				     ? "diffie-hellman-group-exchange-sha1"
				     : "diffie-hellman-group-exchange-sha256"));
}

/* p of the 2048-bit group, from its wire form. */
static void prime(uint8_t p[BYTES])
{
	const struct dh_group *group = NULL;
	uint8_t wire[WIRE_BYTES];
	struct wr w = WR(wire);
	struct span all, magnitude;
	struct rd r;

	ck_assert_int_eq(
	    dh_group_choose(gex("sha256"), &(struct dh_wish){BITS, BITS, BITS}, &group),
	    OK);
	dh_group_wire(group, &w);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	r = RD(all);
	magnitude = rd_mpint(&r, BYTES);
	ck_assert_uint_eq(rd_mpint(&r, BYTES).n, 1);
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_int_eq(bytes_copy(p, BYTES, magnitude), OK);
}

static enum err respond(struct span e)
{
	static struct kex_reply reply;

	return kex_respond(kex_find(SPAN_LIT("diffie-hellman-group14-sha256")), NULL, e,
			   &reply);
}

START_TEST(values_must_lie_between_1_and_p_minus_1)
{
	uint8_t v[BYTES + 1] = {0};
	uint8_t *p = v + 1;

	ck_assert_int_eq(respond((struct span){0}), ERR_KEX_VALUE);
	ck_assert_int_eq(respond(SPAN_LIT("\1")), ERR_KEX_VALUE);
	ck_assert_int_eq(respond(SPAN_LIT("\2")), OK);
	prime(p);
	ck_assert_int_eq(respond((struct span){p, BYTES}), ERR_KEX_VALUE);
	p[BYTES - 1]--;
	ck_assert_int_eq(respond((struct span){p, BYTES}), ERR_KEX_VALUE);
	p[BYTES - 1]--;
	ck_assert_int_eq(respond((struct span){p, BYTES}), OK);
	memset(p, 0xff, BYTES);
	ck_assert_int_eq(respond((struct span){p, BYTES}), ERR_KEX_VALUE);
	v[0] = 1;
	ck_assert_int_eq(respond(SPAN_OF(v)), ERR_KEX_VALUE);
}
END_TEST

static uint32_t chosen(uint32_t min, uint32_t n, uint32_t max)
{
	const struct dh_group *group = NULL;

	if (dh_group_choose(gex("sha256"), &(struct dh_wish){min, n, max}, &group) !=
	    OK)
		return 0;
	return dh_group_bits(group);
}

static uint32_t chosen_sha1(uint32_t min, uint32_t n, uint32_t max)
{
	const struct dh_group *group = NULL;

	if (dh_group_choose(gex("sha1"), &(struct dh_wish){min, n, max}, &group) != OK)
		return 0;
	return dh_group_bits(group);
}

START_TEST(short_groups_are_for_those_who_take_no_other_under_sha1_only)
{
	ck_assert_uint_eq(chosen_sha1(1024, 1024, 1024), 1024);
	ck_assert_uint_eq(chosen_sha1(512, 512, 1024), 1024);
	ck_assert_uint_eq(chosen_sha1(1024, 1024, 2047), 1024);
	ck_assert_uint_eq(chosen_sha1(1024, 1536, 1600), 1536);
	ck_assert_uint_eq(chosen_sha1(512, 512, 1023), 0);
	/* whoever takes 2048 bits gets them */
	ck_assert_uint_eq(chosen_sha1(1024, 1024, 2048), 2048);
	ck_assert_uint_eq(chosen_sha1(1024, 1024, 8192), 2048);
	ck_assert_uint_eq(chosen(1024, 1024, 1024), 0);
	ck_assert_uint_eq(chosen(1024, 1536, 1600), 0);
}
END_TEST

START_TEST(dh_group_choose_takes_the_smallest_that_is_large_enough)
{
	ck_assert_uint_eq(chosen(2048, 2048, 8192), 2048);
	ck_assert_uint_eq(chosen(2048, 2049, 8192), 3072);
	ck_assert_uint_eq(chosen(2048, 3072, 8192), 3072);
	ck_assert_uint_eq(chosen(2048, 4096, 8192), 4096);
	ck_assert_uint_eq(chosen(2048, 7680, 8192), 8192);
	ck_assert_uint_eq(chosen(2048, 8192, 8192), 8192);
	/* nothing as large below max: the largest that there is */
	ck_assert_uint_eq(chosen(2048, 4000, 4000), 3072);
	ck_assert_uint_eq(chosen(2048, 5000, 6000), 4096);
	/* what is too small or too large is bent, as OpenSSH does */
	ck_assert_uint_eq(chosen(1024, 1024, 8192), 2048);
	ck_assert_uint_eq(chosen(1024, 2048, 16384), 2048);
	ck_assert_uint_eq(chosen(2048, 16384, 16384), 8192);
	ck_assert_uint_eq(chosen(0, 0, UINT32_MAX), 2048);
}
END_TEST

START_TEST(dh_group_choose_refuses_nonsense)
{
	ck_assert_uint_eq(chosen(4096, 2048, 8192), 0);
	ck_assert_uint_eq(chosen(2048, 8192, 4096), 0);
	ck_assert_uint_eq(chosen(8192, 4096, 2048), 0);
	ck_assert_uint_eq(chosen(1024, 1024, 1024), 0);
	ck_assert_uint_eq(chosen(1024, 1024, 2047), 0);
	ck_assert_uint_eq(chosen(8193, 8193, 16384), 0);
	ck_assert_uint_eq(chosen(2049, 2500, 3071), 0);
	ck_assert_uint_eq(chosen(UINT32_MAX, UINT32_MAX, UINT32_MAX), 0);
}
END_TEST

/* also where what is bent into the limits would no longer contradict itself */
START_TEST(dh_group_choose_refuses_a_size_outside_of_its_own_bounds)
{
	ck_assert_uint_eq(chosen(0, 16385, 16384), 0);
	ck_assert_uint_eq(chosen(0, 9000, 8192), 0);
	ck_assert_uint_eq(chosen(1024, 512, 8192), 0);
	ck_assert_uint_eq(chosen(2048, 1024, 8192), 0);
}
END_TEST

START_TEST(dh_group_new_refuses_what_a_server_must_not_offer)
{
	uint8_t p[BYTES];
	struct dh_group *group = NULL;
	const struct span whole = SPAN_OF(p);

	prime(p);
	ck_assert_int_eq(dh_group_new(gex("sha256"), whole, SPAN_LIT("\2"), &group),
			 OK);
	ck_assert_uint_eq(dh_group_bits(group), BITS);
	dh_group_free(group);
	group = NULL;
	ck_assert_int_eq(dh_group_new(gex("sha256"), whole, SPAN_LIT("\1"), &group),
			 ERR_KEX_VALUE);
	ck_assert_int_eq(dh_group_new(gex("sha256"), whole, (struct span){0}, &group),
			 ERR_KEX_VALUE);
	ck_assert_int_eq(dh_group_new(gex("sha256"), whole, whole, &group),
			 ERR_KEX_VALUE);
	ck_assert_int_eq(
	    dh_group_new(gex("sha256"), (struct span){0}, SPAN_LIT("\2"), &group),
	    ERR_KEX_VALUE);
	/* 2040 bits, then even */
	ck_assert_int_eq(dh_group_new(gex("sha256"), (struct span){p + 1, BYTES - 1},
				      SPAN_LIT("\2"), &group),
			 ERR_KEX_VALUE);
	p[BYTES - 1]--;
	ck_assert_int_eq(dh_group_new(gex("sha256"), whole, SPAN_LIT("\2"), &group),
			 ERR_KEX_VALUE);
	ck_assert_ptr_null(group);
	dh_group_free(NULL);
}
END_TEST

START_TEST(a_group_exchange_needs_its_group)
{
	static struct kex_reply reply;
	const struct kex_alg *row =
	    kex_find(SPAN_LIT("diffie-hellman-group-exchange-sha256"));

	ck_assert(row->group_exchange);
	ck_assert_int_eq(kex_respond(row, NULL, SPAN_LIT("\2"), &reply), ERR_BUG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_dh");
	TCase *t = tcase_create("dh");

	tcase_add_test(t, values_must_lie_between_1_and_p_minus_1);
	tcase_add_test(t, dh_group_choose_takes_the_smallest_that_is_large_enough);
	tcase_add_test(t, short_groups_are_for_those_who_take_no_other_under_sha1_only);
	tcase_add_test(t, dh_group_choose_refuses_nonsense);
	tcase_add_test(t, dh_group_choose_refuses_a_size_outside_of_its_own_bounds);
	tcase_add_test(t, dh_group_new_refuses_what_a_server_must_not_offer);
	tcase_add_test(t, a_group_exchange_needs_its_group);
	suite_add_tcase(s, t);
	return s;
}
