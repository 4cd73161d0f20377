/*
 * ML-KEM-768. An encapsulation key comes from the other side and is checked before use;
 * a decapsulation key is ours and checked all the same. What is secret lives in struct
 * work and struct keys, and both are wiped on every path. Source: FIPS 203 5, 6, 7
 */
#include <string.h>

#include <openssl/rand.h>

#include "worker/alg/mlkem768.h"
#include "worker/alg/mlkem768_evp.h"
#include "worker/alg/mlkem768_sample.h"

#define RANK         3 /* k; eta1 = eta2 = 2 */
#define SYMBOL       MLKEM768_SYMBOL
#define POLY_BYTES   ((size_t)MLKEM768_POLY_BYTES(MLKEM768_D_EK))
#define VECTOR_BYTES (RANK * POLY_BYTES)
#define U_BYTES      ((size_t)MLKEM768_POLY_BYTES(MLKEM768_D_U))
#define CT_V         (RANK * U_BYTES) /* where v begins in a ciphertext */
#define DK_EK        VECTOR_BYTES     /* what a decapsulation key holds, and where */
#define DK_HASH      (DK_EK + MLKEM768_EK_BYTES)
#define DK_REJECT    (DK_HASH + SYMBOL)

_Static_assert(VECTOR_BYTES + SYMBOL == MLKEM768_EK_BYTES, "ek is t-hat, rho");
_Static_assert(DK_REJECT + SYMBOL == MLKEM768_DK_BYTES, "dk is s-hat, ek, H(ek), z");
_Static_assert(CT_V + MLKEM768_POLY_BYTES(MLKEM768_D_V) == MLKEM768_CT_BYTES,
	       "ct is u, v");

/* What one call needs; all of it is secret. */
struct work {
	EVP_MD_CTX *ctx;
	struct mlkem768_poly a, b;
	struct mlkem768_factor vector[RANK]; /* y-hat, or s-hat */
	struct mlkem768_sum sum;
	uint8_t keys[2 * SYMBOL]; /* G's output: K and the coins, or rho and sigma */
	uint8_t symbol[2 * SYMBOL];
};

static enum err work_init(struct work *w)
{
	w->ctx = EVP_MD_CTX_new();
	return w->ctx != NULL ? OK : ERR_MEMORY;
}

static void work_wipe(struct work *w)
{
	EVP_MD_CTX_free(w->ctx);
	wipe(w, sizeof *w);
}

static enum err draw(uint8_t *out, size_t n)
{
	return RAND_priv_bytes(out, (int)n) == 1 ? OK : ERR_CRYPTO;
}

/* Gives: all ones if each coefficient of a vector is below the modulus, else 0 */
static uint32_t vector_valid(const uint8_t in[VECTOR_BYTES])
{
	struct mlkem768_poly a;
	uint32_t valid = UINT32_MAX;

	for (size_t i = 0; i < RANK; i++)
		valid &= mlkem768_poly_decode(in + i * POLY_BYTES, &a);
	wipe(&a, sizeof a);
	return valid;
}

/* Draws the vector that the next products are made with, in the NTT domain. */
static enum err draw_vector(struct work *w, const uint8_t seed[SYMBOL])
{
	for (uint8_t i = 0; i < RANK; i++) {
		enum err e = mlkem768_sample_small(w->ctx, seed, i, &w->a);

		if (e != OK)
			return e;
		mlkem768_poly_ntt(&w->a);
		mlkem768_poly_factor(&w->a, &w->vector[i]);
	}
	return OK;
}

/* Multiplies row i of the matrix, or of its transpose, by the vector; into a, over
 * 2^16. */
