/*
 * Times as authorized_keys writes them: expiry-time.
 */
#ifndef MONITOR_AUTH_KEYTIME_H
#define MONITOR_AUTH_KEYTIME_H

#include "common/bytes.h"

/*
 * Reads YYYYMMDD or YYYYMMDDHHMM[SS], local time, or UTC where a Z follows.
 * out:    seconds since 1970
 * Errors: ERR_CONFIG no such time
 * Source: sshd(8) expiry-time
 */
MUST_CHECK enum err keytime_parse(struct span text, uint64_t *out);

#endif
