/*
 * ML-KEM-768 of libcrypto, which has it from 3.5 on.
 */
#ifndef WORKER_ALG_MLKEM768_EVP_H
#define WORKER_ALG_MLKEM768_EVP_H

#include "worker/alg/mlkem768.h"

/* Tells whether this libcrypto has it. It looks once a process, and keeps the answer.
 */
bool mlkem768_evp_there(void);

/* Has mlkem768_evp_there say no: our own code is to serve. Before it was asked. */
void mlkem768_evp_avoid(void);

/*
 * Encapsulates with libcrypto's randomness; ek has passed the modulus check.
 * Errors: ERR_CRYPTO, ERR_MEMORY
 */
MUST_CHECK enum err mlkem768_evp_encap(const uint8_t ek[MLKEM768_EK_BYTES],
				       uint8_t ct[MLKEM768_CT_BYTES],
				       uint8_t ss[MLKEM768_SS_BYTES]);

#endif
