/*
 * The identification string: the one thing that is read outside of packets, so it is
 * judged as soon as its first bytes are there. Source: RFC 4253 4.2, 5.1
 */
#include <string.h>

#include "common/limits.h"
#include "common/names.h"
#include "common/rd.h"
#include "worker/wire/banner.h"

static const char prefix[] = "SSH-";
enum { PREFIX_BYTES = sizeof prefix - 1 };

/* Finds the end of the line; line loses CR LF, or LF alone (RFC 4253 5.1). */
static enum err line_end(struct span raw, size_t *used, struct span *line)
{
	size_t seen = raw.n <= LIMIT_IDENT_BYTES ? raw.n : LIMIT_IDENT_BYTES;
	const uint8_t *lf = memchr(raw.p, '\n', seen);
	size_t n = lf == NULL ? seen : (size_t)(lf - raw.p);
	const uint8_t *cr = memchr(raw.p, '\r', n);

	if (memchr(raw.p, 0, n) != NULL)
		return ERR_BANNER;
	if (cr != NULL && (size_t)(cr - raw.p) != n - 1)
		return ERR_BANNER;
	if (lf == NULL)
		return raw.n >= LIMIT_IDENT_BYTES ? ERR_BANNER : ERR_AGAIN;
	*used = n + 1;
	*line = (struct span){raw.p, cr == NULL ? n : n - 1};
	return OK;
}

static bool take_number(struct rd *r)
{
	size_t n = 0;

	while (r->left.n > 0 && r->left.p[0] >= '0' && r->left.p[0] <= '9') {
		rd_u8(r);
		n++;
	}
	return n > 0;
}

/* protoversion "-" softwareversion; the latter may not be empty. */
static enum err judge(struct span line, struct span versions)
{
	struct rd r = RD(line);
	struct span pattern;

	rd_raw(&r, PREFIX_BYTES);
	if (!take_number(&r) || rd_u8(&r) != '.' || !take_number(&r))
		return ERR_BANNER;
	if (rd_u8(&r) != '-' || !rd_ok(&r) || rd_rest(&r).n == 0)
		return ERR_BANNER;
	while (names_next(&versions, &pattern))
		if (names_glob(pattern, line))
			return OK;
	return ERR_VERSION;
}

enum err banner_take(struct span raw, struct span versions, size_t *used,
		     struct span *ident)
{
	size_t known = raw.n < PREFIX_BYTES ? raw.n : PREFIX_BYTES;
	struct span line;
	size_t n;
	enum err e;

	if (raw.n == 0)
		return ERR_AGAIN;
	if (memcmp(raw.p, prefix, known) != 0)
		return ERR_BANNER;
	if ((e = line_end(raw, &n, &line)) != OK)
		return e;
	if (line.n < PREFIX_BYTES)
		return ERR_BANNER;
	if ((e = judge(line, versions)) != OK)
		return e;
	*used = n;
	*ident = line;
	return OK;
}

struct span banner_refusal(enum err e)
{
	if (e == ERR_VERSION)
		return SPAN_LIT("Protocol major versions differ.\r\n");
	return SPAN_LIT("Invalid SSH identification string.\r\n");
}
