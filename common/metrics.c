/*
 * The table of metrics, and the text made of it. Knows no name but those of metrics.def; nothing from
 * outside can get into a label. Source: Prometheus text exposition format 0.0.4
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/limits.h"
#include "common/metrics.h"

#define US_PER_S 1000000

/* A set of labels' values. */
struct label {
	const char *name;
	const char *const *value;
	size_t n;
};

struct metric {
	const char *name;
	enum metric_kind kind;
	const struct label *a, *b;
	size_t first;
	const char *help;
};

#define V(name, value) value,
#define LABEL(set, label_name, values)                                                 \
	static const char *const values_##set[] = {values};                            \
	static const struct label label_##set = {label_name, values_##set,             \
						 METRIC_##set##_COUNT};
#include "common/metrics.def"
#undef V

static const struct metric metrics[] = {
#define METRIC(name, kind, a, b, help)                                                 \
	{"sallyport_" #name, METRIC_##kind, &label_##a,                                \
	 &label_##b,         METRIC_##name, help},
#include "common/metrics.def"
};

/* Bounds of TIME, in microseconds. */
static const uint64_t bounds_us[METRIC_TIME_ENDLESS] = {
    100, 300, 1000, 3000, 10000, 30000, 100000, 300000, 1000000, 3000000};

void metric_time(struct metrics *k, enum metric_slot histogram, uint64_t us)
{
	size_t i = 0;

	while (i < METRIC_TIME_ENDLESS && us > bounds_us[i])
		i++;
	k->slot[(size_t)histogram + i]++;
	k->slot[(size_t)histogram + METRIC_TIME_SUM] += us;
}

/* ---- lines ---- */

/* What metrics_each hands on with each line. */
struct telling {
	metric_fn *fn;
	void *ctx;
	const struct metric *m;
	char labels[LIMIT_TEXT_BYTES];
};

static const char *type_of(enum metric_kind kind)
{
	switch (kind) {
	case METRIC_COUNTER:
	case METRIC_COUNTER_US:
		return "counter";
	case METRIC_GAUGE:
	case METRIC_GAUGE_US:
		return "gauge";
	case METRIC_HISTOGRAM:
		return "histogram";
	}
	return "untyped";
}

static void tell(const struct telling *t, const char *suffix, uint64_t value,
		 bool micro)
{
	char name[LIMIT_TEXT_BYTES], number[LIMIT_NAME_BYTES];

	(void)snprintf(name, sizeof name, "%s%s", t->m->name, suffix);
	if (micro)
		(void)snprintf(number, sizeof number, "%" PRIu64 ".%06" PRIu64,
			       value / US_PER_S, value % US_PER_S);
	else
		(void)snprintf(number, sizeof number, "%" PRIu64, value);
	t->fn(t->ctx, &(struct metric_sample){.family = t->m->name,
					      .name = name,
					      .type = type_of(t->m->kind),
					      .help = t->m->help,
					      .labels = t->labels,
					      .value = number});
}

static void add_label(struct telling *t, const struct label *l, size_t i)
{
	size_t n = strlen(t->labels);

	if (l->name[0] != '\0')
		(void)snprintf(t->labels + n, sizeof t->labels - n, "%s%s=\"%s\"",
			       n > 0 ? "," : "", l->name, l->value[i]);
}

static void tell_plain(struct telling *t, const uint64_t *slot)
{
	bool micro = t->m->kind == METRIC_COUNTER_US || t->m->kind == METRIC_GAUGE_US;

	for (size_t a = 0; a < t->m->a->n; a++)
		for (size_t b = 0; b < t->m->b->n; b++) {
			t->labels[0] = '\0';
			add_label(t, t->m->a, a);
			add_label(t, t->m->b, b);
			tell(t, "", slot[a * t->m->b->n + b], micro);
		}
}

/* Each bucket has those below it too. */
static void tell_histogram(struct telling *t, const uint64_t *slot)
{
	uint64_t sum;

	for (size_t a = 0; a < t->m->a->n; a++, slot += METRIC_TIME_COUNT) {
		sum = 0;
		for (size_t b = 0; b <= METRIC_TIME_ENDLESS; b++) {
			sum += slot[b];
			t->labels[0] = '\0';
			add_label(t, t->m->a, a);
			add_label(t, t->m->b, b);
			tell(t, "_bucket", sum, false);
		}
		t->labels[0] = '\0';
		add_label(t, t->m->a, a);
		tell(t, "_sum", slot[METRIC_TIME_SUM], true);
		tell(t, "_count", sum, false);
	}
}

void metrics_each(const struct metrics *k, metric_fn *fn, void *ctx)
{
	struct telling t = {.fn = fn, .ctx = ctx};

	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
		t.m = &metrics[i];
		if (t.m->kind == METRIC_HISTOGRAM)
			tell_histogram(&t, &k->slot[t.m->first]);
		else
			tell_plain(&t, &k->slot[t.m->first]);
	}
}

/* ---- text ---- */

static void put(struct wr *w, const char *const *part, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_raw(w, span_str(part[i]));
}

void metrics_line(const struct metric_sample *s, const char *family, struct wr *w)
{
	const char *const head[] = {"# HELP ", s->family, " ", s->help, "\n",
				    "# TYPE ", s->family, " ", s->type, "\n"};
	const char *const labelled[] = {s->name, "{", s->labels, "} ", s->value, "\n"};
	const char *const plain[] = {s->name, " ", s->value, "\n"};

	if (family == NULL || strcmp(family, s->family) != 0)
		put(w, head, sizeof head / sizeof *head);
	if (s->labels[0] != '\0')
		put(w, labelled, sizeof labelled / sizeof *labelled);
	else
		put(w, plain, sizeof plain / sizeof *plain);
}

/* What metrics_text writes to, and what it wrote last. */
struct text {
	struct wr *w;
	const char *family;
};

static void text_line(void *ctx, const struct metric_sample *s)
{
	struct text *t = ctx;

	metrics_line(s, t->family, t->w);
	t->family = s->family;
}

void metrics_text(const struct metrics *k, struct wr *w)
{
	metrics_each(k, text_line, &(struct text){.w = w});
}

/* ---- between processes ---- */

void metrics_encode(const struct metrics *k, struct wr *w)
{
	for (size_t i = 0; i < METRIC_SLOTS; i++)
		wr_u64(w, k->slot[i]);
}

enum err metrics_decode(struct span in, struct metrics *out)
{
	struct rd r = RD(in);
	struct metrics k;
	enum err e;

	for (size_t i = 0; i < METRIC_SLOTS; i++)
		k.slot[i] = rd_u64(&r);
	e = rd_end(&r);
	if (e == OK)
		*out = k;
	return e;
}
