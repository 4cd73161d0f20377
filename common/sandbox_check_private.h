/*
 * What the files sandbox_check*.c share: a cell is a process behind a role's namespaces that
 * forks a leaf for every attempt; the leaf goes behind the other walls, tries, and dies.
 */
#ifndef COMMON_SANDBOX_CHECK_PRIVATE_H
#define COMMON_SANDBOX_CHECK_PRIVATE_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/un.h>

#include "common/sandbox.h"

#define CHECK_ARGS   (1 + SANDBOX_ARGS) /* a system call's number and its arguments */
#define CHECK_SPACES 6

/* How far into the sandbox a leaf goes before it tries. */
enum check_depth { CHECK_SPACES_ONLY, CHECK_NO_FILTER, CHECK_WHOLE };

enum check_what { CHECK_DONE, CHECK_REFUSED, CHECK_KILLED, CHECK_DIED };

/* How an attempt ended. */
struct check_result {
	enum check_what what;
	int number; /* errno where refused; signal, or exit status, where it died */
};

/* Memory that leaves and the check share. */
struct check_board {
	struct sandbox_layers layers; /* of the last leaf */
	atomic_int pid;               /* its number in the host's pid namespace */
	atomic_int stage;             /* check_look_pause: 1 waiting, 2 may go */
	char spaces[CHECK_SPACES][LIMIT_NAME_BYTES];
	char root[LIMIT_TEXT_BYTES]; /* names in it, and whether one can be made */
	bool root_ok;
	bool limits_ok;
	int dumpable;
	int through_fd; /* errno of opening a file beneath an open folder */
};

/* The host: what the doors lead to. Made once; all cells inherit it. */
struct check_world {
	bool root;
	bool quiet;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	int root_fd;   /* the host's / */
	int proc_fd;   /* the host's /proc */
	int net_fd;    /* the host's net namespace */
	int tty_fd;    /* a terminal */
	int secret_fd; /* a descriptor of the monitor's, not handed on */
	int listeners[4];
	struct sockaddr_in tcp, udp;
	struct sockaddr_un path, abstract;
	char dir[LIMIT_NAME_BYTES];
	char spaces[CHECK_SPACES][LIMIT_NAME_BYTES]; /* the host's */
	struct sandbox_filter filters[ROLE_COUNT];
	struct check_board *board;
	size_t tried;
	size_t wrong;
};

struct check_cell {
	enum sandbox_role role;
	int sock;
};

/* Tries something in a leaf. Gives: 0 it worked, or errno */
typedef int check_fn(const struct check_world *w, const uint64_t args[CHECK_ARGS]);

extern const char *const check_space_names[CHECK_SPACES];

/* Makes what the doors lead to. Errors: ERR_SYSTEM, and what sandbox_filter_make gives */
MUST_CHECK enum err check_world_init(struct check_world *w);
void check_world_wipe(struct check_world *w);

/* Starts a cell of a role. Owns: the caller closes out. Errors: ERR_SYSTEM, ERR_SANDBOX */
MUST_CHECK enum err check_cell_open(const struct check_world *w, enum sandbox_role role,
				    struct check_cell *out);
void check_cell_close(struct check_cell *cell);

/* Runs fn in a leaf of the cell; args NULL for none. */
struct check_result check_try(const struct check_cell *cell, enum check_depth depth,
			      check_fn *fn, const uint64_t *args);

/* The same in two steps, for a look at the leaf from outside. */
void check_try_begin(const struct check_cell *cell, enum check_depth depth,
		     check_fn *fn, const uint64_t *args);
struct check_result check_try_end(const struct check_cell *cell);

/* Writes "done", "killed", "EACCES", "signal 9" to out. Gives: out */
const char *check_result_text(struct check_result r, char out[LIMIT_NAME_BYTES]);

/* Counts an attempt, and a difference; gives "ok" or "FAIL". */
const char *check_count(struct check_world *w, bool ok);

/* The three parts, each for one role; they print and count. */
void check_layers(struct check_world *w, const struct check_cell *cell);
void check_calls(struct check_world *w, const struct check_cell *cell);
void check_doors(struct check_world *w, const struct check_cell *cell);

#endif
