/*
 * The policy process: the engine behind walls, at the end of its link to the monitor.
 */
#ifndef POLICY_SERVE_H
#define POLICY_SERVE_H

#include "common/err.h"

/*
 * Enters the sandbox and serves until the monitor ends the link.
 * user:   whom to become; NULL: nobody else
 * Errors: ERR_CLOSED the link ended, as it should; ERR_UNKNOWN no such account; ERR_SANDBOX;
 *         what the link says
 */
MUST_CHECK enum err serve_run(int sock, const char *user);

#endif
