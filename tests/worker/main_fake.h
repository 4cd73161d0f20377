/*
 * A monitor of few words, for tests of the worker with real clients: one process, one host key,
 * every login by public key or by the password "right" is good, a command is run by sh as
 * ourselves, and whatever a client wants to reach on loopback it reaches.
 */
#ifndef TESTS_WORKER_FAKE_H
#define TESTS_WORKER_FAKE_H

#include <sys/types.h>

#include "common/ipc.h"

enum { FAKE_CONNS = 1100, FAKE_COMMANDS = 128, FAKE_TEXT_BYTES = 1024 };

/* One connection. Zero state: free. */
struct fake_conn {
	bool used;
	int worker; /* our end of the worker's link; -1: gone */
	uint32_t child;
	bool ended; /* conn_end came */
	uint32_t sent[MSG_COUNT];
};

struct fake_command {
	pid_t pid;
	struct fake_conn *conn;
	uint32_t chan;
};

struct fake {
	int nursery, listener;
	pid_t pid;
	uint16_t port;
	void *key; /* EVP_PKEY */
	uint8_t blob[128];
	size_t blob_n;
	uint8_t *store;
	uint32_t forked;
	size_t n_open;
	struct fake_conn conns[FAKE_CONNS];
	struct fake_command commands[FAKE_COMMANDS];
	/* what the tests ask about afterwards */
	uint32_t fds_left; /* children that have not ended */
	uint32_t logins, exchanges, crashes;
	uint32_t end_reason; /* of the connection that ended last */
	char end_text[FAKE_TEXT_BYTES];
	char layers[FAKE_TEXT_BYTES];
	char algorithms[FAKE_TEXT_BYTES];
	char version[FAKE_TEXT_BYTES];
	char log[FAKE_TEXT_BYTES]; /* last line */
};

/* What the test may change before fake_start. */
struct fake_options {
	const char *kex, *cipher, *mac, *comp; /* NULL: the defaults */
	uint64_t rekey_bytes;
	uint32_t rekey_s;
	const char *banner;
	bool only_password;
	uint8_t log_level;
	bool chatty;         /* log lines go to standard error */
	const char *account; /* as root: whom the nursery becomes */
};

/* Starts a nursery and listens on a port of loopback; fails the test where it cannot. */
void fake_start(struct fake *f, const struct fake_options *o);

/* Serves what there is to serve, for at most ms. */
void fake_step(struct fake *f, int ms);

/* Serves until pid, a child of the test, has ended. Gives its wait(2) status, -1: in time it did not. */
int fake_serve_until(struct fake *f, pid_t pid, int limit_ms);

/* Serves until no connection is left. False: in time they did not end. */
bool fake_serve_all(struct fake *f, int limit_ms);

/* Hands a connected socket to a worker, as if the client had sent its first bytes. */
void fake_take(struct fake *f, int client);

/* Closes the link and waits for every process; false where one stays. */
bool fake_end(struct fake *f);

#endif
