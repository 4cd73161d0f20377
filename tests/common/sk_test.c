/* Security keys: the text they sign, and the end of their signatures. */
#include <string.h>

#include "common/sk.h"
#include "tests/unit.h"

START_TEST(sk_reads_flags_and_counter)
{
	static const uint8_t wire[] = {0x05, 0, 0, 1, 2};
	struct rd r = RD(SPAN_OF(wire));
	struct pk_touch touch = {0};
	uint8_t flags = 0;

	ck_assert_int_eq(sk_read_touch(&r, &flags, &touch), OK);
	ck_assert_uint_eq(flags, 5);
	ck_assert(touch.present && touch.verified);
	ck_assert_uint_eq(touch.counter, 258);
}
END_TEST

START_TEST(sk_refuses_missing_or_extra_bytes)
{
	static const uint8_t wire[6] = {0};
	struct pk_touch touch = {0};
	uint8_t flags = 0;

	for (size_t n = 0; n <= sizeof wire; n++) {
		struct rd r = RD(((struct span){wire, n}));

		ck_assert((sk_read_touch(&r, &flags, &touch) == OK) == (n == 5));
	}
}
END_TEST

START_TEST(sk_text_is_two_hashes_around_flags_and_counter)
{
	/* SHA-256 of "ssh:" begins e30610e8, of "abc" ba7816bf */
	static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf};
	static const uint8_t ssh[] = {0xe3, 0x06, 0x10, 0xe8};
	static const uint8_t middle[] = {1, 0, 0, 0, 7};
	const struct pk_key key = {.application = SPAN_LIT("ssh:")};
	uint8_t text[SK_TEXT_BYTES];

	ck_assert_int_eq(sk_text(&key, 1, 7, SPAN_LIT("abc"), text), OK);
	ck_assert_mem_eq(text, ssh, sizeof ssh);
	ck_assert_mem_eq(text + 32, middle, sizeof middle);
	ck_assert_mem_eq(text + 37, abc, sizeof abc);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sk");
	TCase *t = tcase_create("sk");

	tcase_add_test(t, sk_reads_flags_and_counter);
	tcase_add_test(t, sk_refuses_missing_or_extra_bytes);
	tcase_add_test(t, sk_text_is_two_hashes_around_flags_and_counter);
	suite_add_tcase(s, t);
	return s;
}
