/*
 * The key exchange from KEXINIT to NEWKEYS; kex_reply.c has what lies between. One
 * exchange at a time: its state is allocated with our KEXINIT and freed with the client's
 * NEWKEYS. Source: RFC 4253 7, 9; strict KEX: PROTOCOL 1.10
 */
#include <stdlib.h>

#include <openssl/rand.h>

#include "worker/ask.h"
#include "worker/kex/kex_run.h"
#include "worker/worker.h"

enum { MS_PER_S = 1000, ALGORITHMS_BYTES = 512 };

void kex_enter(struct worker *w, enum kex_phase phase)
{
	static const char *const names[KEX_PHASE_COUNT] = {
	    "idle", "sent-init", "wait-method", "wait-sign", "wait-newkeys"};

	log_debug3("kex %s -> %s", names[w->kex.phase], names[phase]);
	w->kex.phase = phase;
}

static void run_free(struct kex *k)
{
	if (k->run == NULL)
		return;
	free((void *)(uintptr_t)k->run->i_client.p);
	free((void *)(uintptr_t)k->run->i_server.p);
	kex_reply_wipe(&k->run->reply);
	dir_keys_wipe(&k->run->keys_in);
	free(k->run);
	k->run = NULL;
}

static enum err keep(struct span from, struct span *out)
{
	uint8_t *p;

	if (from.n > LIMIT_KEXINIT_BYTES)
		return ERR_RANGE;
	if ((p = malloc(from.n)) == NULL)
		return ERR_MEMORY;
	*out = (struct span){p, from.n};
	return bytes_copy(p, from.n, from);
}

static const struct proposal *our_proposal(const struct worker *w)
{
	const struct offer *o = &w->settings->offer;

	return w->kex.first_done ? &o->again : &o->first;
}

enum err kex_begin(struct worker *w)
{
	uint8_t cookie[KEXINIT_COOKIE_BYTES];
	struct span payload;
	struct wr *p;
	enum err e;

	if (w->kex.phase != KEX_IDLE || w->kex.run != NULL)
		return ERR_BUG;
	if (RAND_bytes(cookie, sizeof cookie) != 1)
		return ERR_CRYPTO;
	if ((w->kex.run = calloc(1, sizeof *w->kex.run)) == NULL)
		return ERR_MEMORY;
	p = transport_begin(&w->transport, SSH_MSG_KEXINIT);
	proposal_write(p, SPAN_OF(cookie), our_proposal(w));
	if ((e = wr_end(p, &payload)) != OK ||
	    (e = keep(payload, &w->kex.run->i_server)) != OK) {
		transport_cancel(&w->transport);
		return e;
	}
	kex_enter(w, KEX_SENT_INIT);
	return transport_commit(&w->transport);
}

enum err kex_begin_due(struct worker *w)
{
	const struct kex *k = &w->kex;

	/* before the login an exchange would only be work for an unknown */
	if (k->phase != KEX_IDLE || w->auth.phase != AUTH_OPEN)
		return OK;
	if (!k->old && !dir_rekey_due(&w->transport.in, k->rekey_bytes) &&
	    !dir_rekey_due(&w->transport.out, k->rekey_bytes))
		return OK;
	log_debug("new keys are due");
	return kex_begin(w);
}

static void grown_old(struct timer *t)
{
	struct kex *k = t->ctx;

	k->old = true;
}

static void kex_timer_start(struct worker *w, uint64_t seconds)
{
	struct kex *k = &w->kex;

	k->old = false;
	k->rekey.fn = grown_old;
	k->rekey.ctx = k;
	if (seconds == 0)
		loop_timer_stop(&w->loop, &k->rekey);
	else
		loop_timer(&w->loop, &k->rekey, seconds * MS_PER_S);
}

void kex_limits_set(struct worker *w)
{
	const struct msg_granted *g = &w->granted;
	const struct msg_fork_settings *m = &w->settings->m;

	w->kex.rekey_bytes = g->rekey_bytes != 0 ? g->rekey_bytes : m->rekey_bytes;
	kex_timer_start(w, g->rekey_s != 0 ? g->rekey_s : m->rekey_s);
}

static enum err dir_choose(const struct agreed *a, enum proposal_list cipher,
			   enum proposal_list mac, enum proposal_list comp,
			   struct kex_dir *out)
{
	struct kex_dir d = {.cipher = cipher_find(a->name[cipher]),
			    .comp = comp_find(a->name[comp])};

	if (d.cipher == NULL || d.comp == NULL)
		return ERR_KEX_NONE;
	if (d.cipher->tag_bytes == 0 && (d.mac = mac_find(a->name[mac])) == NULL)
		return ERR_KEX_NONE;
	*out = d;
	return OK;
}

/* Names to rows. */
static enum err choose(struct worker *w, struct kex_run *run)
{
	const struct worker_settings *s = w->settings;
	const struct agreed *a = &run->agreed;
	enum err e;

