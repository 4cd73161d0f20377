/*
 * Key revocation lists for tests, as PROTOCOL.krl has them. For krl_test and revoked_test.
 */
#ifndef TESTS_MONITOR_AUTH_KRL_KIT_H
#define TESTS_MONITOR_AUTH_KRL_KIT_H

#include "common/wr.h"

#define KRL_MAGIC 0x5353484b524c0a00u

static inline void krl_head(struct wr *w)
{
	wr_u64(w, KRL_MAGIC);
	wr_u32(w, 1);
	wr_u64(w, 7); /* number */
	wr_u64(w, 1700000000);
	wr_u64(w, 0);
	wr_str(w, "");
	wr_str(w, "a comment");
}

/* Opens a section; its end is wr_close. */
static inline size_t krl_open(struct wr *w, uint8_t type)
{
	wr_u8(w, type);
	return wr_open(w);
}

/* Opens the certificates of an authority; empty: of all. */
static inline size_t krl_open_ca(struct wr *w, struct span ca)
{
	size_t mark = krl_open(w, 1);

	wr_bytes(w, ca);
	wr_str(w, "");
	return mark;
}

/* Serial numbers lo to hi; the same twice: a list of one. */
static inline void krl_serials(struct wr *w, uint64_t lo, uint64_t hi)
{
	size_t mark = krl_open(w, lo == hi ? 0x20 : 0x21);

	wr_u64(w, lo);
	if (lo != hi)
		wr_u64(w, hi);
	wr_close(w, mark);
}

static inline void krl_bitmap(struct wr *w, uint64_t lo, struct span bits)
{
	size_t mark = krl_open(w, 0x22);

	wr_u64(w, lo);
	wr_mpint(w, bits);
	wr_close(w, mark);
}

#endif
