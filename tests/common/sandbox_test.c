/* Giving up every right, and what is told of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "tests/unit.h"

#define NOBODY 65534

static struct sandbox_plan plan_of(enum sandbox_role role)
{
	bool root = geteuid() == 0;

	return (struct sandbox_plan){.role = role,
				     .uid = root ? NOBODY : SANDBOX_KEEP_ID,
				     .gid = root ? NOBODY : SANDBOX_KEEP_ID};
}

static int wait_for(pid_t pid)
{
	int status = 0;

	ck_assert_int_ge(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(text_tells_what_stands_and_what_does_not)
{
	struct sandbox_layers l = {.landlock_abi = 7};
	char out[LIMIT_LAYERS_BYTES];

	l.wanted = SANDBOX_ON(LAYER_SECCOMP) | SANDBOX_ON(LAYER_LANDLOCK) |
		   SANDBOX_ON(LAYER_NET_NS) | SANDBOX_ON(LAYER_PID_NS);
	l.on = SANDBOX_ON(LAYER_SECCOMP) | SANDBOX_ON(LAYER_LANDLOCK);
	l.error[LAYER_NET_NS] = EPERM;
	ck_assert_str_eq(
	    sandbox_layers_text(&l, out),
	    "seccomp landlock(7); without: net-ns (Operation not permitted), pid-ns");
}
END_TEST

START_TEST(text_of_all_layers_fits)
{
	struct sandbox_layers l = {.wanted = SANDBOX_ON(LAYER_COUNT) - 1};
	char out[LIMIT_LAYERS_BYTES];

	for (size_t i = 0; i < LAYER_COUNT; i++)
		l.error[i] = EPERM;
	ck_assert_uint_lt(strlen(sandbox_layers_text(&l, out)), LIMIT_LAYERS_BYTES - 1);
}
END_TEST

START_TEST(text_of_nothing_is_empty)
{
	struct sandbox_layers l = {0};
	char out[LIMIT_LAYERS_BYTES];

	ck_assert_str_eq(sandbox_layers_text(&l, out), "");
}
END_TEST

START_TEST(drop_leaves_no_rights_and_says_so)
{
	struct sandbox_plan plan = plan_of(ROLE_VERIFY);
	struct sandbox_layers l = {0};
	struct rlimit files;
	pid_t pid = fork();

	if (pid == 0) {
		if (sandbox_drop(&plan, &l) != OK || geteuid() == 0)
			_exit(1);
		if (getrlimit(RLIMIT_NOFILE, &files) != 0 ||
		    files.rlim_max != LIMIT_VERIFY_FILES)
			_exit(2);
		if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || setuid(0) == 0)
			_exit(3);
		_exit((l.on & SANDBOX_ON(LAYER_CAPS)) != 0 ? 0 : 4);
	}
	ck_assert_int_eq(wait_for(pid), 0);
}
END_TEST

/* Drops with this as standard error, and writes to it. Gives: wait(2)'s status */
static int status_of_writing_to(const char *path)
{
	struct sandbox_plan plan = plan_of(ROLE_CONNECTOR);
	struct sandbox_layers l = {0};
	int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
	int log = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0) {
		if (dup2(strstr(path, "log") != NULL ? fd : log, STDERR_FILENO) < 0 ||
		    sandbox_drop(&plan, &l) != OK)
			_exit(1);
		_exit(write(fd, "x", 1) == 1 ? 0 : 2);
	}
	close(fd);
	close(log);
	(void)unlink(path);
	return wait_for(pid);
}

START_TEST(a_log_may_grow_and_no_other_file)
{
	int status = status_of_writing_to("/tmp/sallyport-test.log");

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	status = status_of_writing_to("/tmp/sallyport-test.other");
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGXFSZ);
}
END_TEST

START_TEST(root_must_become_somebody)
{
	struct sandbox_plan plan = {.role = ROLE_WORKER, .uid = SANDBOX_KEEP_ID};
	struct sandbox_layers l = {0};
	pid_t pid;

	if (geteuid() != 0)
		return;
	pid = fork();
	if (pid == 0)
		_exit(sandbox_drop(&plan, &l) == ERR_SANDBOX ? 0 : 1);
	ck_assert_int_eq(wait_for(pid), 0);
}
END_TEST

START_TEST(enter_ends_behind_the_filter)
{
	struct sandbox_plan plan = plan_of(ROLE_VERIFY);
	struct sandbox_layers l = {0};
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (sandbox_enter(&plan, &l) != OK)
			_exit(1);
		(void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
		_exit(2);
	}
	status = wait_for(pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox");
	TCase *t = tcase_create("drop");

	tcase_add_test(t, text_tells_what_stands_and_what_does_not);
	tcase_add_test(t, text_of_all_layers_fits);
	tcase_add_test(t, text_of_nothing_is_empty);
	tcase_add_test(t, drop_leaves_no_rights_and_says_so);
	tcase_add_test(t, a_log_may_grow_and_no_other_file);
	tcase_add_test(t, root_must_become_somebody);
	tcase_add_test(t, enter_ends_behind_the_filter);
	suite_add_tcase(s, t);
	return s;
}
