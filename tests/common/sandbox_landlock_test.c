/* What each role may still do to files once it is in its domain. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox_private.h"
#include "tests/unit.h"

/* Enters the domain of a plan in a child and runs fn there. Gives: fn's answer */
static int inside(const struct sandbox_plan *plan, int (*fn)(const char *dir),
		  const char *dir)
{
	struct sandbox_layers l = {0};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    landlock_enter(plan, &l) != OK)
			_exit(EXIT_FAILURE);
		if (l.landlock_abi == 0)
			_exit(0); /* this kernel has none, which is not an error */
		_exit(fn(dir));
	}
	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int opens_nothing(const char *dir)
{
	(void)dir;
	if (open("/etc/hosts", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 2;
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 ? 3 : 0;
}

static int opens_resolver_only(const char *dir)
{
	(void)dir;
	if (open("/etc/hosts", O_RDONLY | O_CLOEXEC) < 0)
		return 2;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 ? 3 : 0;
}

static int removes_its_own_only(const char *dir)
{
	char own[LIMIT_PATH_BYTES], other[LIMIT_PATH_BYTES];

	(void)snprintf(own, sizeof own, "%s/own/agent", dir);
	(void)snprintf(other, sizeof other, "%s/other", dir);
	if (unlink(other) == 0 || errno != EACCES)
		return 2;
	if (unlink(own) != 0)
		return 3;
	(void)snprintf(own, sizeof own, "%s/own", dir);
	return rmdir(own) == 0 ? 0 : 4;
}

static void make(const char *dir, const char *name)
{
	char path[LIMIT_PATH_BYTES];
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(a_worker_opens_nothing)
{
	struct sandbox_plan plan = {.role = ROLE_WORKER};

	ck_assert_int_eq(inside(&plan, opens_nothing, NULL), 0);
}
END_TEST

START_TEST(a_session_opens_nothing)
{
	struct sandbox_plan plan = {.role = ROLE_SESSION};

	ck_assert_int_eq(inside(&plan, opens_nothing, NULL), 0);
}
END_TEST

START_TEST(a_connector_opens_the_resolvers_files_only)
{
	struct sandbox_plan plan = {.role = ROLE_CONNECTOR};

	ck_assert_int_eq(inside(&plan, opens_resolver_only, NULL), 0);
}
END_TEST

START_TEST(a_session_removes_its_own_folder_only)
{
	char dir[] = "/tmp/sallyport-test.XXXXXX";
	char own[LIMIT_PATH_BYTES];
	struct sandbox_plan plan = {.role = ROLE_SESSION, .own_dir = own};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(own, sizeof own, "%s/own", dir);
	ck_assert_int_eq(mkdir(own, S_IRWXU), 0);
	make(own, "agent");
	make(dir, "other");
	ck_assert_int_eq(inside(&plan, removes_its_own_only, dir), 0);
	(void)rmdir(own);
	(void)snprintf(own, sizeof own, "%s/other", dir);
	ck_assert_int_eq(unlink(own), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox_landlock");
	TCase *t = tcase_create("landlock");

	tcase_add_test(t, a_worker_opens_nothing);
	tcase_add_test(t, a_session_opens_nothing);
	tcase_add_test(t, a_connector_opens_the_resolvers_files_only);
	tcase_add_test(t, a_session_removes_its_own_folder_only);
	suite_add_tcase(s, t);
	return s;
}
