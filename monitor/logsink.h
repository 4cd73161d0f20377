/*
 * Where the gateway's log goes: syslog, standard error or a file. Source: sshd(8) -e, -E
 */
#ifndef MONITOR_LOGSINK_H
#define MONITOR_LOGSINK_H

#include "monitor/detach.h"
#include "monitor/options.h"

/* Opens the log as options and settings say; errors go to d's terminal too, while it listens. */
void logsink_open(const struct options *o, const struct settings *set,
		  struct detached *d);

#endif
