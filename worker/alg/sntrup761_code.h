/*
 * Encodings of sntrup761. Source: NTRU Prime, NIST round 3, 3.3 to 3.5
 */
#ifndef WORKER_ALG_SNTRUP761_CODE_H
#define WORKER_ALG_SNTRUP761_CODE_H

#include "worker/alg/sntrup761_poly.h"

#define SNTRUP761_CODE_Q_BYTES     1158 /* 761 values below q */
#define SNTRUP761_CODE_STEPS_BYTES 1007 /* 761 values below 1531 */
#define SNTRUP761_CODE_SMALL_BYTES 191  /* 761 small coefficients, four a byte */

/*
 * Writes 761 values below m, which is q or 1531, in the bytes that the constants above name.
 * values: used up
 */
void sntrup761_code_write(uint16_t values[SNTRUP761_P], uint32_t m, uint8_t *out);

/* Reads 761 values below m; any bytes give some. The values are public. */
void sntrup761_code_read(const uint8_t *in, uint32_t m, uint16_t values[SNTRUP761_P]);

/* Writes a small polynomial. */
void sntrup761_code_write_small(const struct sntrup761_poly *a,
				uint8_t out[SNTRUP761_CODE_SMALL_BYTES]);

/* Reads a small polynomial. */
void sntrup761_code_read_small(const uint8_t in[SNTRUP761_CODE_SMALL_BYTES],
			       struct sntrup761_poly *out);

#endif
