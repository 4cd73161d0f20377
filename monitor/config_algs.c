/*
 * The lists of algorithms, taken together: which of them are weak, and which ask for another provider.
 * Under CryptoProvider fips every list loses what that provider does not have, in Match blocks too.
 */
#include "monitor/config_algs.h"
#include "common/names.h"
#include "monitor/config_priv.h"

struct weak {
	config_weak_fn *fn;
	void *ctx;
	bool told[LIMIT_CONFIG_ROWS][LIMIT_ALGS];
};

/* The place of a name among those of its kind. */
static size_t place_of(enum alg_kind kind, struct span name)
{
	size_t place = 0;

	for (size_t i = 0; i < n_algs; i++) {
		if (algs[i].kind != kind)
			continue;
		if (span_is(name, algs[i].name))
			return place;
		place++;
	}
	return LIMIT_ALGS;
}

static void weak_list(struct weak *w, const struct config_row *row, const char *text)
{
	struct span list = span_str(text), name;
	char word[LIMIT_NAME_BYTES + 1];

	while (names_next(&list, &name)) {
		const char *reason = alg_weak(row->kind, name);
		const size_t place = place_of(row->kind, name);
		bool *told;

		if (reason == NULL || place == LIMIT_ALGS ||
		    bytes_to_str(word, sizeof word, name) != OK)
			continue;
		told = &w->told[row - config_rows][place];
		if (!*told)
			w->fn(w->ctx, row->keyword, word, reason);
		*told = true;
	}
}

void config_weak_each(const struct config *c, config_weak_fn *fn, void *ctx)
{
	struct weak w = {.fn = fn, .ctx = ctx};
	union config_value base = {0};

	for (size_t i = 0; i < n_config_rows; i++) {
		if (config_rows[i].type != TYPE_ALGS)
			continue;
		config_field_get(&c->base, &config_rows[i], &base);
		weak_list(&w, &config_rows[i], base.text);
	}
	for (size_t i = 0; i < c->n_overrides; i++)
		if (c->override[i].row->type == TYPE_ALGS)
			weak_list(&w, c->override[i].row, c->override[i].value.text);
}

struct crypto_choice config_crypto(const struct settings *s)
{
	return (struct crypto_choice){
	    s->crypto_provider,
	    algs_have(ALG_CIPHER, span_str(s->ciphers), ALG_LEGACY)};
}

const char *config_crypto_option(const struct settings *s)
{
	const struct crypto_choice choice = config_crypto(s);

	return crypto_choice_option(&choice);
}

/* Gives what is left of a list; NULL where it has complained. */
static const char *fips_list(struct config_reader *r, const struct config_row *row,
			     const char *text)
{
	uint8_t buf[LIMIT_ALGS * (LIMIT_NAME_BYTES + 1)];
	struct wr w = WR(buf);

	r->keyword = row->keyword;
	if (algs_keep_fips(row->kind, span_str(text), &w) != OK) {
		config_complain(r, false,
				"CryptoProvider fips has none of these algorithms");
		return NULL;
	}
	return arena_copy(&r->c->arena, (struct span){buf, w.n});
}

void config_keep_fips(struct config_reader *r)
{
	struct config *c = r->c;
	union config_value v = {0};

	if (c->base.crypto_provider != CRYPTO_FIPS)
		return;
	for (size_t i = 0; i < n_config_rows; i++) {
		if (config_rows[i].type != TYPE_ALGS)
			continue;
		config_field_get(&c->base, &config_rows[i], &v);
		if ((v.text = fips_list(r, &config_rows[i], v.text)) != NULL)
			config_field_set(&c->base, &config_rows[i], &v);
	}
	for (size_t i = 0; i < c->n_overrides; i++) {
		struct config_override *o = &c->override[i];
		const char *kept;

		if (o->row->type == TYPE_ALGS &&
		    (kept = fips_list(r, o->row, o->value.text)) != NULL)
			o->value.text = kept;
	}
}