static enum err multiply_row(struct work *w, const uint8_t rho[SYMBOL], uint8_t i,
			     bool transposed)
{
	memset(&w->sum, 0, sizeof w->sum);
	for (uint8_t j = 0; j < RANK; j++) {
		/* FIPS 203 algorithm 13 line 5: the XOF takes the column first */
		uint8_t straight[2] = {j, i}, turned[2] = {i, j};
		enum err e = mlkem768_sample_uniform(
		    w->ctx, rho, transposed ? turned : straight, &w->a);

		if (e != OK)
			return e;
		mlkem768_poly_dot(&w->a, &w->vector[j], &w->sum);
	}
	mlkem768_poly_sum(&w->sum, &w->a);
	return OK;
}

/* Adds the small polynomial of a counter to a. */
static enum err add_small(struct work *w, const uint8_t seed[SYMBOL], uint8_t counter)
{
	enum err e = mlkem768_sample_small(w->ctx, seed, counter, &w->b);

	if (e == OK)
		mlkem768_poly_add(&w->a, &w->b);
	return e;
}

/* K-PKE.Encrypt of w->symbol with the coins of w->keys. Source: FIPS 203 algorithm 14
 */
static enum err encrypt(struct work *w, const uint8_t ek[MLKEM768_EK_BYTES],
			uint8_t ct[MLKEM768_CT_BYTES])
{
	const uint8_t *coins = w->keys + SYMBOL;
	enum err e = draw_vector(w, coins);

	for (uint8_t i = 0; e == OK && i < RANK; i++) {
		e = multiply_row(w, ek + VECTOR_BYTES, i, true);
		if (e != OK)
			return e;
		mlkem768_poly_inverse_ntt(&w->a);
		e = add_small(w, coins, (uint8_t)(RANK + i));
		mlkem768_poly_compress(&w->a, MLKEM768_D_U, ct + i * U_BYTES);
	}
	if (e != OK)
		return e;
	memset(&w->sum, 0, sizeof w->sum);
	for (size_t i = 0; i < RANK; i++) {
		if (mlkem768_poly_decode(ek + i * POLY_BYTES, &w->a) == 0)
			return ERR_KEX_VALUE;
		mlkem768_poly_dot(&w->a, &w->vector[i], &w->sum);
	}
	mlkem768_poly_sum(&w->sum, &w->a);
	mlkem768_poly_inverse_ntt(&w->a);
	e = add_small(w, coins, 2 * RANK);
	mlkem768_poly_from_message(w->symbol, &w->b);
	mlkem768_poly_add(&w->a, &w->b);
	mlkem768_poly_compress(&w->a, MLKEM768_D_V, ct + CT_V);
	return e;
}

/* K-PKE.Decrypt into w->symbol. Source: FIPS 203 algorithm 15 */
static enum err decrypt(struct work *w, const uint8_t dk[MLKEM768_DK_BYTES],
			const uint8_t ct[MLKEM768_CT_BYTES])
{
	memset(&w->sum, 0, sizeof w->sum);
	for (size_t i = 0; i < RANK; i++) {
		mlkem768_poly_decompress(ct + i * U_BYTES, MLKEM768_D_U, &w->a);
		mlkem768_poly_ntt(&w->a);
		mlkem768_poly_factor(&w->a, &w->vector[i]);
		if (mlkem768_poly_decode(dk + i * POLY_BYTES, &w->a) == 0)
			return ERR_KEY;
		mlkem768_poly_dot(&w->a, &w->vector[i], &w->sum);
	}
	mlkem768_poly_sum(&w->sum, &w->b);
	mlkem768_poly_inverse_ntt(&w->b);
	mlkem768_poly_decompress(ct + CT_V, MLKEM768_D_V, &w->a);
	mlkem768_poly_sub(&w->a, &w->b);
	mlkem768_poly_to_message(&w->a, w->symbol);
	return OK;
}

enum err mlkem768_warm(void)
{
	(void)mlkem768_evp_there();
	for (int h = 0; h < MLKEM768_HASH_COUNT; h++)
		if (mlkem768_sample_md((enum mlkem768_hash)h) == NULL)
			return ERR_CRYPTO;
	return OK;
}

