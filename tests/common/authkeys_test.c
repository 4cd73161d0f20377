/* Lines of authorized_keys files, as sshd reads them. */
#include <stdlib.h>
#include <string.h>

#include "common/authkeys.h"
#include "common/limits.h"
#include "tests/unit.h"

#define KEY_64 "AAAAC3NzaC1lZDI1NTE5AAAAIFtpqWmCJchxJtiY3XHDc+bM0lbWTmiaFXH7kfq4LI6F"
#define KEY    "ssh-ed25519 " KEY_64

static uint8_t store[LIMIT_PK_BLOB_BYTES];

static enum err cut(const char *text, struct authkey_line *out)
{
	return authkeys_line(span_str(text), store, sizeof store, out);
}

START_TEST(authkeys_line_cuts_key_and_comment)
{
	struct authkey_line l = {0};

	ck_assert_int_eq(cut(KEY " alice@home and more", &l), OK);
	ck_assert_uint_eq(l.options.n, 0);
	ck_assert(span_is(l.type, "ssh-ed25519"));
	ck_assert_uint_eq(l.blob.n, 51);
	ck_assert(span_is(l.comment, "alice@home and more"));
	ck_assert_int_eq(cut(" \t" KEY, &l), OK);
	ck_assert_uint_eq(l.comment.n, 0);
}
END_TEST

START_TEST(authkeys_line_cuts_options_with_quoted_blanks)
{
	struct authkey_line l = {0};

	ck_assert_int_eq(
	    cut("restrict,command=\"echo \\\"a b\\\" # x\",pty \t" KEY " c", &l), OK);
	ck_assert(span_is(l.options, "restrict,command=\"echo \\\"a b\\\" # x\",pty"));
	ck_assert(span_is(l.type, "ssh-ed25519"));
	ck_assert(span_is(l.comment, "c"));
}
END_TEST

START_TEST(authkeys_line_skips_blank_and_comment)
{
	struct authkey_line l = {0};

	ck_assert_int_eq(cut("", &l), ERR_UNKNOWN);
	ck_assert_int_eq(cut("  \t ", &l), ERR_UNKNOWN);
	ck_assert_int_eq(cut(" # " KEY, &l), ERR_UNKNOWN);
}
END_TEST

START_TEST(authkeys_line_refuses_malformed_lines)
{
	static const char *const bad[] = {
	    "ssh-ed25519",
	    "ssh-ed25519 ",
	    "ssh-ed25519 " KEY_64 "A",
	    "ssh-ed25519 AAAA",
	    "ssh-ed25519 %%%%",
	    "ssh-rsa " KEY_64,
	    "ssh-dsa AAAAB3NzaC1kc3M=",
	    "command=\"x " KEY,
	    "restrict restrict " KEY,
	    "restrict",
	    "rsa-sha2-512 " KEY_64,
	};
	struct authkey_line l = {.comment = SPAN_LIT("untouched")};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(cut(bad[i], &l) == ERR_KEY, "taken: %s", bad[i]);
	ck_assert(span_is(l.comment, "untouched"));
}
END_TEST

START_TEST(authkeys_line_refuses_what_is_too_long)
{
	static char line[LIMIT_KEYS_LINE_BYTES + 2];
	struct authkey_line l = {0};

	ck_assert_int_eq(authkeys_line(span_str(KEY), store, 50, &l), ERR_RANGE);
	ck_assert_int_eq(authkeys_line(span_str(KEY), store, 51, &l), OK);
	memset(line, 'x', sizeof line - 1);
	memcpy(line, KEY " ", sizeof KEY);
	ck_assert_int_eq(cut(line, &l), ERR_RANGE);
	line[LIMIT_KEYS_LINE_BYTES] = '\0';
	ck_assert_int_eq(cut(line, &l), OK);
}
END_TEST

START_TEST(authkeys_line_takes_nul_bytes_without_harm)
{
	static const uint8_t line[] = "ssh-ed25519\0 " KEY_64;
	struct authkey_line l = {0};

	ck_assert_int_eq(authkeys_line((struct span){line, sizeof line - 1}, store,
				       sizeof store, &l),
			 ERR_KEY);
}
END_TEST

START_TEST(authkeys_next_walks_all_lines)
{
	struct span text = SPAN_LIT("one\r\n\ntwo\nlast"), line = {0};

	ck_assert(authkeys_next(&text, &line) && span_is(line, "one"));
	ck_assert(authkeys_next(&text, &line) && span_is(line, ""));
	ck_assert(authkeys_next(&text, &line) && span_is(line, "two"));
	ck_assert(authkeys_next(&text, &line) && span_is(line, "last"));
	ck_assert(!authkeys_next(&text, &line));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_authkeys");
	TCase *t = tcase_create("authkeys");

	tcase_add_test(t, authkeys_line_cuts_key_and_comment);
	tcase_add_test(t, authkeys_line_cuts_options_with_quoted_blanks);
	tcase_add_test(t, authkeys_line_skips_blank_and_comment);
	tcase_add_test(t, authkeys_line_refuses_malformed_lines);
	tcase_add_test(t, authkeys_line_refuses_what_is_too_long);
	tcase_add_test(t, authkeys_line_takes_nul_bytes_without_harm);
	tcase_add_test(t, authkeys_next_walks_all_lines);
	suite_add_tcase(s, t);
	return s;
}
