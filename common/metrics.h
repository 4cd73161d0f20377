/*
 * Metrics as tables: metrics.def has them. Values are an array of numbers, a slot for each metric and
 * each pair of its labels' values; whoever has the array can make the text of it.
 * Source: Prometheus text exposition format 0.0.4
 */
#ifndef COMMON_METRICS_H
#define COMMON_METRICS_H

#include <stdbool.h>

#include "common/rd.h"
#include "common/wr.h"

/* Values of labels: METRIC_END_LOST … and how many each set has: METRIC_END_COUNT. */
#define V(name, value)            METRIC_##name,
#define LABEL(set, label, values) enum { values METRIC_##set##_COUNT };
#include "common/metrics.def"
#undef V

/* The first slot of each metric, as many as it has, and how many of them one value of a has. */
enum metric_slot {
#define METRIC(name, kind, a, b, help)                                                 \
	METRIC_##name,                                                                 \
	    METRIC_##name##_LAST =                                                     \
		METRIC_##name + (METRIC_##a##_COUNT) * (METRIC_##b##_COUNT) - 1,
#include "common/metrics.def"
	METRIC_SLOTS
};

enum {
#define METRIC(name, kind, a, b, help) METRIC_##name##_STEP = METRIC_##b##_COUNT,
#include "common/metrics.def"
};

/* The slot of a metric with these values of its labels; what it has no label for is 0. */
#define METRIC_AT(name, a, b)                                                          \
	((size_t)METRIC_##name + (size_t)(a)*METRIC_##name##_STEP + (size_t)(b))

/* Zero state: nothing happened yet. */
struct metrics {
	uint64_t slot[METRIC_SLOTS];
};

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_COUNTER_US,
	METRIC_GAUGE_US,
	METRIC_HISTOGRAM
};

/* One line of what is told. */
struct metric_sample {
	const char *family; /* name without _bucket, _sum, _count */
	const char *name;
	const char *type; /* counter, gauge, histogram */
	const char *help;
	const char *labels; /* without braces: a="b",c="d"; may be empty */
	const char *value;  /* a decimal number */
};
typedef void metric_fn(void *ctx, const struct metric_sample *s);

/* Counts one event. at: METRIC_AT */
static inline void metric_count(struct metrics *k, size_t at)
{
	k->slot[at]++;
}

/* Counts a duration. histogram: the first slot of it */
void metric_time(struct metrics *k, enum metric_slot histogram, uint64_t us);

/* Calls fn for each line, in the order of the table; buckets are added up. */
void metrics_each(const struct metrics *k, metric_fn *fn, void *ctx);

/* Writes the text of it all; a full writer fails, as always. */
void metrics_text(const struct metrics *k, struct wr *w);

/* Writes one line, with HELP and TYPE before the first of its family. family: of the line before; NULL: none */
void metrics_line(const struct metric_sample *s, const char *family, struct wr *w);

/* The values as a message carries them, and back. Errors: ERR_TRUNCATED; ERR_TRAILING */
void metrics_encode(const struct metrics *k, struct wr *w);
MUST_CHECK enum err metrics_decode(struct span in, struct metrics *out);

#endif
