/*
 * Makes name-lists out of what an operator wrote: sshd_config(5) Ciphers and its likes.
 * An operator's text is not foreign, but it is checked here, as the last who knows it.
 */
#include "common/algs.h"
#include "common/names.h"

static const char *const reasons[] = {
#define WEAK(reason, text) [ALG_##reason] = (text),
#include "common/algs.def"
};

#define ON_DEFAULT true
#define ON_ASKED   false
#define ALG(kind, name, on, provider, weak)                                            \
	{ALG_##kind, name, ON_##on, ALG_##provider, ALG_##weak},
const struct alg_name algs[] = {
#include "common/algs.def"
};
#define N_ALGS (sizeof algs / sizeof algs[0])
const size_t n_algs = N_ALGS;

/* Rows chosen so far, in order, each once. */
struct choice {
	const struct alg_name *row[N_ALGS];
	size_t n;
};

static bool chosen(const struct choice *c, const struct alg_name *row)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->row[i] == row)
			return true;
	return false;
}

static void choose(struct choice *c, const struct alg_name *row)
{
	if (!chosen(c, row))
		c->row[c->n++] = row;
}

static const struct alg_name *find(enum alg_kind kind, struct span name)
{
	for (size_t i = 0; i < N_ALGS; i++)
		if (algs[i].kind == kind && span_is(name, algs[i].name))
			return &algs[i];
	return NULL;
}

bool algs_known(enum alg_kind kind, struct span name)
{
	return find(kind, name) != NULL;
}

const char *alg_weak(enum alg_kind kind, struct span name)
{
	const struct alg_name *row = find(kind, name);

	return row == NULL ? NULL : reasons[row->weak];
}

bool algs_have(enum alg_kind kind, struct span list, enum alg_provider provider)
{
	struct span name;

	while (names_next(&list, &name)) {
		const struct alg_name *row = find(kind, name);

		if (row != NULL && row->provider == provider)
			return true;
	}
	return false;
}

enum err algs_keep_fips(enum alg_kind kind, struct span list, struct wr *out)
{
	struct span name, whole;
	size_t n = 0;

	while (names_next(&list, &name)) {
		const struct alg_name *row = find(kind, name);

		if (row == NULL || row->provider != ALG_FIPS)
			continue;
		wr_raw(out, n++ == 0 ? (struct span){0} : SPAN_LIT(","));
		wr_raw(out, name);
	}
	return n == 0 ? ERR_CONFIG : wr_end(out, &whole);
}

static bool names_row(const struct alg_name *row, enum alg_kind kind,
		      struct span pattern)
{
	return row->kind == kind && names_glob(pattern, span_str(row->name));
}

/* Chooses what each entry of list names, in the list's order. */
static enum err choose_listed(enum alg_kind kind, struct span list, struct choice *c,
			      struct span *bad)
{
	struct span entry;

	while (names_next(&list, &entry)) {
		size_t found = 0;

		for (size_t i = 0; i < N_ALGS; i++)
			if (names_row(&algs[i], kind, entry)) {
				choose(c, &algs[i]);
				found++;
			}
		if (found == 0) {
			*bad = entry;
			return ERR_UNKNOWN;
		}
	}
	return OK;
}

static bool removed(const struct alg_name *row, struct span list)
{
	struct span entry;

	while (names_next(&list, &entry))
		if (names_row(row, row->kind, entry))
			return true;
	return false;
}

static void choose_default(enum alg_kind kind, struct span without, struct choice *c)
{
	for (size_t i = 0; i < N_ALGS; i++)
		if (algs[i].kind == kind && algs[i].on && !removed(&algs[i], without))
			choose(c, &algs[i]);
}

static enum err choose_spec(enum alg_kind kind, struct span spec, struct choice *c,
			    struct span *bad)
{
	struct span list, nothing = {0};
	enum err e;

	if (spec.n == 0) {
		choose_default(kind, nothing, c);
		return OK;
	}
	list = (struct span){spec.p + 1, spec.n - 1};
	switch (spec.p[0]) {
	case '+':
		choose_default(kind, nothing, c);
		return choose_listed(kind, list, c, bad);
	case '-':
		/* a name we do not have is as good as removed */
		choose_default(kind, list, c);
		return OK;
	case '^':
		if ((e = choose_listed(kind, list, c, bad)) != OK)
			return e;
		choose_default(kind, nothing, c);
		return OK;
	}
	return choose_listed(kind, spec, c, bad);
}

enum err algs_list(enum alg_kind kind, struct span spec, struct wr *out,
		   struct span *bad)
{
	struct choice c = {0};
	struct span whole;
	enum err e;

	if ((e = choose_spec(kind, spec, &c, bad)) != OK)
		return e;
	if (c.n == 0)
		return ERR_CONFIG;
	for (size_t i = 0; i < c.n; i++) {
		wr_raw(out, i == 0 ? (struct span){0} : SPAN_LIT(","));
		wr_raw(out, span_str(c.row[i]->name));
	}
	return wr_end(out, &whole);
}
