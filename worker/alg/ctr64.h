/*
 * Counter mode over a cipher with blocks of 64 bits. Source: RFC 4344 4
 */
#ifndef WORKER_ALG_CTR64_H
#define WORKER_ALG_CTR64_H

#include "worker/alg/cipher.h"

/* The row's cipher is libcrypto's in ECB mode; the IV is the first counter. */
cipher_start_fn ctr64_start;
cipher_crypt_fn ctr64_crypt;

#endif
