/*
 * What is read from files: configuration, keys, users. All of it is validated before any of it counts.
 */
#ifndef MONITOR_LOAD_H
#define MONITOR_LOAD_H

#include "monitor/monitor.h"

struct ring *ring_ref(struct ring *r);
void ring_unref(struct ring *r);

/*
 * Loads keys, users and script as config says, and puts all of them in force. A script is compiled by
 * the policy process, which is waited for.
 * Owns:   config
 * Errors: as the parts; logged by name; what was in force stays
 */
MUST_CHECK enum err load_all(struct monitor *m, struct config *config);

/*
 * Checks what set needs of the system before anything is started: accounts, /dev/null.
 * Errors: ERR_UNKNOWN; ERR_FILE; logged with the remedy
 */
MUST_CHECK enum err system_check(const struct settings *set);

/*
 * Reads the configuration again, and everything with it; live connections keep theirs. Where there is a
 * script it counts once that is compiled.
 */
void reload(struct monitor *m);

/* Gives up a reload that is under way. */
void reload_drop(struct monitor *m);

#endif
