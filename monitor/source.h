/*
 * Where a connection comes from, in the form in which it is counted. Pure.
 */
#ifndef MONITOR_SOURCE_H
#define MONITOR_SOURCE_H

#include <sys/socket.h>

#include "monitor/config.h"

#define SOURCE_BYTES      16
#define SOURCE_TEXT_BYTES 64 /* an IPv6 address and its number of bits */

/* Zero state: none, e.g. a unix socket. IPv4 that came over IPv6 is IPv4. */
struct source {
	bool known, v6;
	uint8_t bytes[SOURCE_BYTES]; /* IPv4 in the first four */
};

/* Reads it out of the peer's address. */
struct source source_of(const struct sockaddr_storage *from);

/* Gives the block of addresses that is counted together: bits beyond it are cleared. */
struct source source_block(const struct source *s, const struct net_block *block);

/* Prints a block as 192.0.2.0/24, a single address without the number of bits. */
void source_show(const struct source *s, const struct net_block *block,
		 char out[SOURCE_TEXT_BYTES]);

#endif
