/*
 * Passwords of key stores and PINs of tokens: from a file, a systemd credential, or the
 * terminal at start; never from the command line.
 */
#ifndef MONITOR_KEYS_PASSWORD_H
#define MONITOR_KEYS_PASSWORD_H

#include "monitor/keys/keyfile.h"

/* Where one comes from; at most one of these. Zero state: {0}, none is needed. */
struct password_source {
	const char *file;
	const char *credential;
	bool prompt;
};

/* What was typed at start, kept for reloads. Zero state: {0}. */
struct passwords {
	struct passwords_page *page; /* a mapping of its own: locked, not dumped */
};

/*
 * Asks at the terminal for a password, before anything is forked; once for each label.
 * label:  of the key
 * Owns:   passwords_wipe(p)
 * Errors: ERR_FILE with note set: there is no terminal; ERR_RANGE there are too many;
 *         ERR_MEMORY
 */
MUST_CHECK enum err passwords_ask(struct passwords *p, const char *label,
				  struct keyfile_note *note);

/* Locks the memory again: a lock does not outlive a fork. */
void passwords_lock(const struct passwords *p);

/* Wipes and frees; legal in the zero state. */
void passwords_wipe(struct passwords *p);

/*
 * Gets a password into locked memory, without the end of its line.
 * typed:  may be NULL: nothing was
 * out:    stays in its zero state where none is named
 * Owns:   keyfile_wipe(out)
 * Errors: ERR_FILE with note set; ERR_MEMORY
 */
MUST_CHECK enum err password_get(const struct password_source *s, const char *label,
				 const struct passwords *typed, struct keyfile *out,
				 struct keyfile_note *note);

/*
 * Reads a credential that systemd passed (LoadCredential=, SetCredentialEncrypted= …).
 * Owns:   keyfile_wipe(out)
 * Errors: as keyfile_read_secret
 */
MUST_CHECK enum err credential_read(const char *name, size_t max, struct keyfile *out,
				    struct keyfile_note *note);

#endif
