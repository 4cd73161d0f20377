/*
 * UMAC with tags of 128 and of 64 bits. The nonce is the packet's sequence number as 64 bits, the data is
 * the packet as it is sent. RFC 4418, PROTOCOL 1.5
 */
#include <nettle/umac.h>
#include <openssl/crypto.h>

#include "worker/alg/umac.h"

#define NONCE_BYTES 8

/* The packet's sequence number as 64 bits. */
static void nonce_put(uint32_t seq, uint8_t nonce[NONCE_BYTES])
{
	for (size_t i = 0; i < NONCE_BYTES; i++)
		nonce[i] = 0;
	for (size_t i = 0; i < sizeof seq; i++)
		nonce[NONCE_BYTES - sizeof seq + i] = (uint8_t)(seq >> (24 - 8 * i));
}

enum err umac128_start(struct mac *m, struct span key)
{
	if ((m->umac128 = OPENSSL_zalloc(sizeof *m->umac128)) == NULL)
		return ERR_MEMORY;
	umac128_set_key(m->umac128, key.p);
	return OK;
}

enum err umac128_tag(struct mac *m, uint32_t seq, struct span data, uint8_t *tag)
{
	uint8_t nonce[NONCE_BYTES];

	nonce_put(seq, nonce);
	umac128_set_nonce(m->umac128, sizeof nonce, nonce);
	umac128_update(m->umac128, data.n, data.p);
	umac128_digest(m->umac128, m->row->tag_bytes, tag);
	return OK;
}

enum err umac64_start(struct mac *m, struct span key)
{
	if ((m->umac64 = OPENSSL_zalloc(sizeof *m->umac64)) == NULL)
		return ERR_MEMORY;
	umac64_set_key(m->umac64, key.p);
	return OK;
}

enum err umac64_tag(struct mac *m, uint32_t seq, struct span data, uint8_t *tag)
{
	uint8_t nonce[NONCE_BYTES];

	nonce_put(seq, nonce);
	umac64_set_nonce(m->umac64, sizeof nonce, nonce);
	umac64_update(m->umac64, data.n, data.p);
	umac64_digest(m->umac64, m->row->tag_bytes, tag);
	return OK;
}
