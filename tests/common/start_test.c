/* What the monitor may tell a process of ours on its command line. */
#include <unistd.h>

#include "common/log.h"
#include "common/start.h"
#include "tests/unit.h"

static enum err read_words(int argc, char *const *argv, int *sock, const char **user)
{
	char *copy[8] = {0};

	for (int i = 0; i < argc; i++)
		copy[i] = argv[i];
	return start_options(argc, copy, sock, user);
}

START_TEST(socket_and_user_are_taken_in_any_order)
{
	char *const one[] = {"p", "--socket", "3", "--user", "nobody"};
	char *const other[] = {"p", "--user", "nobody", "--socket", "4"};
	const char *user = NULL;
	int sock = -1;

	ck_assert_int_eq(read_words(5, one, &sock, &user), OK);
	ck_assert_int_eq(sock, 3);
	ck_assert_str_eq(user, "nobody");
	user = NULL;
	ck_assert_int_eq(read_words(3, one, &sock, &user), OK);
	ck_assert_ptr_eq(user, NULL);
	ck_assert_int_eq(read_words(5, other, &sock, &user), OK);
	ck_assert_int_eq(sock, 4);
}
END_TEST

START_TEST(anything_else_is_refused)
{
	static char *const bad[][3] = {
	    {"p", "--socket", ""                    },
            {"p", "--socket", "x"                   },
	    {"p", "--socket", "3x"                  },
            {"p", "--socket", "2"                   },
	    {"p", "--socket", "-1"                  },
            {"p", "--socket", "99999999999999999999"},
	    {"p", "--user",   "a"                   },
            {"p", "--other",  "3"                   },
	};
	char *const half[] = {"p", "--socket"};
	const char *user = NULL;
	int sock = -1;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_int_eq(read_words(3, bad[i], &sock, &user), ERR_CONFIG);
	ck_assert_int_eq(read_words(2, half, &sock, &user), ERR_CONFIG);
	ck_assert_int_eq(read_words(1, half, &sock, &user), ERR_CONFIG);
	ck_assert_int_eq(sock, -1);
}
END_TEST

START_TEST(an_account_that_is_not_there_is_refused)
{
	struct sandbox_plan plan = {.uid = SANDBOX_KEEP_ID};

	log_level_set(LOG_QUIET_ALL);
	ck_assert_int_eq(start_account("test", "no-such-account", &plan), ERR_UNKNOWN);
	ck_assert_int_eq(start_account("test", NULL, &plan), OK);
	ck_assert(plan.uid == SANDBOX_KEEP_ID);
	ck_assert_int_eq(start_account("test", "root", &plan), OK);
	ck_assert(plan.uid == (geteuid() == 0 ? 0 : SANDBOX_KEEP_ID));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_start");
	TCase *t = tcase_create("start");

	tcase_add_test(t, socket_and_user_are_taken_in_any_order);
	tcase_add_test(t, anything_else_is_refused);
	tcase_add_test(t, an_account_that_is_not_there_is_refused);
	suite_add_tcase(s, t);
	return s;
}
