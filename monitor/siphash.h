/*
 * SipHash-2-4: a fast keyed hash, so that nobody can choose names that meet in one bucket. Pure.
 */
#ifndef MONITOR_SIPHASH_H
#define MONITOR_SIPHASH_H

#include "common/bytes.h"

/* The key; random, and unknown to clients. */
struct siphash_key {
	uint64_t k0, k1;
};

/* Hashes data. Source: Aumasson, Bernstein, SipHash: a fast short-input PRF, 2012 */
uint64_t siphash(const struct siphash_key *key, struct span data);

#endif
