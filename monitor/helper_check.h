/*
 * Programs of PolicyHelper, looked at before they are used.
 */
#ifndef MONITOR_HELPER_CHECK_H
#define MONITOR_HELPER_CHECK_H

#include "monitor/config.h"

/*
 * Looks whether every program is there, can be run, and can be changed by nobody but root and us.
 * Errors: ERR_CONFIG logged, with the remedy
 */
MUST_CHECK enum err helpers_check(const struct settings *set);

#endif
