/*
 * Diffie-Hellman over the safe primes of RFC 3526, and the choice of one in a group exchange.
 */
#ifndef WORKER_ALG_DH_H
#define WORKER_ALG_DH_H

#include "worker/alg/kex.h"

kex_respond_fn dh_respond;
kex_initiate_fn dh_initiate;
kex_finish_fn dh_finish;

/* What a client asks for in a group exchange, in bits, as it came. */
struct dh_wish {
	uint32_t min, n, max; /* n is what it would like */
};

/*
 * Makes the groups of the default methods once a process, so that exchanges compute no constants.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err dh_warm(void);

/*
 * Chooses the group for a client's request, as a server.
 * row:    says whether a client that takes no more may have less than 2048 bits
 * group:  lives as long as the process
 * Errors: ERR_KEX_VALUE the three contradict each other, or no group lies between; ERR_CRYPTO
 * Source: RFC 4419 3; sizes below 2048 bits are raised to it, as OpenSSH does
 */
MUST_CHECK enum err dh_group_choose(const struct kex_alg *row,
				    const struct dh_wish *wish,
				    const struct dh_group **group);

/*
 * Makes a group of a server's offer, as a client.
 * p, g:   magnitudes
 * Owns:   the caller frees out with dh_group_free
 * Errors: ERR_KEX_VALUE p even or not of 2048 to 8192 bits (the row's least), g out of range; ERR_MEMORY
 */
MUST_CHECK enum err dh_group_new(const struct kex_alg *row, struct span p,
				 struct span g, struct dh_group **out);
void dh_group_free(struct dh_group *group);

/* Gives the size of a group's prime in bits. */
uint32_t dh_group_bits(const struct dh_group *group);

/* Writes p and g as mpints: the end of what a group exchange adds to the exchange hash. */
void dh_group_wire(const struct dh_group *group, struct wr *w);

#endif
