/*
 * Spans and secrets. Comparison and wiping rest on libcrypto.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "common/bytes.h"

struct span span_str(const char *text)
{
	if (text == NULL)
		return (struct span){0};
	return (struct span){(const uint8_t *)text, strlen(text)};
}

bool span_equal(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_is(struct span a, const char *text)
{
	return span_equal(a, span_str(text));
}

bool bytes_equal_secret(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

enum err bytes_copy(uint8_t *dst, size_t cap, struct span s)
{
	if (s.n > cap)
		return ERR_RANGE;
	if (s.n != 0)
		memcpy(dst, s.p, s.n);
	return OK;
}

enum err bytes_to_str(char *dst, size_t cap, struct span s)
{
	if (s.n >= cap || (s.n != 0 && memchr(s.p, 0, s.n) != NULL))
		return ERR_RANGE;
	if (s.n != 0)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return OK;
}
