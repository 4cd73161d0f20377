/*
 * Compression methods as a table. Source: RFC 4253 6.2
 */
#ifndef WORKER_ALG_COMP_H
#define WORKER_ALG_COMP_H

#include "common/bytes.h"
#include "common/wr.h"

struct comp_alg;
struct z_stream_s;

/* One direction's compression. Zero state: none, nothing allocated. */
struct comp {
	const struct comp_alg *row; /* NULL: none */
	struct z_stream_s *stream;
	bool deflates;
};

struct comp_alg {
	const char *name;
	bool compresses; /* else payloads stay as they are */
	bool delayed;    /* starts only after the login: PROTOCOL 1.2 */
	bool on_request; /* not in the default list */
	const char *source;
};

/* In order of preference. */
extern const struct comp_alg comp_algs[];
extern const size_t comp_algs_n;

/* Finds a row; NULL where there is none. */
const struct comp_alg *comp_find(struct span name);

/*
 * Starts one direction; where the row does not compress nothing is allocated.
 * deflates: this direction compresses; else it expands
 * Owns:     the caller wipes out with comp_wipe
 * Errors:   ERR_MEMORY
 */
MUST_CHECK enum err comp_start(const struct comp_alg *row, bool deflates,
			       struct comp *out);

/* Tells whether payloads go through comp_deflate or comp_inflate at all. */
bool comp_active(const struct comp *c);

/* Gives a bound of what n bytes of payload may become. */
size_t comp_deflate_bound(size_t n);

/*
 * Compresses one payload, all of it, and appends it to w.
 * Errors: ERR_NO_SPACE does not fit, after which c is of no use; ERR_BUG
 */
MUST_CHECK enum err comp_deflate(struct comp *c, struct span payload, struct wr *w);

/*
 * Expands one payload and appends it to w.
 * Errors: ERR_COMPRESSION not what zlib makes, or more than LIMIT_PAYLOAD_BYTES or than w holds
 */
MUST_CHECK enum err comp_inflate(struct comp *c, struct span payload, struct wr *w);

void comp_wipe(struct comp *c);

#endif
