/* The options of a users file: taken, refused with their reason, decoded where they are used. */
#include "monitor/auth/users.h"
#include "tests/unit.h"

#define SECRET "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

START_TEST(options_have_defaults)
{
	struct user_entry u = {0};

	ck_assert_ptr_null(users_options(&u, SPAN_LIT("totp=" SECRET)));
	ck_assert(span_is(u.totp.secret, SECRET));
	ck_assert_uint_eq(u.totp.digits, 6);
	ck_assert_uint_eq(u.totp.period_s, 30);
	ck_assert_int_eq(u.totp.digest, DIGEST_SHA1);
}
END_TEST

START_TEST(options_are_taken_in_any_order)
{
	struct user_entry u = {0};

	ck_assert_ptr_null(users_options(
	    &u, SPAN_LIT("period=60,algorithm=SHA512,totp=" SECRET ",digits=8")));
	ck_assert_uint_eq(u.totp.digits, 8);
	ck_assert_uint_eq(u.totp.period_s, 60);
	ck_assert_int_eq(u.totp.digest, DIGEST_SHA512);
}
END_TEST

START_TEST(options_that_mean_nothing_are_refused_with_the_reason)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
	    {"",				  "no options"  },
	    {"digits=6",			  "without totp"},
	    {"totp=",			     "too short"   },
	    {"totp=GEZDGNBV",                     "too short"   },
	    {"totp=GEZDGNBVGY3TQOJ1",             "not base32"  },
	    {"totp=" SECRET ",digits=5",          "digits"      },
	    {"totp=" SECRET ",digits=9",          "digits"      },
	    {"totp=" SECRET ",digits=six",        "digits"      },
	    {"totp=" SECRET ",period=0",          "period"      },
	    {"totp=" SECRET ",period=3601",       "period"      },
	    {"totp=" SECRET ",period=4294967297", "period"      },
	    {"totp=" SECRET ",algorithm=sha1",    "algorithm"   },
	    {"totp=" SECRET ",hotp=1",            "an option is"},
	    {"totp=" SECRET ",,digits=6",         "NAME=VALUE"  },
	    {"totp=" SECRET SECRET SECRET SECRET, "too long"    }
        };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct user_entry u = {0};
		const char *why = users_options(&u, span_str(bad[i].text));

		ck_assert_msg(why != NULL && strstr(why, bad[i].why) != NULL, "%s: %s",
			      bad[i].text, why != NULL ? why : "taken");
	}
}
END_TEST

START_TEST(a_secret_is_decoded_for_its_use)
{
	uint8_t store[LIMIT_TOTP_SECRET_BYTES];
	struct wr secret = WR(store);
	struct user_entry u = {0};
	struct totp t;
	char code[LIMIT_TOTP_DIGITS + 1];

	ck_assert_int_eq(users_totp(&u, &secret, &t), ERR_UNKNOWN);
	ck_assert_ptr_null(users_options(&u, SPAN_LIT("totp=" SECRET ",digits=8")));
	ck_assert_int_eq(users_totp(&u, &secret, &t), OK);
	ck_assert(span_is(t.secret, "12345678901234567890"));
	ck_assert_int_eq(totp_code(&t, 1, code), OK);
	ck_assert_str_eq(code, "94287082"); /* RFC 6238 Appendix B */
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_users_totp");
	TCase *t = tcase_create("options");

	tcase_add_test(t, options_have_defaults);
	tcase_add_test(t, options_are_taken_in_any_order);
	tcase_add_test(t, options_that_mean_nothing_are_refused_with_the_reason);
	tcase_add_test(t, a_secret_is_decoded_for_its_use);
	suite_add_tcase(s, t);
	return s;
}
