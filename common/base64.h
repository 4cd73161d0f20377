/*
 * Base64 in its canonical form only. Source: RFC 4648 4
 */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/bytes.h"
#include "common/wr.h"

/* Gives the characters that n bytes need, padding included. */
size_t base64_encoded_bytes(size_t n);

/*
 * Writes data as base64 into w, which fails where it is full.
 * padded: with = at its end
 */
void base64_encode(struct wr *w, struct span data, bool padded);

/*
 * Decodes text into w. Line ends are not skipped, padding must be there.
 * Errors: ERR_RANGE not canonical base64; ERR_NO_SPACE
 */
MUST_CHECK enum err base64_decode(struct wr *w, struct span text);

#endif
