/*
 * Signs as host. The monitor computes the exchange hash itself, over its own version string and
 * its own key, so a seized worker cannot have anything else signed; and so it owns the session id.
 * Source: RFC 4253 8; PROTOCOL 2.5
 */
#include "common/log.h"
#include "common/names.h"
#include "monitor/conn.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"
#include "monitor/sign.h"

/* Finds the row that algorithm names. What the settings do not have, nobody gets a signature with. */
static enum err signer_find(const struct ring *ring, size_t index,
			    struct span algorithm, const struct pk_alg **alg)
{
	*alg = pk_alg_find(algorithm);
	if (index >= ring->keys.n || *alg == NULL ||
	    !names_has(span_str(ring->algorithms), algorithm))
		return ERR_RANGE;
	return OK;
}

static void kex_signed(struct conn *c, const struct sign_what *what,
		       struct span signature)
{
	const struct exhash_value *hash = &what->hash;

	if (signature.n == 0) {
		conn_disconnect(c, ERR_CRYPTO, "the host key cannot be used now");
		return;
	}
	METRIC_COUNT(
	    c->m, key_exchanges_total,
	    c->work->link.state == IN_KEX ? METRIC_KEX_FIRST : METRIC_KEX_AGAIN, 0);
	if (c->work->link.state ==
	    IN_KEX) { /* RFC 4253 7.2: the first hash is the session id */
		c->work->session_id = *hash;
		c->work->hostkey = what->hostkey;
		conn_enter(c, IN_AUTH);
	}
	conn_tell(c, &MSG_OF(kex_signed, .hash = {hash->bytes, hash->n},
			     .signature = signature));
}

enum err serve_kex_sign(struct conn *c, const struct msg_kex_sign *m,
			struct ipc_fds *fds)
{
	struct ring *ring = c->ring;
	struct sign_what what = {.hostkey = m->hostkey};
	struct exhash_value *hash = &what.hash;
	struct span ident = span_str(ring->ident);
	struct exhash x = {
	    .digest = (enum digest)m->digest,
	    .v_client = m->v_client,
	    .v_server = {ident.p, ident.n - 2},
	    .i_client = m->i_client,
	    .i_server = m->i_server,
	    .group = m->group,
	    .q_client = m->q_client,
	    .q_server = m->q_server,
	    .secret = m->secret
        };
	enum err e = signer_find(ring, m->hostkey, m->algorithm, &what.alg);

	(void)fds;
	if (e == OK && x.digest == DIGEST_SHA1 && !ring->sha1_kex)
		e = ERR_RANGE;
	if (e != OK)
		return e;
	/* who is not known yet must not have all others wait for its signatures */
	if (c->work->link.state != IN_OPEN &&
	    c->work->link.sent[MSG_kex_sign] > LIMIT_KEX_BEFORE_LOGIN)
		return ERR_BUDGET;
	x.host_key = hostkey_blob(&ring->keys.key[m->hostkey]);
	if ((e = exhash(&x, hash)) != OK)
		return e;
	e = sign_begin(c, &what, (struct span){hash->bytes, hash->n}, kex_signed);
	return e == ERR_KEY ? ERR_RANGE : e;
}

static void proved(struct conn *c, const struct sign_what *what, struct span signature)
{
	(void)what;
	conn_tell(c, &MSG_OF(hostkey_proved, .signature = signature));
}

enum err serve_hostkey_prove(struct conn *c, const struct msg_hostkey_prove *m,
			     struct ipc_fds *fds)
{
	struct ring *ring = c->ring;
	struct sign_what what = {.hostkey = m->hostkey};
	uint8_t text_store[LIMIT_PK_BLOB_BYTES + 256];
	struct wr text = WR(text_store);
	struct span data;
	enum err e = signer_find(ring, m->hostkey, m->algorithm, &what.alg);

	(void)fds;
	if (e != OK)
		return e;
	wr_str(&text, "hostkeys-prove-00@openssh.com");
	wr_bytes(&text,
		 (struct span){c->work->session_id.bytes, c->work->session_id.n});
	wr_bytes(&text, hostkey_blob(&ring->keys.key[m->hostkey]));
	if ((e = wr_end(&text, &data)) != OK)
		return e;
	e = sign_begin(c, &what, data, proved);
	return e == ERR_KEY ? ERR_RANGE : e;
}
