/* SipHash-2-4 against the answers of its paper. */
#include "monitor/siphash.h"
#include "tests/unit.h"

static const struct siphash_key key = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

START_TEST(siphash_gives_the_answer_of_the_papers_appendix)
{
	uint8_t in[15];

	for (uint8_t i = 0; i < sizeof in; i++)
		in[i] = i;
	ck_assert_uint_eq(siphash(&key, SPAN_OF(in)), 0xa129ca6149be45e5ULL);
}
END_TEST

START_TEST(siphash_gives_the_reference_answers_of_short_inputs)
{
	static const uint64_t answers[] = {0x726fdb47dd0e0e31ULL,
					   0x74f839c593dc67fdULL};
	const uint8_t in[] = {0};

	for (size_t n = 0; n < 2; n++)
		ck_assert_uint_eq(siphash(&key, (struct span){in, n}), answers[n]);
}
END_TEST

START_TEST(siphash_depends_on_every_byte_and_on_the_key)
{
	uint8_t in[32] = {0};
	struct siphash_key other = key;
	uint64_t before = siphash(&key, SPAN_OF(in));

	for (size_t i = 0; i < sizeof in; i++) {
		in[i] = 1;
		ck_assert_uint_ne(siphash(&key, SPAN_OF(in)), before);
		in[i] = 0;
	}
	other.k1++;
	ck_assert_uint_ne(siphash(&other, SPAN_OF(in)), before);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_siphash");
	TCase *t = tcase_create("siphash");

	tcase_add_test(t, siphash_gives_the_answer_of_the_papers_appendix);
	tcase_add_test(t, siphash_gives_the_reference_answers_of_short_inputs);
	tcase_add_test(t, siphash_depends_on_every_byte_and_on_the_key);
	suite_add_tcase(s, t);
	return s;
}
