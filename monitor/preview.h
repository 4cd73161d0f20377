/*
 * What a script would say of a connection that nobody has made: the policy's part of -T -C.
 */
#ifndef MONITOR_PREVIEW_H
#define MONITOR_PREVIEW_H

#include <stdio.h>

#include "monitor/monitor.h"

/*
 * Asks the handlers of connections and logins, and prints their answers as lines of comment.
 * m:      in its zero state but for its options
 * set:    what config has for the connection
 * Errors: ERR_CONFIG the script, the log says what; ERR_FILE no policy process; ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err preview_print(struct monitor *m, struct config *config,
				  const struct settings *set,
				  const struct match_facts *facts, FILE *out);

#endif
