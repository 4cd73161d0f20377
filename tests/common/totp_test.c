/* Codes against the answers of RFC 6238 and RFC 4226, and the window around now. */
#include "common/totp.h"
#include "tests/unit.h"
#include "tests/vectors.h"

static const char rfc_key[] = "12345678901234567890";

static struct totp plain(void)
{
	return (struct totp){.secret = span_str(rfc_key),
			     .digest = DIGEST_SHA1,
			     .digits = 6,
			     .period_s = 30};
}

static uint64_t number(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return strtoull(v->field[i].text, NULL, 10);
	ck_abort_msg("no %s", name);
}

static const char *text(const struct vector *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, name) == 0)
			return v->field[i].text;
	ck_abort_msg("no %s", name);
}

START_TEST(codes_are_those_of_the_rfcs)
{
	FILE *f = vector_open("totp.txt");
	struct vector v = {0};
	size_t n = 0;

	for (; vector_next(f, &v); n++) {
		const char *want = text(&v, "code");
		char code[LIMIT_TOTP_DIGITS + 1];
		struct totp t = {.secret = vector_get(&v, "secret"),
				 .digest = vector_is(&v, "digest", "SHA1") ? DIGEST_SHA1
					   : vector_is(&v, "digest", "SHA256")
					       ? DIGEST_SHA256
					       : DIGEST_SHA512,
				 .digits = (uint32_t)strlen(want),
				 .period_s = (uint32_t)number(&v, "period")};
		uint64_t counter = 0;

		ck_assert_int_eq(totp_code(&t, number(&v, "time") / t.period_s, code),
				 OK);
		ck_assert_str_eq(code, want);
		ck_assert_int_eq(
		    totp_verify(&t, span_str(want), number(&v, "time"), &counter), OK);
		ck_assert_uint_eq(counter, number(&v, "time") / t.period_s);
	}
	ck_assert_uint_eq(n, 28);
	vector_wipe(&v);
	fclose(f);
}
END_TEST

START_TEST(codes_of_the_steps_beside_now_are_good_and_no_others)
{
	struct totp t = plain();
	const uint64_t now = 1000;
	char code[LIMIT_TOTP_DIGITS + 1];
	uint64_t counter;

	for (uint64_t step = now - 5; step <= now + 5; step++) {
		bool near = step + 1 >= now && step <= now + 1;

		ck_assert_int_eq(totp_code(&t, step, code), OK);
		ck_assert_int_eq(
		    totp_verify(&t, span_str(code), now * t.period_s + 29, &counter),
		    near ? OK : ERR_DENIED);
		if (near)
			ck_assert_uint_eq(counter, step);
	}
}
END_TEST

START_TEST(time_may_begin_at_zero)
{
	struct totp t = plain();
	uint64_t counter = 7;

	ck_assert_int_eq(totp_verify(&t, SPAN_LIT("755224"), 0, &counter), OK);
	ck_assert_uint_eq(counter, 0);
}
END_TEST

START_TEST(what_is_not_the_code_is_refused)
{
	static const char *const bad[] = {"", "75522", "7552245", "755225", " 755224"};
	struct totp t = plain();
	uint64_t counter;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(totp_verify(&t, span_str(bad[i]), 0, &counter),
				 ERR_DENIED);
}
END_TEST

START_TEST(fields_out_of_range_are_refused)
{
	static uint8_t much[LIMIT_TOTP_SECRET_BYTES + 1];
	char code[LIMIT_TOTP_DIGITS + 1];
	struct totp t[] = {plain(), plain(), plain(), plain(), plain(), plain()};

	t[0].digits = LIMIT_TOTP_DIGITS_MIN - 1;
	t[1].digits = LIMIT_TOTP_DIGITS + 1;
	t[2].period_s = 0;
	t[3].secret.n = 0;
	t[4].secret = SPAN_OF(much);
	t[5].digest = DIGEST_SHA384;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		ck_assert_int_eq(totp_code(&t[i], 0, code), ERR_RANGE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_totp");
	TCase *t = tcase_create("totp");

	tcase_add_test(t, codes_are_those_of_the_rfcs);
	tcase_add_test(t, codes_of_the_steps_beside_now_are_good_and_no_others);
	tcase_add_test(t, time_may_begin_at_zero);
	tcase_add_test(t, what_is_not_the_code_is_refused);
	tcase_add_test(t, fields_out_of_range_are_refused);
	suite_add_tcase(s, t);
	return s;
}
