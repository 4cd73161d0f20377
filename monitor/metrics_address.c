/*
 * Reads and writes addresses of MetricsListen. The operator's text; no name service is asked.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "monitor/config_priv.h"
#include "monitor/metrics_address.h"

static bool read_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if (!config_read_number(text, LIMIT_PORT, &port))
		return false;
	*out = htons((uint16_t)port);
	return true;
}

/* The host of n bytes: an address, in brackets or not, or localhost. */
static bool read_host(const char *text, size_t n, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
	bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';
	char host[METRICS_ADDRESS_BYTES];

	if (n >= sizeof host)
		return false;
	memcpy(host, brackets ? text + 1 : text, brackets ? n - 2 : n);
	host[brackets ? n - 2 : n] = '\0';
	if (brackets) {
		v6->sin6_family = AF_INET6;
		return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	if (strcmp(host, "localhost") == 0) {
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return true;
	}
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

enum err metrics_address_read(const char *text, struct sockaddr_storage *out)
{
	static const char local[] = "localhost";
	const char *colon = strrchr(text, ':');
	struct sockaddr_storage at = {0};
	uint16_t port;

	if (!read_port(colon == NULL ? text : colon + 1, &port))
		return ERR_RANGE;
	if (colon == NULL ? !read_host(local, strlen(local), &at)
			  : !read_host(text, (size_t)(colon - text), &at))
		return ERR_RANGE;
	/* both families have the port in the same place */
	((struct sockaddr_in *)(void *)&at)->sin_port = port;
	*out = at;
	return OK;
}

const char *metrics_address_text(const struct sockaddr_storage *at,
				 char out[METRICS_ADDRESS_BYTES])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;
	char host[INET6_ADDRSTRLEN] = "";
	bool is_v6 = at->ss_family == AF_INET6;

	if (is_v6)
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
	else
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
	(void)snprintf(out, METRICS_ADDRESS_BYTES, is_v6 ? "[%s]:%u" : "%s:%u", host,
		       (unsigned)ntohs(v4->sin_port));
	return out;
}

bool metrics_address_is_local(const struct sockaddr_storage *at)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;

	if (at->ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return ntohl(v4->sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}
