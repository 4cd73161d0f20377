/*
 * The monitor's side of sallyport-token. A token may be slow, hang or be pulled out: nobody but
 * who waits for its signature notices. A library that crashes over a text is not given it a
 * third time, and a PIN that was refused is not tried again, because tokens lock themselves.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "monitor/link.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"
#include "monitor/token_link.h"

#define TRIES_MAX 2

struct token_ask {
	struct token *t;
	uint64_t id;
	const struct pk_alg *alg;
	uint8_t *data;
	size_t n;
	bool sent;
	unsigned tries;
	token_signed_fn *done; /* NULL: nobody waits */
	void *ctx;
	struct token_ask *next;
};

enum token_state {
	TOKEN_WAITING, /* for its turn to be opened */
	TOKEN_OPENING,
	TOKEN_READY,
	TOKEN_LOST,   /* is opened again */
	TOKEN_REFUSED /* is not */
};

struct token {
	struct link link;
	struct monitor *m;
	unsigned refs;
	enum token_state state;
	struct store_source source; /* strings are its own */
	char *user;
	struct keyfile pin;
	uint8_t *blob; /* NULL: it was never opened */
	size_t blob_n;
	struct keyfile_note note; /* why it is not there */
	uint64_t lost_ms;
	uint64_t next_id;
	size_t n_asks, n_sent;
	struct token_ask *first, *last;
	struct token *next;
};

/* ---- its life ---- */

static void asks_fail(struct token *t, unsigned tries_max)
{
	struct token_ask **p = &t->first, *q;

	t->last = NULL;
	t->n_sent = 0;
	while ((q = *p) != NULL) {
		q->sent = false;
		if (q->tries < tries_max && q->done != NULL) {
			t->last = q;
			p = &q->next;
			continue;
		}
		*p = q->next;
		t->n_asks--;
		if (q->done != NULL)
			q->done(q->ctx, (struct span){0});
		OPENSSL_clear_free(q->data, q->n);
		free(q);
	}
}

static void token_free(struct token *t)
{
	asks_fail(t, 0);
	link_close(&t->link);
	keyfile_wipe(&t->pin);
	free((void *)(uintptr_t)t->source.name);
	free((void *)(uintptr_t)t->source.module);
	free((void *)(uintptr_t)t->source.environment);
	free((void *)(uintptr_t)t->source.password.file);
	free((void *)(uintptr_t)t->source.password.credential);
	free(t->user);
	free(t->blob);
	free(t);
}

static void token_unref(struct token *t)
{
	struct token **p;

	if (t == NULL || --t->refs > 0)
		return;
	p = &t->m->tokens;
	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	token_free(t);
}

static enum err copy(const char *text, const char **out)
{
	if (text == NULL)
		return OK;
	*out = strdup(text);
	return *out == NULL ? ERR_MEMORY : OK;
}

static enum err source_copy(const struct store_source *s, struct store_source *out)
{
	struct store_source *o = out;

	*o = (struct store_source){.store = s->store,
				   .password.prompt = s->password.prompt};
	if (copy(s->name, &o->name) != OK || copy(s->module, &o->module) != OK ||
	    copy(s->environment, &o->environment) != OK ||
	    copy(s->password.file, &o->password.file) != OK ||
	    copy(s->password.credential, &o->password.credential) != OK)
		return ERR_MEMORY;
	return OK;
}

/* Starts the process and tells it which key it is. */
static void token_start(struct token *t)
{
	int sock = -1;
	enum err e;

	t->link = (struct link){.sock = -1, .peer = MSG_TOKEN, .state = IN_TOKEN};
	t->state = TOKEN_OPENING;
	e = spawn_program(t->m, "sallyport-token", NULL, t->user, &sock);
	if (e == OK)
		e = link_open(&t->link, t->m, sock, t);
	if (e == OK)
		e = link_tell(&t->link,
			      &MSG_OF(token_open, .uri = span_str(t->source.name),
				      .module = span_str(t->source.module),
				      .environment = span_str(t->source.environment),
				      .pin_given = t->pin.p != NULL,
				      .pin = {t->pin.p, t->pin.n}));
	if (e == OK)
		return;
	link_close(&t->link);
	t->state = TOKEN_REFUSED;
	keyfile_note_set(&t->note, "%s: sallyport-token cannot be started: %s",
			 t->source.name, err_text(e));
}

/*
 * Opens those whose turn it is, one after the other: libraries of several processes that look
 * at the same token for the first time get in each other's way.
 */
static void tokens_open_next(struct monitor *m)
{
	struct token *next = NULL;

	for (struct token *t = m->tokens; t != NULL; t = t->next) {
		if (t->state == TOKEN_OPENING)
			return;
		if (t->state == TOKEN_WAITING)
			next = t;
	}
	if (next == NULL)
		return;
	token_start(next);
	if (next->state != TOKEN_OPENING) /* it could not be started */
		tokens_open_next(m);
}

