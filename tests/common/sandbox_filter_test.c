/* A role's filter: compiled, loaded, obeyed. tests/sandbox tries every number from
 * inside. */
#include <errno.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "tests/unit.h"

/* Runs one call behind the filters of a role and its outer one. Gives: wait(2)'s status
 */
static int status_of(enum sandbox_role role, long nr)
{
	struct sandbox_filter f[2] = {{0}};
	int status = 0;
	pid_t pid;

	ck_assert_int_eq(sandbox_filter_make(sandbox_roles[role].inside, &f[0]), OK);
	ck_assert_int_eq(sandbox_filter_make(role, &f[1]), OK);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0 ||
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    sandbox_filter_load(&f[0], NULL) != OK)
			_exit(EXIT_FAILURE);
		if (sandbox_roles[role].inside != role &&
		    sandbox_filter_load(&f[1], NULL) != OK)
			_exit(EXIT_FAILURE);
		errno = 0;
		syscall(nr, 0, 0, 0, 0, 0, 0);
		_exit(errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	sandbox_filter_wipe(&f[0]);
	sandbox_filter_wipe(&f[1]);
	return status;
}

START_TEST(every_role_compiles_to_whole_instructions)
{
	struct sandbox_filter f = {0};

	for (enum sandbox_role role = 0; role < ROLE_COUNT; role++) {
		ck_assert_int_eq(sandbox_filter_make(role, &f), OK);
		ck_assert_uint_gt(f.n, 0);
		ck_assert_uint_eq(f.n % sizeof(struct sock_filter), 0);
		sandbox_filter_wipe(&f);
		ck_assert_ptr_null(f.bytes);
		ck_assert_uint_eq(f.n, 0);
	}
}
END_TEST

START_TEST(the_filter_a_worker_loads_is_small)
{
	struct sandbox_filter nursery = {0}, worker = {0};

	ck_assert_int_eq(sandbox_filter_make(ROLE_NURSERY, &nursery), OK);
	ck_assert_int_eq(sandbox_filter_make(ROLE_WORKER, &worker), OK);
	ck_assert_uint_lt(worker.n, nursery.n / 2);
	sandbox_filter_wipe(&nursery);
	sandbox_filter_wipe(&worker);
}
END_TEST

START_TEST(an_empty_filter_is_not_loaded)
{
	struct sandbox_filter none = {0};
	struct sandbox_layers layers = {0};

	ck_assert_int_eq(sandbox_filter_load(&none, &layers), ERR_SANDBOX);
	ck_assert_uint_eq(layers.on, 0);
	ck_assert_int_eq(layers.error[LAYER_SECCOMP], EINVAL);
}
END_TEST

START_TEST(a_call_without_a_row_kills)
{
	int status = status_of(ROLE_WORKER, SYS_socket);

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGSYS);
}
END_TEST

START_TEST(a_call_with_a_row_goes_through)
{
	int status = status_of(ROLE_WORKER, SYS_getpid);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(a_denied_call_gives_its_error)
{
	int status = status_of(ROLE_WORKER, SYS_sysinfo);

	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ENOSYS);
}
END_TEST

START_TEST(a_worker_lost_what_only_its_nursery_has)
{
	int nursery = status_of(ROLE_NURSERY, SYS_getppid);
	int worker = status_of(ROLE_WORKER, SYS_getppid);

	ck_assert(WIFEXITED(nursery));
	ck_assert(WIFSIGNALED(worker));
	ck_assert_int_eq(WTERMSIG(worker), SIGSYS);
	worker = status_of(ROLE_WORKER, SYS_seccomp);
	ck_assert(WIFSIGNALED(worker));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox_filter");
	TCase *t = tcase_create("filter");

	tcase_add_test(t, every_role_compiles_to_whole_instructions);
	tcase_add_test(t, the_filter_a_worker_loads_is_small);
	tcase_add_test(t, an_empty_filter_is_not_loaded);
	tcase_add_test(t, a_call_without_a_row_kills);
	tcase_add_test(t, a_call_with_a_row_goes_through);
	tcase_add_test(t, a_denied_call_gives_its_error);
	tcase_add_test(t, a_worker_lost_what_only_its_nursery_has);
	suite_add_tcase(s, t);
	return s;
}
