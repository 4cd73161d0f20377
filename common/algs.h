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

/* Which of libcrypto's providers have it. */
enum alg_provider {
	ALG_PLAIN, /* the default one, or it is our own or another library's */
	ALG_FIPS,  /* also the one with a certificate */
	ALG_LEGACY /* only the legacy one */
};

/* ALG_SOUND: nothing speaks against it. */
enum alg_reason {
#define WEAK(reason, text) ALG_##reason,
#include "common/algs.def"
};

struct alg_name {
	enum alg_kind kind;
	const char *name;
	bool on; /* in the default list */
	enum alg_provider provider;
	enum alg_reason weak; /* why one would not have it */
};

/* The table of algs.def. */
extern const struct alg_name algs[];
extern const size_t n_algs;

/* Tells whether there is an algorithm of that name. */
bool algs_known(enum alg_kind kind, struct span name);

/*
 * Tells why an operator would rather not have an algorithm: the rest of a sentence that begins
 * with its name. NULL where nothing speaks against it, or there is none of that name.
 */
const char *alg_weak(enum alg_kind kind, struct span name);

/* Tells whether a name-list has one that is of that provider. */
bool algs_have(enum alg_kind kind, struct span list, enum alg_provider provider);

/*
 * Writes those names of a name-list that CryptoProvider fips has.
 * Errors: ERR_CONFIG none is left; ERR_NO_SPACE
 */
MUST_CHECK enum err algs_keep_fips(enum alg_kind kind, struct span list,
				   struct wr *out);

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