static struct token *token_find(const struct monitor *m, const struct store_source *s,
				const char *user)
{
	for (struct token *t = m->tokens; t != NULL; t = t->next)
		if (t->state != TOKEN_REFUSED && source_equal(&t->source, s) &&
		    strcmp(t->user, user) == 0)
			return t;
	return NULL;
}

static enum err token_new(struct monitor *m, const struct store_source *s,
			  const char *user, struct token **out)
{
	struct token *t = calloc(1, sizeof *t);
	enum err e;

	if (t == NULL)
		return ERR_MEMORY;
	*t = (struct token){.link.sock = -1, .m = m, .refs = 1, .user = strdup(user)};
	e = t->user == NULL ? ERR_MEMORY : source_copy(s, &t->source);
	if (e == OK)
		e = password_get(&s->password, s->name, &m->passwords, &t->pin,
				 &t->note);
	if (e == ERR_MEMORY) {
		token_free(t);
		return e;
	}
	t->next = m->tokens;
	m->tokens = t;
	*out = t;
	t->state = e == OK ? TOKEN_WAITING : TOKEN_REFUSED;
	return OK;
}

/* ---- those of a configuration ---- */

enum err tokens_begin(struct monitor *m, const struct settings *set,
		      struct token_set *out)
{
	const struct store_sources *keys = &set->host_key;
	struct token_set all = {.n = 0};
	enum err e = OK;

	for (size_t i = 0; e == OK && i < keys->n && all.n < LIMIT_HOSTKEYS; i++) {
		const struct store_source *s = &keys->item[i];
		struct token *t;

		if (!source_is_token(s))
			continue;
		t = token_find(m, s, set->token_user);
		if (t != NULL)
			t->refs++;
		else
			e = token_new(m, s, set->token_user, &t);
		if (e == OK)
			all.token[all.n++] = t;
	}
	if (e != OK) {
		token_set_wipe(&all);
		return e;
	}
	tokens_open_next(m);
	*out = all;
	return OK;
}

bool tokens_settled(const struct token_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->token[i]->state == TOKEN_OPENING ||
		    set->token[i]->state == TOKEN_WAITING)
			return false;
	return true;
}

void tokens_wait(struct monitor *m, const struct token_set *set, tokens_waiter_fn *done)
{
	m->tokens_waited = set;
	m->tokens_done = done;
}

void token_set_wipe(struct token_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		token_unref(set->token[i]);
	*set = (struct token_set){.n = 0};
}

enum err token_of(void *ctx, const struct store_source *s, struct token **out,
		  struct span *blob, struct keyfile_note *note)
{
	struct token_set *set = ctx;

	for (size_t i = 0; i < set->n; i++) {
		struct token *t = set->token[i];

		if (!source_equal(&t->source, s))
			continue;
		if (t->blob == NULL) {
			*note = t->note;
			return ERR_UNKNOWN;
		}
		*blob = (struct span){t->blob, t->blob_n};
		*out = t;
		return OK;
	}
	keyfile_note_set(note, "%s: left out, %d keys are the most", s->name,
			 LIMIT_HOSTKEYS);
	return ERR_UNKNOWN;
}

/* ---- what it says ---- */

/* One that is slow has no more texts at once than it can keep. */
static void pump(struct token *t)
{
	struct token_ask *q = t->first;

	for (; q != NULL && t->n_sent < LIMIT_TOKEN_SENT; q = q->next) {
		if (q->sent)
			continue;
		if (link_tell(&t->link, &MSG_OF(token_sign, .id = q->id,
						.algorithm = span_str(q->alg->name),
						.data = {q->data, q->n})) != OK)
			return;
		q->sent = true;
		q->tries++;
		t->n_sent++;
	}
}

/* One was opened, refused or lost: the next has its turn, or the reload that waits. */
static void settled(struct monitor *m)
{
	tokens_waiter_fn *done;

	tokens_open_next(m);
	done = m->tokens_done;
	if (done == NULL || !tokens_settled(m->tokens_waited))
		return;
	m->tokens_done = NULL;
	done(m);
}

static void refuse(struct token *t)
{
	log_error("%s", t->note.text);
	link_close(&t->link);
	asks_fail(t, 0);
}

static enum err opened(struct token *t, struct span key)
{
	if (t->blob != NULL && !span_equal((struct span){t->blob, t->blob_n}, key)) {
		t->state = TOKEN_REFUSED;
		keyfile_note_set(&t->note,
				 "%s: another key is there now; reload to take it",
				 t->source.name);
		refuse(t);
		return OK;
	}
	if (t->blob == NULL) {
		t->blob = malloc(key.n);
		if (t->blob == NULL)
			return ERR_MEMORY;
		memcpy(t->blob, key.p, key.n);
		t->blob_n = key.n;
	}
	t->state = TOKEN_READY;
	log_verbose("%s: opened", t->source.name);
	pump(t);
	return OK;
}

