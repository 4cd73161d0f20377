/* Encodings of sntrup761: lengths, round trips, foreign bytes. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/sntrup761_code.h"

#define P     SNTRUP761_P
#define GUARD 0xa5

struct coding {
	uint32_t m;
	size_t n_bytes;
};

static const struct coding codings[] = {
    {SNTRUP761_Q,     SNTRUP761_CODE_Q_BYTES    },
    {SNTRUP761_STEPS, SNTRUP761_CODE_STEPS_BYTES},
};

/* Writes values, checks the length, reads them back. */
static void check_round_trip(const struct coding *c, const uint16_t values[P])
{
	uint16_t used[P], back[P];
	uint8_t bytes[SNTRUP761_CODE_Q_BYTES + 1];

	memset(bytes, GUARD, sizeof bytes);
	memcpy(used, values, sizeof used);
	sntrup761_code_write(used, c->m, bytes);
	ck_assert_uint_eq(bytes[c->n_bytes], GUARD);
	sntrup761_code_read(bytes, c->m, back);
	ck_assert_mem_eq(values, back, sizeof back);
}

START_TEST(sntrup761_code_reads_what_it_wrote)
{
	const struct coding *c = &codings[_i];
	uint16_t values[P];
	uint32_t seed = 1;

	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < P; i++) {
			seed = seed * 1664525 + 1013904223;
			values[i] = (uint16_t)((seed >> 8) % c->m);
		}
		check_round_trip(c, values);
	}
}
END_TEST

START_TEST(sntrup761_code_keeps_the_largest_and_the_smallest_values)
{
	const struct coding *c = &codings[_i];
	uint16_t values[P] = {0};

	check_round_trip(c, values);
	for (size_t i = 0; i < P; i++)
		values[i] = (uint16_t)(c->m - 1);
	check_round_trip(c, values);
	for (size_t at = 0; at < P; at++) {
		memset(values, 0, sizeof values);
		values[at] = (uint16_t)(c->m - 1);
		check_round_trip(c, values);
	}
}
END_TEST

START_TEST(sntrup761_code_reads_values_in_range_from_any_bytes)
{
	const struct coding *c = &codings[_i];
	uint8_t bytes[SNTRUP761_CODE_Q_BYTES];
	uint16_t values[P];
	uint32_t seed = 2;

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = round == 0 ? UINT8_MAX : (uint8_t)(seed >> 16);
		}
		sntrup761_code_read(bytes, c->m, values);
		for (size_t i = 0; i < P; i++)
			ck_assert_uint_lt(values[i], c->m);
	}
}
END_TEST

START_TEST(sntrup761_code_reads_small_polynomials_back)
{
	struct sntrup761_poly a = {0}, b;
	uint8_t bytes[SNTRUP761_CODE_SMALL_BYTES];

	for (size_t i = 0; i < P; i++)
		a.c[i] = (int16_t)((int)(i * i % 3) - 1);
	sntrup761_code_write_small(&a, bytes);
	ck_assert_uint_lt(bytes[SNTRUP761_CODE_SMALL_BYTES - 1], 3);
	sntrup761_code_read_small(bytes, &b);
	ck_assert_mem_eq(&a, &b, sizeof a);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_sntrup761_code");
	TCase *t = tcase_create("sntrup761_code");

	tcase_add_loop_test(t, sntrup761_code_reads_what_it_wrote, 0, 2);
	tcase_add_loop_test(t, sntrup761_code_keeps_the_largest_and_the_smallest_values,
			    0, 2);
	tcase_add_loop_test(t, sntrup761_code_reads_values_in_range_from_any_bytes, 0,
			    2);
	tcase_add_test(t, sntrup761_code_reads_small_polynomials_back);
	suite_add_tcase(s, t);
	return s;
}
