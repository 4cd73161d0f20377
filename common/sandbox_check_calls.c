/*
 * Every system call number from inside each role, with arguments of -1; each row that checks
 * arguments with what it allows and with what it must refuse. Killed <=> not in sandbox.def.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/sandbox_check_private.h"

#define NUMBERS     512          /* above: none on any machine of ours */
#define X32_BIT     0x40000000U  /* linux: __X32_SYSCALL_BIT */
#define HIGH_BIT    (1ULL << 32) /* what a filter of 32 bits would not see */
#define WRAP        86
#define I386_GETPID 20

static int try_call(const struct check_world *w, const uint64_t args[CHECK_ARGS])
{
	(void)w;
	errno = 0;
	if (syscall((long)args[0], args[1], args[2], args[3], args[4], args[5],
		    args[6]) != -1)
		return 0;
	return errno;
}

#if defined(__x86_64__)
/* The door of 32-bit programs into the same kernel. */
static int try_int80(const struct check_world *w, const uint64_t args[CHECK_ARGS])
{
	long rc = I386_GETPID;

	(void)w;
	(void)args;
	__asm__ volatile("int $0x80" : "+a"(rc) : : "memory", "r8", "r9", "r10", "r11");
	return rc > 0 ? 0 : ENOSYS;
}
#endif

static const struct sandbox_pass *pass_of(int nr)
{
	for (size_t i = 0; i < sandbox_n_passes; i++)
		if (sandbox_passes[i].nr == nr)
			return &sandbox_passes[i];
	return NULL;
}

/* What the table says of a call, and what came of it. */
static bool as_expected(const struct sandbox_call *row, int nr, struct check_result r)
{
	if (row == NULL && pass_of(nr) != NULL) /* kernels differ */
		return r.what != CHECK_DONE;
	if (row == NULL)
		return r.what == CHECK_KILLED;
	if (row->error != 0)
		return r.what == CHECK_REFUSED && r.number == row->error;
	return r.what != CHECK_KILLED;
}

static bool try_args(struct check_world *w, const struct check_cell *cell, int nr,
		     const uint64_t args[CHECK_ARGS])
{
	const struct sandbox_call *row = sandbox_call_match(cell->role, nr, args + 1);
	struct check_result r = check_try(cell, CHECK_WHOLE, try_call, args);
	char text[LIMIT_NAME_BYTES];
	bool ok = as_expected(row, nr, r);

	(void)check_count(w, ok);
	if (!ok)
		printf(
		    "%-9s  %d(%llx, %llx, %llx, %llx): expected %s, found %s  FAIL\n",
		    sandbox_roles[cell->role].name, nr, (unsigned long long)args[1],
		    (unsigned long long)args[2], (unsigned long long)args[3],
		    (unsigned long long)args[4], row == NULL ? "killed" : "let through",
		    check_result_text(r, text));
	return ok;
}

static void fill(uint64_t args[CHECK_ARGS], int nr, const struct sandbox_call *row)
{
	for (size_t i = 1; i < CHECK_ARGS; i++)
		args[i] = UINT64_MAX;
	args[0] = (uint64_t)nr;
	for (size_t i = 0; row != NULL && i < sandbox_call_conds(row); i++)
		args[1 + row->conds[i].arg] = row->conds[i].value;
}

/* A row's allowed arguments, then each checked one with a bit wrong, low and high. */
static bool try_row(struct check_world *w, const struct check_cell *cell,
		    const struct sandbox_call *row)
{
	uint64_t args[CHECK_ARGS], right, mask;
	bool ok;

	fill(args, row->nr, row);
	ok = try_args(w, cell, row->nr, args);
	for (size_t i = 0; i < sandbox_call_conds(row); i++) {
		mask = row->conds[i].mask;
		right = args[1 + row->conds[i].arg];
		args[1 + row->conds[i].arg] = right ^ (mask & (~mask + 1));
		ok = try_args(w, cell, row->nr, args) && ok;
		args[1 + row->conds[i].arg] = right ^ HIGH_BIT;
		ok = try_args(w, cell, row->nr, args) && ok;
		args[1 + row->conds[i].arg] = right;
	}
	return ok;
}

