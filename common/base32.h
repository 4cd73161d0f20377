/*
 * Base32, as secrets of one-time codes are written. Source: RFC 4648 6
 */
#ifndef COMMON_BASE32_H
#define COMMON_BASE32_H

#include "common/bytes.h"
#include "common/wr.h"

/* Writes data as base32 into w, in capitals; padded: with = at its end. */
void base32_encode(struct wr *w, struct span data, bool padded);

/*
 * Decodes text into w. Small letters are taken; padding may be there or not.
 * Errors: ERR_RANGE not base32; ERR_NO_SPACE
 */
MUST_CHECK enum err base32_decode(struct wr *w, struct span text);

#endif
