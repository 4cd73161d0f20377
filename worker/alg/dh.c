/*
 * Diffie-Hellman over libcrypto's numbers. Its own DH keys are not used: they test each foreign
 * value with a full exponentiation, which for a safe prime proves nothing that 1 < e < p-1 does
 * not. RFC 4253 8, RFC 4419, RFC 8268; groups below 2048 bits only for rows that are asked for by name
 */
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include "worker/alg/dh.h"

struct dh_group {
	BIGNUM *p, *p_minus_1, *g;
	BN_MONT_CTX *mont;
};

/* Twice the bits of the strongest key derived: RFC 4419 6.2, RFC 8268 4. */
#define EXPONENT_BITS 512
#define VALUE_BYTES   1024 /* 8192 bits */
#define BITS_MIN      2048 /* RFC 8270 3 */
#define BITS_MAX      8192

struct prime {
	BIGNUM *(*make)(BIGNUM *);
	uint32_t bits;
};

#define PRIMES (KEX_MODP8192 - KEX_MODP1024 + 1)

static const struct prime primes[PRIMES] = {
    {BN_get_rfc2409_prime_1024, 1024},
    {BN_get_rfc3526_prime_1536, 1536},
    {BN_get_rfc3526_prime_2048, 2048},
    {BN_get_rfc3526_prime_3072, 3072},
    {BN_get_rfc3526_prime_4096, 4096},
    {BN_get_rfc3526_prime_6144, 6144},
    {BN_get_rfc3526_prime_8192, 8192},
};

/* Made once: the Montgomery constants of a prime cost a division of twice its length. */
static struct dh_group *known[PRIMES];

void dh_group_free(struct dh_group *group)
{
	if (group == NULL)
		return;
	BN_free(group->p);
	BN_free(group->p_minus_1);
	BN_free(group->g);
	BN_MONT_CTX_free(group->mont);
	OPENSSL_free(group);
}

/* Owns: p and g, also when it fails. */
static struct dh_group *group_make(BIGNUM *p, BIGNUM *g)
{
	struct dh_group *group = OPENSSL_zalloc(sizeof *group);
	BN_CTX *ctx = BN_CTX_new();

	if (group == NULL) {
		BN_free(p);
		BN_free(g);
		goto fail;
	}
	group->p = p;
	group->g = g;
	group->p_minus_1 = p == NULL ? NULL : BN_dup(p);
	group->mont = BN_MONT_CTX_new();
	if (g == NULL || ctx == NULL || group->p_minus_1 == NULL ||
	    group->mont == NULL || BN_sub_word(group->p_minus_1, 1) != 1 ||
	    BN_MONT_CTX_set(group->mont, p, ctx) != 1)
		goto fail;
	BN_CTX_free(ctx);
	return group;
fail:
	BN_CTX_free(ctx);
	dh_group_free(group);
	return NULL;
}

static const struct dh_group *group_known(size_t i)
{
	BIGNUM *g;

	if (known[i] == NULL && (g = BN_new()) != NULL) {
		if (BN_set_word(g, 2) == 1)
			known[i] = group_make(primes[i].make(NULL), g);
		else
			BN_free(g);
	}
	return known[i];
}

enum err dh_warm(void)
{
	for (size_t i = 0; i < PRIMES; i++)
		if (primes[i].bits >= BITS_MIN && group_known(i) == NULL)
			return ERR_CRYPTO;
	return OK;
}

static uint32_t clamp(uint32_t bits, uint32_t least)
{
	if (bits < least)
		return least;
	return bits > BITS_MAX ? BITS_MAX : bits;
}

/* The smallest group for a client that takes none of more than max bits. */
static uint32_t least_bits(const struct kex_alg *row, uint32_t max)
{
	return row->group == KEX_ASKED_SHORT && max < BITS_MIN ? LIMIT_DH_BITS_SHORT
							       : BITS_MIN;
}

enum err dh_group_choose(const struct kex_alg *row, const struct dh_wish *wish,
			 const struct dh_group **group)
{
	const uint32_t min = wish->min, n = wish->n, max = wish->max;
	const uint32_t least = least_bits(row, max);
	const uint32_t low = min < least ? least : min;
	const uint32_t high = max > BITS_MAX ? BITS_MAX : max;
	const uint32_t want = clamp(n, least);
	const struct dh_group *found;
	size_t best = PRIMES;

	if (min > n || n > max || low > high)
		return ERR_KEX_VALUE;
	/* the smallest that is large enough, else the largest that there is */
	for (size_t i = 0; i < PRIMES; i++)
		if (primes[i].bits >= low && primes[i].bits <= high &&
		    (best == PRIMES || primes[best].bits < want))
			best = i;
	if (best == PRIMES)
		return ERR_KEX_VALUE;
	if ((found = group_known(best)) == NULL)
		return ERR_CRYPTO;
	*group = found;
	return OK;
}

/* Tells whether 1 < v < p-1. RFC 4253 8 allows the ends; RFC 8268 4 and all who care do not. */
static bool value_ok(const struct dh_group *group, const BIGNUM *v)
{
	return BN_cmp(v, BN_value_one()) > 0 && BN_cmp(v, group->p_minus_1) < 0;
}