enum err serve_token_opened(struct token *t, const struct msg_token_opened *m,
			    struct ipc_fds *fds)
{
	struct monitor *monitor = t->m;
	struct printable text;
	enum err e = OK;

	(void)fds;
	if (m->ok != 0 && m->key.n == 0)
		return ERR_FORBIDDEN;
	if (m->ok != 0) {
		e = opened(t, m->key);
	} else {
		keyfile_note_set(&t->note, "%s: %s", t->source.name,
				 printable(m->text, &text));
		/* a PIN is not tried again; what never was there is told by who loads */
		t->state =
		    m->pin_refused != 0 || t->blob == NULL ? TOKEN_REFUSED : TOKEN_LOST;
		t->lost_ms = clock_ms();
		if (t->blob != NULL)
			refuse(t);
		else
			link_close(&t->link);
	}
	if (e == OK) /* else the end of its link is told, as a loss */
		settled(monitor);
	return e;
}

enum err serve_token_signed(struct token *t, const struct msg_token_signed *m,
			    struct ipc_fds *fds)
{
	struct token_ask *q = t->first;
	struct printable text;

	(void)fds;
	/* in order, as they were sent */
	if (q == NULL || !q->sent || q->id != m->id ||
	    (m->ok != 0) != (m->signature.n > 0))
		return ERR_FORBIDDEN;
	t->first = q->next;
	if (t->first == NULL)
		t->last = NULL;
	t->n_asks--;
	t->n_sent--;
	if (m->ok == 0)
		log_error("%s: %s", t->source.name, printable(m->text, &text));
	pump(t);
	if (q->done != NULL)
		q->done(q->ctx, m->signature);
	OPENSSL_clear_free(q->data, q->n);
	free(q);
	return OK;
}

void token_lost(struct token *t, enum err e, const char *what)
{
	struct monitor *m = t->m;
	bool was_opening = t->state == TOKEN_OPENING;

	link_close(&t->link);
	if (m->stopping)
		return;
	keyfile_note_set(&t->note,
			 "%s: sallyport-token ended%s: %s%s%s; is its library right, "
			 "and the token there?",
			 t->source.name, was_opening ? " while it opened the key" : "",
			 err_text(e), what != NULL ? ": " : "",
			 what != NULL ? what : "");
	t->lost_ms = clock_ms();
	if (t->blob == NULL) { /* who loads it says so */
		t->state = TOKEN_REFUSED;
		settled(m);
		return;
	}
	log_error("event=token_lost %s", t->note.text);
	/* at once; one that dies over that has to wait */
	t->state = was_opening ? TOKEN_LOST : TOKEN_WAITING;
	asks_fail(t, was_opening ? 0 : TRIES_MAX);
	settled(m);
}

void tokens_tick(struct monitor *m)
{
	for (struct token *t = m->tokens; t != NULL; t = t->next)
		if (t->state == TOKEN_LOST &&
		    clock_ms() - t->lost_ms >= LIMIT_TOKEN_PAUSE_S * UINT64_C(1000))
			t->state = TOKEN_WAITING;
	tokens_open_next(m);
}

/* ---- what it is asked ---- */

enum err token_ask(struct token *t, const struct pk_alg *alg, struct span data,
		   struct token_ask **out)
{
	struct token_ask *q;

	if (t->state == TOKEN_LOST || t->state == TOKEN_REFUSED)
		return ERR_CLOSED;
	if (t->n_asks == LIMIT_TOKEN_QUEUE || data.n > LIMIT_TOKEN_DATA_BYTES)
		return ERR_BUDGET;
	q = calloc(1, sizeof *q);
	if (q == NULL || (q->data = malloc(data.n)) == NULL) {
		free(q);
		return ERR_MEMORY;
	}
	memcpy(q->data, data.p, data.n);
	q->n = data.n;
	q->t = t;
	q->alg = alg;
	q->id = ++t->next_id;
	if (t->last != NULL)
		t->last->next = q;
	else
		t->first = q;
	t->last = q;
	t->n_asks++;
	*out = q;
	if (t->state == TOKEN_READY)
		pump(t);
	return OK;
}

void token_ask_for(struct token_ask *q, token_signed_fn *done, void *ctx)
{
	q->done = done;
	q->ctx = ctx;
}

/* It stays in its place until its answer came. */
void token_forget(struct token_ask *q)
{
	if (q != NULL)
		q->done = NULL;
}
