/*
 * ML-KEM-768: key encapsulation from module lattices. Source: FIPS 203
 */
#ifndef WORKER_ALG_MLKEM768_H
#define WORKER_ALG_MLKEM768_H

#include "common/bytes.h"

#define MLKEM768_EK_BYTES   1184 /* encapsulation key: public */
#define MLKEM768_DK_BYTES   2400 /* decapsulation key: secret */
#define MLKEM768_CT_BYTES   1088
#define MLKEM768_SS_BYTES   32
#define MLKEM768_SEED_BYTES 64 /* d || z */
#define MLKEM768_M_BYTES    32

/*
 * Fetches what libcrypto has to give, once a process; the nursery calls it before it
 * forks. Errors: ERR_CRYPTO a hash is not there
 */
MUST_CHECK enum err mlkem768_warm(void);

/*
 * Makes a key pair.
 * seed:   d || z, secret; NULL draws one
 * Errors: ERR_CRYPTO, ERR_MEMORY
 * Source: FIPS 203 7.1
 */
MUST_CHECK enum err mlkem768_keypair(const uint8_t seed[MLKEM768_SEED_BYTES],
				     uint8_t ek[MLKEM768_EK_BYTES],
				     uint8_t dk[MLKEM768_DK_BYTES]);

/*
 * Makes a shared secret and the ciphertext that carries it to the owner of ek.
 * m:      the randomness, secret; NULL draws it, and libcrypto does the work where it
 * can Errors: ERR_KEX_VALUE ek holds a coefficient beyond the modulus; ERR_CRYPTO,
 * ERR_MEMORY Source: FIPS 203 7.2
 */
MUST_CHECK enum err mlkem768_encap(const uint8_t ek[MLKEM768_EK_BYTES],
				   const uint8_t m[MLKEM768_M_BYTES],
				   uint8_t ct[MLKEM768_CT_BYTES],
				   uint8_t ss[MLKEM768_SS_BYTES]);

/*
 * Recovers the shared secret; an altered ciphertext gives one that nobody else knows.
 * Errors: ERR_KEY dk is not one that mlkem768_keypair made; ERR_CRYPTO, ERR_MEMORY
 * Source: FIPS 203 7.3
 */
MUST_CHECK enum err mlkem768_decap(const uint8_t dk[MLKEM768_DK_BYTES],
				   const uint8_t ct[MLKEM768_CT_BYTES],
				   uint8_t ss[MLKEM768_SS_BYTES]);

#endif
