/*
 * Negotiation. Pure: two sets of lists in, one set of names out. Which names exist is
 * not known here; whether a cipher may go without a MAC is the caller's question.
 * Source: RFC 4253 7.1; markers: RFC 8308 2.1, PROTOCOL 1.10
 */
#include "worker/kex/negotiate.h"
#include "common/limits.h"
#include "common/names.h"

static const char *const list_names[PROPOSAL_LISTS] = {
    [LIST_KEX] = "key exchange method",
    [LIST_HOSTKEY] = "host key type",
    [LIST_CIPHER_IN] = "cipher from the client",
    [LIST_CIPHER_OUT] = "cipher to the client",
    [LIST_MAC_IN] = "MAC from the client",
    [LIST_MAC_OUT] = "MAC to the client",
    [LIST_COMP_IN] = "compression from the client",
    [LIST_COMP_OUT] = "compression to the client",
    [LIST_LANG_IN] = "language from the client",
    [LIST_LANG_OUT] = "language to the client",
};

const char *proposal_list_name(enum proposal_list list)
{
	return list_names[list];
}

/* RFC 4251 5 has no empty name; but a comma at the end of a list is libssh's (0.10). */
static bool list_valid(struct span list)
{
	if (list.n > 0 && list.p[list.n - 1] == ',')
		list.n--;
	return names_valid(list);
}

enum err proposal_read(struct rd *r, struct proposal *out)
{
	struct proposal p = {0};
	enum err e;

	rd_raw(r, KEXINIT_COOKIE_BYTES);
	for (size_t i = 0; i < PROPOSAL_LISTS; i++)
		p.list[i] = rd_bytes(r, LIMIT_NAMELIST_BYTES);
	p.guess = rd_bool(r);
	rd_u32(r); /* reserved for future extension */
	if ((e = rd_end(r)) != OK)
		return e;
	for (size_t i = 0; i < PROPOSAL_LISTS; i++)
		if (!list_valid(p.list[i]))
			return ERR_RANGE;
	*out = p;
	return OK;
}

void proposal_write(struct wr *w, struct span cookie, const struct proposal *p)
{
	wr_raw(w, cookie);
	for (size_t i = 0; i < PROPOSAL_LISTS; i++)
		wr_bytes(w, p->list[i]);
	wr_bool(w, p->guess);
	wr_u32(w, 0);
}

static struct span first_of(struct span list)
{
	struct span name = {0};

	names_next(&list, &name);
	return name;
}

/* RFC 4253 7.1: a guess is right where both prefer the same method and host key type. */
static bool same_guess(const struct proposal *a, const struct proposal *b)
{
	return span_equal(first_of(a->list[LIST_KEX]), first_of(b->list[LIST_KEX])) &&
	       span_equal(first_of(a->list[LIST_HOSTKEY]),
			  first_of(b->list[LIST_HOSTKEY]));
}

static bool may_be_missing(enum proposal_list i)
{
	/* an AEAD needs no MAC; languages are nobody's concern */
	return i == LIST_MAC_IN || i == LIST_MAC_OUT || i >= LIST_LANG_IN;
}

enum err negotiate(const struct proposal *client, const struct proposal *server,
		   struct agreed *out, enum proposal_list *none)
{
	struct agreed a = {0};

	for (enum proposal_list i = LIST_KEX; i < PROPOSAL_LISTS; i++) {
		enum err e = names_choose(client->list[i], server->list[i], &a.name[i]);

		if (e != OK && !may_be_missing(i)) {
			*none = i;
			return e;
		}
	}
	a.guessed_wrong = client->guess && !same_guess(client, server);
	a.strict =
	    names_has(client->list[LIST_KEX], SPAN_LIT("kex-strict-c-v00@openssh.com"));
	a.ext_info = names_has(client->list[LIST_KEX], SPAN_LIT("ext-info-c"));
	*out = a;
	return OK;
}
