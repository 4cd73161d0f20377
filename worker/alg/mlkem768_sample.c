/*
 * Hashing rests on libcrypto. The matrix comes from public bytes, so it may be drawn in
 * varying time; small polynomials are secret and come from bit counts. Source: FIPS
 * 203 4.1, 4.2.2
 */
#include "worker/alg/mlkem768_sample.h"

#define XOF_RATE_BYTES   168
#define XOF_FIRST_BLOCKS 3 /* suffice for 99 of 100 polynomials */
#define XOF_MAX_BLOCKS                                                                 \
	6 /* 672 candidates, 4 of 5 good: fall short less than once in 2^190 */
#define SMALL_BYTES 128

static const char *const names[MLKEM768_HASH_COUNT] = {
    [MLKEM768_H] = "SHA3-256",
    [MLKEM768_G] = "SHA3-512",
    [MLKEM768_XOF] = "SHAKE-128",
    [MLKEM768_PRF] = "SHAKE-256",
};

/* Fetched once: an implicit fetch costs more than a permutation. Never changes after.
 */
static EVP_MD *fetched[MLKEM768_HASH_COUNT];

const EVP_MD *mlkem768_sample_md(enum mlkem768_hash h)
{
	if (fetched[h] == NULL)
		fetched[h] = EVP_MD_fetch(NULL, names[h], NULL);
	return fetched[h];
}

enum err mlkem768_sample_hash(EVP_MD_CTX *ctx, enum mlkem768_hash h, struct span a,
			      struct span b, struct mlkem768_digest out)
{
	const EVP_MD *md = mlkem768_sample_md(h);
	int done;

	if (md == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1 ||
	    EVP_DigestUpdate(ctx, a.p, a.n) != 1)
		return ERR_CRYPTO;
	if (b.n != 0 && EVP_DigestUpdate(ctx, b.p, b.n) != 1)
		return ERR_CRYPTO;
	if (h == MLKEM768_XOF || h == MLKEM768_PRF)
		done = EVP_DigestFinalXOF(ctx, out.p, out.n);
	else
		done = EVP_DigestFinal_ex(ctx, out.p, NULL);
	return done == 1 ? OK : ERR_CRYPTO;
}

/* Takes 12-bit candidates below Q until there are 256. Gives: how many there are */
static size_t take_below_q(const uint8_t *in, size_t n, struct mlkem768_poly *out)
{
	size_t count = 0;

	for (size_t i = 0; i < n && count < MLKEM768_N; i += 3) {
		int first = in[i] | (in[i + 1] & 15) << 8;
		int second = in[i + 1] >> 4 | in[i + 2] << 4;

		/* written first, kept or not: cheaper than a branch nobody can predict
		 */
		out->c[count] = (int16_t)first;
		count += first < MLKEM768_Q;
		if (count == MLKEM768_N)
			break;
		out->c[count] = (int16_t)second;
		count += second < MLKEM768_Q;
	}
	return count;
}

enum err mlkem768_sample_uniform(EVP_MD_CTX *ctx, const uint8_t rho[MLKEM768_SYMBOL],
				 const uint8_t index[2], struct mlkem768_poly *out)
{
	uint8_t stream[XOF_MAX_BLOCKS * XOF_RATE_BYTES];
	size_t n = (size_t)XOF_FIRST_BLOCKS * XOF_RATE_BYTES;
	struct span seed = {rho, MLKEM768_SYMBOL}, tail = {index, 2};

	/* libcrypto 3.0 squeezes once only, so the rare longer stream is begun anew */
	for (; n <= sizeof stream; n += (size_t)XOF_FIRST_BLOCKS * XOF_RATE_BYTES) {
		struct mlkem768_digest to = {stream, n};
		enum err e = mlkem768_sample_hash(ctx, MLKEM768_XOF, seed, tail, to);

		if (e != OK)
			return e;
		if (take_below_q(stream, n, out) == MLKEM768_N)
			return OK;
	}
	return ERR_CRYPTO;
}

enum err mlkem768_sample_small(EVP_MD_CTX *ctx, const uint8_t seed[MLKEM768_SYMBOL],
			       uint8_t counter, struct mlkem768_poly *out)
{
	const uint32_t even = 0x55555555, pairs = 0x3;
	uint8_t stream[SMALL_BYTES];
	struct mlkem768_digest to = {stream, sizeof stream};
	enum err e = mlkem768_sample_hash(ctx, MLKEM768_PRF,
					  (struct span){seed, MLKEM768_SYMBOL},
					  (struct span){&counter, 1}, to);

	for (size_t i = 0; e == OK && i < SMALL_BYTES; i += 4) {
		uint32_t bits = stream[i] | (uint32_t)stream[i + 1] << 8 |
				(uint32_t)stream[i + 2] << 16 |
				(uint32_t)stream[i + 3] << 24;
		uint32_t ones = (bits & even) + ((bits >> 1) & even);

		for (unsigned k = 0; k < 8; k++)
			out->c[2 * i + k] =
			    (int16_t)((int)(ones >> (4 * k) & pairs) -
				      (int)(ones >> (4 * k + 2) & pairs));
	}
	wipe(stream, sizeof stream);
	return e;
}
