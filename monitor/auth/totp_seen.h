/*
 * One-time codes that were used: neither they nor older ones are taken again, as long as they could
 * be. Kept in memory, over reloads too. Source: RFC 6238 5.2
 */
#ifndef MONITOR_AUTH_TOTP_SEEN_H
#define MONITOR_AUTH_TOTP_SEEN_H

#include "common/bytes.h"

/* Zero state: {0}. */
struct totp_seen {
	struct totp_used *item;
	size_t n, cap;
};

/*
 * Uses the code of a step, once.
 * until_s: when no clock takes it any more
 * Errors: ERR_DENIED it, or a later one, was used; ERR_RANGE too many users at once; ERR_MEMORY;
 *         ERR_CRYPTO
 */
MUST_CHECK enum err totp_seen_take(struct totp_seen *s, struct span user,
				   uint64_t counter, uint64_t now_s, uint64_t until_s);

/* Frees; legal in the zero state. */
void totp_seen_wipe(struct totp_seen *s);

#endif
