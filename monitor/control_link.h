/*
 * The control socket, as the rest of the monitor sees it: operators' clients speak with the control
 * process, which asks for what they want; who may do what is decided here.
 */
#ifndef MONITOR_CONTROL_LINK_H
#define MONITOR_CONTROL_LINK_H

#include "monitor/monitor.h"

/*
 * Opens the socket and starts the control process, as the settings in force say; to be called again
 * after a reload. Errors: ERR_FILE; ERR_SYSTEM; ERR_MEMORY; logged
 */
MUST_CHECK enum err control_open(struct monitor *m);

/* The process's socket ended. k is what link_open was given. */
void control_lost(struct control *k, enum err e, const char *what);

/* To be called every second: starts again what could not be started. */
void control_tick(struct monitor *m);

/* Closes the socket, removes its file, lets the process end. */
/* Has the process start anew with the next tick: what it reads at its start has changed. */
void control_reopen(struct monitor *m);

void control_wipe(struct monitor *m);

#endif
