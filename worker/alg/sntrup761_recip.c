/*
 * Reciprocals by division steps, as many whatever the polynomial. Of a pair (f, g), a step
 * cancels the constant term of g and divides g by x; where the count delta asks for it, f becomes
 * what g was. Beside them go (v, r), with v * a = f and r * a = g but for powers of x. A step may
 * scale g and r by the same unit, since the end divides by what f has become; so signs and the
 * factor that Montgomery's products leave are let be.
 * Source: Bernstein, Yang, Fast constant-time gcd computation and modular inversion (2019), 5-7
 */
#include <string.h>

#include "worker/alg/sntrup761_recip.h"
#include "worker/alg/sntrup761_wide.h"

#define P         SNTRUP761_P
#define Q         SNTRUP761_Q
#define WIDTH     SNTRUP761_WIDTH
#define STEPS     (2 * P - 1)
#define Q_INVERSE 15631        /* of Q modulo 2^16 */
#define THIRD     (-1530)      /* of 1 modulo Q */
#define PER_Q     7663770875LL /* 2^45 / Q, rounded */
#define PER_SHIFT 45

/*
 * Coefficients begin at c[1]. Dividing g by x shifts down; multiplying v by x would shift up, so
 * v and r are kept last coefficient first. What falls off at the low end lands in c[0].
 */
struct columns_q {
	int16_t f[WIDTH + 1], g[WIDTH + 1], v[WIDTH + 1], r[WIDTH + 1];
};

struct columns_3 {
	int8_t f[WIDTH + 1], g[WIDTH + 1], v[WIDTH + 1], r[WIDTH + 1];
};

/* What a step does, the same for all coefficients. */
struct step {
	int16_t f0, g0;
	int16_t swap; /* all ones, or 0 */
};

/* Decides a step: f becomes g if delta > 0 and g0 is not 0. */
static struct step step_of(int f0, int g0, int32_t *delta)
{
	int32_t some = (g0 | -g0) >> 31;
	int32_t swap = some & (-*delta >> 31);

	*delta = (*delta ^ (swap & (*delta ^ -*delta))) + 1;
	return (struct step){(int16_t)f0, (int16_t)g0, (int16_t)swap};
}

/* a mod Q, centered; |a| < 2^25 */
static inline int16_t center(int64_t a)
{
	int64_t times = (a * PER_Q + (1LL << (PER_SHIFT - 1))) >> PER_SHIFT;

	return (int16_t)(a - times * Q);
}

/* a * b / 2^16 mod Q, with b_low = b / Q mod 2^16; below 2746 for |a| < 5500, b centered */
WIDE_BODY int16_t multiply(int16_t a, int16_t b, int16_t b_low)
{
	int16_t fold = (int16_t)(a * b_low);

	return (int16_t)((int16_t)((a * b) >> 16) - (int16_t)((fold * Q) >> 16));
}

/* Steps a pair; what a and b become goes to a_out and b_out, the same or one place before. */
WIDE_BODY void step_pair_q(const struct step *s, const int16_t *a, const int16_t *b,
			   int16_t *a_out, int16_t *b_out)
{
	const int16_t f0 = s->f0, g0 = s->g0, swap = s->swap;
	const int16_t f0_low = (int16_t)(f0 * Q_INVERSE);
	const int16_t g0_low = (int16_t)(g0 * Q_INVERSE);

	for (size_t k = 0; k < WIDTH; k++) {
		int16_t x = a[k], y = b[k];

		a_out[k] = (int16_t)(x ^ (swap & (x ^ y)));
		b_out[k] = (int16_t)(multiply(y, f0, f0_low) - multiply(x, g0, g0_low));
	}
}

WIDE_BODY void steps_q(struct columns_q *c)
{
	int32_t delta = 1;

	for (size_t i = 0; i < STEPS; i++) {
		struct step s = step_of(center(c->f[1]), center(c->g[1]), &delta);

		step_pair_q(&s, c->f + 1, c->g + 1, c->f + 1, c->g);
		step_pair_q(&s, c->v + 1, c->r + 1, c->v, c->r + 1);
		c->v[WIDTH] = 0;
	}
}

