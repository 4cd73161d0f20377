/*
 * The hybrid methods. The client sends its encapsulation key and X25519 point in one string, the
 * server ciphertext and point. draft-ietf-sshm-mlkem-hybrid-kex, draft-ietf-sshm-ntruprime-ssh
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "worker/alg/ecdh.h"
#include "worker/alg/hybrid.h"
#include "worker/alg/mlkem768.h"
#include "worker/alg/sntrup761.h"

#define SHARED_BYTES 32 /* what both encapsulations agree on */

/* One encapsulation, its differences brought to one form. */
struct kem {
	enum err (*keypair)(uint8_t *ek, uint8_t *dk);
	enum err (*encap)(const uint8_t *ek, uint8_t *ct, uint8_t *shared);
	enum err (*decap)(const uint8_t *dk, const uint8_t *ct, uint8_t *shared);
	size_t ek_bytes, ct_bytes, dk_bytes;
	size_t ek_at; /* where dk holds a copy of ek */
};

#define KEM_EK_BYTES 1184 /* the longer of both */
#define KEM_CT_BYTES 1088

static enum err mlkem_keypair(uint8_t *ek, uint8_t *dk)
{
	return mlkem768_keypair(NULL, ek, dk);
}

static enum err mlkem_encap(const uint8_t *ek, uint8_t *ct, uint8_t *shared)
{
	return mlkem768_encap(ek, NULL, ct, shared);
}

static enum err mlkem_decap(const uint8_t *dk, const uint8_t *ct, uint8_t *shared)
{
	return mlkem768_decap(dk, ct, shared);
}

static enum err sntrup_keypair(uint8_t *ek, uint8_t *dk)
{
	return sntrup761_keypair(ek, dk);
}

static enum err sntrup_encap(const uint8_t *ek, uint8_t *ct, uint8_t *shared)
{
	return sntrup761_encap(ek, ct, shared);
}

static enum err sntrup_decap(const uint8_t *dk, const uint8_t *ct, uint8_t *shared)
{
	return sntrup761_decap(dk, ct, shared);
}

static const struct kem kem_mlkem768 = {mlkem_keypair, mlkem_encap, mlkem_decap, 1184,
					1088,          2400,        1152};
static const struct kem kem_sntrup761 = {
    sntrup_keypair, sntrup_encap, sntrup_decap, 1158, 1039, 1763, 382};

static const struct kem *kem_of(const struct kex_alg *row)
{
	return row->group == KEX_MLKEM768_X25519 ? &kem_mlkem768 : &kem_sntrup761;
}

/* Both shared secrets, in the order in which they are hashed. */
struct secrets {
	uint8_t pq[SHARED_BYTES];
	struct ecdh_secret ec;
};

/* K = HASH(K_PQ || K_CL), as a string. */
static enum err combine(const struct kex_alg *row, const struct secrets *s,
			struct kex_value *out)
{
	const struct span parts[] = {
	    SPAN_OF(s->pq), {s->ec.bytes, s->ec.n}
        };
	struct exhash_value k = {0};
	enum err e =
	    digest_spans(row->digest, parts, sizeof parts / sizeof parts[0], &k);

	if (e == OK)
		e = kex_value_set(out, row->mpint_secret, (struct span){k.bytes, k.n});
	wipe(&k, sizeof k);
	return e;
}

/* The value of one side: n bytes of the encapsulation, then its X25519 point. */
static enum err value_make(const struct kex_alg *row, struct span pq, EVP_PKEY *key,
			   struct kex_value *out)
{
	uint8_t both[KEM_EK_BYTES + X25519_BYTES];
	struct ecdh_point point = {0};
	struct wr w = WR(both);
	struct span whole;
	enum err e;

	if ((e = ecdh_public(key, &point)) != OK)
		return e;
	wr_raw(&w, pq);
	wr_raw(&w, (struct span){point.bytes, point.n});
	if ((e = wr_end(&w, &whole)) != OK)
		return e;
	return kex_value_set(out, row->mpint_values, whole);
}

enum err hybrid_respond(const struct kex_alg *row, const struct dh_group *asked,
			struct span q_client, struct kex_reply *out)
{
	const struct kem *kem = kem_of(row);
	uint8_t ct[KEM_CT_BYTES];
	struct secrets s = {0};
	EVP_PKEY *key = NULL;
	struct span point;
	enum err e;

	(void)asked;
	if (q_client.n != kem->ek_bytes + X25519_BYTES)
		return ERR_KEX_VALUE;
	point = (struct span){q_client.p + kem->ek_bytes, X25519_BYTES};
	/* the cheap half first: a bad point must not cost an encapsulation */
	if ((e = ecdh_key(KEX_X25519, (struct span){0}, &key)) != OK ||
	    (e = ecdh_agree(KEX_X25519, key, point, &s.ec)) != OK ||
	    (e = kem->encap(q_client.p, ct, s.pq)) != OK ||
	    (e = value_make(row, (struct span){ct, kem->ct_bytes}, key,
			    &out->q_server)) != OK)
		goto out;
	e = combine(row, &s, &out->secret);
out:
	wipe(&s, sizeof s);
	EVP_PKEY_free(key);
	return e;
}

enum err hybrid_initiate(struct kex_client *s, struct span secret,
			 struct kex_value *q_client)
{
	const struct kem *kem = kem_of(s->row);
	uint8_t ek[KEM_EK_BYTES];
	struct span ec_secret = {0};
	enum err e;

	if (secret.n != 0 && secret.n != kem->dk_bytes + X25519_BYTES)
		return ERR_BUG;
	if ((s->pq = OPENSSL_malloc(kem->dk_bytes)) == NULL)
		return ERR_MEMORY;
	s->pq_bytes = kem->dk_bytes;
	if (secret.n == 0) {
		if ((e = kem->keypair(ek, s->pq)) != OK)
			return e;
	} else {
		memcpy(s->pq, secret.p, kem->dk_bytes);
		memcpy(ek, secret.p + kem->ek_at, kem->ek_bytes);
		ec_secret = (struct span){secret.p + kem->dk_bytes, X25519_BYTES};
	}
	if ((e = ecdh_key(KEX_X25519, ec_secret, &s->key)) != OK)
		return e;
	return value_make(s->row, (struct span){ek, kem->ek_bytes}, s->key, q_client);
}

enum err hybrid_finish(const struct kex_client *s, struct span q_server,
		       struct kex_value *secret)
{
	const struct kem *kem = kem_of(s->row);
	struct secrets both = {0};
	struct span point;
	enum err e;

	if (q_server.n != kem->ct_bytes + X25519_BYTES)
		return ERR_KEX_VALUE;
	point = (struct span){q_server.p + kem->ct_bytes, X25519_BYTES};
	if ((e = ecdh_agree(KEX_X25519, s->key, point, &both.ec)) == OK &&
	    (e = kem->decap(s->pq, q_server.p, both.pq)) == OK)
		e = combine(s->row, &both, secret);
	wipe(&both, sizeof both);
	return e;
}
