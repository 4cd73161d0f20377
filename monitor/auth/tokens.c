/*
 * Tokens. The word is the operator's; what replaces them may be a client's: a key ID is any text. It becomes
 * part of one argument and never of a shell's line.
 */
#include <string.h>

#include "monitor/auth/tokens.h"

static enum err put(char letter, const struct token *token, size_t n, struct wr *out)
{
	for (size_t i = 0; i < n; i++) {
		if (token[i].letter != letter)
			continue;
		if (token[i].text.n > 0 &&
		    memchr(token[i].text.p, 0, token[i].text.n) != NULL)
			return ERR_RANGE;
		wr_raw(out, token[i].text);
		return out->err;
	}
	return ERR_CONFIG;
}

enum err tokens_expand(const char *word, const struct token *token, size_t n,
		       struct wr *out)
{
	enum err e = OK;

	for (const char *c = word; e == OK && *c != '\0'; c++) {
		if (*c != '%')
			wr_u8(out, (uint8_t)*c);
		else if (*++c == '%')
			wr_u8(out, '%');
		else
			e = put(*c, token, n, out);
		if (*c == '\0')
			return ERR_CONFIG; /* a % at the end */
	}
	return e == OK ? out->err : e;
}
