/*
 * Bounded, sticky writer of SSH wire data (RFC 4251 5) into fixed storage.
 */
#ifndef COMMON_WR_H
#define COMMON_WR_H

#include "common/bytes.h"

struct wr {
	uint8_t *p;
	size_t n, cap;
	enum err err;
};

#define WR(array) ((struct wr){.p = (array), .cap = sizeof(array)})

void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bool(struct wr *w, bool v);

/* Writes bytes as they are. */
void wr_raw(struct wr *w, struct span s);

/* Writes a string: its length, then the bytes. */
void wr_bytes(struct wr *w, struct span s);

/* Writes a C string without its NUL. */
void wr_str(struct wr *w, const char *text);

/* Writes a magnitude as mpint: leading zeros dropped, sign byte where needed. */
void wr_mpint(struct wr *w, struct span magnitude);

/* Opens a nested string; give the result to wr_close when it is whole. */
MUST_CHECK size_t wr_open(struct wr *w);
void wr_close(struct wr *w, size_t mark);

/*
 * Lends the free storage, at most max bytes of it, to be filled from elsewhere.
 * room:   how much was lent; 0 where the writer has failed or is full
 */
uint8_t *wr_lend(struct wr *w, size_t max, size_t *room);

/* Takes back what wr_lend lent: n bytes of it were filled. */
void wr_filled(struct wr *w, size_t n);

/*
 * Hands out what was written.
 * Errors: ERR_NO_SPACE something did not fit; out is then untouched
 */
MUST_CHECK enum err wr_end(struct wr *w, struct span *out);

#endif
