/*
 * Addresses as text and back. No resolver is asked here: a numeric address must cost no more
 * than its parsing, and no file.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/connector/addr.h"

static const struct {
	int error;
	const char *text;
} texts[] = {
    {ECONNREFUSED,  "connection refused"                    },
    {ECONNRESET,    "connection reset"                      },
    {ETIMEDOUT,     "timed out"			     },
    {EHOSTUNREACH,  "no route to host"                      },
    {ENETUNREACH,   "network is unreachable"                },
    {EADDRINUSE,    "address already in use"                },
    {EADDRNOTAVAIL, "address not available"                 },
    {EAFNOSUPPORT,  "address family not available"          },
    {EACCES,        "permission denied"                     },
    {EPERM,         "not permitted"                         },
    {EINVAL,        "not possible with this address"        },
    {EMFILE,        "too many open descriptors"             },
    {ENFILE,        "too many open descriptors on this host"},
    {ENOBUFS,       "out of buffers"                        },
    {ENOMEM,        "out of memory"                         },
};

const char *addr_error_text(int error)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "connection failed";
}

/* A scope by name would need a socket and an ioctl to translate: only numbers are taken. */
static enum err parse_in6(const char *host, struct in6_addr *out, uint32_t *scope)
{
	char text[INET6_ADDRSTRLEN];
	const char *percent = strchr(host, '%');
	size_t n = percent != NULL ? (size_t)(percent - host) : strlen(host);
	unsigned long number = 0;
	char *end = NULL;

	if (n >= sizeof text)
		return ERR_UNKNOWN;
	memcpy(text, host, n);
	text[n] = '\0';
	if (percent != NULL) {
		number = strtoul(percent + 1, &end, 10);
		if (percent[1] < '0' || percent[1] > '9' || *end != '\0' ||
		    number > UINT32_MAX)
			return ERR_UNKNOWN;
	}
	if (inet_pton(AF_INET6, text, out) != 1)
		return ERR_UNKNOWN;
	*scope = (uint32_t)number;
	return OK;
}

enum err addr_parse(const char *host, uint32_t port, enum addr_family family,
		    union addr *out)
{
	union addr a = {0};

	if (family != ADDR_INET6 && inet_pton(AF_INET, host, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
	} else if (family != ADDR_INET &&
		   parse_in6(host, &a.in6.sin6_addr, &a.in6.sin6_scope_id) == OK) {
		a.in6.sin6_family = AF_INET6;
	} else {
		return ERR_UNKNOWN;
	}
	addr_port_set(&a, port);
	*out = a;
	return OK;
}

bool addr_is_localhost(const char *host)
{
	static const char name[] = "localhost";
	size_t n = strlen(host);

	if (n > 0 && host[n - 1] == '.')
		n--;
	if (n < sizeof name - 1)
		return false;
	host += n - (sizeof name - 1);
	return strncasecmp(host, name, sizeof name - 1) == 0 &&
	       (n == sizeof name - 1 || host[-1] == '.');
}

union addr addr_loopback(int family, uint32_t port)
{
	union addr a = {0};

	a.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET6)
		a.in6.sin6_addr = in6addr_loopback;
	else
		a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr_port_set(&a, port);
	return a;
}

union addr addr_all(int family, uint32_t port)
{
	union addr a = {0};

	a.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET6)
		a.in6.sin6_addr = in6addr_any;
	else
		a.in.sin_addr.s_addr = htonl(INADDR_ANY);
	addr_port_set(&a, port);
	return a;
}

socklen_t addr_bytes(const union addr *a)
{
	return a->sa.sa_family == AF_INET6 ? sizeof a->in6 : sizeof a->in;
}

uint32_t addr_port(const union addr *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in.sin_port);
}

void addr_port_set(union addr *a, uint32_t port)
{
	if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons((uint16_t)port);
	else
		a->in.sin_port = htons((uint16_t)port);
}

void addr_host_text(const union addr *a, char out[ADDR_TEXT_BYTES])
{
	const void *bytes = a->sa.sa_family == AF_INET6
				? (const void *)&a->in6.sin6_addr
				: (const void *)&a->in.sin_addr;

	out[0] = '\0';
	if (inet_ntop(a->sa.sa_family, bytes, out, ADDR_TEXT_BYTES) == NULL)
		(void)snprintf(out, ADDR_TEXT_BYTES, "unknown");
}

void addr_text(const union addr *a, char out[ADDR_TEXT_BYTES])
{
	char host[ADDR_TEXT_BYTES];

	addr_host_text(a, host);
	(void)snprintf(out, ADDR_TEXT_BYTES,
		       a->sa.sa_family == AF_INET6 ? "[%.*s]:%u" : "%.*s:%u",
		       INET6_ADDRSTRLEN, host, addr_port(a));
}
