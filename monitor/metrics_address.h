/*
 * The address of MetricsListen.
 */
#ifndef MONITOR_METRICS_ADDRESS_H
#define MONITOR_METRICS_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "common/err.h"

#define METRICS_ADDRESS_BYTES 64 /* [IPv6]:port with its NUL */

/*
 * Reads PORT, ADDRESS:PORT or [ADDRESS]:PORT; without an address, or with localhost, it is 127.0.0.1. Names are not
 * looked up.
 * Errors: ERR_RANGE it is none of these
 */
MUST_CHECK enum err metrics_address_read(const char *text,
					 struct sockaddr_storage *out);

/* Writes it in full. Gives:  out */
const char *metrics_address_text(const struct sockaddr_storage *at,
				 char out[METRICS_ADDRESS_BYTES]);

/* Tells whether only this host can reach it. */
bool metrics_address_is_local(const struct sockaddr_storage *at);

#endif
