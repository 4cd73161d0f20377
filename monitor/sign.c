/*
 * Signatures that connections wait for. What is signed was assembled by the caller in this
 * process, for a token too.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/conn.h"
#include "monitor/sign.h"
#include "monitor/token_link.h"

/* One that waits for its token, or for those before it. */
struct sign {
	struct conn *c;
	struct sign_what what;
	sign_done_fn *done;
	bool ready;
	uint8_t *signature; /* blob; NULL: there is none */
	size_t n;
	struct token_ask *asked; /* NULL: it was answered */
	struct sign *next;
};

static const struct hostkey *key_of(const struct conn *c, const struct sign_what *what)
{
	return &c->ring->keys.key[what->hostkey];
}

static void sign_free(struct sign *s)
{
	token_forget(s->asked);
	free(s->signature);
	free(s);
}

/* Delivers what is ready, in order. done may have had the connection doomed, never freed. */
static void deliver(struct conn *c)
{
	struct conn_work *w = c->work;
	struct sign *s;

	while ((s = w->signs) != NULL && s->ready) {
		w->signs = s->next;
		w->n_signs--;
		s->done(c, &s->what, (struct span){s->signature, s->n});
		sign_free(s);
	}
}

static enum err keep(struct sign *s, struct span signature)
{
	s->signature = malloc(signature.n);
	if (s->signature == NULL)
		return ERR_MEMORY;
	memcpy(s->signature, signature.p, signature.n);
	s->n = signature.n;
	return OK;
}

/* What a token made becomes a signature blob; one that is malformed is none. */
static void token_signed(void *ctx, struct span raw)
{
	struct sign *s = ctx;
	const struct pk_alg *plain = pk_alg_plain(s->what.alg);
	uint8_t store[LIMIT_SIGNATURE_BYTES];
	struct wr w = WR(store);
	struct span blob;

	wr_str(&w, plain->name);
	if (raw.n > 0 && plain->family->encode(raw, &w) == OK &&
	    wr_end(&w, &blob) == OK && keep(s, blob) != OK)
		s->n = 0;
	s->asked = NULL;
	s->ready = true;
	deliver(s->c);
}

static enum err wait_for(struct conn *c, const struct sign_what *what,
			 sign_done_fn *done, struct sign **out)
{
	struct conn_work *w = c->work;
	struct sign **end = &w->signs;
	struct sign *s;

	if (w->n_signs == LIMIT_SIGNS)
		return ERR_BUDGET;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return ERR_MEMORY;
	*s = (struct sign){.c = c, .what = *what, .done = done};
	while (*end != NULL)
		end = &(*end)->next;
	*end = s;
	w->n_signs++;
	*out = s;
	return OK;
}

/* Takes back the last one, which wait_for has just added. */
static void wait_not(struct conn *c, const struct sign *s)
{
	struct sign **p = &c->work->signs;

	while (*p != s)
		p = &(*p)->next;
	sign_free(*p);
	*p = NULL;
	c->work->n_signs--;
}

static enum err sign_here(struct conn *c, const struct sign_what *what,
			  struct span data, sign_done_fn *done)
{
	uint8_t store[LIMIT_SIGNATURE_BYTES];
	struct wr w = WR(store);
	struct span blob;
	struct sign *s = NULL;
	enum err e = hostkey_sign(key_of(c, what), what->alg, data, &w);

	if (e != OK || (e = wr_end(&w, &blob)) != OK)
		return e;
	if (c->work->signs == NULL) {
		done(c, what, blob);
		return OK;
	}
	if ((e = wait_for(c, what, done, &s)) != OK)
		return e;
	s->ready = true;
	return keep(s, blob);
}

enum err sign_begin(struct conn *c, const struct sign_what *what, struct span data,
		    sign_done_fn *done)
{
	const struct hostkey *key = key_of(c, what);
	struct sign *s = NULL;
	enum err e;

	if (key->token == NULL)
		return sign_here(c, what, data, done);
	if (strcmp(what->alg->key_type, key->alg->key_type) != 0)
		return ERR_KEY;
	if ((e = wait_for(c, what, done, &s)) != OK)
		return e;
	e = token_ask(key->token, pk_alg_plain(what->alg), data, &s->asked);
	if (e == OK) {
		token_ask_for(s->asked, token_signed, s);
	} else if (e == ERR_CLOSED) {
		s->ready = true; /* nobody's fault: there is no signature */
		deliver(c);
		e = OK;
	} else {
		wait_not(c, s);
	}
	return e;
}

void signs_drop(struct conn *c)
{
	struct sign *s;

	while ((s = c->work->signs) != NULL) {
		c->work->signs = s->next;
		sign_free(s);
	}
	c->work->n_signs = 0;
}