WIDE_TARGET static void steps_q_wide(struct columns_q *c)
{
	steps_q(c);
}

static void steps_q_plain(struct columns_q *c)
{
	steps_q(c);
}

/* 1 / a mod Q, centered, as a^(Q - 2); a is centered and not 0 */
static int16_t invert(int16_t a)
{
	int16_t power = 1;

	for (int bit = 1 << 12; bit > 0; bit >>= 1) {
		power = center((int64_t)power * power);
		if (((Q - 2) & bit) != 0)
			power = center((int64_t)power * a);
	}
	return power;
}

void sntrup761_recip_q(const struct sntrup761_poly *a, struct sntrup761_poly *out)
{
	struct columns_q c = {
	    .f = {[1] = 1, [P] = -1, [P + 1] = -1}
        };
	const int16_t *reversed = c.v + 1 + WIDTH - 1 - P;
	int16_t scale;

	/* f is x^761 - x - 1 backwards, g is a backwards */
	for (size_t i = 0; i < P; i++)
		c.g[P - i] = a->c[i];
	c.r[WIDTH] = THIRD;
	if (wide_there())
		steps_q_wide(&c);
	else
		steps_q_plain(&c);
	scale = invert(center(c.f[1]));
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < P; i++)
		out->c[i] = center((int64_t)reversed[i] * scale);
	wipe(&scale, sizeof scale);
	wipe(&c, sizeof c);
}

/* Steps a pair modulo 3: b + times * a, where times is 0, or 1 with sign 0, or -1 with sign -1. */
WIDE_BODY void step_pair_3(const struct step *s, const int8_t *a, const int8_t *b,
			   int8_t *a_out, int8_t *b_out)
{
	const int8_t times = (int8_t)(-s->f0 * s->g0), swap = (int8_t)s->swap;
	const int8_t some = (int8_t) - (times & 1), sign = (int8_t)(times >> 1);

	for (size_t k = 0; k < WIDTH; k++) {
		int8_t x = a[k], y = b[k];
		int8_t sum = (int8_t)(y + (((x & some) ^ sign) - sign));
		int8_t above = (int8_t)((int8_t)(1 - sum) >> 7);
		int8_t below = (int8_t)((int8_t)(1 + sum) >> 7);

		a_out[k] = (int8_t)(x ^ (swap & (x ^ y)));
		b_out[k] = (int8_t)(sum - (above & 3) + (below & 3));
	}
}

WIDE_BODY int32_t steps_3(struct columns_3 *c)
{
	int32_t delta = 1;

	for (size_t i = 0; i < STEPS; i++) {
		struct step s = step_of(c->f[1], c->g[1], &delta);

		step_pair_3(&s, c->f + 1, c->g + 1, c->f + 1, c->g);
		step_pair_3(&s, c->v + 1, c->r + 1, c->v, c->r + 1);
		c->v[WIDTH] = 0;
	}
	return delta;
}

WIDE_TARGET static int32_t steps_3_wide(struct columns_3 *c)
{
	return steps_3(c);
}

static int32_t steps_3_plain(struct columns_3 *c)
{
	return steps_3(c);
}

bool sntrup761_recip_3(const struct sntrup761_poly *a, struct sntrup761_poly *out)
{
	struct columns_3 c = {
	    .f = {[1] = 1, [P] = -1, [P + 1] = -1}
        };
	const int8_t *reversed = c.v + 1 + WIDTH - 1 - P;
	bool found;

	for (size_t i = 0; i < P; i++)
		c.g[P - i] = (int8_t)a->c[i];
	c.r[WIDTH] = 1;
	/* delta is twice the degree of what f and g have in common */
	found = (wide_there() ? steps_3_wide(&c) : steps_3_plain(&c)) == 0;
	if (found) {
		memset(out, 0, sizeof *out);
		for (size_t i = 0; i < P; i++)
			out->c[i] = (int16_t)(reversed[i] * c.f[1]);
	}
	wipe(&c, sizeof c);
	return found;
}
