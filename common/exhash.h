/*
 * The exchange hash, computed by worker and monitor alike. Source: RFC 4253 8, RFC 4419 3
 */
#ifndef COMMON_EXHASH_H
#define COMMON_EXHASH_H

#include <openssl/evp.h>

#include "common/bytes.h"
#include "common/limits.h"

enum digest { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
#define DIGEST_COUNT 4

/* What goes into the hash, in this order. */
struct exhash {
	enum digest digest;
	struct span v_client, v_server; /* without CR LF */
	struct span i_client, i_server; /* KEXINIT payloads, with their message number */
	struct span host_key;           /* K_S blob */
	struct span group;              /* min n max p g in wire form; empty but for RFC 4419 */
	struct span q_client, q_server; /* complete wire form: string or mpint with length */
	struct span secret;             /* complete wire form: string or mpint with length */
};

struct exhash_value {
	uint8_t bytes[LIMIT_HASH_BYTES];
	size_t n;
};

/*
 * Fetches a digest once a process and keeps it; the nursery and the monitor warm it.
 * Gives:  NULL where libcrypto does not have it
 */
const EVP_MD *digest_md(enum digest d);

/* Gives a digest's length in bytes. */
size_t digest_bytes(enum digest d);

/*
 * Hashes spans one after the other.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err digest_spans(enum digest d, const struct span *spans, size_t n_spans,
    struct exhash_value *out);

/*
 * Computes the exchange hash H.
 * Errors: ERR_CRYPTO
 */
MUST_CHECK enum err exhash(const struct exhash *x, struct exhash_value *out);

#endif
