/*
 * A JSON Web Key: RSA, EC and OKP (Ed25519). Its JSON is read by jansson, whose memory is
 * libcrypto's locked heap meanwhile. Source: RFC 7517, RFC 7518 6, RFC 8037
 */
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "common/base64.h"
#include "monitor/keys/store_private.h"

/* Parameters of a key, in the order of decoding. */
struct jwk {
	const json_t *object;
	struct wr store; /* locked: decoded numbers; behind it as much for their text */
	bool bad;        /* a parameter is no base64url */
};

static void *secure_malloc(size_t n)
{
	return OPENSSL_secure_malloc(n);
}

static void secure_free(void *p)
{
	OPENSSL_secure_free(p);
}

static const char *text_of(const struct jwk *k, const char *name)
{
	const char *text = json_string_value(json_object_get(k->object, name));

	return text == NULL ? "" : text;
}

/* RFC 7515 2: other letters for two of base64's, and no padding. */
static struct span base64url(struct span text, struct wr *out)
{
	enum { QUANTUM = 4 };

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (c == '+' || c == '/' || c == '=')
			out->err = ERR_RANGE;
		wr_u8(out, c == '-' ? '+' : c == '_' ? '/' : c);
	}
	while (out->err == OK && out->n % QUANTUM != 0)
		wr_u8(out, '=');
	return (struct span){out->p, out->n};
}

/* Decodes a parameter; empty where it is not there. */
static struct span number(struct jwk *k, const char *name)
{
	struct wr text = {.p = k->store.p + k->store.cap, .cap = k->store.cap};
	struct span plain = base64url(span_str(text_of(k, name)), &text);
	size_t at = k->store.n;

	if (text.err != OK || base64_decode(&k->store, plain) != OK) {
		k->bad = true;
		return (struct span){0};
	}
	return (struct span){k->store.p + at, k->store.n - at};
}

static enum err rsa_key(struct jwk *k, struct key_material *out)
{
	const struct rsa_numbers n = {.n = number(k, "n"),
				      .e = number(k, "e"),
				      .d = number(k, "d"),
				      .p = number(k, "p"),
				      .q = number(k, "q"),
				      .qi = number(k, "qi")};

	if (k->bad || (n.d.n > 0 && (n.p.n == 0 || n.q.n == 0 || n.qi.n == 0)))
		return ERR_KEY;
	return numbers_rsa(&n, out);
}

static enum err ec_key(struct jwk *k, struct key_material *out)
{
	static const char *const curves[][2] = {
	    {"P-256", "nistp256"},
            {"P-384", "nistp384"},
            {"P-521", "nistp521"}
        };
	const struct ec_numbers n = {
	    .x = number(k, "x"), .y = number(k, "y"), .d = number(k, "d")};

	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		if (strcmp(text_of(k, "crv"), curves[i][0]) == 0)
			return k->bad ? ERR_KEY : numbers_ec(curves[i][1], &n, out);
	return ERR_UNKNOWN;
}

static enum err okp_key(struct jwk *k, struct key_material *out)
{
	struct span x = number(k, "x"), d = number(k, "d");

	if (strcmp(text_of(k, "crv"), "Ed25519") != 0)
		return ERR_UNKNOWN;
	return k->bad ? ERR_KEY : numbers_ed25519(x, d, out);
}

static const struct jwk_type {
	const char *name;
	enum err (*make)(struct jwk *k, struct key_material *out);
} types[] = {
    {"RSA", rsa_key},
    {"EC",  ec_key },
    {"OKP", okp_key},
};

static enum err make(struct jwk *k, struct key_material *out)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(text_of(k, "kty"), types[i].name) == 0)
			return types[i].make(k, out);
	return ERR_UNKNOWN;
}

static void refuse(const struct jwk *k, const struct store_input *in, enum err e,
		   struct keyfile_note *note)
{
	if (json_object_get(k->object, "keys") != NULL)
		keyfile_note_set(note,
				 "%s: a set of keys; put the one that is meant into a "
				 "file of its own",
				 in->label);
	else if (e == ERR_UNKNOWN)
		keyfile_note_set(note,
				 "%s: a JSON Web Key of kty \"%.20s\", crv \"%.20s\" "
				 "is not taken; RSA, EC with P-256, P-384, P-521 and "
				 "OKP with Ed25519 are",
				 in->label, text_of(k, "kty"), text_of(k, "crv"));
	else if (e == ERR_KEY)
		keyfile_note_set(note,
				 "%s: a JSON Web Key whose parameters are missing, not "
				 "base64url or no key (RSA needs p, q and qi too)",
				 in->label);
}

static enum err object_read(const json_t *object, const struct store_input *in,
			    struct key_material *out, struct keyfile_note *note)
{
	const size_t half = in->content.n;
	struct jwk k = {
	    .object = object,
	    .store = {.p = OPENSSL_secure_zalloc(2 * half), .cap = half}
        };
	enum err e = ERR_MEMORY;

	if (k.store.p == NULL)
		return e;
	e = make(&k, out);
	if (e != OK)
		refuse(&k, in, e, note);
	OPENSSL_secure_clear_free(k.store.p, 2 * half);
	return e;
}

enum err store_jwk_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	json_malloc_t usual_malloc;
	json_free_t usual_free;
	json_error_t why;
	json_t *object;
	enum err e = ERR_KEY;

	json_get_alloc_funcs(&usual_malloc, &usual_free);
	json_set_alloc_funcs(secure_malloc, secure_free);
	object = json_loadb((const char *)in->content.p, in->content.n,
			    JSON_REJECT_DUPLICATES, &why);
	if (object == NULL)
		/* what jansson says of it would show a piece of the key */
		keyfile_note_set(note, "%s: line %d: no JSON", in->label, why.line);
	else
		e = object_read(object, in, out, note);
	json_decref(object);
	json_set_alloc_funcs(usual_malloc, usual_free);
	return e;
}
