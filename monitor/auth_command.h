/*
 * AuthorizedPrincipalsCommand and AuthorizedKeysCommand: a login helper runs them, and what they list is
 * looked at as what files list. Source: sshd_config(5)
 */
#ifndef MONITOR_AUTH_COMMAND_H
#define MONITOR_AUTH_COMMAND_H

#include "monitor/monitor.h"

/*
 * No list that was there lets the attempt's key in, for reason e: has the next command run that may have one.
 * auth_decide(c) follows.
 * Errors: ERR_AGAIN one is running; e there is none; ERR_SYSTEM
 */
MUST_CHECK enum err auth_command_ask(struct conn *c, enum err e);

#endif
