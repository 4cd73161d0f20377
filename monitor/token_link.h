/*
 * Keys in tokens. Each is held ready by a process of its own, sallyport-token; the monitor asks
 * and goes on.
 */
#ifndef MONITOR_TOKEN_LINK_H
#define MONITOR_TOKEN_LINK_H

#include "monitor/monitor.h"

/* A signature that somebody waits for. */
struct token_ask;

/* Takes the answer; signature is as libcrypto makes it, and empty where there is none. */
typedef void token_signed_fn(void *ctx, struct span signature);

/*
 * Starts a process for each key of keys that is in a token, but shares those that are there
 * already. Does not wait: one that cannot be opened says so to token_of.
 * user:   TokenUser
 * Owns:   token_set_wipe(out)
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err tokens_begin(struct monitor *m, const struct settings *set,
				 struct token_set *out);

/* Tells whether all of them were opened or refused. */
bool tokens_settled(const struct token_set *set);

/* Has done called once they are settled; one waits at a time. */
void tokens_wait(struct monitor *m, const struct token_set *set,
		 tokens_waiter_fn *done);

/* Gives them back; a token that nobody has any more is closed. Legal in the zero state. */
void token_set_wipe(struct token_set *set);

/* As hostkeys_token_fn; ctx is a struct token_set. */
enum err token_of(void *ctx, const struct store_source *s, struct token **out,
		  struct span *blob, struct keyfile_note *note);

/*
 * Has a token sign data, which is copied.
 * alg:    a plain row
 * done:   is called later, unless token_forget comes before
 * Errors: ERR_CLOSED it is gone for now; ERR_BUDGET too many wait; ERR_MEMORY
 */
MUST_CHECK enum err token_ask(struct token *t, const struct pk_alg *alg,
			      struct span data, struct token_ask **out);

/* Says who takes the answer. */
void token_ask_for(struct token_ask *q, token_signed_fn *done, void *ctx);

/* Nobody waits for it any more. NULL is nothing. */
void token_forget(struct token_ask *q);

/* The process ended. */
void token_lost(struct token *t, enum err e, const char *what);

/* Opens again what was lost. To be called every second. */
void tokens_tick(struct monitor *m);

#endif
