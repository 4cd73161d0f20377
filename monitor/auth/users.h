/*
 * UsersFile: accounts of the gateway's own, with crypt(5) hashes.
 * One a line: name:hash[:account[:options]]; # begins a comment. Options, divided by commas, are
 * totp=BASE32 digits=6 period=30 algorithm=SHA1; with them account may be empty: not given.
 */
#ifndef MONITOR_AUTH_USERS_H
#define MONITOR_AUTH_USERS_H

#include "common/totp.h"
#include "common/wr.h"
#include "monitor/keys/keyfile.h"

/* One-time codes of a user; secret in base32, empty: none. */
struct user_totp {
	struct span secret;
	enum digest digest;
	uint32_t digits, period_s;
};

struct user_entry {
	struct span name;
	struct span hash; /* crypt(5); empty where locked */
	bool locked;      /* hash empty, or with ! or * in front: no password will do */
	struct span
	    account; /* of the system, that sessions run as; name where not given */
	bool has_account; /* it was given; else there are no sessions on this host */
	struct user_totp totp;
	size_t line; /* in the file, for messages */
};

/* Sorted by name. Zero state: {0}. */
struct users {
	struct user_entry *entry;
	size_t n, n_totp;    /* n_totp: with a TOTP secret */
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

/* Reads the options of a line into u. Gives: NULL, or what is wrong with them */
const char *users_options(struct user_entry *u, struct span text);

/*
 * Decodes what a user's codes are made from.
 * secret: of LIMIT_TOTP_SECRET_BYTES; the caller wipes it; out points into it
 * Errors: ERR_UNKNOWN the user has none
 */
MUST_CHECK enum err users_totp(const struct user_entry *u, struct wr *secret,
			       struct totp *out);

#endif
