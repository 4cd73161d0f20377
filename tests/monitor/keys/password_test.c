/* Passwords: files and credentials here; the terminal by tests/e2e/stores_test.py. */
#include <fcntl.h>

#include "monitor/keys/password.h"
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static struct keyfile_note note;

static void is_secret(const struct password_source *s, const char *text)
{
	struct keyfile f = {0};

	ck_assert_msg(password_get(s, "/k", NULL, &f, &note) == OK, "%s", note.text);
	ck_assert_str_eq((char *)f.p, text);
	ck_assert_uint_eq(f.n, strlen(text));
	keyfile_wipe(&f);
}

START_TEST(password_is_a_file_without_its_line_end)
{
	const struct password_source lf = {
	    .file = keys_write("lf", SPAN_LIT("a b\n"), 0600)};
	const struct password_source crlf = {
	    .file = keys_write("crlf", SPAN_LIT(" x\r\n"), 0600)};
	const struct password_source bare = {
	    .file = keys_write("bare", SPAN_LIT("x"), 0600)};
	const struct password_source none = {
	    .file = keys_write("none", SPAN_LIT("\n"), 0600)};

	is_secret(&lf, "a b");
	is_secret(&crlf, " x");
	is_secret(&bare, "x");
	is_secret(&none, "");
}
END_TEST

START_TEST(password_may_be_a_credential)
{
	const struct password_source s = {.credential = "pin"};

	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", keys_folder, 1), 0);
	(void)keys_write("pin", SPAN_LIT("1234\n"), 0600);
	is_secret(&s, "1234");
}
END_TEST

START_TEST(password_of_nowhere_is_none)
{
	const struct password_source nowhere = {0};
	struct keyfile f = {0};

	ck_assert_int_eq(password_get(&nowhere, "/k", NULL, &f, &note), OK);
	ck_assert_ptr_null(f.p);
}
END_TEST

START_TEST(password_that_was_not_typed_at_start_is_told)
{
	const struct password_source s = {.prompt = true};
	struct passwords typed = {0};
	struct keyfile f = {0};

	ck_assert_int_eq(password_get(&s, "/k", &typed, &f, &note), ERR_FILE);
	ck_assert_ptr_nonnull(
	    strstr(note.text, "/k: its password is asked for at start"));
	passwords_wipe(&typed);
}
END_TEST

START_TEST(passwords_without_a_terminal_are_refused)
{
	struct passwords typed = {0};
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* a session of its own has no terminal; standard input is at its end */
	(void)setsid();
	ck_assert_int_eq(dup2(nothing, STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(passwords_ask(&typed, "/k", &note), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "/k: there is no terminal"));
	passwords_wipe(&typed);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_password");
	TCase *t = tcase_create("password");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_test(t, password_is_a_file_without_its_line_end);
	tcase_add_test(t, password_may_be_a_credential);
	tcase_add_test(t, password_of_nowhere_is_none);
	tcase_add_test(t, password_that_was_not_typed_at_start_is_told);
	tcase_add_test(t, passwords_without_a_terminal_are_refused);
	suite_add_tcase(s, t);
	return s;
}
