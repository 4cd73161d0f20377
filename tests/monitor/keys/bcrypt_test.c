/* bcrypt_pbkdf against answers of another implementation (bcrypt 3.2.2 of pyca). */
#include <stdio.h>

#include "common/limits.h"
#include "monitor/keys/bcrypt.h"
#include "tests/unit.h"

static const struct answer {
	const char *password;
	size_t password_n;
	const char *salt;
	size_t salt_n, n;
	uint32_t rounds;
	const char *hex;
} answers[] = {
    {"password", 8, "salt",				     4,  32, 4,
     "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9"},
    {"p\0w",     3, "a longer salt, 23 bytes",                  23, 48, 2,
     "843e2305135fbb14957d80e48c2a14a75f17d54b1bbb01821b749511cae4e141"
     "cfac8967179e55bb4867f28a56704493"                                },
    {"secret",   6, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16, 64, 3,
     "5aea19f58d5effddeb156d4cdc4c3d4a23087a520747b1adb91c146acda36208"
     "6e53707273bf73e9ae960cc3118eaa0862e739336b93ac9f83d0ea7690239928"},
};

START_TEST(bcrypt_gives_known_answers)
{
	const struct answer *a = &answers[_i];
	const struct span password = {(const uint8_t *)a->password, a->password_n};
	const struct span salt = {(const uint8_t *)a->salt, a->salt_n};
	uint8_t key[LIMIT_BCRYPT_KEY_BYTES];
	char hex[2 * LIMIT_BCRYPT_KEY_BYTES + 1];

	ck_assert_int_eq(bcrypt_pbkdf(password, salt, a->rounds, key, a->n), OK);
	for (size_t i = 0; i < a->n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", key[i]);
	ck_assert_str_eq(hex, a->hex);
}
END_TEST

START_TEST(bcrypt_refuses_what_it_has_no_room_for)
{
	uint8_t key[LIMIT_BCRYPT_KEY_BYTES];
	const struct span s = SPAN_LIT("x");

	ck_assert_int_eq(bcrypt_pbkdf(s, s, 1, key, 0), ERR_RANGE);
	ck_assert_int_eq(bcrypt_pbkdf(s, s, 1, key, sizeof key + 1), ERR_RANGE);
	ck_assert_int_eq(bcrypt_pbkdf(s, s, 0, key, 32), ERR_RANGE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_bcrypt");
	TCase *t = tcase_create("bcrypt");

	tcase_add_loop_test(t, bcrypt_gives_known_answers, 0,
			    sizeof answers / sizeof answers[0]);
	tcase_add_test(t, bcrypt_refuses_what_it_has_no_room_for);
	suite_add_tcase(s, t);
	return s;
}
