/*
 * Diffie-Hellman over the safe primes of RFC 3526, and the choice of one in a group exchange.
 */
#ifndef WORKER_ALG_DH_H
#define WORKER_ALG_DH_H

#include "worker/alg/kex.h"

kex_respond_fn dh_respond;
kex_initiate_fn dh_initiate;
kex_finish_fn dh_finish;

/*
 * Makes all groups once a process, so that exchanges compute no constants.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err dh_warm(void);

/*
 * Chooses the group for a client's request, as a server.
 * min, n, max: bits, as they came; n is what the client would like
 * group:       lives as long as the process
 * Errors:      ERR_KEX_VALUE the three contradict each other, or no group lies between;
 *              ERR_CRYPTO
 * Source:      RFC 4419 3; sizes below 2048 bits are raised to it, as OpenSSH does
 */
MUST_CHECK enum err dh_group_choose(uint32_t min, uint32_t n, uint32_t max,
				    const struct dh_group **group);

/*
 * Makes a group of a server's offer, as a client.
 * p, g:   magnitudes
 * Owns:   the caller frees out with dh_group_free
 * Errors: ERR_KEX_VALUE p even or not of 2048 to 8192 bits, g out of range; ERR_MEMORY
 */
MUST_CHECK enum err dh_group_new(struct span p, struct span g, struct dh_group **out);
void dh_group_free(struct dh_group *group);

/* Gives the size of a group's prime in bits. */
uint32_t dh_group_bits(const struct dh_group *group);

/* Writes p and g as mpints: the end of what a group exchange adds to the exchange hash. */
void dh_group_wire(const struct dh_group *group, struct wr *w);

#endif
