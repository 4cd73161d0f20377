/*
 * The monitor's processes: the nursery and its workers, the login master, the connector.
 */
#ifndef MONITOR_SPAWN_H
#define MONITOR_SPAWN_H

#include "monitor/monitor.h"

/* Finds the folder of the other programs: beside this one, or ../libexec/sallyport. */
MUST_CHECK enum err spawn_find_programs(struct monitor *m);

/*
 * Starts nursery, login master and connector. No key may have been read yet.
 * Errors: ERR_SYSTEM; ERR_FILE a program is missing (logged by name)
 */
MUST_CHECK enum err spawn_all(struct monitor *m);

/*
 * Starts one of our programs with a socket and, as root, with an account to become.
 * argument: its first; NULL: none
 * Owns:     *out, our end, becomes the caller's
 * Errors:   ERR_SYSTEM; ERR_FILE it is missing (logged by name)
 */
MUST_CHECK enum err spawn_program(struct monitor *m, const char *name,
				  const char *argument, const char *user, int *out);

/* Tells the nursery what workers inherit, and has the spares forked. */
MUST_CHECK enum err spawn_settings(struct monitor *m);

/* Replaces the nursery. why: METRIC_BURN_… */
void spawn_burn_nursery(struct monitor *m, size_t why);

/*
 * Takes a spare worker, or has one forked. Another is forked in its place.
 * Owns:   *sock becomes the caller's
 * Errors: ERR_SYSTEM; ERR_CLOSED no nursery; ERR_MEMORY
 */
MUST_CHECK enum err spawn_worker(struct monitor *m, struct conn *c, int *sock,
				 uint32_t *child);

/* Has the login master fork a helper; as spawn_worker. */
MUST_CHECK enum err spawn_login(struct monitor *m, int *sock, uint32_t *child);

/* Has a child killed that does not end by itself; nothing happens where it has ended. */
void child_kill(struct monitor *m, uint32_t child);

/* As child_kill, for one that did no wrong: its death is no crash. */
void child_dismiss(struct monitor *m, uint32_t child);

/* Starts again what could not be started when it was lost. To be called every second. */
void spawn_missing(struct monitor *m);

/* A fork server's socket ended. */
void fork_server_lost(struct fork_server *f, enum err e, const char *what);

/* Closes all. */
void spawn_wipe(struct monitor *m);

#endif
