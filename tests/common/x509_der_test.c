/* DER: lengths in their only form. */
#include "common/x509_der.h"
#include "tests/unit.h"

static bool takes(struct span der, size_t n)
{
	struct rd r = RD(der);
	struct span s = der_element(&r, DER_SEQUENCE);

	return rd_end(&r) == OK && s.n == n;
}

START_TEST(lengths_are_definite_and_shortest)
{
	static uint8_t big[4 + 300] = {0x30, 0x82, 0x01, 0x2c};
	static uint8_t middle[3 + 200] = {0x30, 0x81, 200};

	ck_assert(takes((struct span){(const uint8_t *)"\x30\x00", 2}, 0));
	ck_assert(takes((struct span){(const uint8_t *)"\x30\x02\x05\x00", 4}, 2));
	ck_assert(takes(SPAN_OF(middle), 200));
	ck_assert(takes(SPAN_OF(big), 300));
	/* longer than needed, indefinite, three bytes, another tag, cut */
	ck_assert(!takes((struct span){(const uint8_t *)"\x30\x81\x02\x05\x00", 5}, 2));
	middle[1] = 0x82, middle[2] = 0;
	ck_assert(!takes(SPAN_OF(middle), 199));
	ck_assert(!takes((struct span){(const uint8_t *)"\x30\x80\x00\x00", 4}, 0));
	ck_assert(!takes((struct span){(const uint8_t *)"\x30\x83\x00\x00\x00", 5}, 0));
	ck_assert(!takes((struct span){(const uint8_t *)"\x31\x00", 2}, 0));
	ck_assert(!takes((struct span){(const uint8_t *)"\x30\x02\x05", 3}, 2));
	ck_assert(!takes((struct span){0}, 0));
}
END_TEST

START_TEST(what_may_be_absent_is_left_where_it_is_not_it)
{
	struct rd r = RD(((struct span){(const uint8_t *)"\x30\x00", 2}));

	ck_assert_uint_eq(der_optional(&r, DER_SET).n, 0);
	ck_assert_uint_eq(r.left.n, 2);
	(void)der_optional(&r, DER_SEQUENCE);
	ck_assert_uint_eq(der_optional(&r, DER_SEQUENCE).n, 0);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_x509_der");
	TCase *t = tcase_create("der");

	tcase_add_test(t, lengths_are_definite_and_shortest);
	tcase_add_test(t, what_may_be_absent_is_left_where_it_is_not_it);
	suite_add_tcase(s, t);
	return s;
}
