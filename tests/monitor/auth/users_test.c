/* UsersFile: lines taken, lines refused with their number, and finding. */
#include "monitor/auth/users.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

static struct keyfile_note note;

static enum err load(const char *text, struct users *out)
{
	return users_load(keys_write("users", span_str(text), 0600), out, &note);
}

START_TEST(users_load_reads_names_hashes_accounts)
{
	struct users u = {0};
	const struct user_entry *e;

	ck_assert_msg(load("# people\n\nzoe:$6$salt$hash:deploy\nalice:$y$j9T$x$y\r\n"
			   "bob:!$6$a$b\ncarl:*:carl2\ndan::\n",
			   &u) == ERR_CONFIG,
		      "an empty account was taken");
	ck_assert_int_eq(
	    load("# people\n\nzoe:$6$salt$hash:deploy\nalice:$y$j9T$x$y\r\n"
		 "bob:!$6$a$b\ncarl:*:carl2\ndan:",
		 &u),
	    OK);
	ck_assert_uint_eq(u.n, 5);
	e = users_find(&u, SPAN_LIT("zoe"));
	ck_assert_ptr_nonnull(e);
	ck_assert(span_is(e->hash, "$6$salt$hash") && span_is(e->account, "deploy") &&
		  e->has_account);
	ck_assert(!e->locked);
	e = users_find(&u, SPAN_LIT("alice"));
	ck_assert(span_is(e->hash, "$y$j9T$x$y") && span_is(e->account, "alice") &&
		  !e->has_account);
	users_wipe(&u);
	ck_assert_uint_eq(u.n, 0);
}
END_TEST

START_TEST(users_may_have_secrets_with_an_account_or_without)
{
	struct users u = {0};
	const struct user_entry *e;

	ck_assert_int_eq(load("ann:!::totp=GEZDGNBVGY3TQOJQ,digits=8\n"
			      "bob:x:y:totp=GEZDGNBVGY3TQOJQ\ncarl:x:y\n",
			      &u),
			 OK);
	ck_assert_uint_eq(u.n_totp, 2);
	e = users_find(&u, SPAN_LIT("ann"));
	ck_assert(!e->has_account && span_is(e->account, "ann") && e->locked);
	ck_assert_uint_eq(e->totp.digits, 8);
	e = users_find(&u, SPAN_LIT("bob"));
	ck_assert(e->has_account && span_is(e->account, "y"));
	ck_assert_uint_eq(users_find(&u, SPAN_LIT("carl"))->totp.secret.n, 0);
	users_wipe(&u);
}
END_TEST

START_TEST(users_locked_ones_have_no_hash)
{
	static const char *const names[] = {"bob", "carl", "dan"};
	struct users u = {0};

	ck_assert_int_eq(load("bob:!$6$a$b\ncarl:*\ndan:\n", &u), OK);
	for (size_t i = 0; i < 3; i++) {
		const struct user_entry *e = users_find(&u, span_str(names[i]));

		ck_assert_ptr_nonnull(e);
		ck_assert(e->locked);
		ck_assert_uint_eq(e->hash.n, 0);
	}
	users_wipe(&u);
}
END_TEST

START_TEST(users_load_refuses_bad_lines_by_number)
{
	static const struct {
		const char *text, *line;
	} bad[] = {
	    {"alice:x\nbob\n",                     "users:2:"},
	    {"\n\n:x\n",			   "users:3:"},
	    {"alice:x:y:z\n",                      "users:1:"},
	    {"alice:x::\n",                        "users:1:"},
	    {"alice:x:y:totp=GEZDGNBVGY3TQOJQ:\n", "users:1:"},
	    {"al ice:x\n",                         "users:1:"},
	    {"alice:x y\n",                        "users:1:"},
	    {"alice:x:\n",                         "users:1:"},
	    {"alice:x:a b\n",                      "users:1:"},
	    {"b:x\nalice:x\nc:x\nalice:y",         "users:4:"},
	};
	struct users u = {0};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(load(bad[i].text, &u) == ERR_CONFIG, "taken: %s",
			      bad[i].text);
		ck_assert_msg(strstr(note.text, bad[i].line) != NULL, "%s", note.text);
	}
	ck_assert_ptr_null(u.entry);
}
END_TEST

START_TEST(users_load_refuses_a_file_that_others_may_read)
{
	struct users u = {0};

	ck_assert_int_eq(
	    users_load(keys_write("users", SPAN_LIT("a:x\n"), 0644), &u, &note),
	    ERR_FILE);
	ck_assert_int_eq(users_load(keys_path("none"), &u, &note), ERR_FILE);
}
END_TEST

START_TEST(users_find_finds_everyone_among_many)
{
	struct users u = {0};
	char *text = malloc(64 * 1000 + 1), *p = text;
	char name[32];

	for (int i = 0; i < 1000; i++)
		p += sprintf(p, "user%d:hash%d\n", (i * 7919) % 1000, i);
	ck_assert_int_eq(load(text, &u), OK);
	ck_assert_uint_eq(u.n, 1000);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof name, "user%d", i);
		ck_assert_ptr_nonnull(users_find(&u, span_str(name)));
	}
	ck_assert_ptr_null(users_find(&u, SPAN_LIT("user")));
	ck_assert_ptr_null(users_find(&u, SPAN_LIT("user1000")));
	ck_assert_ptr_null(users_find(&u, SPAN_LIT("zzz")));
	ck_assert_ptr_null(users_find(&u, (struct span){0}));
	users_wipe(&u);
	free(text);
}
END_TEST

START_TEST(users_an_empty_file_has_nobody)
{
	struct users u = {0};

	ck_assert_int_eq(load("", &u), OK);
	ck_assert_ptr_null(users_find(&u, SPAN_LIT("alice")));
	users_wipe(&u);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_users");
	TCase *t = tcase_create("users");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_test(t, users_load_reads_names_hashes_accounts);
	tcase_add_test(t, users_may_have_secrets_with_an_account_or_without);
	tcase_add_test(t, users_locked_ones_have_no_hash);
	tcase_add_test(t, users_load_refuses_bad_lines_by_number);
	tcase_add_test(t, users_load_refuses_a_file_that_others_may_read);
	tcase_add_test(t, users_find_finds_everyone_among_many);
	tcase_add_test(t, users_an_empty_file_has_nobody);
	suite_add_tcase(s, t);
	return s;
}