/* K-PKE.KeyGen from rho and sigma in w->keys. Source: FIPS 203 algorithm 13 */
static enum err make_keys(struct work *w, uint8_t dk[MLKEM768_DK_BYTES])
{
	const uint8_t *rho = w->keys, *sigma = w->keys + SYMBOL;
	enum err e = OK;

	for (uint8_t i = 0; i < RANK; i++) {
		e = mlkem768_sample_small(w->ctx, sigma, i, &w->a);
		if (e != OK)
			return e;
		mlkem768_poly_ntt(&w->a);
		mlkem768_poly_encode(&w->a, dk + i * POLY_BYTES);
		mlkem768_poly_factor(&w->a, &w->vector[i]);
	}
	for (uint8_t i = 0; i < RANK; i++) {
		e = multiply_row(w, rho, i, false);
		if (e == OK)
			e = mlkem768_sample_small(w->ctx, sigma, (uint8_t)(RANK + i),
						  &w->b);
		if (e != OK)
			return e;
		mlkem768_poly_ntt(&w->b);
		mlkem768_poly_scale(&w->a);
		mlkem768_poly_add(&w->a, &w->b);
		mlkem768_poly_encode(&w->a, dk + DK_EK + i * POLY_BYTES);
	}
	memcpy(dk + DK_EK + VECTOR_BYTES, rho, SYMBOL);
	return OK;
}

/* Computes H(ek). */
static enum err hash_ek(struct work *w, const uint8_t ek[MLKEM768_EK_BYTES],
			uint8_t out[SYMBOL])
{
	return mlkem768_sample_hash(
	    w->ctx, MLKEM768_H, (struct span){ek, MLKEM768_EK_BYTES}, (struct span){0},
	    (struct mlkem768_digest){out, SYMBOL});
}

/* Computes G(a || b) into w->keys. */
static enum err hash_g(struct work *w, struct span a, struct span b)
{
	struct mlkem768_digest to = {w->keys, sizeof w->keys};

	return mlkem768_sample_hash(w->ctx, MLKEM768_G, a, b, to);
}

enum err mlkem768_keypair(const uint8_t seed[MLKEM768_SEED_BYTES],
			  uint8_t ek[MLKEM768_EK_BYTES], uint8_t dk[MLKEM768_DK_BYTES])
{
	const uint8_t rank = RANK; /* FIPS 203 algorithm 13 line 1 */
	struct work w = {0};
	uint8_t made[MLKEM768_DK_BYTES];
	enum err e = work_init(&w);

	if (e == OK && seed == NULL)
		e = draw(w.symbol, sizeof w.symbol);
	else if (e == OK)
		memcpy(w.symbol, seed, sizeof w.symbol);
	if (e == OK)
		e = hash_g(&w, (struct span){w.symbol, SYMBOL},
			   (struct span){&rank, 1});
	if (e == OK)
		e = make_keys(&w, made);
	if (e == OK)
		e = hash_ek(&w, made + DK_EK, made + DK_HASH);
	if (e == OK) {
		memcpy(made + DK_REJECT, w.symbol + SYMBOL, SYMBOL);
		memcpy(ek, made + DK_EK, MLKEM768_EK_BYTES);
		memcpy(dk, made, sizeof made);
	}
	wipe(made, sizeof made);
	work_wipe(&w);
	return e;
}

/* ML-KEM.Encaps_internal of w->symbol, which is m, H(ek); the secret is then in
 * w->keys. */
static enum err encapsulate(struct work *w, const uint8_t ek[MLKEM768_EK_BYTES],
			    uint8_t ct[MLKEM768_CT_BYTES])
{
	enum err e = hash_g(w, SPAN_OF(w->symbol), (struct span){0});

	return e == OK ? encrypt(w, ek, ct) : e;
}

