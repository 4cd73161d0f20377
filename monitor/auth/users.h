/*
 * UsersFile: accounts of the gateway's own, with crypt(5) hashes.
 * One a line: name:hash[:account]; # begins a comment.
 */
#ifndef MONITOR_AUTH_USERS_H
#define MONITOR_AUTH_USERS_H

#include "monitor/keys/keyfile.h"

struct user_entry {
	struct span name;
	struct span hash; /* crypt(5); empty where locked */
	bool locked;      /* hash empty, or with ! or * in front: no password will do */
	struct span account; /* of the system, that sessions run as; name where not given */
	bool has_account;    /* it was given; else there are no sessions on this host */
	size_t line;         /* in the file, for messages */
};

/* Sorted by name. Zero state: {0}. */
struct users {
	struct user_entry *entry;
	size_t n;
	struct keyfile file; /* what the spans point into */
};

/*
 * Loads a users file; nothing is taken from one with an error in it.
 * Owns:   users_wipe(out)
 * Errors: ERR_FILE, ERR_CONFIG with note set: the file, or file:line, and why; ERR_MEMORY
 */
MUST_CHECK enum err users_load(const char *path, struct users *out,
			       struct keyfile_note *note);

/* Wipes and frees; legal in the zero state. */
void users_wipe(struct users *u);

/* Finds a user by name; NULL where there is none. */
const struct user_entry *users_find(const struct users *u, struct span name);

#endif
