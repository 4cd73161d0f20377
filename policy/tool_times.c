/*
 * What decisions take, measured as the policy process meets them: on a new connection,
 * whose state is made then, and on one that has its state. The clock is the one on the wall: that
 * of CPU time moves in steps of milliseconds on some kernels. The median leaves out what others took.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/tool.h"

#define NS_PER_US 1000

static enum err add(struct times *t, uint64_t ns)
{
	uint64_t *grown = realloc(t->ns, (t->n + 1) * sizeof *grown);

	if (grown == NULL)
		return ERR_MEMORY;
	t->ns = grown;
	grown[t->n++] = ns;
	return OK;
}

static enum err run(struct script_file *s, struct trial *t,
		    const struct fixture_case *c)
{
	enum err e = OK;

	trial_begin(t, c->shared);
	for (size_t i = 0; e == OK && i < c->n_steps; i++) {
		struct outcome o;

		if ((e = trial_step(t, &c->step[i], &o)) != OK)
			return e;
		if (!o.told)
			e = add(i == 0 ? &s->first : &s->later, o.ns);
		outcome_wipe(&o);
	}
	return e;
}

enum err times_measure(struct script_file *s, const struct fixture_case *c)
{
	struct trial *t = script_trial(s, false);
	enum err e = t != NULL ? OK : ERR_MEMORY;

	for (int i = 0; e == OK && i < LIMIT_TIMES_RUNS; i++)
		e = run(s, t, c);
	trial_free(t);
	return e;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void print(struct times *t, const char *what)
{
	size_t middle = t->n / 2;

	if (t->n == 0)
		return;
	qsort(t->ns, t->n, sizeof *t->ns, by_size);
	(void)printf("%s %zu, median %.1f us, at most %.1f us", what, t->n,
		     (double)t->ns[middle] / NS_PER_US,
		     (double)t->ns[t->n - 1] / NS_PER_US);
}

void times_print(struct script_file *s)
{
	if (s->first.n + s->later.n == 0)
		return;
	(void)printf("times %s: ", s->path);
	print(&s->first, "first decisions");
	print(&s->later, s->first.n > 0 ? "; later ones" : "later decisions");
	(void)putchar('\n');
}

void times_wipe(struct times *t)
{
	free(t->ns);
	*t = (struct times){0};
}
