/*
 * What a client says before there are keys: the identification and KEXINIT. The first byte chooses.
 *   - identification: bytes may come in any pieces, and the verdict is that of the rule as RFC 4253 4.2
 *     words it;
 *   - KEXINIT: what is read is written as it was, and the names agreed on are those that a plain reading
 *     of RFC 4253 7.1 gives, against the default lists.
 */
#include "common/algs.h"
#include "common/limits.h"
#include "common/names.h"
#include "tests/fuzz/fuzz.h"
#include "worker/kex/offer.h"
#include "worker/wire/banner.h"

#define LIST_BYTES 2048

/* ---- identification ---- */

/* The rule, read for a whole line without its end. */
static bool well_formed(struct span line)
{
	static const char *const starts[] = {"SSH-2.0-", "SSH-1.99-"};

	if (memchr(line.p, 0, line.n) != NULL || memchr(line.p, '\r', line.n) != NULL)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (line.n > strlen(starts[i]) &&
		    memcmp(line.p, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

static void accepted(struct span raw, size_t used, struct span ident)
{
	expect(span_inside(ident, raw) && ident.p == raw.p);
	expect(used <= raw.n && used <= LIMIT_IDENT_BYTES && raw.p[used - 1] == '\n');
	expect(ident.n == used - 1 || (ident.n == used - 2 && raw.p[used - 2] == '\r'));
	expect(well_formed(ident));
}

static bool refused_rightly(struct span raw)
{
	size_t seen = raw.n < LIMIT_IDENT_BYTES ? raw.n : LIMIT_IDENT_BYTES;
	const uint8_t *lf = memchr(raw.p, '\n', seen);
	size_t n = lf == NULL ? seen : (size_t)(lf - raw.p);

	if (lf == NULL)
		return true; /* too long, or hopeless already */
	if (n > 0 && raw.p[n - 1] == '\r')
		n--;
	return !well_formed((struct span){raw.p, n});
}

static void banner(struct span in)
{
	enum err said = ERR_AGAIN;
	size_t used = 0;

	for (size_t n = 0; n <= in.n && n <= LIMIT_IDENT_BYTES + 1; n++) {
		struct span raw = block_of((struct span){in.p, n}), ident;
		enum err e =
		    banner_take(raw, SPAN_LIT("SSH-2.0-*,SSH-1.99-*"), &used, &ident);

		expect(said == ERR_AGAIN || e == said);
		expect(n < LIMIT_IDENT_BYTES || e != ERR_AGAIN);
		if (e == OK)
			accepted(raw, used, ident);
		else if (e != ERR_AGAIN)
			expect(refused_rightly(raw) && banner_refusal(e).n > 0);
		said = e;
		block_free(raw);
	}
}

/* ---- KEXINIT ---- */

static struct span list_of(enum alg_kind kind, uint8_t store[LIST_BYTES])
{
	struct wr w = {.p = store, .cap = LIST_BYTES};
	struct span bad;

	expect(algs_list(kind, (struct span){0}, &w, &bad) == OK);
	return (struct span){w.p, w.n};
}

static const struct proposal *ours(void)
{
	static uint8_t lists[ALG_KIND_COUNT][LIST_BYTES], keys[256];
	static struct offer offer;
	struct msg_fork_settings m = {.kex = list_of(ALG_KEX, lists[0]),
				      .cipher = list_of(ALG_CIPHER, lists[1]),
				      .mac = list_of(ALG_MAC, lists[2]),
				      .comp = list_of(ALG_COMP, lists[3]),
				      .hostkey = list_of(ALG_HOSTKEY, lists[4])};
	struct wr w = WR(keys);
	struct span blobs[2];

	if (offer.store != NULL)
		return &offer.first;
	wr_str(&w, "ssh-ed25519");
	blobs[0] = (struct span){w.p, w.n};
	wr_str(&w, "ssh-rsa");
	blobs[1] = (struct span){w.p + blobs[0].n, w.n - blobs[0].n};
	expect(offer_make(&m, blobs, 2, &offer) == OK);
	return &offer.first;
}

/* Finds a name between commas by comparing text, without the parser that is tested. */
static bool listed(struct span list, struct span name)
{
	char *all = text_of(list), *one = text_of(name);
	char *at, *mark = NULL;
	bool found = false;

	for (at = strtok_r(all, ",", &mark); at != NULL;
	     at = strtok_r(NULL, ",", &mark))
		found |= strcmp(at, one) == 0;
	free(all);
	free(one);
	return found;
}

/* The first name of a that stands in b; empty where none does. */
static void first_common(struct span a, struct span b, char out[LIMIT_NAME_BYTES + 1])
{
	char *all = text_of(a), *at, *mark = NULL;

	out[0] = '\0';
	for (at = strtok_r(all, ",", &mark); at != NULL && out[0] == '\0';
	     at = strtok_r(NULL, ",", &mark))
		if (listed(b, span_str(at)))
			strcpy(out, at);
	free(all);
}

static size_t first_bytes(struct span list)
{
	const uint8_t *comma = list.n == 0 ? NULL : memchr(list.p, ',', list.n);

	return comma == NULL ? list.n : (size_t)(comma - list.p);
}

static bool same_first(struct span a, struct span b)
{
	return span_equal((struct span){a.p, first_bytes(a)},
			  (struct span){b.p, first_bytes(b)});
}

static bool needed(enum proposal_list i)
{
	return i != LIST_MAC_IN && i != LIST_MAC_OUT && i < LIST_LANG_IN;
}

static void agreement(const struct proposal *theirs)
{
	const struct proposal *mine = ours();
	enum proposal_list none = PROPOSAL_LISTS;
	struct agreed a;
	enum err e = negotiate(theirs, mine, &a, &none);
	char name[LIMIT_NAME_BYTES + 1];

	for (enum proposal_list i = LIST_KEX; i < PROPOSAL_LISTS; i++) {
		first_common(theirs->list[i], mine->list[i], name);
		if (name[0] == '\0' && needed(i)) {
			expect(e == ERR_KEX_NONE && none == i);
			return;
		}
		expect(e != OK || span_is(a.name[i], name));
	}
	expect(e == OK);
	expect(a.strict == listed(theirs->list[LIST_KEX],
				  SPAN_LIT("kex-strict-c-v00@openssh.com")));
	expect(a.ext_info == listed(theirs->list[LIST_KEX], SPAN_LIT("ext-info-c")));
	expect(a.guessed_wrong ==
	       (theirs->guess &&
		!(same_first(theirs->list[LIST_KEX], mine->list[LIST_KEX]) &&
		  same_first(theirs->list[LIST_HOSTKEY], mine->list[LIST_HOSTKEY]))));
}

static void kexinit(struct span in)
{
	static uint8_t again[PROPOSAL_LISTS * (LIMIT_NAMELIST_BYTES + 4) + 32];
	struct span payload = block_of(in);
	struct rd r = RD(payload);
	struct wr w = WR(again);
	struct proposal p;

	if (proposal_read(&r, &p) == OK) {
		expect(r.ended);
		for (size_t i = 0; i < PROPOSAL_LISTS; i++)
			expect(span_inside(p.list[i], payload));
		proposal_write(&w, (struct span){payload.p, KEXINIT_COOKIE_BYTES}, &p);
		/* but for the boolean, any value of which is true, and the reserved field */
		expect(w.err == OK && w.n == payload.n);
		expect(memcmp(w.p, payload.p, w.n - 5) == 0);
		agreement(&p);
	}
	block_free(payload);
}

/* Lists by the names' numbers, so that sound ones are found soon. */
static void kexinit_made(struct span in)
{
	static uint8_t payload[LIMIT_KEXINIT_BYTES];
	struct rd r = RD(in);
	struct wr w = WR(payload);

	wr_raw(&w, SPAN_LIT("0123456789abcdef"));
	for (size_t i = 0; i < PROPOSAL_LISTS; i++) {
		struct span picks = take_short(&r);
		size_t mark = wr_open(&w);

		for (size_t k = 0; k < picks.n; k++) {
			if (k > 0)
				wr_u8(&w, ',');
			if (picks.p[k] < n_algs)
				wr_str(&w, algs[picks.p[k]].name);
			else
				wr_str(&w, picks.p[k] % 2 == 0
					       ? "ext-info-c"
					       : "kex-strict-c-v00@openssh.com");
		}
		wr_close(&w, mark);
	}
	wr_u8(&w, rd_u8(&r));
	wr_u32(&w, 0);
	if (w.err == OK)
		kexinit((struct span){w.p, w.n});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const parts[])(struct span) = {banner, kexinit, kexinit_made};

	if (n > 0)
		parts[data[0] % 3]((struct span){data + 1, n - 1});
	return 0;
}
