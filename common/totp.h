/*
 * One-time codes by time. Pure: the time is handed in; that a code counts once is its caller's to
 * see to. Source: RFC 6238, RFC 4226
 */
#ifndef COMMON_TOTP_H
#define COMMON_TOTP_H

#include "common/exhash.h"

struct totp {
	struct span secret; /* as bytes */
	enum digest digest; /* SHA1, SHA256 or SHA512 */
	uint32_t digits;    /* LIMIT_TOTP_DIGITS_MIN to LIMIT_TOTP_DIGITS */
	uint32_t period_s;  /* how long a code holds; not 0 */
};

/*
 * Makes the code of a step: digits of it, and a NUL.
 * counter: the time divided by period_s; or RFC 4226's counter
 * Errors: ERR_RANGE the fields of t; ERR_CRYPTO
 */
MUST_CHECK enum err totp_code(const struct totp *t, uint64_t counter,
			      char code[LIMIT_TOTP_DIGITS + 1]);

/*
 * Looks for the code among the steps LIMIT_TOTP_WINDOW before and after now, in a time that does not
 * depend on which.
 * counter: the latest step whose code it is
 * Errors: ERR_DENIED none's; as totp_code
 */
MUST_CHECK enum err totp_verify(const struct totp *t, struct span code, uint64_t now_s,
				uint64_t *counter);

#endif
