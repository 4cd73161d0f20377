/*
 * Listening sockets. Source: sshd_config(5) ListenAddress
 */
#ifndef MONITOR_LISTEN_H
#define MONITOR_LISTEN_H

#include "monitor/monitor.h"

/*
 * Listens where the settings say; what is listened on already stays open, what is not wanted any more is closed.
 * Errors: ERR_SYSTEM nothing could be listened on; each failure is logged by name
 */
MUST_CHECK enum err listeners_open(struct monitor *m);

/* Listens again where descriptors had run out. */
void listeners_resume(struct monitor *m);

void listeners_close(struct monitor *m);

#endif
