/*
 * sntrup761. A public key or a ciphertext may be any bytes: all of them decode to something. What
 * is secret lives in struct work, which is wiped on every path.
 * Source: NTRU Prime, NIST round 3 (2020-10), 3 and 4
 */
#include <string.h>

#include <openssl/rand.h>

#include "common/exhash.h"
#include "worker/alg/sntrup761.h"
#include "worker/alg/sntrup761_code.h"
#include "worker/alg/sntrup761_recip.h"
#include "worker/alg/sntrup761_sample.h"

#define SMALL_BYTES SNTRUP761_CODE_SMALL_BYTES
#define STEPS_BYTES                                                                    \
	SNTRUP761_CODE_STEPS_BYTES /* the ciphertext, but for the confirmation */
#define HASH_BYTES 32

/* What a secret key holds, and where. */
#define SK_F     0
#define SK_RECIP SMALL_BYTES /* 1 / g modulo 3 */
#define SK_PK    (SK_RECIP + SMALL_BYTES)
#define SK_REJECT                                                                      \
	(SK_PK + SNTRUP761_PK_BYTES)      /* hashed in place of a message not found */
#define SK_HASH (SK_REJECT + SMALL_BYTES) /* of the public key */

_Static_assert(SK_HASH + HASH_BYTES == SNTRUP761_SK_BYTES, "layout of a secret key");
_Static_assert(STEPS_BYTES + HASH_BYTES == SNTRUP761_CT_BYTES,
	       "layout of a ciphertext");

/* First byte of what is hashed. Source: 3.6 (Hash_b) and 4.4 to 4.6 */
enum hash_use {
	HASH_REJECTED = 0,
	HASH_SESSION = 1,
	HASH_CONFIRM = 2,
	HASH_MESSAGE = 3,
	HASH_PK = 4
};

struct work {
	struct sntrup761_poly a, b, c;
	uint16_t values[SNTRUP761_P];
	uint8_t message[SMALL_BYTES]; /* r, encoded */
	uint8_t hashed[HASH_BYTES];   /* of the message */
	uint8_t pk_hash[HASH_BYTES];
	uint8_t ss[HASH_BYTES];
};

/* The first half of SHA-512 of a byte, a and b. */
static enum err hash(uint8_t use, struct span a, struct span b, uint8_t out[HASH_BYTES])
{
	const struct span parts[] = {
	    {&use, sizeof use},
            a, b
        };
	struct exhash_value value;
	enum err e =
	    digest_spans(DIGEST_SHA512, parts, sizeof parts / sizeof parts[0], &value);

	if (e == OK) {
		memcpy(out, value.bytes, HASH_BYTES);
		wipe(&value, sizeof value);
	}
	return e;
}

/* Encrypts a short w->a to w->message's hash and a ciphertext with confirmation: Hide. */
static enum err hide(struct work *w, const uint8_t pk[SNTRUP761_PK_BYTES],
		     uint8_t ct[SNTRUP761_CT_BYTES])
{
	enum err e;

	sntrup761_code_write_small(&w->a, w->message);
	sntrup761_code_read(pk, SNTRUP761_Q, w->values);
	sntrup761_poly_sign(w->values, &w->b);
	sntrup761_poly_multiply(&w->b, &w->a, &w->c);
	sntrup761_poly_round(&w->c, w->values);
	sntrup761_code_write(w->values, SNTRUP761_STEPS, ct);
	e = hash(HASH_MESSAGE, SPAN_OF(w->message), (struct span){0}, w->hashed);
	if (e != OK)
		return e;
	return hash(HASH_CONFIRM, SPAN_OF(w->hashed), SPAN_OF(w->pk_hash),
		    ct + STEPS_BYTES);
}

/* Recovers the short polynomial into w->a; one of right weight if there is none. */
static void reveal(struct work *w, const uint8_t sk[SNTRUP761_SK_BYTES],
		   const uint8_t ct[SNTRUP761_CT_BYTES])
{
	int16_t wrong;

	sntrup761_code_read(ct, SNTRUP761_STEPS, w->values);
	sntrup761_poly_unround(w->values, &w->b);
	sntrup761_code_read_small(sk + SK_F, &w->a);
	sntrup761_poly_multiply(&w->b, &w->a, &w->b);
	sntrup761_poly_triple3(&w->b);
	sntrup761_code_read_small(sk + SK_RECIP, &w->a);
	sntrup761_poly_multiply3(&w->b, &w->a, &w->a);
	wrong = (int16_t)(sntrup761_poly_weight(&w->a) - SNTRUP761_W);
	wrong = (int16_t)((wrong | -wrong) >> 15);
	for (size_t i = 0; i < SNTRUP761_P; i++) {
		int16_t fixed = i < SNTRUP761_W ? 1 : 0;

		w->a.c[i] = (int16_t)(w->a.c[i] ^ (wrong & (w->a.c[i] ^ fixed)));
	}
}

