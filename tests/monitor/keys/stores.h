/*
 * Opening key stores out of tests/vectors/keys, with a password or without.
 */
#ifndef TESTS_MONITOR_KEYS_STORES_H
#define TESTS_MONITOR_KEYS_STORES_H

#include "monitor/keys/store.h"
#include "tests/monitor/keys/keys.h"

static struct keyfile_note stores_note;

/* Opens content; the password may be NULL. */
static inline enum err stores_open_span(struct span content, const char *password,
					const char *subject, struct key_material *out)
{
	static uint8_t text[64];
	struct keyfile secret = {0};
	struct store_input in = {
	    .content = content, .label = "/k", .subject = subject, .password = &secret};

	stores_note.text[0] = '\0';
	if (password != NULL) {
		(void)snprintf((char *)text, sizeof text, "%s", password);
		secret = (struct keyfile){text, strlen(password)};
	}
	return store_open(&in, STORE_AUTO, out, &stores_note);
}

static inline enum err stores_open(const char *name, const char *password,
				   struct key_material *out)
{
	return stores_open_span(keys_vector(name), password, NULL, out);
}

/* Demands that a vector is refused with words in the note. */
static inline void stores_refuses(struct span content, const char *password,
				  const char *words)
{
	struct key_material m = {0};

	ck_assert_int_ne(stores_open_span(content, password, NULL, &m), OK);
	ck_assert_msg(strstr(stores_note.text, words) != NULL, "%s", stores_note.text);
	ck_assert_ptr_null(m.pkey);
}

/* Demands that it is the key of a .pub vector, private or not. */
static inline void stores_is(const struct key_material *m, const char *pub,
			     bool private)
{
	ck_assert(span_equal((struct span){m->blob, m->blob_n}, keys_blob(pub)));
	ck_assert_int_eq(m->pkey != NULL, private);
}

/* Gives a copy of a vector in which one text stands for another. */
static inline struct span stores_changed(const char *name, const char *from,
					 const char *to)
{
	struct span whole = keys_vector(name);
	uint8_t *p = keep(whole.n + strlen(to));
	const uint8_t *at = memmem(whole.p, whole.n, from, strlen(from));
	size_t before;

	ck_assert_ptr_nonnull(at);
	before = (size_t)(at - whole.p);
	memcpy(p, whole.p, before);
	memcpy(p + before, to, strlen(to));
	memcpy(p + before + strlen(to), at + strlen(from),
	       whole.n - before - strlen(from));
	return (struct span){p, whole.n - strlen(from) + strlen(to)};
}

#endif
