/*
 * Compression over zlib: one stream a direction, flushed with each packet. What is expanded is
 * foreign and bounded before it is written. RFC 4253 6.2, RFC 1950, PROTOCOL 1.2
 */
#include <zlib.h>

#include <openssl/crypto.h>

#include "common/limits.h"
#include "worker/alg/comp.h"

const struct comp_alg comp_algs[] = {
  /* name, compresses, delayed, on request, source */
    {"none",	     false, false, false, "RFC 4253 6.2"},
    {"zlib@openssh.com", true,  true,  false, "PROTOCOL 1.2"},
    {"zlib",	     true,  false, true,  "RFC 4253 6.2"},
};
const size_t comp_algs_n = sizeof comp_algs / sizeof comp_algs[0];

/*
 * What a compressing direction takes: window and hash of 2^14 entries each, 2^9 blocks of 2^5:
 * 128 KiB, half of zlib's defaults, for some percent of size.
 */
#define DEFLATE_WINDOW_BITS  14
#define DEFLATE_MEMORY_LEVEL 7
#define DEFLATE_LEVEL        6
#define INFLATE_WINDOW_BITS  15 /* whatever the other side chose */

/* deflateBound for a stream of another window, and the bytes of a partial flush */
#define BOUND_FIXED 64

const struct comp_alg *comp_find(struct span name)
{
	for (size_t i = 0; i < comp_algs_n; i++)
		if (span_is(name, comp_algs[i].name))
			return &comp_algs[i];
	return NULL;
}

enum err comp_start(const struct comp_alg *row, bool deflates, struct comp *out)
{
	z_stream *z;
	int ret;

	if (!row->compresses) {
		*out = (struct comp){.row = row};
		return OK;
	}
	if ((z = OPENSSL_zalloc(sizeof *z)) == NULL)
		return ERR_MEMORY;
	if (deflates)
		ret = deflateInit2(z, DEFLATE_LEVEL, Z_DEFLATED, DEFLATE_WINDOW_BITS,
				   DEFLATE_MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
	else
		ret = inflateInit2(z, INFLATE_WINDOW_BITS);
	if (ret != Z_OK) {
		OPENSSL_free(z);
		return ERR_MEMORY;
	}
	*out = (struct comp){row, z, deflates};
	return OK;
}

bool comp_active(const struct comp *c)
{
	return c->stream != NULL;
}

size_t comp_deflate_bound(size_t n)
{
	return n + (n >> 3) + (n >> 6) + BOUND_FIXED;
}

/* Sets what the stream reads and where it writes. */
static void stream_set(z_stream *z, struct span in, const struct wr *w, size_t room)
{
	z->next_in = (Bytef *)(uintptr_t)in.p;
	z->avail_in = (uInt)in.n;
	z->next_out = w->p + w->n;
	z->avail_out = (uInt)room;
}

enum err comp_deflate(struct comp *c, struct span payload, struct wr *w)
{
	z_stream *z = c->stream;
	size_t room = w->cap - w->n;
	int ret;

	if (z == NULL || !c->deflates || payload.n > LIMIT_PAYLOAD_BYTES)
		return ERR_BUG;
	if (w->err != OK)
		return w->err;
	if (room > comp_deflate_bound(LIMIT_PAYLOAD_BYTES))
		room = comp_deflate_bound(LIMIT_PAYLOAD_BYTES);
	stream_set(z, payload, w, room);
	ret = deflate(z, Z_PARTIAL_FLUSH);
	/* room left over is how zlib tells that the flush is complete */
	if (ret != Z_OK || z->avail_in != 0 || z->avail_out == 0)
		return ERR_NO_SPACE;
	w->n += room - z->avail_out;
	return OK;
}

enum err comp_inflate(struct comp *c, struct span payload, struct wr *w)
{
	z_stream *z = c->stream;
	size_t room = w->cap - w->n;
	int ret;

	if (z == NULL || c->deflates || payload.n > LIMIT_PACKET_BYTES)
		return ERR_BUG;
	if (w->err != OK)
		return w->err;
	if (room > LIMIT_PAYLOAD_BYTES)
		room = LIMIT_PAYLOAD_BYTES;
	stream_set(z, payload, w, room);
	ret = inflate(z, Z_SYNC_FLUSH);
	/* Z_BUF_ERROR: it had all that there was; Z_STREAM_END: nobody ends it inside SSH */
	if ((ret != Z_OK && ret != Z_BUF_ERROR) || z->avail_in != 0)
		return ERR_COMPRESSION;
	/* a full buffer may hide more, which a later packet would bring out of step */
	if (z->avail_out == 0)
		return ERR_COMPRESSION;
	w->n += room - z->avail_out;
	return OK;
}

void comp_wipe(struct comp *c)
{
	if (c->stream != NULL) {
		if (c->deflates)
			(void)deflateEnd(c->stream);
		else
			(void)inflateEnd(c->stream);
	}
	OPENSSL_free(c->stream);
	*c = (struct comp){0};
}
