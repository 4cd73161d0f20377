/*
 * Channels to a host or socket that the client names. The monitor decides, the
 * connector connects; here is only made sure that the words can be an address. Source:
 * RFC 4254 7.2, PROTOCOL 2.4
 */
#include <string.h>

#include "worker/chan/chan_private.h"

/* A name with a NUL would be another one to whoever resolves it. */
static bool is_name(struct span s, size_t max)
{
	return s.n > 0 && s.n <= max && memchr(s.p, 0, s.n) == NULL;
}

enum err direct_tcpip_open(struct chan *c, struct rd *r)
{
	struct span host = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t port = rd_u32(r);
	struct span origin = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	uint32_t origin_port = rd_u32(r);
	enum err e;

	if ((e = rd_end(r)) != OK)
		return e;
	if (!is_name(host, LIMIT_HOST_BYTES) || port == 0 || port > UINT16_MAX)
		return ERR_DENIED;
	/* the origin is for the log alone, and clients write there what they like */
	if (origin.n > LIMIT_HOST_BYTES)
		origin.n = LIMIT_HOST_BYTES;
	if (origin_port > UINT16_MAX)
		origin_port = 0;
	return worker_ask(c->worker, &MSG_OF(open_tcp, .chan = c->number, .host = host,
					     .port = port, .origin = origin,
					     .origin_port = origin_port));
}

enum err direct_streamlocal_open(struct chan *c, struct rd *r)
{
	struct span path = rd_bytes(r, LIMIT_PAYLOAD_BYTES);
	enum err e;

	rd_bytes(r, LIMIT_PAYLOAD_BYTES); /* reserved */
	rd_u32(r);
	if ((e = rd_end(r)) != OK)
		return e;
	if (!is_name(path, LIMIT_PATH_BYTES))
		return ERR_DENIED;
	return worker_ask(c->worker,
			  &MSG_OF(open_unix, .chan = c->number, .path = path));
}
