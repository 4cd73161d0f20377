/*
 * The client's identification string. Source: RFC 4253 4.2
 */
#ifndef WORKER_WIRE_BANNER_H
#define WORKER_WIRE_BANNER_H

#include "common/bytes.h"

/*
 * Takes the identification off the front of what the client sent first. Lines before it
 * are a server's right, not a client's.
 * raw:      bytes as read from the client
 * versions: patterns divided by commas, of which it must match one (ClientVersionPattern)
 * used:   bytes of raw the line occupied, its end included
 * ident:  the line without its end; points into raw
 * Errors: ERR_AGAIN more bytes needed; ERR_BANNER not an identification, longer than
 *         LIMIT_IDENT_BYTES, a NUL or a lone CR in it; ERR_VERSION it matches no pattern
 */
MUST_CHECK enum err banner_take(struct span raw, struct span versions, size_t *used,
				struct span *ident);

/* Gives the plain text with which a refused client is sent away, as sshd words it. */
struct span banner_refusal(enum err e);

#endif
