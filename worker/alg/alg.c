/*
 * The warm-up: what libcrypto fetches, allocates or computes at first use, it does here.
 */
#include <openssl/err.h>
#include <openssl/rand.h>

#include "common/names.h"
#include "worker/alg/alg.h"
#include "worker/alg/cipher.h"
#include "worker/alg/dh.h"
#include "worker/alg/ecdh.h"
#include "worker/alg/kex.h"
#include "worker/alg/mac.h"
#include "worker/alg/mlkem768_evp.h"

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

static enum err warm_digests(void)
{
	for (int d = 0; d < DIGEST_COUNT; d++)
		if (digest_md((enum digest)d) == NULL)
			return ERR_CRYPTO;
	return OK;
}

static enum err warm_random(void)
{
	uint8_t bytes[1];

	/* both generators: each is seeded at its first use */
	return RAND_bytes(bytes, sizeof bytes) == 1 &&
		       RAND_priv_bytes(bytes, sizeof bytes) == 1
		   ? OK
		   : ERR_CRYPTO;
}

static enum err warm_default(void)
{
	enum err e;

	if ((e = cipher_warm()) != OK || (e = mac_warm()) != OK ||
	    (e = ecdh_warm()) != OK || (e = dh_warm()) != OK)
		return e;
	return kex_run_all();
}

enum err alg_warm(enum crypto_provider provider)
{
	enum err e;

	if (provider == CRYPTO_INTERNAL)
		mlkem768_evp_avoid();
	if ((e = warm_digests()) == OK && (e = warm_random()) == OK &&
	    provider != CRYPTO_FIPS)
		e = warm_default();
	/* what was looked for and is not there leaves an entry, though nothing failed */
	ERR_clear_error();
	return e;
}

static enum err warm_kex(struct span name)
{
	const struct kex_alg *row = kex_find(name);

	/* a group exchange learns its group later */
	return row == NULL || row->group_exchange || !row->on_request ? OK
								      : kex_run(row);
}

static enum err warm_cipher(struct span name)
{
	const struct cipher_alg *row = cipher_find(name);

	return row == NULL ? OK : cipher_warm_row(row);
}

static enum err warm_mac(struct span name)
{
	const struct mac_alg *row = mac_find(name);

	return row == NULL ? OK : mac_warm_row(row);
}

static enum err warm_each(struct span list, enum err (*warm)(struct span name))
{
	struct span name;
	enum err e = OK;

	while (e == OK && names_next(&list, &name))
		e = warm(name);
	return e;
}

enum err alg_warm_lists(struct span kex, struct span cipher, struct span mac)
{
	enum err e;

	if ((e = warm_each(kex, warm_kex)) == OK &&
	    (e = warm_each(cipher, warm_cipher)) == OK)
		e = warm_each(mac, warm_mac);
	return e;
}