static void print_row(const struct check_world *w, const struct sandbox_call *row,
		      bool ok)
{
	char action[LIMIT_NAME_BYTES] = "allow";

	if (w->quiet)
		return;
	if (row->error != 0)
		(void)snprintf(action, sizeof action, "%s",
			       strerrorname_np(row->error));
	printf("  %-12s  %3d %-15s  %-4s  %s\n", action, row->nr, row->name,
	       ok ? "ok" : "FAIL", row->why);
	if (sandbox_call_conds(row) != 0)
		printf("  %-12s  %-19s  %-4s    when %s\n", "", "", "", row->when);
}

/* Adds "12-19" to the line of killed numbers; first > last ends it. */
static void print_range(const struct check_world *w, int first, int last, int *column)
{
	char text[LIMIT_NAME_BYTES];

	if (w->quiet || first > last)
		return;
	if (first == last)
		(void)snprintf(text, sizeof text, " %d", first);
	else
		(void)snprintf(text, sizeof text, " %d-%d", first, last);
	if (*column + (int)strlen(text) > WRAP) {
		printf("\n          ");
		*column = 10;
	}
	*column += printf("%s", text);
}

static void try_numbers(struct check_world *w, const struct check_cell *cell)
{
	uint64_t args[CHECK_ARGS];
	int first = 0, column = 10;
	size_t killed = 0;

	if (!w->quiet)
		printf("  killed  ");
	for (int nr = 0; nr < NUMBERS; nr++) {
		fill(args, nr, NULL);
		(void)try_args(w, cell, nr, args);
		if (sandbox_call_find(cell->role, nr, NULL) == NULL &&
		    pass_of(nr) == NULL) {
			killed++;
			continue;
		}
		print_range(w, first, nr - 1, &column);
		first = nr + 1;
	}
	print_range(w, first, NUMBERS - 1, &column);
	if (!w->quiet)
		printf("\n          %zu of %d numbers, arguments -1\n", killed,
		       NUMBERS);
}

static void try_passes(struct check_world *w, const struct check_cell *cell)
{
	uint64_t args[CHECK_ARGS];
	char text[LIMIT_NAME_BYTES];

	for (size_t i = 0; i < sandbox_n_passes; i++) {
		fill(args, sandbox_passes[i].nr, NULL);
		if (sandbox_passes[i].nr >= 0 && !w->quiet)
			printf("  %-12s  %3d %-15s  %-4s  %s\n",
			       check_result_text(
				   check_try(cell, CHECK_WHOLE, try_call, args), text),
			       sandbox_passes[i].nr, "", "ok", sandbox_passes[i].why);
	}
}

/* The same kernel by its other doors: 32-bit programs, x32. */
static void try_foreign(struct check_world *w, const struct check_cell *cell)
{
#if defined(__x86_64__)
	static const uint32_t x32[] = {0, 1, 39, 57, 59, 231, 512, 520, 545};
	uint64_t args[CHECK_ARGS];
	struct check_result r;
	char text[LIMIT_NAME_BYTES];
	bool ok = true;

	for (size_t i = 0; i < sizeof x32 / sizeof x32[0]; i++) {
		fill(args, 0, NULL);
		args[0] = X32_BIT | x32[i];
		r = check_try(cell, CHECK_WHOLE, try_call, args);
		ok = ok && r.what == CHECK_KILLED;
	}
	(void)check_count(w, ok);
	if (!w->quiet || !ok)
		printf("  %-12s  x32 numbers          %-4s  another table of the same "
		       "kernel\n",
		       "killed", ok ? "ok" : "FAIL");
	r = check_try(cell, CHECK_WHOLE, try_int80, NULL);
	ok = r.what == CHECK_KILLED ||
	     r.what == CHECK_DIED; /* SIGSEGV: not in this kernel */
	(void)check_count(w, ok);
	if (!w->quiet || !ok)
		printf(
		    "  %-12s  int 0x80             %-4s  the door of 32-bit programs\n",
		    check_result_text(r, text), ok ? "ok" : "FAIL");
#else
	(void)w;
	(void)cell;
#endif
}

void check_calls(struct check_world *w, const struct check_cell *cell)
{
	const struct sandbox_call *row;

	if (!w->quiet)
		printf("\n%s: system calls\n", sandbox_roles[cell->role].name);
	try_numbers(w, cell);
	try_foreign(w, cell);
	try_passes(w, cell);
	for (size_t i = 0; i < sandbox_n_calls; i++) {
		row = &sandbox_calls[i];
		if (row->nr >= 0 && (row->who & SANDBOX_ON(cell->role)) != 0)
			print_row(w, row, try_row(w, cell, row));
	}
}
