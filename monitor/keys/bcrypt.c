/*
 * bcrypt_pbkdf on Blowfish with the expensive key schedule of bcrypt. libcrypto has Blowfish
 * too, but shows neither its first state nor a schedule with a salt. The first state is the
 * fraction of pi, which is worked out here: shorter than its thousand words, and a mistake
 * would spoil every answer. Secret indices are unavoidable in Blowfish; it runs when a key is
 * loaded, not for a connection.
 * Source: Provos, Mazieres: A Future-Adaptable Password Scheme; bcrypt_pbkdf(3)
 */
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "common/limits.h"
#include "monitor/keys/bcrypt.h"

enum {
	ROUNDS = 16, /* of Blowfish */
	P_WORDS = ROUNDS + 2,
	BOXES = 4,
	BOX_WORDS = 256,
	PI_WORDS = P_WORDS + BOXES * BOX_WORDS,
	PI_GUARD_WORDS = 2, /* what divisions cut off does not reach what is kept */
	PI_ALL_WORDS = 1 + PI_WORDS + PI_GUARD_WORDS,
	WORD_BITS = 32,
	HASH_WORDS = 8,
	HASH_BYTES = 4 * HASH_WORDS,
	SCHEDULES = 64, /* repetitions of the schedule, and of the encryption */
	COUNT_BYTES = 4
};

/* The subkeys, then the boxes. */
struct blowfish {
	uint32_t word[PI_WORDS];
};

struct bcrypt {
	struct blowfish first, now;
	uint8_t password[SHA512_DIGEST_LENGTH], salt[SHA512_DIGEST_LENGTH];
};

/* ---- pi, as a number of 32-bit words: the first is before the point ---- */

/* Divides n by a small number; words in front of from are zero. */
static void pi_divide(uint32_t *n, size_t from, uint32_t by)
{
	uint64_t rest = 0;

	for (size_t i = from; i < PI_ALL_WORDS; i++) {
		rest = rest << WORD_BITS | n[i];
		n[i] = (uint32_t)(rest / by);
		rest %= by;
	}
}

static void pi_add(uint32_t *sum, const uint32_t *n, bool subtract)
{
	uint64_t carry = subtract;

	/* minus is the complement and one */
	for (size_t i = PI_ALL_WORDS; i-- > 0;) {
		carry += (uint64_t)sum[i] + (subtract ? ~n[i] : n[i]);
		sum[i] = (uint32_t)carry;
		carry >>= WORD_BITS;
	}
}

/* Adds factor times the arc tangent of 1/x: 1/x - 1/3x^3 + 1/5x^5 … */
static void pi_arctan(uint32_t *sum, uint32_t factor, uint32_t x, bool subtract)
{
	uint32_t power[PI_ALL_WORDS] = {factor}, term[PI_ALL_WORDS];
	size_t from = 0;

	pi_divide(power, from, x);
	for (uint32_t k = 1; from < PI_ALL_WORDS; k += 2) {
		memcpy(term, power, sizeof term);
		pi_divide(term, from, k);
		pi_add(sum, term, subtract);
		subtract = !subtract;
		pi_divide(power, from, x * x);
		while (from < PI_ALL_WORDS && power[from] == 0)
			from++;
	}
}

/* Machin: pi = 16 arctan(1/5) - 4 arctan(1/239) */
static void blowfish_first(struct blowfish *b)
{
	uint32_t pi[PI_ALL_WORDS] = {0};

	pi_arctan(pi, 16, 5, false);
	pi_arctan(pi, 4, 239, true);
	memcpy(b->word, pi + 1, sizeof b->word);
}

/* ---- Blowfish ---- */

static uint32_t box(const struct blowfish *b, size_t i, uint32_t x)
{
	return b->word[P_WORDS + i * BOX_WORDS + (x & (BOX_WORDS - 1))];
}

static uint32_t mix(const struct blowfish *b, uint32_t x)
{
	return ((box(b, 0, x >> 24) + box(b, 1, x >> 16)) ^ box(b, 2, x >> 8)) +
	       box(b, 3, x);
}

static void encipher(const struct blowfish *b, uint32_t pair[2])
{
	uint32_t left = pair[0] ^ b->word[0], right = pair[1];

	for (size_t i = 1; i <= ROUNDS; i += 2) {
		right ^= mix(b, left) ^ b->word[i];
		left ^= mix(b, right) ^ b->word[i + 1];
	}
	pair[0] = right ^ b->word[ROUNDS + 1];
	pair[1] = left;
}

/* Takes the next word of a hash, which begins anew at its end. */
static uint32_t next_word(const uint8_t *hash, size_t *at)
{
	uint32_t word = 0;

	for (size_t i = 0; i < sizeof word; i++) {
		word = word << 8 | hash[*at];
		*at = (*at + 1) % SHA512_DIGEST_LENGTH;
	}
	return word;
}

