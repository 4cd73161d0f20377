/* The check passes here, and finds a hole where one is made. */
#include <sys/prctl.h>

#include "common/sandbox_check.h"
#include "common/sandbox_check_private.h"
#include "tests/unit.h"

#define SECONDS 60

static void world_of(struct check_world *w)
{
	*w = (struct check_world){.quiet = true};
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(check_world_init(w), OK);
}

/* Gives the filter of one role to another. */
static void misfilter(struct check_world *w, enum sandbox_role role,
		      enum sandbox_role other)
{
	sandbox_filter_wipe(&w->filters[role]);
	ck_assert_int_eq(sandbox_filter_make(other, &w->filters[role]), OK);
}

START_TEST(the_walls_stand_here)
{
	char *argv[] = {"check", "-q", NULL};

	ck_assert_int_eq(sandbox_check_main(2, argv), 0);
}
END_TEST

START_TEST(a_filter_too_wide_is_found)
{
	struct check_world w;
	struct check_cell cell;

	world_of(&w);
	misfilter(&w, ROLE_VERIFY, ROLE_NURSERY);
	ck_assert_int_eq(check_cell_open(&w, ROLE_VERIFY, &cell), OK);
	check_calls(&w, &cell);
	ck_assert_uint_gt(w.wrong, 0);
	check_cell_close(&cell);
	check_world_wipe(&w);
}
END_TEST

START_TEST(a_filter_too_narrow_is_found)
{
	struct check_world w;
	struct check_cell cell;

	world_of(&w);
	misfilter(&w, ROLE_CONNECTOR, ROLE_VERIFY);
	ck_assert_int_eq(check_cell_open(&w, ROLE_CONNECTOR, &cell), OK);
	check_calls(&w, &cell);
	ck_assert_uint_gt(w.wrong, 0);
	check_cell_close(&cell);
	check_world_wipe(&w);
}
END_TEST

START_TEST(an_open_door_is_found)
{
	struct check_world w;
	struct check_cell cell;

	world_of(&w);
	misfilter(&w, ROLE_VERIFY, ROLE_CONNECTOR);
	ck_assert_int_eq(check_cell_open(&w, ROLE_VERIFY, &cell), OK);
	check_doors(&w, &cell);
	ck_assert_uint_gt(w.wrong, 0);
	check_cell_close(&cell);
	check_world_wipe(&w);
}
END_TEST

START_TEST(a_namespace_that_is_the_hosts_is_found)
{
	struct check_world w;
	struct check_cell cell, session;

	world_of(&w);
	ck_assert_int_eq(check_cell_open(&w, ROLE_SESSION, &session), OK);
	check_layers(&w, &session);
	ck_assert_uint_eq(w.wrong, 0);
	check_cell_close(&session);
	/* as if the host's were another: what a session has is then not the host's */
	w.spaces[1][0] = '\0';
	ck_assert_int_eq(check_cell_open(&w, ROLE_SESSION, &cell), OK);
	check_layers(&w, &cell);
	ck_assert_uint_eq(w.wrong, 1);
	check_cell_close(&cell);
	check_world_wipe(&w);
}
END_TEST

START_TEST(results_are_told_in_words)
{
	char text[LIMIT_NAME_BYTES];

	ck_assert_str_eq(check_result_text((struct check_result){CHECK_DONE, 0}, text),
			 "done");
	ck_assert_str_eq(
	    check_result_text((struct check_result){CHECK_REFUSED, 13}, text),
	    "EACCES");
	ck_assert_str_eq(
	    check_result_text((struct check_result){CHECK_KILLED, 31}, text), "killed");
	ck_assert_str_eq(check_result_text((struct check_result){CHECK_DIED, 9}, text),
			 "died(9)");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox_check");
	TCase *t = tcase_create("check");

	tcase_set_timeout(t, SECONDS);
	tcase_add_test(t, the_walls_stand_here);
	tcase_add_test(t, a_filter_too_wide_is_found);
	tcase_add_test(t, a_filter_too_narrow_is_found);
	tcase_add_test(t, an_open_door_is_found);
	tcase_add_test(t, a_namespace_that_is_the_hosts_is_found);
	tcase_add_test(t, results_are_told_in_words);
	suite_add_tcase(s, t);
	return s;
}
