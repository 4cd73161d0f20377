/* MACs beside their known answers, which tests/tables/algorithms_test.c has. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/mac.h"

static const uint8_t key[MAC_KEY_BYTES + 1] = {1, 2, 3};

START_TEST(mac_start_refuses_wrong_lengths)
{
	for (size_t i = 0; i < mac_algs_n; i++) {
		const size_t n = mac_algs[i].key_bytes;
		struct mac m = {0};

		ck_assert_int_eq(mac_start(&mac_algs[i], (struct span){key, n - 1}, &m),
				 ERR_BUG);
		ck_assert_int_eq(mac_start(&mac_algs[i], (struct span){key, n + 1}, &m),
				 ERR_BUG);
		ck_assert_ptr_null(m.row);
	}
}
END_TEST

START_TEST(mac_tag_depends_on_sequence_number_data_and_key)
{
	static const uint8_t data[] = {1, 2, 3}, other[] = {1, 2, 4};

	for (size_t i = 0; i < mac_algs_n; i++) {
		const struct mac_alg *row = &mac_algs[i];
		uint8_t tags[5][MAC_TAG_BYTES];
		struct mac a = {0}, b = {0};

		ck_assert_int_eq(mac_start(row, (struct span){key, row->key_bytes}, &a),
				 OK);
		ck_assert_int_eq(
		    mac_start(row, (struct span){key + 1, row->key_bytes}, &b), OK);
		ck_assert_int_eq(mac_tag(&a, 1, SPAN_OF(data), tags[0]), OK);
		ck_assert_int_eq(mac_tag(&a, 0x01000001, SPAN_OF(data), tags[1]), OK);
		ck_assert_int_eq(mac_tag(&a, 1, SPAN_OF(other), tags[2]), OK);
		ck_assert_int_eq(mac_tag(&b, 1, SPAN_OF(data), tags[3]), OK);
		ck_assert_int_eq(mac_tag(&a, 1, SPAN_OF(data), tags[4]), OK);
		for (int k = 1; k < 4; k++)
			ck_assert_int_ne(memcmp(tags[0], tags[k], row->tag_bytes), 0);
		ck_assert_int_eq(memcmp(tags[0], tags[4], row->tag_bytes), 0);
		mac_wipe(&a);
		mac_wipe(&b);
	}
}
END_TEST

START_TEST(mac_wipe_takes_the_zero_state)
{
	struct mac m = {0};

	mac_wipe(&m);
	ck_assert_ptr_null(m.row);
	ck_assert_int_eq(mac_warm(), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_mac");
	TCase *t = tcase_create("mac");

	tcase_add_test(t, mac_start_refuses_wrong_lengths);
	tcase_add_test(t, mac_tag_depends_on_sequence_number_data_and_key);
	tcase_add_test(t, mac_wipe_takes_the_zero_state);
	suite_add_tcase(s, t);
	return s;
}