/* Works a key into the state; with salt, that too. */
static void expand(struct blowfish *b, const uint8_t *key, const uint8_t *salt)
{
	uint32_t pair[2] = {0};
	size_t key_at = 0, salt_at = 0;

	for (size_t i = 0; i < P_WORDS; i++)
		b->word[i] ^= next_word(key, &key_at);
	for (size_t i = 0; i < PI_WORDS; i += 2) {
		if (salt != NULL) {
			pair[0] ^= next_word(salt, &salt_at);
			pair[1] ^= next_word(salt, &salt_at);
		}
		encipher(b, pair);
		b->word[i] = pair[0];
		b->word[i + 1] = pair[1];
	}
}

/* ---- bcrypt_pbkdf ---- */

static void hash(struct bcrypt *c, uint8_t out[HASH_BYTES])
{
	static const uint8_t text[HASH_BYTES] = {
	    'O', 'x', 'y', 'c', 'h', 'r', 'o', 'm', 'a', 't', 'i',
	    'c', 'B', 'l', 'o', 'w', 'f', 'i', 's', 'h', 'S', 'w',
	    'a', 't', 'D', 'y', 'n', 'a', 'm', 'i', 't', 'e'};
	uint32_t words[HASH_WORDS];
	size_t at = 0;

	c->now = c->first;
	expand(&c->now, c->password, c->salt);
	for (size_t i = 0; i < SCHEDULES; i++) {
		expand(&c->now, c->salt, NULL);
		expand(&c->now, c->password, NULL);
	}
	for (size_t i = 0; i < HASH_WORDS; i++)
		words[i] = next_word(text, &at);
	for (size_t i = 0; i < SCHEDULES; i++)
		for (size_t j = 0; j < HASH_WORDS; j += 2)
			encipher(&c->now, words + j);
	for (size_t i = 0; i < HASH_WORDS; i++)
		for (size_t j = 0; j < sizeof words[0]; j++)
			out[sizeof words[0] * i + j] = (uint8_t)(words[i] >> (8 * j));
	wipe(words, sizeof words);
}

static enum err sha512(struct span a, struct span b, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha512(), NULL) == 1 &&
		    EVP_DigestUpdate(ctx, a.p, a.n) == 1 &&
		    EVP_DigestUpdate(ctx, b.p, b.n) == 1 &&
		    EVP_DigestFinal_ex(ctx, out, NULL) == 1;

	EVP_MD_CTX_free(ctx);
	return good ? OK : ERR_CRYPTO;
}

/* One piece of the key: all rounds over salt and the piece's number. */
static enum err piece(struct bcrypt *c, struct span salt, uint32_t count,
		      uint32_t rounds, uint8_t out[HASH_BYTES])
{
	const uint8_t number[COUNT_BYTES] = {(uint8_t)(count >> 24),
					     (uint8_t)(count >> 16),
					     (uint8_t)(count >> 8), (uint8_t)count};
	uint8_t last[HASH_BYTES];
	enum err e = sha512(salt, SPAN_OF(number), c->salt);

	if (e != OK)
		return e;
	hash(c, last);
	memcpy(out, last, HASH_BYTES);
	for (uint32_t i = 1; e == OK && i < rounds; i++) {
		if ((e = sha512(SPAN_OF(last), (struct span){0}, c->salt)) != OK)
			break;
		hash(c, last);
		for (size_t j = 0; j < HASH_BYTES; j++)
			out[j] ^= last[j];
	}
	wipe(last, sizeof last);
	return e;
}

/* The bytes of the pieces are dealt out in turn, so each counts for the whole key. */
static enum err derive(struct bcrypt *c, struct span salt, uint32_t rounds,
		       uint8_t *out, size_t n)
{
	const size_t stride = (n + HASH_BYTES - 1) / HASH_BYTES;
	uint8_t bytes[HASH_BYTES];
	enum err e = OK;

	for (size_t i = 0; e == OK && i < stride; i++) {
		e = piece(c, salt, (uint32_t)i + 1, rounds, bytes);
		for (size_t j = 0; e == OK && j * stride + i < n && j < HASH_BYTES; j++)
			out[j * stride + i] = bytes[j];
	}
	wipe(bytes, sizeof bytes);
	return e;
}

enum err bcrypt_pbkdf(struct span password, struct span salt, uint32_t rounds,
		      uint8_t *out, size_t n)
{
	struct bcrypt *c;
	enum err e;

	if (n == 0 || n > LIMIT_BCRYPT_KEY_BYTES || rounds == 0)
		return ERR_RANGE;
	c = OPENSSL_secure_zalloc(sizeof *c);
	if (c == NULL)
		return ERR_MEMORY;
	blowfish_first(&c->first);
	e = sha512(password, (struct span){0}, c->password);
	if (e == OK)
		e = derive(c, salt, rounds, out, n);
	OPENSSL_secure_clear_free(c, sizeof *c);
	return e;
}
