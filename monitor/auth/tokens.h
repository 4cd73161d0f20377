/*
 * Tokens such as %u in the arguments of commands. Pure. Source: sshd_config(5) TOKENS
 */
#ifndef MONITOR_AUTH_TOKENS_H
#define MONITOR_AUTH_TOKENS_H

#include "common/bytes.h"
#include "common/wr.h"

/* Letters that each may have behind a %; %% stands for itself. */
#define TOKENS_KEYS_COMMAND       "%fhktUu"
#define TOKENS_PRINCIPALS_COMMAND "%FfhiKksTtUu"

struct token {
	char letter;
	struct span text;
};

/*
 * Writes word with its tokens replaced; what replaces them is not looked at again.
 * Errors: ERR_CONFIG a token that is none of n; ERR_RANGE a NUL in what replaces one; ERR_NO_SPACE
 */
MUST_CHECK enum err tokens_expand(const char *word, const struct token *token, size_t n,
				  struct wr *out);

#endif
