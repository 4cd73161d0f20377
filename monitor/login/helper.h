/*
 * A program of PolicyHelper and its relay: what their files give to each other. The relay is a
 * login helper that gave up its rights; it alone parses what the program writes.
 */
#ifndef MONITOR_LOGIN_HELPER_H
#define MONITOR_LOGIN_HELPER_H

#include "monitor/login/login.h"

/* ---- helper_json.c: the lines ------------------------------------------- */

/* What a line of the program says. */
struct helper_said {
	uint64_t call;
	bool ok;
	char *text; /* JSON of the result, or the error as it is; NUL at its end */
};

/* Readies the JSON library: its seed cannot be had behind the walls, and it wipes what it frees. */
MUST_CHECK enum err helper_json_open(void);

/*
 * Writes the line that asks, {"id":…,"conn":…,"request":…}, with its newline.
 * Errors: ERR_RANGE the request is not JSON; ERR_NO_SPACE longer than out; ERR_MEMORY
 */
MUST_CHECK enum err helper_json_ask(const struct msg_helper_ask *m, struct wr *out);

/*
 * Reads a line of the program, {"id":…,"result":…} or {"id":…,"error":"…"}.
 * Owns:   helper_said_wipe
 * Errors: ERR_RANGE why says what is wrong with it; ERR_MEMORY
 */
MUST_CHECK enum err helper_json_read(struct span line, struct helper_said *out,
				     struct why *why);
void helper_said_wipe(struct helper_said *s);

/* ---- helper_lines.c: bytes to lines ------------------------------------- */

/* Lines as they come out of a pipe. */
struct helper_lines {
	int fd;     /* -1: it ended */
	uint8_t *p; /* cap bytes */
	size_t n, cap;
	bool cut;  /* a line longer than cap is cut; else it is an error */
	bool skip; /* the rest of a line that was cut */
};

typedef void helper_line_fn(void *ctx, struct span line);

/*
 * Reads once and gives each whole line, without its newline, to fn; at the end of input the last
 * one too.
 * Errors: ERR_AGAIN nothing there; ERR_CLOSED the end; ERR_RANGE a line longer than cap; ERR_SYSTEM
 */
MUST_CHECK enum err helper_lines_read(struct helper_lines *l, helper_line_fn *fn,
				      void *ctx);

/* ---- helper_program.c: the program --------------------------------------- */

struct helper_program {
	pid_t pid;        /* leads a group of its own; -1: none */
	int fd;           /* pidfd */
	int in, out, err; /* our ends of its standard streams, non-blocking */
};

/*
 * Starts the program of m as the account, which is NULL where we stay who we are.
 * Errors: ERR_RANGE a bad argument list; ERR_MEMORY; ERR_SYSTEM
 */
MUST_CHECK enum err helper_program_start(const struct msg_helper_start *m,
					 const struct account *a,
					 struct helper_program *out);

/* Kills all of its group, where it runs, and closes everything. */
void helper_program_wipe(struct helper_program *p);

#endif
