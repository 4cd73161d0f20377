/* Keys made of numbers: those that belong together are a key, others are not. */
#include "monitor/keys/store_private.h"
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

START_TEST(numbers_of_a_public_key_are_its_blob)
{
	struct key_material m = {0};
	struct span blob = keys_blob("openssh_ed25519.pub");
	struct span x = {blob.p + blob.n - 32, 32};

	ck_assert_int_eq(numbers_ed25519(x, (struct span){0}, &m), OK);
	stores_is(&m, "openssh_ed25519.pub", false);
	material_wipe(&m);
}
END_TEST

START_TEST(numbers_of_wrong_lengths_are_no_key)
{
	static const uint8_t zeros[132];
	const struct span n31 = {zeros, 31}, n32 = {zeros, 32};
	struct ec_numbers point = {.x = n32, .y = n31};
	const struct rsa_numbers nothing = {.n = {0}};
	struct key_material m = {0};

	ck_assert_int_eq(numbers_ed25519(n31, (struct span){0}, &m), ERR_KEY);
	ck_assert_int_eq(numbers_ed25519(n32, n31, &m), ERR_KEY);
	ck_assert_int_eq(numbers_ec("nistp256", &point, &m), ERR_KEY);
	point.y = n32;
	ck_assert_int_eq(numbers_ec("nistp384", &point, &m), ERR_KEY);
	ck_assert_int_eq(numbers_ec("brainpool", &point, &m), ERR_UNKNOWN);
	point.d = n32; /* (0, 0) is not on the curve, 0 no secret */
	ck_assert_int_eq(numbers_ec("nistp256", &point, &m), ERR_KEY);
	ck_assert_int_eq(numbers_rsa(&nothing, &m), ERR_KEY);
	ck_assert_ptr_null(m.pkey);
}
END_TEST

START_TEST(numbers_private_wants_all_of_the_fields_and_no_more)
{
	EVP_PKEY *pkey = NULL;

	ck_assert_int_eq(numbers_private(SPAN_LIT("ssh-nothing"), SPAN_LIT("x"), &pkey),
			 ERR_UNKNOWN);
	ck_assert_int_eq(numbers_private(SPAN_LIT("ssh-ed25519"), SPAN_LIT("x"), &pkey),
			 ERR_KEY);
	ck_assert_ptr_null(pkey);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_numbers");
	TCase *t = tcase_create("numbers");

	tcase_add_test(t, numbers_of_a_public_key_are_its_blob);
	tcase_add_test(t, numbers_of_wrong_lengths_are_no_key);
	tcase_add_test(t, numbers_private_wants_all_of_the_fields_and_no_more);
	suite_add_tcase(s, t);
	return s;
}