	run->method = kex_find(a->name[LIST_KEX]);
	run->sign = pk_alg_find(a->name[LIST_HOSTKEY]);
	if (run->method == NULL || run->sign == NULL ||
	    offer_hostkey(a->name[LIST_HOSTKEY], s->hostkeys, s->n_hostkeys,
			  &run->hostkey) != OK)
		return ERR_KEX_NONE;
	e = dir_choose(a, LIST_CIPHER_IN, LIST_MAC_IN, LIST_COMP_IN, &run->in);
	if (e != OK)
		return worker_blame(w, e, "%s", proposal_list_name(LIST_MAC_IN));
	e = dir_choose(a, LIST_CIPHER_OUT, LIST_MAC_OUT, LIST_COMP_OUT, &run->out);
	if (e != OK)
		return worker_blame(w, e, "%s", proposal_list_name(LIST_MAC_OUT));
	return OK;
}

/* What only the first KEXINIT says. */
static enum err take_markers(struct worker *w, const struct agreed *a)
{
	if (w->kex.first_done)
		return OK;
	w->kex.strict = a->strict;
	w->kex.ext_info = a->ext_info;
	/* PROTOCOL 1.10: with strict KEX nothing may have come before */
	if (a->strict && transport_last_seq(&w->transport) != 0)
		return worker_blame(w, ERR_FORBIDDEN,
				    "packets before a strict KEXINIT");
	return OK;
}

static enum err agree(struct worker *w, const struct proposal *theirs)
{
	struct kex_run *run = w->kex.run;
	enum proposal_list none = LIST_KEX;
	struct printable shown;
	enum err e = negotiate(theirs, our_proposal(w), &run->agreed, &none);

	if (e != OK)
		return worker_blame(w, e, "%s; client offers %s",
				    proposal_list_name(none),
				    printable(theirs->list[none], &shown));
	if ((e = take_markers(w, &run->agreed)) != OK)
		return e;
	return choose(w, run);
}

enum err recv_kexinit(struct worker *w, struct rd *r)
{
	/* the hash covers the payload with its number, which was read just before */
	const struct span payload = {r->left.p - 1, r->left.n + 1};
	struct proposal theirs;
	struct rd kept;
	enum err e;

	if ((e = proposal_read(r, &theirs)) != OK)
		return e;
	/* each costs the monitor a signature, and that serves all */
	if (w->auth.phase != AUTH_OPEN &&
	    w->asked[MSG_kex_sign] >= LIMIT_KEX_BEFORE_LOGIN)
		return worker_blame(w, ERR_BUDGET, "key exchange before the login");
	if (w->kex.phase == KEX_IDLE && (e = kex_begin(w)) != OK)
		return e;
	/* read again where it stays: the names are needed until the end */
	if ((e = keep(payload, &w->kex.run->i_client)) != OK)
		return e;
	kept = RD(w->kex.run->i_client);
	rd_u8(&kept);
	if ((e = proposal_read(&kept, &theirs)) != OK || (e = agree(w, &theirs)) != OK)
		return e;
	kex_enter(w, KEX_WAIT_METHOD);
	return OK;
}

static void put(struct wr *p, const char *what, struct span name)
{
	wr_raw(p, span_str(what));
	wr_raw(p, name.n == 0 ? SPAN_LIT("implicit") : name);
}

/* Tells the monitor, for its log, what is in use now. */
static enum err tell_negotiated(struct worker *w)
{
	const struct span *name = w->kex.run->agreed.name;
	const struct kex_run *run = w->kex.run;
	const struct span none = {0};
	uint8_t text[ALGORITHMS_BYTES];
	struct wr p = WR(text);
	struct span whole;
	enum err e;

	put(&p, "kex=", name[LIST_KEX]);
	put(&p, " hostkey=", name[LIST_HOSTKEY]);
	put(&p, " c2s=", name[LIST_CIPHER_IN]);
	put(&p, " mac_c2s=", run->in.mac == NULL ? none : name[LIST_MAC_IN]);
	put(&p, " comp_c2s=", name[LIST_COMP_IN]);
	put(&p, " s2c=", name[LIST_CIPHER_OUT]);
	put(&p, " mac_s2c=", run->out.mac == NULL ? none : name[LIST_MAC_OUT]);
	put(&p, " comp_s2c=", name[LIST_COMP_OUT]);
	put(&p, " strict=", w->kex.strict ? SPAN_LIT("yes") : SPAN_LIT("no"));
	if ((e = wr_end(&p, &whole)) != OK)
		return e;
	return ask_negotiated(w, whole);
}

enum err recv_newkeys(struct worker *w, struct rd *r)
{
	struct kex *k = &w->kex;
	enum err e = rd_end(r);

	if (e != OK)
		return e;
	e = transport_keys_in(&w->transport, &k->run->keys_in, k->run->in.comp,
			      k->strict);
	if (e != OK || (e = tell_negotiated(w)) != OK)
		return e;
	run_free(k);
	k->first_done = true;
	kex_enter(w, KEX_IDLE);
	kex_limits_set(w);
	return OK;
}

void kex_wipe(struct kex *k)
{
	run_free(k);
	wipe(k->session_id, sizeof k->session_id);
	k->session_id_n = 0;
}
