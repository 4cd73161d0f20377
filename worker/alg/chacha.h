/*
 * chacha20-poly1305@openssh.com. Source: PROTOCOL.chacha20poly1305
 */
#ifndef WORKER_ALG_CHACHA_H
#define WORKER_ALG_CHACHA_H

#include "worker/alg/cipher.h"

cipher_start_fn chacha_start;
cipher_length_fn chacha_length;
cipher_packet_fn chacha_open, chacha_seal;

/* Fetches Poly1305, once a process. Errors: ERR_CRYPTO */
MUST_CHECK enum err chacha_warm(void);

#endif
