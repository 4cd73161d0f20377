/*
 * The server's lists. Only what can be done is offered, so that a name in the settings
 * that this build does not know cannot be chosen. Source: RFC 4253 7.1; markers: RFC 8308
 * 2.1, PROTOCOL 1.10
 */
#include <stdlib.h>

#include "common/names.h"
#include "common/pk.h"
#include "worker/alg/cipher.h"
#include "worker/alg/comp.h"
#include "worker/alg/kex.h"
#include "worker/alg/mac.h"
#include "worker/kex/offer.h"

#define MARKERS ",ext-info-s,kex-strict-s-v00@openssh.com"

typedef bool known_fn(const void *ctx, struct span name);

struct keys {
	const struct span *blob;
	size_t n;
};

static bool known_kex(const void *ctx, struct span name)
{
	(void)ctx;
	return kex_find(name) != NULL;
}

static bool known_cipher(const void *ctx, struct span name)
{
	(void)ctx;
	return cipher_find(name) != NULL;
}

static bool known_mac(const void *ctx, struct span name)
{
	(void)ctx;
	return mac_find(name) != NULL;
}

static bool known_comp(const void *ctx, struct span name)
{
	(void)ctx;
	return comp_find(name) != NULL;
}

static bool known_hostkey(const void *ctx, struct span name)
{
	const struct keys *keys = ctx;
	uint8_t index;

	return offer_hostkey(name, keys->blob, keys->n, &index) == OK;
}

enum err offer_hostkey(struct span algorithm, const struct span *hostkeys,
		       size_t n_hostkeys, uint8_t *index)
{
	const struct pk_alg *row = pk_alg_find(algorithm);
	struct span type;

	if (row == NULL || (row->use & PK_HOST) == 0)
		return ERR_UNKNOWN;
	for (size_t i = 0; i < n_hostkeys && i < LIMIT_HOSTKEYS; i++)
		if (pk_blob_type(hostkeys[i], &type) == OK &&
		    span_is(type, row->key_type)) {
			*index = (uint8_t)i;
			return OK;
		}
	return ERR_UNKNOWN;
}

/* Writes the names of list that known takes; the writer goes on behind them. */
static struct span sift(struct wr *w, struct span list, known_fn *known,
			const void *ctx)
{
	size_t start = w->n;
	struct span name;

	while (names_next(&list, &name)) {
		if (!known(ctx, name))
			continue;
		if (w->n > start)
			wr_u8(w, ',');
		wr_raw(w, name);
	}
	return (struct span){w->p + start, w->n - start};
}

static void both_ways(struct proposal *p, enum proposal_list in, struct span list)
{
	p->list[in] = list;
	p->list[in + 1] = list; /* the list to the client stands behind */
}

enum err offer_make(const struct msg_fork_settings *m, const struct span *hostkeys,
		    size_t n_hostkeys, struct offer *out)
{
	const struct keys keys = {hostkeys, n_hostkeys};
	struct offer o = {0};
	struct wr w = {.cap = 2 * m->kex.n + m->hostkey.n + m->cipher.n + m->mac.n +
			      m->comp.n + sizeof MARKERS};
	enum err e = ERR_KEX_NONE;

	if ((w.p = o.store = malloc(w.cap)) == NULL)
		return ERR_MEMORY;
	o.again.list[LIST_KEX] = sift(&w, m->kex, known_kex, NULL);
	o.again.list[LIST_HOSTKEY] = sift(&w, m->hostkey, known_hostkey, &keys);
	both_ways(&o.again, LIST_CIPHER_IN, sift(&w, m->cipher, known_cipher, NULL));
	both_ways(&o.again, LIST_MAC_IN, sift(&w, m->mac, known_mac, NULL));
	both_ways(&o.again, LIST_COMP_IN, sift(&w, m->comp, known_comp, NULL));
	o.first = o.again;
	o.first.list[LIST_KEX] = sift(&w, m->kex, known_kex, NULL);
	wr_raw(&w, SPAN_LIT(MARKERS));
	o.first.list[LIST_KEX].n += sizeof MARKERS - 1;
	for (enum proposal_list i = LIST_KEX; i < LIST_LANG_IN; i++)
		if (o.again.list[i].n == 0)
			goto out;
	if ((e = w.err) != OK)
		goto out;
	*out = o;
	o = (struct offer){0}; /* moved */
out:
	offer_wipe(&o);
	return e;
}

void offer_wipe(struct offer *o)
{
	free(o->store);
	*o = (struct offer){0};
}
