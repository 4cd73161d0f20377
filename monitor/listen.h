/*
 * Listening sockets, and who is let in. Source: sshd_config(5) ListenAddress, MaxStartups
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

/* Why a new connection is refused; NULL where it is not. chance: 0..99, drawn by the caller */
const char *admit(const struct settings *set, size_t n_conns, size_t n_startups,
		  uint32_t chance);

#endif
