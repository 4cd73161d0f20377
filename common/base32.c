/*
 * Base32. People type it, so capitals and padding do not matter; the bits that pad must be zero.
 * Source: RFC 4648 6
 */
#include <string.h>

#include "common/base32.h"

enum {
	GROUP_CHARS = 8,
	CHAR_BITS = 5,
	CHAR_MASK = 31,
	BYTE_BITS = 8,
	BYTE_MASK = 255,
	NOT_BASE32 = 255
};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base32_encode(struct wr *w, struct span data, bool padded)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t chars = 0;

	for (size_t i = 0; i < data.n; i++) {
		bits = (bits & CHAR_MASK) << BYTE_BITS | data.p[i];
		for (n_bits += BYTE_BITS; n_bits >= CHAR_BITS; chars++) {
			n_bits -= CHAR_BITS;
			wr_u8(w, (uint8_t)alphabet[bits >> n_bits & CHAR_MASK]);
		}
	}
	if (n_bits > 0) {
		wr_u8(w, (uint8_t)alphabet[bits << (CHAR_BITS - n_bits) & CHAR_MASK]);
		chars++;
	}
	for (; padded && chars % GROUP_CHARS != 0; chars++)
		wr_u8(w, '=');
}

static uint8_t value_of(uint8_t c)
{
	const char *at;

	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	at = c == 0 ? NULL : strchr(alphabet, c);
	return at == NULL ? NOT_BASE32 : (uint8_t)(at - alphabet);
}

/* Takes the padding off. Errors: ERR_RANGE no whole groups, or more than a group has */
static enum err unpad(struct span *text)
{
	size_t n = text->n;

	while (text->n > 0 && text->p[text->n - 1] == '=')
		text->n--;
	if (n != text->n && (n % GROUP_CHARS != 0 || n - text->n >= GROUP_CHARS))
		return ERR_RANGE;
	return OK;
}

enum err base32_decode(struct wr *w, struct span text)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;

	if (unpad(&text) != OK)
		return ERR_RANGE;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t v = value_of(text.p[i]);

		if (v == NOT_BASE32)
			return ERR_RANGE;
		bits = (bits & BYTE_MASK) << CHAR_BITS | v;
		n_bits += CHAR_BITS;
		if (n_bits < BYTE_BITS)
			continue;
		n_bits -= BYTE_BITS;
		wr_u8(w, (uint8_t)(bits >> n_bits & BYTE_MASK));
	}
	/* RFC 4648 6: whole bytes, and nothing of another */
	if (n_bits >= CHAR_BITS || (bits & ((1U << n_bits) - 1)) != 0)
		return ERR_RANGE;
	return w->err;
}
