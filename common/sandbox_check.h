/*
 * Tries the walls from inside and prints what was expected and what happened: for an
 * operator on a new kernel, for make check-sandbox, for sallyportd --check-sandbox.
 */
#ifndef COMMON_SANDBOX_CHECK_H
#define COMMON_SANDBOX_CHECK_H

/*
 * Runs the check and prints its table on standard output. argv may have, after the name,
 * -q: differences and the closing lines only. To be called by a process with one thread that
 * has done nothing else: it becomes the reaper of what it starts.
 * Gives:  exit status: 0 all is as expected, 1 a difference, 2 it could not run
 */
int sandbox_check_main(int argc, char **argv);

#endif
