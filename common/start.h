/*
 * How our processes are started: by the monitor, with a socket and, as root, an account to become.
 */
#ifndef COMMON_START_H
#define COMMON_START_H

#include "common/sandbox.h"

/*
 * Reads --socket N [--user NAME].
 * user:   untouched where it is not given
 * Errors: ERR_CONFIG
 */
MUST_CHECK enum err start_options(int argc, char **argv, int *sock, const char **user);

/*
 * Has the plan become an account; as an ordinary user it stays as it is.
 * role:   for the log
 * user:   NULL: none
 * Errors: ERR_UNKNOWN there is no such account (logged with the remedy)
 */
MUST_CHECK enum err start_account(const char *role, const char *user,
				  struct sandbox_plan *plan);

#endif