enum err sntrup761_keypair(uint8_t pk[SNTRUP761_PK_BYTES],
			   uint8_t sk[SNTRUP761_SK_BYTES])
{
	struct work w;
	uint8_t made[SNTRUP761_SK_BYTES];
	enum err e;

	do {
		e = sntrup761_sample_small(&w.a);
	} while (e == OK && !sntrup761_recip_3(&w.a, &w.b));
	if (e == OK)
		e = sntrup761_sample_short(&w.c);
	if (e == OK && RAND_priv_bytes(made + SK_REJECT, SMALL_BYTES) != 1)
		e = ERR_CRYPTO;
	if (e != OK)
		goto out;
	sntrup761_code_write_small(&w.c, made + SK_F);
	sntrup761_code_write_small(&w.b, made + SK_RECIP);
	sntrup761_recip_q(&w.c, &w.b);
	sntrup761_poly_multiply(&w.b, &w.a, &w.c);
	sntrup761_poly_unsign(&w.c, w.values);
	sntrup761_code_write(w.values, SNTRUP761_Q, made + SK_PK);
	e = hash(HASH_PK, (struct span){made + SK_PK, SNTRUP761_PK_BYTES},
		 (struct span){0}, made + SK_HASH);
	if (e == OK) {
		memcpy(pk, made + SK_PK, SNTRUP761_PK_BYTES);
		memcpy(sk, made, sizeof made);
	}
out:
	wipe(made, sizeof made);
	wipe(&w, sizeof w);
	return e;
}

enum err sntrup761_encap(const uint8_t pk[SNTRUP761_PK_BYTES],
			 uint8_t ct[SNTRUP761_CT_BYTES], uint8_t ss[SNTRUP761_SS_BYTES])
{
	struct work w;
	uint8_t made[SNTRUP761_CT_BYTES];
	enum err e = sntrup761_sample_short(&w.a);

	if (e == OK)
		e = hash(HASH_PK, (struct span){pk, SNTRUP761_PK_BYTES},
			 (struct span){0}, w.pk_hash);
	if (e == OK)
		e = hide(&w, pk, made);
	if (e == OK)
		e = hash(HASH_SESSION, SPAN_OF(w.hashed), SPAN_OF(made), w.ss);
	if (e == OK) {
		memcpy(ct, made, sizeof made);
		memcpy(ss, w.ss, sizeof w.ss);
	}
	wipe(&w, sizeof w);
	return e;
}

/* Gives: all ones if the ciphertexts differ, else 0 */
static uint8_t differ_mask(const uint8_t *a, const uint8_t *b)
{
	uint32_t differ = 0;

	for (size_t i = 0; i < SNTRUP761_CT_BYTES; i++)
		differ |= a[i] ^ (uint32_t)b[i];
	return (uint8_t) ~((differ - 1) >>
			   24); /* differ is below 256: only 0 borrows */
}

enum err sntrup761_decap(const uint8_t sk[SNTRUP761_SK_BYTES],
			 const uint8_t ct[SNTRUP761_CT_BYTES],
			 uint8_t ss[SNTRUP761_SS_BYTES])
{
	struct work w;
	uint8_t again[SNTRUP761_CT_BYTES], differ;
	enum err e;

	memcpy(w.pk_hash, sk + SK_HASH, sizeof w.pk_hash);
	reveal(&w, sk, ct);
	e = hide(&w, sk + SK_PK, again);
	if (e != OK)
		goto out;
	differ = differ_mask(ct, again);
	for (size_t i = 0; i < SMALL_BYTES; i++)
		w.message[i] ^= (uint8_t)(differ & (w.message[i] ^ sk[SK_REJECT + i]));
	e = hash(HASH_MESSAGE, SPAN_OF(w.message), (struct span){0}, w.hashed);
	if (e == OK)
		e = hash((uint8_t)(HASH_SESSION & ~differ), SPAN_OF(w.hashed),
			 (struct span){ct, SNTRUP761_CT_BYTES}, w.ss);
	if (e == OK)
		memcpy(ss, w.ss, sizeof w.ss);
out:
	wipe(again, sizeof again);
	wipe(&w, sizeof w);
	return e;
}
