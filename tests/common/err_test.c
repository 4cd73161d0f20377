/* The table of errors. Source: common/err.def, RFC 4253 11.1 */
#include <string.h>

#include "common/err.h"
#include "tests/unit.h"

static const enum err all[] = {
#define X(name, class, reason, text) ERR_##name,
#include "common/err.def"
#undef X
};
#define ALL_COUNT (sizeof all / sizeof all[0])

START_TEST(each_error_has_a_text_of_its_own)
{
	for (size_t i = 0; i < ALL_COUNT; i++) {
		ck_assert_uint_gt(strlen(err_text(all[i])), 0);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(err_text(all[i]), err_text(all[j]));
	}
}
END_TEST

START_TEST(each_error_has_a_reason_that_the_protocol_knows)
{
	for (size_t i = 0; i < ALL_COUNT; i++) {
		ck_assert_uint_ge(err_reason(all[i]), 1);
		ck_assert_uint_le(err_reason(all[i]), 15);
		ck_assert_int_le(err_class(all[i]), ERR_CLASS_BUG);
	}
}
END_TEST

START_TEST(what_a_peer_did_is_of_the_peers_class)
{
	ck_assert_int_eq(err_class(ERR_TRUNCATED), ERR_CLASS_PEER);
	ck_assert_int_eq(err_class(ERR_SYSTEM), ERR_CLASS_LOCAL);
	ck_assert_int_eq(err_class(ERR_BUG), ERR_CLASS_BUG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_err");
	TCase *t = tcase_create("err");

	tcase_add_test(t, each_error_has_a_text_of_its_own);
	tcase_add_test(t, each_error_has_a_reason_that_the_protocol_knows);
	tcase_add_test(t, what_a_peer_did_is_of_the_peers_class);
	suite_add_tcase(s, t);
	return s;
}
