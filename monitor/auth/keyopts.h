/*
 * Options in front of a key in authorized_keys: what a login with this key may do.
 * Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT
 */
#ifndef MONITOR_AUTH_KEYOPTS_H
#define MONITOR_AUTH_KEYOPTS_H

#include "common/bytes.h"
#include "common/limits.h"
#include "common/pk.h"

struct key_cert;

/*
 * All options of a key. Zero state: {0}, in which nothing is permitted.
 * Lists are strings in wire form (length, bytes) one after the other. All spans point
 * into store. has_x tells "given", where an empty list and none differ.
 */
struct key_options {
	bool pty, agent, x11, port_forwarding, user_rc;
	bool cert_authority;
	bool no_touch_required; /* a security key need not have been touched */
	bool verify_required;   /* a security key must have verified its user */
	uint64_t expires;       /* seconds since 1970; 0: never */
	bool has_command;
	struct span command;     /* forced command; a NUL follows it */
	struct span environment; /* pairs of strings: name, value; no name twice */
	bool has_from;
	struct span from; /* pattern list; a NUL follows it */
	bool has_permitopen, has_permitlisten;
	struct span permitopen,
	    permitlisten; /* pairs of strings: host, port; "*" is any */
	bool has_principals;
	struct span principals; /* names divided by commas; a NUL follows them */
	bool has_subject;
	struct span subject; /* of an X.509 certificate, as the operator wrote it */
	uint8_t *store;
	size_t store_n;
	uint8_t *cert_store; /* what a certificate's command points into; else NULL */
	size_t cert_store_n;
	struct key_cert *cert; /* that brought them, certopts.h; NULL: a plain key */
};

/* Why options were refused; a few words for the log. */
struct keyopts_note {
	char text[LIMIT_TEXT_BYTES];
};

/*
 * Parses options. An unknown or malformed one refuses all: the key is then unusable.
 * options: empty gives what a key without options may do
 * Owns:    keyopts_wipe(out)
 * Errors:  ERR_CONFIG with note set; ERR_MEMORY
 */
MUST_CHECK enum err keyopts_parse(struct span options, struct key_options *out,
				  struct keyopts_note *note);

/* Frees; legal in the zero state. */
void keyopts_wipe(struct key_options *o);

/*
 * Tells whether a key may be used from this address at this time: a plain key, or where the options are those
 * of a certificate authority's key, a certificate of it.
 * address: numeric, as the monitor saw it
 * now:     seconds since 1970
 * Errors:  ERR_DENIED with note set; also for principals without cert-authority
 */
MUST_CHECK enum err keyopts_usable(const struct key_options *o, struct span address,
				   uint64_t now, struct keyopts_note *note);

/*
 * Tells whether what a security key said satisfies its options. Others are satisfied.
 * Errors: ERR_DENIED with note set
 */
MUST_CHECK enum err keyopts_touch(const struct key_options *o,
				  const struct pk_touch *touch,
				  struct keyopts_note *note);

/* Tells whether direct-tcpip to host and port is allowed: permitopen, port-forwarding. */
bool keyopts_permits_open(const struct key_options *o, struct span host, uint32_t port);

/* Tells whether tcpip-forward on host and port is: permitlisten, port-forwarding. */
bool keyopts_permits_listen(const struct key_options *o, struct span host,
			    uint32_t port);

#endif