enum err mlkem768_encap(const uint8_t ek[MLKEM768_EK_BYTES],
			const uint8_t m[MLKEM768_M_BYTES],
			uint8_t ct[MLKEM768_CT_BYTES], uint8_t ss[MLKEM768_SS_BYTES])
{
	struct work w = {0};
	uint8_t made[MLKEM768_CT_BYTES];
	enum err e;

	if (vector_valid(ek) == 0)
		return ERR_KEX_VALUE;
	if (m == NULL && mlkem768_evp_there() && mlkem768_evp_encap(ek, ct, ss) == OK)
		return OK;
	e = work_init(&w);
	if (e == OK && m == NULL)
		e = draw(w.symbol, SYMBOL);
	else if (e == OK)
		memcpy(w.symbol, m, SYMBOL);
	if (e == OK)
		e = hash_ek(&w, ek, w.symbol + SYMBOL);
	if (e == OK)
		e = encapsulate(&w, ek, made);
	if (e == OK) {
		memcpy(ct, made, sizeof made);
		memcpy(ss, w.keys, SYMBOL);
	}
	work_wipe(&w);
	return e;
}

/* Checks that dk is in range and whole. Source: FIPS 203 7.3; the range as 7.2 for ek
 */
static enum err check_keys(struct work *w, const uint8_t dk[MLKEM768_DK_BYTES])
{
	uint8_t hash[SYMBOL];
	enum err e;

	if ((vector_valid(dk) & vector_valid(dk + DK_EK)) == 0)
		return ERR_KEY;
	e = hash_ek(w, dk + DK_EK, hash);
	if (e != OK)
		return e;
	return bytes_equal_secret(SPAN_OF(hash), (struct span){dk + DK_HASH, SYMBOL})
		   ? OK
		   : ERR_KEY;
}

/* Gives: all ones if the ciphertexts are the same, else 0 */
static uint8_t same_mask(const uint8_t *a, const uint8_t *b)
{
	uint32_t differ = 0;

	for (size_t i = 0; i < MLKEM768_CT_BYTES; i++)
		differ |= a[i] ^ (uint32_t)b[i];
	return (uint8_t)((differ - 1) >> 24); /* differ is below 256: only 0 borrows */
}

/* ML-KEM.Decaps_internal. Source: FIPS 203 algorithm 18 */
static enum err decapsulate(struct work *w, const uint8_t dk[MLKEM768_DK_BYTES],
			    const uint8_t ct[MLKEM768_CT_BYTES], uint8_t secret[SYMBOL])
{
	uint8_t again[MLKEM768_CT_BYTES], mask;
	enum err e = mlkem768_sample_hash(w->ctx, MLKEM768_PRF,
					  (struct span){dk + DK_REJECT, SYMBOL},
					  (struct span){ct, MLKEM768_CT_BYTES},
					  (struct mlkem768_digest){secret, SYMBOL});

	if (e == OK)
		e = decrypt(w, dk, ct);
	memcpy(w->symbol + SYMBOL, dk + DK_HASH, SYMBOL);
	if (e == OK)
		e = encapsulate(w, dk + DK_EK, again);
	if (e == OK) {
		mask = same_mask(ct, again);
		for (size_t i = 0; i < SYMBOL; i++)
			secret[i] ^= (uint8_t)(mask & (secret[i] ^ w->keys[i]));
	}
	wipe(again, sizeof again);
	return e;
}

enum err mlkem768_decap(const uint8_t dk[MLKEM768_DK_BYTES],
			const uint8_t ct[MLKEM768_CT_BYTES],
			uint8_t ss[MLKEM768_SS_BYTES])
{
	struct work w = {0};
	uint8_t secret[SYMBOL] = {0};
	enum err e = work_init(&w);

	if (e == OK)
		e = check_keys(&w, dk);
	if (e == OK)
		e = decapsulate(&w, dk, ct, secret);
	if (e == OK)
		memcpy(ss, secret, sizeof secret);
	wipe(secret, sizeof secret);
	work_wipe(&w);
	return e;
}