enum err dh_group_new(const struct kex_alg *row, struct span p, struct span g,
		      struct dh_group **out)
{
	const uint32_t least =
	    row->group == KEX_ASKED_SHORT ? LIMIT_DH_BITS_SHORT : BITS_MIN;
	struct dh_group *group;
	BIGNUM *prime, *base;
	int bits;

	if (p.n > VALUE_BYTES || p.n == 0 || g.n > p.n || (p.p[p.n - 1] & 1) == 0)
		return ERR_KEX_VALUE;
	prime = BN_bin2bn(p.p, (int)p.n, NULL);
	base = BN_bin2bn(g.p, (int)g.n, NULL);
	bits = prime == NULL ? 0 : BN_num_bits(prime);
	group = group_make(prime, base);
	if (group == NULL)
		return ERR_MEMORY;
	if (bits < (int)least || bits > BITS_MAX || !value_ok(group, base)) {
		dh_group_free(group);
		return ERR_KEX_VALUE;
	}
	*out = group;
	return OK;
}

uint32_t dh_group_bits(const struct dh_group *group)
{
	return (uint32_t)BN_num_bits(group->p);
}

static void number_wire(const BIGNUM *v, struct wr *w)
{
	uint8_t bytes[VALUE_BYTES];
	const int n = BN_bn2bin(v, bytes);

	wr_mpint(w, (struct span){bytes, (size_t)n});
}

void dh_group_wire(const struct dh_group *group, struct wr *w)
{
	number_wire(group->p, w);
	number_wire(group->g, w);
}

static const struct dh_group *group_of(const struct kex_alg *row,
				       const struct dh_group *asked)
{
	if (row->group_exchange)
		return asked;
	return group_known((size_t)row->group - KEX_MODP1024);
}

/* A secret exponent: fresh, or the one given. NULL where it cannot be made. */
static BIGNUM *exponent_make(struct span secret)
{
	BIGNUM *x = BN_new();
	int ok;

	if (x == NULL)
		return NULL;
	if (secret.n == 0)
		ok = BN_priv_rand_ex(x, EXPONENT_BITS, BN_RAND_TOP_ONE,
				     BN_RAND_BOTTOM_ANY, 0, NULL);
	else
		ok = secret.n <= VALUE_BYTES &&
		     BN_bin2bn(secret.p, (int)secret.n, x) != NULL;
	if (!ok) {
		BN_clear_free(x);
		return NULL;
	}
	BN_set_flags(x, BN_FLG_CONSTTIME);
	return x;
}

/* Puts base^x mod p into out as mpint. */
static enum err power(const struct dh_group *group, const BIGNUM *base, const BIGNUM *x,
		      struct kex_value *out)
{
	uint8_t bytes[VALUE_BYTES];
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *r = BN_new();
	enum err e = ERR_CRYPTO;
	int n;

	if (ctx == NULL || r == NULL ||
	    BN_mod_exp_mont_consttime(r, base, x, group->p, ctx, group->mont) != 1)
		goto out;
	n = BN_bn2binpad(r, bytes, BN_num_bytes(group->p));
	if (n > 0)
		e = kex_value_set(out, true, (struct span){bytes, (size_t)n});
out:
	wipe(bytes, sizeof bytes);
	BN_clear_free(r);
	BN_CTX_free(ctx);
	return e;
}

/* K of the other side's value. */
static enum err agree(const struct dh_group *group, const BIGNUM *x, struct span value,
		      struct kex_value *out)
{
	BIGNUM *v;
	enum err e = ERR_KEX_VALUE;

	/* a sign byte may still be there */
	if (value.n > VALUE_BYTES + 1)
		return ERR_KEX_VALUE;
	if ((v = BN_bin2bn(value.p, (int)value.n, NULL)) == NULL)
		return ERR_MEMORY;
	if (value_ok(group, v))
		e = power(group, v, x, out);
	BN_free(v);
	return e;
}

enum err dh_respond(const struct kex_alg *row, const struct dh_group *asked,
		    struct span q_client, struct kex_reply *out)
{
	const struct dh_group *group = group_of(row, asked);
	BIGNUM *x;
	enum err e;

	if (group == NULL)
		return row->group_exchange ? ERR_BUG : ERR_CRYPTO;
	if ((x = exponent_make((struct span){0})) == NULL)
		return ERR_CRYPTO;
	if ((e = agree(group, x, q_client, &out->secret)) == OK)
		e = power(group, group->g, x, &out->q_server);
	BN_clear_free(x);
	return e;
}

enum err dh_initiate(struct kex_client *s, struct span secret,
		     struct kex_value *q_client)
{
	s->group = group_of(s->row, s->group);
	if (s->group == NULL)
		return s->row->group_exchange ? ERR_BUG : ERR_CRYPTO;
	if ((s->exponent = exponent_make(secret)) == NULL)
		return ERR_CRYPTO;
	return power(s->group, s->group->g, s->exponent, q_client);
}

enum err dh_finish(const struct kex_client *s, struct span q_server,
		   struct kex_value *secret)
{
	return agree(s->group, s->exponent, q_server, secret);
}
