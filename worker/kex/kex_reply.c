/*
 * The exchange itself: the client's value in, ours and the host's signature out. The
 * signature comes from the monitor, which computes the exchange hash for itself; while it
 * does, the client is not listened to. Source: RFC 4253 8, RFC 4419 3, RFC 5656 4
 */
#include "worker/alg/dh.h"
#include "worker/ask.h"
#include "worker/kex/kex_run.h"
#include "worker/kex/keys.h"
#include "worker/worker.h"

/* The length in front of a value counts too. */
#define VALUE_BYTES (LIMIT_KEX_VALUE_BYTES - sizeof(uint32_t))
/* min, n, max, p, g: two mpints of at most 8192 bits */
#define GROUP_BYTES 2100

/* RFC 4253 7: the packet that a wrong guess sent ahead is passed over, once. */
static bool pass_over(struct kex_run *run, struct rd *r)
{
	if (!run->agreed.guessed_wrong)
		return false;
	run->agreed.guessed_wrong = false;
	rd_rest(r);
	return true;
}

/* What a group exchange adds to the hash. Empty otherwise. */
static struct span group_span(const struct kex_run *run, struct wr *p)
{
	struct span whole = {0};

	if (run->group == NULL)
		return whole;
	wr_raw(p, (struct span){run->asked, run->asked_n});
	dh_group_wire(run->group, p);
	return wr_end(p, &whole) == OK ? whole : (struct span){0};
}

/* Computes H and asks for the signature. */
static enum err ask_signature(struct worker *w, struct span q_client)
{
	struct kex_run *run = w->kex.run;
	uint8_t group[GROUP_BYTES];
	struct wr p = WR(group);
	struct exhash x = {.digest = run->method->digest,
			   .v_client = span_str(w->kex.v_client),
			   .v_server = w->settings->m.ident,
			   .i_client = run->i_client,
			   .i_server = run->i_server,
			   .host_key = w->settings->hostkeys[run->hostkey],
			   .group = group_span(run, &p),
			   .q_client = q_client,
			   .q_server = kex_value_span(&run->reply.q_server),
			   .secret = kex_value_span(&run->reply.secret)};
	enum err e = exhash(&x, &run->hash);

	if (e == OK)
		e = ask_kex_sign(w, &x, run->hostkey, span_str(run->sign->name));
	if (e == OK)
		kex_enter(w, KEX_WAIT_SIGN);
	return e;
}

/* Reads the client's value to the end of the packet, and answers it. */
static enum err answer(struct worker *w, struct rd *r)
{
	struct kex_run *run = w->kex.run;
	struct kex_value q_client;
	struct wr p = WR(q_client.bytes);
	struct span raw, whole;
	enum err e;

	raw = run->method->mpint_values ? rd_mpint(r, VALUE_BYTES)
					: rd_bytes(r, VALUE_BYTES);
	if ((e = rd_end(r)) != OK)
		return e;
	kex_wire_client(run->method, raw, &p);
	if ((e = wr_end(&p, &whole)) != OK)
		return e;
	if ((e = kex_respond(run->method, run->group, raw, &run->reply)) != OK)
		return e;
	return ask_signature(w, whole);
}

static enum err choose_group(struct worker *w, const struct dh_wish *wish)
{
	struct kex_run *run = w->kex.run;
	enum err e = dh_group_choose(run->method, wish, &run->group);

	if (e != OK)
		return e;
	dh_group_wire(run->group,
		      transport_begin(&w->transport, SSH_MSG_KEX_DH_GEX_GROUP));
	return transport_commit(&w->transport);
}

/* RFC 4419 5: the old request names one size, and the hash has that one only. */
static enum err gex_request_old(struct worker *w, struct rd *r)
{
	struct kex_run *run = w->kex.run;
	struct wr p = WR(run->asked);
	uint32_t n = rd_u32(r);
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	if (run->group != NULL)
		return ERR_FORBIDDEN;
	wr_u32(&p, n);
	run->asked_n = p.n;
	return choose_group(w, &(struct dh_wish){0, n, UINT32_MAX});
}

enum err recv_kex_init(struct worker *w, struct rd *r)
{
	struct kex_run *run = w->kex.run;

