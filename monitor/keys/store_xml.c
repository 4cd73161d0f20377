/*
 * An RSA key as XML: RSAKeyValue with its numbers in base64, as .NET and XML Signature write
 * it. Read strictly: no document type, no entities, no CDATA, attributes only in the opening
 * of what stands around it. Source: XML Signature 4.5.2.2
 */
#include <string.h>

#include <openssl/crypto.h>

#include "common/base64.h"
#include "monitor/keys/store_private.h"

enum { NAME_BYTES = 32 };

/* Elements that may stand around the key. */
static const char *const wrappers[] = {"KeyInfo", "KeyValue"};

enum number { N, E, P, Q, DP, DQ, QI, D, NUMBERS };

static const char *const number_names[NUMBERS] = {
    [N] = "Modulus", [E] = "Exponent", [P] = "P",         [Q] = "Q",
    [DP] = "DP",     [DQ] = "DQ",      [QI] = "InverseQ", [D] = "D"};

struct xml {
	struct span left;
	struct wr store; /* locked: decoded numbers; behind it as much for their text */
	struct span number[NUMBERS];
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip(struct xml *x, size_t n)
{
	x->left = (struct span){x->left.p + n, x->left.n - n};
}

static void skip_space(struct xml *x)
{
	while (x->left.n > 0 && is_space(x->left.p[0]))
		skip(x, 1);
}

/* Skips what begins with begin up to the end of end. Tells whether it was there. */
static bool skip_between(struct xml *x, const char *begin, const char *end)
{
	size_t n = strlen(begin);
	const uint8_t *at;

	if (x->left.n < n || memcmp(x->left.p, begin, n) != 0)
		return false;
	at = memmem(x->left.p + n, x->left.n - n, end, strlen(end));
	if (at == NULL)
		return false;
	skip(x, (size_t)(at - x->left.p) + strlen(end));
	return true;
}

/* White space, comments, the declaration in front. */
static void skip_misc(struct xml *x)
{
	do
		skip_space(x);
	while (skip_between(x, "<?xml", "?>") || skip_between(x, "<!--", "-->"));
}

static bool is_name(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == ':' || c == '_' || c == '-';
}

/*
 * Takes a tag off: its name without the prefix of its name space. Of attributes only the end
 * is looked for.
 */
static bool tag(struct xml *x, bool closing, char name[NAME_BYTES])
{
	const char *begin = closing ? "</" : "<";
	size_t at = strlen(begin), n = 0;
	const uint8_t *end;

	skip_misc(x);
	if (x->left.n <= at || memcmp(x->left.p, begin, at) != 0)
		return false;
	skip(x, at);
	while (x->left.n > 0 && is_name(x->left.p[0]) && n + 1 < NAME_BYTES) {
		name[n++] = (char)x->left.p[0];
		if (x->left.p[0] == ':')
			n = 0;
		skip(x, 1);
	}
	name[n] = '\0';
	end = x->left.n == 0 ? NULL : memchr(x->left.p, '>', x->left.n);
	if (n == 0 || end == NULL || (end != x->left.p && !is_space(x->left.p[0])) ||
	    (end > x->left.p && end[-1] == '/'))
		return false;
	skip(x, (size_t)(end - x->left.p) + 1);
	return true;
}

/* Text up to the next tag, which is base64 with white space in it. */
static bool number_read(struct xml *x, struct span *out)
{
	struct wr text = {.p = x->store.p + x->store.cap, .cap = x->store.cap};
	size_t at = x->store.n;

	for (; x->left.n > 0 && x->left.p[0] != '<'; skip(x, 1))
		if (!is_space(x->left.p[0]))
			wr_u8(&text, x->left.p[0]);
	if (text.err != OK ||
	    base64_decode(&x->store, (struct span){text.p, text.n}) != OK)
		return false;
	*out = (struct span){x->store.p + at, x->store.n - at};
	return out->n > 0;
}

/* <Name>base64</Name> */
static bool number_element(struct xml *x)
{
	char name[NAME_BYTES], end[NAME_BYTES];
	size_t i = 0;

	if (!tag(x, false, name))
		return false;
	while (i < NUMBERS && strcmp(name, number_names[i]) != 0)
		i++;
	return i < NUMBERS && x->number[i].n == 0 && number_read(x, &x->number[i]) &&
	       tag(x, true, end) && strcmp(name, end) == 0;
}

static bool at_closing(struct xml *x)
{
	skip_misc(x);
	return x->left.n > 1 && x->left.p[0] == '<' && x->left.p[1] == '/';
}

static bool is_wrapper(const char *name)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (strcmp(name, wrappers[i]) == 0)
			return true;
	return false;
}

static bool document(struct xml *x)
{
	char open[sizeof wrappers / sizeof wrappers[0]][NAME_BYTES];
	char name[NAME_BYTES], end[NAME_BYTES];
	size_t depth = 0;

	while (tag(x, false, name) && is_wrapper(name) &&
	       depth < sizeof open / sizeof open[0])
		memcpy(open[depth++], name, NAME_BYTES);
	if (strcmp(name, "RSAKeyValue") != 0)
		return false;
	while (!at_closing(x))
		if (!number_element(x))
			return false;
	if (!tag(x, true, end) || strcmp(end, "RSAKeyValue") != 0)
		return false;
	while (depth > 0)
		if (!tag(x, true, end) || strcmp(end, open[--depth]) != 0)
			return false;
	skip_misc(x);
	return x->left.n == 0;
}

static enum err make(const struct xml *x, const struct store_input *in,
		     struct key_material *out, struct keyfile_note *note)
{
	const struct rsa_numbers n = {.n = x->number[N],
				      .e = x->number[E],
				      .d = x->number[D],
				      .p = x->number[P],
				      .q = x->number[Q],
				      .qi = x->number[QI]};
	enum err e;

	if (n.d.n > 0 && (n.p.n == 0 || n.q.n == 0 || n.qi.n == 0)) {
		keyfile_note_set(note,
				 "%s: P, Q and InverseQ are missing; write the key "
				 "with all of its numbers",
				 in->label);
		return ERR_KEY;
	}
	e = numbers_rsa(&n, out);
	if (e == ERR_KEY)
		keyfile_note_set(note, "%s: its numbers are no RSA key", in->label);
	return e;
}

enum err store_xml_read(const struct store_input *in, struct key_material *out,
			struct keyfile_note *note)
{
	const size_t half = in->content.n;
	struct xml x = {
	    .left = in->content,
	    .store = {.p = OPENSSL_secure_zalloc(2 * half), .cap = half}
        };
	enum err e = ERR_MEMORY;

	if (x.store.p == NULL)
		return e;
	(void)skip_between(&x, "\xef\xbb", "\xbf"); /* a byte order mark */
	if (document(&x)) {
		e = make(&x, in, out, note);
	} else {
		keyfile_note_set(note,
				 "%s: not an RSAKeyValue element with its numbers in "
				 "base64, and nothing else",
				 in->label);
		e = ERR_KEY;
	}
	OPENSSL_secure_clear_free(x.store.p, 2 * half);
	return e;
}
