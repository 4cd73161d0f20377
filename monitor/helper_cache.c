/*
 * Answers of PolicyHelper programs: a hash table whose entries stand in a queue too, the oldest
 * first. The key is a digest that nobody can find a second input to, so it needs no secret.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/limits.h"
#include "monitor/helper_cache.h"

struct helper_kept {
	struct helper_key key;
	uint64_t until_ms;
	struct helper_kept *next; /* in its bucket */
	struct helper_kept *newer, *older;
	size_t n;
	uint8_t answer[];
};

enum err helper_key_make(struct span name, struct span request, struct helper_key *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct helper_key key;
	enum err e = ERR_CRYPTO;

	/* a name holds no NUL */
	if (ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, name.p, name.n) == 1 &&
	    EVP_DigestUpdate(ctx, "", 1) == 1 &&
	    EVP_DigestUpdate(ctx, request.p, request.n) == 1 &&
	    EVP_DigestFinal_ex(ctx, key.digest, NULL) == 1)
		e = OK;
	EVP_MD_CTX_free(ctx);
	if (e == OK)
		*out = key;
	return e;
}

static struct helper_kept **place(struct helper_cache *c, const struct helper_key *key)
{
	struct helper_kept **p = &c->bucket[key->digest[0] % HELPER_CACHE_BUCKETS];

	while (*p != NULL && memcmp(&(*p)->key, key, sizeof *key) != 0)
		p = &(*p)->next;
	return p;
}

/* It stands in the queue no more. */
static void release(struct helper_cache *c, struct helper_kept *k)
{
	*place(c, &k->key) = k->next;
	c->n--;
	c->bytes -= k->n;
	wipe(k->answer, k->n);
	free(k);
}

static void forget(struct helper_cache *c, struct helper_kept *k)
{
	*(k->older != NULL ? &k->older->newer : &c->oldest) = k->newer;
	*(k->newer != NULL ? &k->newer->older : &c->newest) = k->older;
	release(c, k);
}

static void forget_oldest(struct helper_cache *c)
{
	struct helper_kept *k = c->oldest;

	c->oldest = k->newer;
	*(c->oldest != NULL ? &c->oldest->older : &c->newest) = NULL;
	release(c, k);
}

bool helper_cache_get(struct helper_cache *c, const struct helper_key *key,
		      uint64_t now_ms, struct span *out)
{
	struct helper_kept *k = *place(c, key);

	if (k == NULL)
		return false;
	if (now_ms >= k->until_ms) {
		forget(c, k);
		return false;
	}
	*out = (struct span){k->answer, k->n};
	return true;
}

void helper_cache_put(struct helper_cache *c, const struct helper_key *key,
		      uint64_t until_ms, struct span answer)
{
	struct helper_kept *k = *place(c, key);

	if (k != NULL)
		forget(c, k);
	k = answer.n <= LIMIT_HELPER_CACHE_BYTES ? malloc(sizeof *k + answer.n) : NULL;
	if (k == NULL)
		return;
	while (c->oldest != NULL && (c->n >= LIMIT_HELPER_CACHE ||
				     c->bytes > LIMIT_HELPER_CACHE_BYTES - answer.n))
		forget_oldest(c);
	*k = (struct helper_kept){
	    .key = *key, .until_ms = until_ms, .older = c->newest, .n = answer.n};
	if (answer.n > 0)
		memcpy(k->answer, answer.p, answer.n);
	*place(c, key) = k;
	*(c->newest != NULL ? &c->newest->newer : &c->oldest) = k;
	c->newest = k;
	c->n++;
	c->bytes += k->n;
}

void helper_cache_wipe(struct helper_cache *c)
{
	while (c->oldest != NULL)
		forget_oldest(c);
}
