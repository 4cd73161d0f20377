/*
 * Streamlined NTRU Prime sntrup761: key encapsulation from a ring without structure to exploit.
 * Source: NTRU Prime, NIST round 3 (2020-10), 4.4 and 4.5; as sntrup761x25519-sha512 uses it
 */
#ifndef WORKER_ALG_SNTRUP761_H
#define WORKER_ALG_SNTRUP761_H

#include "common/bytes.h"

#define SNTRUP761_PK_BYTES 1158
#define SNTRUP761_SK_BYTES 1763
#define SNTRUP761_CT_BYTES 1039
#define SNTRUP761_SS_BYTES 32

/*
 * Makes a key pair.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sntrup761_keypair(uint8_t pk[SNTRUP761_PK_BYTES],
				      uint8_t sk[SNTRUP761_SK_BYTES]);

/*
 * Makes a shared secret and the ciphertext that carries it to the owner of pk. Any bytes are
 * a public key.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sntrup761_encap(const uint8_t pk[SNTRUP761_PK_BYTES],
				    uint8_t ct[SNTRUP761_CT_BYTES],
				    uint8_t ss[SNTRUP761_SS_BYTES]);

/*
 * Recovers the shared secret; an altered ciphertext gives one that nobody else knows.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err sntrup761_decap(const uint8_t sk[SNTRUP761_SK_BYTES],
				    const uint8_t ct[SNTRUP761_CT_BYTES],
				    uint8_t ss[SNTRUP761_SS_BYTES]);

#endif
