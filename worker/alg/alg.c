/*
 * The warm-up: what libcrypto fetches, allocates or computes at first use, it does here.
 */
#include <openssl/err.h>
#include <openssl/rand.h>

#include "worker/alg/alg.h"
#include "worker/alg/cipher.h"
#include "worker/alg/dh.h"
#include "worker/alg/ecdh.h"
#include "worker/alg/kex.h"
#include "worker/alg/mac.h"

/* Content of a value in wire form; sound, for we made it. */
static struct span content(const struct kex_value *v)
{
	const size_t n = v->n < sizeof(uint32_t) ? v->n : sizeof(uint32_t);

	return (struct span){v->bytes + n, v->n - n};
}

/* One whole exchange with ourselves. */
static enum err kex_run(const struct kex_alg *row)
{
	struct kex_client client = {0};
	struct kex_reply reply = {0};
	struct kex_value q_client = {0}, secret = {0};
	enum err e;

	if ((e = kex_initiate(row, NULL, (struct span){0}, &client, &q_client)) == OK &&
	    (e = kex_respond(row, NULL, content(&q_client), &reply)) == OK)
		e = kex_finish(&client, content(&reply.q_server), &secret);
	wipe(&secret, sizeof secret);
	kex_reply_wipe(&reply);
	kex_client_wipe(&client);
	return e;
}

/* Diffie-Hellman keeps its groups only, and would take 50 ms. */
static enum err kex_run_all(void)
{
	enum err e = OK;

	for (size_t i = 0; i < kex_algs_n && e == OK; i++)
		if (!kex_algs[i].mpint_values)
			e = kex_run(&kex_algs[i]);
	return e;
}

enum err alg_warm(void)
{
	uint8_t bytes[1];
	enum err e;

	for (int d = 0; d < DIGEST_COUNT; d++)
		if (digest_md((enum digest)d) == NULL)
			return ERR_CRYPTO;
	/* both generators: each is seeded at its first use */
	if (RAND_bytes(bytes, sizeof bytes) != 1 ||
	    RAND_priv_bytes(bytes, sizeof bytes) != 1)
		return ERR_CRYPTO;
	if ((e = cipher_warm()) != OK || (e = mac_warm()) != OK ||
	    (e = ecdh_warm()) != OK || (e = dh_warm()) != OK)
		return e;
	e = kex_run_all();
	/* what was looked for and is not there leaves an entry, though nothing failed */
	ERR_clear_error();
	return e;
}