	if (pass_over(run, r))
		return rd_end(r);
	return run->method->group_exchange ? gex_request_old(w, r) : answer(w, r);
}

enum err recv_kex_gex_request(struct worker *w, struct rd *r)
{
	struct kex_run *run = w->kex.run;
	struct wr p = WR(run->asked);
	struct dh_wish wish;
	enum err e;

	if (pass_over(run, r))
		return rd_end(r);
	wish.min = rd_u32(r);
	wish.n = rd_u32(r);
	wish.max = rd_u32(r);
	if ((e = rd_end(r)) != OK)
		return e;
	if (!run->method->group_exchange || run->group != NULL)
		return ERR_FORBIDDEN;
	wr_u32(&p, wish.min);
	wr_u32(&p, wish.n);
	wr_u32(&p, wish.max);
	run->asked_n = p.n;
	return choose_group(w, &wish);
}

enum err recv_kex_gex_init(struct worker *w, struct rd *r)
{
	const struct kex_run *run = w->kex.run;

	if (!run->method->group_exchange || run->group == NULL)
		return ERR_FORBIDDEN;
	return answer(w, r);
}

static enum err send_reply(struct worker *w, struct span signature)
{
	const struct kex_run *run = w->kex.run;
	struct wr *p = transport_begin(&w->transport, run->method->group_exchange
							  ? SSH_MSG_KEX_DH_GEX_REPLY
							  : SSH_MSG_KEXDH_REPLY);

	wr_bytes(p, w->settings->hostkeys[run->hostkey]);
	wr_raw(p, kex_value_span(&run->reply.q_server)); /* complete wire form */
	wr_bytes(p, signature);
	return transport_commit(&w->transport);
}

/* Derives both directions; ours go into use, the client's wait for its NEWKEYS. */
static enum err take_keys(struct worker *w)
{
	struct kex *k = &w->kex;
	struct kex_run *run = k->run;
	const struct keys_root root = {
	    .digest = run->method->digest,
	    .secret = kex_value_span(&run->reply.secret),
	    .hash = {run->hash.bytes, run->hash.n    },
	    .session_id = {k->session_id,   k->session_id_n}
        };
	struct dir_keys out = {0};
	enum err e;

	e = keys_for_dir(&root, run->in.cipher, run->in.mac, true, &run->keys_in);
	if (e == OK)
		e = keys_for_dir(&root, run->out.cipher, run->out.mac, false, &out);
	if (e == OK)
		e = transport_keys_out(&w->transport, &out, run->out.comp, k->strict);
	dir_keys_wipe(&out);
	kex_reply_wipe(&run->reply);
	return e;
}

static enum err send_newkeys(struct worker *w)
{
	enum err e;

	transport_begin(&w->transport, SSH_MSG_NEWKEYS);
	if ((e = transport_commit(&w->transport)) != OK || (e = take_keys(w)) != OK)
		return e;
	/* RFC 8308 2.4: as the very next packet */
	if (!w->kex.first_done && w->kex.ext_info && (e = send_ext_info(w)) != OK)
		return e;
	return transport_release(&w->transport);
}

/* RFC 4253 7.2: the first hash is the session's name for good. */
static enum err name_session(struct kex *k)
{
	const struct span hash = {k->run->hash.bytes, k->run->hash.n};

	if (k->first_done)
		return OK;
	k->hostkey = k->run->hostkey;
	k->session_id_n = hash.n;
	return bytes_copy(k->session_id, sizeof k->session_id, hash);
}

enum err on_kex_signed(struct worker *w, const struct msg_kex_signed *m,
		       struct ipc_fds *fds)
{
	const struct kex_run *run = w->kex.run;
	enum err e;

	(void)fds;
	if (w->kex.phase != KEX_WAIT_SIGN)
		return ERR_BUG;
	/* another hash would be signed than the one that the client computes */
	if (!bytes_equal_secret(m->hash, (struct span){run->hash.bytes, run->hash.n}))
		return ERR_BUG;
	if ((e = name_session(&w->kex)) != OK ||
	    (e = send_reply(w, m->signature)) != OK || (e = send_newkeys(w)) != OK)
		return e;
	kex_enter(w, KEX_WAIT_NEWKEYS);
	return OK;
}
