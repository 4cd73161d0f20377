#include <pwd.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/control_access.h"
#include "tests/unit.h"

static struct control_access access_of_lists(uid_t *user, gid_t *group)
{
	return (struct control_access){
	    .admins = {.user = user,   .n_users = 1 },
	    .viewers = {.group = group, .n_groups = 1}
        };
}

START_TEST(control_access_knows_root_ourselves_and_nobody_else)
{
	static const gid_t root_group = 0;
	const struct control_access none = {0};
	enum ctl_role role = CTL_VIEWER;

	ck_assert(control_access_role(&none, &(struct control_peer){.uid = 0}, &role));
	ck_assert_int_eq(role, CTL_ADMIN);
	ck_assert(control_access_role(&none, &(struct control_peer){.uid = geteuid()},
				      &role));
	ck_assert(!control_access_role(
	    &none, &(struct control_peer){geteuid() + 77, &root_group, 1}, &role));
}
END_TEST

START_TEST(control_access_gives_the_greater_role)
{
	uid_t user = geteuid() + 1;
	gid_t group = 4711;
	const gid_t groups[] = {1, 4711};
	struct control_access a = access_of_lists(&user, &group);
	enum ctl_role role = CTL_VIEWER;

	ck_assert(control_access_role(
	    &a, &(struct control_peer){geteuid() + 2, groups, 2}, &role));
	ck_assert_int_eq(role, CTL_VIEWER);
	ck_assert(!control_access_role(
	    &a, &(struct control_peer){geteuid() + 2, groups, 1}, &role));
	ck_assert(
	    control_access_role(&a, &(struct control_peer){user, groups, 2}, &role));
	ck_assert_int_eq(role, CTL_ADMIN);
}
END_TEST

static void drop_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	(void)line;
}

START_TEST(control_access_load_resolves_names)
{
	const char *good[] = {"root", "@root"}, *bad[] = {"no-such-user-here"},
		   *bad_group[] = {"@no-such-group-here"};
	struct settings set = {
	    .control_admins = {good, 2}
        };
	struct control_access a = {0};

	log_open(drop_line, NULL, LOG_ERROR);
	ck_assert_int_eq(control_access_load(&set, &a), OK);
	ck_assert_uint_eq(a.admins.n_users, 1);
	ck_assert_uint_eq(a.admins.n_groups, 1);
	ck_assert_uint_eq(a.admins.user[0], 0);
	control_access_wipe(&a);
	set.control_viewers = (struct strlist){bad, 1};
	ck_assert_int_eq(control_access_load(&set, &a), ERR_CONFIG);
	set.control_viewers = (struct strlist){bad_group, 1};
	ck_assert_int_eq(control_access_load(&set, &a), ERR_CONFIG);
	ck_assert_ptr_null(a.admins.user);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_control_access");
	TCase *t = tcase_create("access");

	tcase_add_test(t, control_access_knows_root_ourselves_and_nobody_else);
	tcase_add_test(t, control_access_gives_the_greater_role);
	tcase_add_test(t, control_access_load_resolves_names);
	suite_add_tcase(s, t);
	return s;
}
