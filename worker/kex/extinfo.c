/*
 * Extension negotiation: ours is sent once, the client's is read and noted in the log.
 * Source: RFC 8308; publickey-hostbound@openssh.com, ping@openssh.com: PROTOCOL 1.9, 3
 */
#include "worker/kex/kex_run.h"
#include "worker/worker.h"

enum { OUR_EXTENSIONS = 3 };

enum err send_ext_info(struct worker *w)
{
	struct wr *p = transport_begin(&w->transport, SSH_MSG_EXT_INFO);

	wr_u32(p, OUR_EXTENSIONS);
	wr_str(p, "server-sig-algs");
	wr_bytes(p, w->settings->m.user_pk);
	wr_str(p, "publickey-hostbound@openssh.com");
	wr_str(p, "0");
	wr_str(p, "ping@openssh.com");
	wr_str(p, "0");
	return transport_commit(&w->transport);
}

enum err recv_ext_info(struct worker *w, struct rd *r)
{
	struct printable shown;

	(void)w;
	for (uint32_t n = rd_u32(r); n > 0 && rd_ok(r); n--) {
		struct span name = rd_bytes(r, LIMIT_EXTENSION_BYTES);

		rd_bytes(r, LIMIT_EXTENSION_BYTES); /* its value */
		if (rd_ok(r) && log_wants(LOG_DEBUG1))
			log_debug("client extension %s", printable(name, &shown));
	}
	return rd_end(r);
}
