/*
 * The names of algorithms, and the lists that a configuration makes of them.
 */
#ifndef COMMON_ALGS_H
#define COMMON_ALGS_H

#include "common/bytes.h"
#include "common/wr.h"

enum alg_kind {
	ALG_KEX,
	ALG_CIPHER,
	ALG_MAC,
	ALG_COMP,
	ALG_HOSTKEY, /* host keys' signatures */
	ALG_USERKEY, /* users' signatures */
	ALG_CASIGN   /* signatures under certificates */
};
#define ALG_KIND_COUNT 7

struct alg_name {
	enum alg_kind kind;
	const char *name;
	bool on; /* in the default list */
};

/* The table of algs.def. */
extern const struct alg_name algs[];
extern const size_t n_algs;

/* Tells whether there is an algorithm of that name. */
bool algs_known(enum alg_kind kind, struct span name);

/*
 * Writes the name-list that spec means.
 * spec:   names or patterns divided by commas; in front + appends to the default list,
 *         - removes from it, ^ places at its head; empty: the default list
 * bad:    receives the entry that is unknown, on ERR_UNKNOWN
 * Errors: ERR_UNKNOWN an entry names nothing; ERR_CONFIG nothing is left;
 *         ERR_NO_SPACE out is too small
 * Source: sshd_config(5) Ciphers
 */
MUST_CHECK enum err algs_list(enum alg_kind kind, struct span spec, struct wr *out,
			      struct span *bad);

#endif
