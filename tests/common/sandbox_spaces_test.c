/* Leaving the host: descriptors, namespaces, root. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sandbox.h"
#include "tests/unit.h"

/* Runs it in a process that may be replaced by its child; what it wrote to the pipe. */
static int answer_of(int (*fn)(int pipe_fd))
{
	int answer = -1;
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		answer = fn(ends[1]);
		_exit(write(ends[1], &answer, sizeof answer) == (ssize_t)sizeof answer
			  ? 0
			  : 1);
	}
	close(ends[1]);
	if (read(ends[0], &answer, sizeof answer) != (ssize_t)sizeof answer)
		answer = -1;
	close(ends[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return answer;
}

static int leave(int pipe_fd)
{
	struct sandbox_plan plan = {.role = ROLE_NURSERY,
				    .uid = SANDBOX_KEEP_ID,
				    .keep = &pipe_fd,
				    .n_keep = 1};
	struct sandbox_layers l = {0};

	return sandbox_namespaces(&plan, &l) == OK ? (int)l.on : 0;
}

static int leave_and_count(int pipe_fd)
{
	int n = 0;

	if (leave(pipe_fd) == 0)
		return -1;
	for (int fd = 0; fd < LIMIT_WORKER_FILES; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int leave_and_look(int pipe_fd)
{
	int on = leave(pipe_fd);

	if ((on & (int)SANDBOX_ON(LAYER_EMPTY_ROOT)) == 0)
		return 2;
	return access("/etc", F_OK) == 0 || access("/", W_OK) == 0 ? 0 : 1;
}

static int leave_and_count_pid(int pipe_fd)
{
	int on = leave(pipe_fd);

	return (on & (int)SANDBOX_ON(LAYER_PID_NS)) == 0 ? 1 : (int)getpid();
}

START_TEST(all_descriptors_but_the_kept_are_closed)
{
	ck_assert_int_eq(answer_of(leave_and_count), 1);
}
END_TEST

START_TEST(the_root_is_empty_and_shut)
{
	ck_assert_int_ne(answer_of(leave_and_look), 0);
}
END_TEST

START_TEST(it_is_the_first_of_its_pid_namespace)
{
	ck_assert_int_eq(answer_of(leave_and_count_pid), 1);
}
END_TEST

START_TEST(more_descriptors_than_the_limit_are_refused)
{
	int keep[LIMIT_SANDBOX_KEEP + 1] = {0};
	struct sandbox_plan plan = {
	    .role = ROLE_WORKER, .keep = keep, .n_keep = LIMIT_SANDBOX_KEEP + 1};
	struct sandbox_layers l = {0};

	ck_assert_int_eq(sandbox_namespaces(&plan, &l), ERR_RANGE);
}
END_TEST

START_TEST(a_descriptor_that_is_absent_is_refused)
{
	int keep = -1;
	struct sandbox_plan plan = {.role = ROLE_WORKER, .keep = &keep, .n_keep = 1};
	struct sandbox_layers l = {0};

	ck_assert_int_eq(sandbox_namespaces(&plan, &l), ERR_RANGE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_sandbox_spaces");
	TCase *t = tcase_create("spaces");

	tcase_add_test(t, all_descriptors_but_the_kept_are_closed);
	tcase_add_test(t, the_root_is_empty_and_shut);
	tcase_add_test(t, it_is_the_first_of_its_pid_namespace);
	tcase_add_test(t, more_descriptors_than_the_limit_are_refused);
	tcase_add_test(t, a_descriptor_that_is_absent_is_refused);
	suite_add_tcase(s, t);
	return s;
}
