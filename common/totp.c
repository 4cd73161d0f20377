/*
 * One-time codes: an HMAC of the step's number, cut to some digits. Source: RFC 6238 4, RFC 4226 5.3
 */
#include <openssl/hmac.h>
#include <stdio.h>

#include "common/totp.h"

enum { COUNTER_BYTES = 8, BYTE_BITS = 8, OFFSET_MASK = 15, TEN = 10 };
#define CODE_MASK 0x7fffffffU /* RFC 4226 5.3: no sign */

static enum err check(const struct totp *t)
{
	if (t->digits < LIMIT_TOTP_DIGITS_MIN || t->digits > LIMIT_TOTP_DIGITS ||
	    t->period_s == 0 || t->secret.n == 0 ||
	    t->secret.n > LIMIT_TOTP_SECRET_BYTES || t->digest == DIGEST_SHA384)
		return ERR_RANGE;
	return OK;
}

/* RFC 4226 5.3: four bytes, from where the last one's low half says. */
static uint32_t truncate_mac(const uint8_t *mac, size_t n)
{
	const uint8_t *at = mac + (mac[n - 1] & OFFSET_MASK);
	uint32_t v = 0;

	for (size_t i = 0; i < sizeof v; i++)
		v = v << BYTE_BITS | at[i];
	return v & CODE_MASK;
}

enum err totp_code(const struct totp *t, uint64_t counter,
		   char code[LIMIT_TOTP_DIGITS + 1])
{
	uint8_t text[COUNTER_BYTES], mac[EVP_MAX_MD_SIZE];
	const EVP_MD *md = digest_md(t->digest);
	unsigned n = 0;
	uint32_t v;
	enum err e = check(t);

	if (e != OK)
		return e;
	for (size_t i = 0; i < COUNTER_BYTES; i++)
		text[i] = (uint8_t)(counter >> BYTE_BITS * (COUNTER_BYTES - 1 - i));
	if (md == NULL ||
	    HMAC(md, t->secret.p, (int)t->secret.n, text, sizeof text, mac, &n) == NULL)
		return ERR_CRYPTO;
	v = truncate_mac(mac, n);
	for (size_t i = t->digits; i > 0; i--, v /= TEN)
		code[i - 1] = (char)('0' + v % TEN);
	code[t->digits] = '\0';
	wipe(mac, sizeof mac);
	return OK;
}

enum err totp_verify(const struct totp *t, struct span code, uint64_t now_s,
		     uint64_t *counter)
{
	char want[LIMIT_TOTP_DIGITS + 1];
	uint64_t now, step, found = 0;
	bool good = false;
	enum err e = check(t);

	if (e != OK)
		return e;
	now = now_s / t->period_s;
	step = now < LIMIT_TOTP_WINDOW ? 0 : now - LIMIT_TOTP_WINDOW;
	/* all steps, also behind one that fits */
	for (; e == OK && step <= now + LIMIT_TOTP_WINDOW; step++) {
		bool equal;

		e = totp_code(t, step, want);
		equal = e == OK && bytes_equal_secret(span_str(want), code);
		found = equal ? step : found;
		good = good || equal;
	}
	wipe(want, sizeof want);
	if (e != OK)
		return e;
	if (!good)
		return ERR_DENIED;
	*counter = found;
	return OK;
}
