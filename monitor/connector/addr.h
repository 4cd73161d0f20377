/*
 * Numeric addresses and the words for what went wrong with them. Pure.
 */
#ifndef MONITOR_CONNECTOR_ADDR_H
#define MONITOR_CONNECTOR_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/bytes.h"
#include "common/limits.h"

/* family of connect_tcp and bind_tcp */
enum addr_family { ADDR_ANY, ADDR_INET, ADDR_INET6 };

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Room for an address with brackets and port, or a host with its port. */
#define ADDR_TEXT_BYTES 300

/*
 * Reads an IPv4 or IPv6 address; an IPv6 scope must be a number ("fe80::1%2").
 * Errors: ERR_UNKNOWN not an address, or not of this family
 */
MUST_CHECK enum err addr_parse(const char *host, uint32_t port, enum addr_family family,
			       union addr *out);

/* Tells whether host is localhost or a name below it. Source: RFC 6761 6.3 */
bool addr_is_localhost(const char *host);

/* Makes the loopback address of one family. */
union addr addr_loopback(int family, uint32_t port);

/* Makes the address that means all interfaces of one family. */
union addr addr_all(int family, uint32_t port);

socklen_t addr_bytes(const union addr *a);
uint32_t addr_port(const union addr *a);
void addr_port_set(union addr *a, uint32_t port);

/* Writes the address alone ("::1"), or with its port ("[::1]:80"). */
void addr_host_text(const union addr *a, char out[ADDR_TEXT_BYTES]);
void addr_text(const union addr *a, char out[ADDR_TEXT_BYTES]);

/* Names an errno of connect, bind or listen, as a user would say it. */
const char *addr_error_text(int error);

#endif
