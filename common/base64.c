/*
 * Base64. Only the canonical form is taken, so that equal text and equal bytes are the
 * same question. Keys pass here too, at rest, in the operator's files: not constant time.
 * Source: RFC 4648 4
 */
#include <string.h>

#include "common/base64.h"

enum { CHARS = 4, BYTES = 3, CHAR_BITS = 6, CHAR_MASK = 63, NOT_BASE64 = 255 };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encoded_bytes(size_t n)
{
	return (n / BYTES + (n % BYTES != 0 ? 1 : 0)) * CHARS;
}

void base64_encode(struct wr *w, struct span data, bool padded)
{
	for (size_t i = 0; i < data.n; i += BYTES) {
		size_t left = data.n - i < BYTES ? data.n - i : BYTES;
		uint32_t bits = (uint32_t)data.p[i] << 16;

		if (left > 1)
			bits |= (uint32_t)data.p[i + 1] << 8;
		if (left > 2)
			bits |= data.p[i + 2];
		for (size_t k = 0; k < CHARS; k++, bits <<= CHAR_BITS)
			if (k <= left)
				wr_u8(w, (uint8_t)alphabet[bits >> 18 & CHAR_MASK]);
			else if (padded)
				wr_u8(w, '=');
	}
}

static uint8_t value_of(uint8_t c)
{
	const char *at = c == 0 ? NULL : strchr(alphabet, c);

	return at == NULL ? NOT_BASE64 : (uint8_t)(at - alphabet);
}

/* Decodes four characters, of which the last pad are padding. */
static enum err decode_group(struct wr *w, const uint8_t *text, size_t pad)
{
	uint32_t bits = 0;

	for (size_t k = 0; k < CHARS - pad; k++) {
		uint8_t v = value_of(text[k]);

		if (v == NOT_BASE64)
			return ERR_RANGE;
		bits = bits << CHAR_BITS | v;
	}
	bits <<= CHAR_BITS * pad;
	/* RFC 4648 3.5: the bits that pad must be zero, else two texts were one key. */
	if (pad > 0 && (bits & (((uint32_t)1 << 8 * pad) - 1)) != 0)
		return ERR_RANGE;
	for (size_t k = 0; k < BYTES - pad; k++)
		wr_u8(w, (uint8_t)(bits >> (16 - 8 * k)));
	return w->err;
}

enum err base64_decode(struct wr *w, struct span text)
{
	size_t pad = 0;
	enum err e = OK;

	if (text.n % CHARS != 0)
		return ERR_RANGE;
	while (pad < 2 && pad < text.n && text.p[text.n - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; e == OK && i < text.n; i += CHARS)
		e = decode_group(w, text.p + i, i + CHARS == text.n ? pad : 0);
	return e;
}
