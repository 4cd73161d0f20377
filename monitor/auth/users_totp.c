/*
 * The fourth field of a users file: totp=SECRET,digits=6,period=30,algorithm=SHA1. The secret stays
 * as it is written, in the file's memory, and is decoded where a code is judged.
 */
#include <string.h>

#include "common/base32.h"
#include "common/names.h"
#include "monitor/auth/users.h"

enum { TEN = 10, PERIOD_S = 30 };

/* A decimal number up to max; 0 where it is none. */
static uint32_t number(struct span text, uint32_t max)
{
	uint32_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 0;
		n = n * TEN + (uint32_t)(text.p[i] - '0');
		if (n > max)
			return 0;
	}
	return n;
}

static const char *take_secret(struct user_entry *u, struct span value)
{
	uint8_t store[LIMIT_TOTP_SECRET_BYTES];
	struct wr w = WR(store);
	enum err e = base32_decode(&w, value);

	wipe(store, sizeof store);
	if (e == ERR_NO_SPACE)
		return "the totp secret is too long: 64 bytes are the most";
	if (e != OK)
		return "the totp secret is not base32";
	if (w.n < LIMIT_TOTP_SECRET_MIN_BYTES)
		return "the totp secret is too short: at least 10 bytes, which are 16 "
		       "characters";
	u->totp.secret = value;
	return NULL;
}

static const char *take_digits(struct user_entry *u, struct span value)
{
	u->totp.digits = number(value, LIMIT_TOTP_DIGITS);
	return u->totp.digits >= LIMIT_TOTP_DIGITS_MIN ? NULL : "digits is 6, 7 or 8";
}

static const char *take_period(struct user_entry *u, struct span value)
{
	u->totp.period_s = number(value, LIMIT_TOTP_PERIOD_S);
	return u->totp.period_s != 0 ? NULL : "period is 1 to 3600 seconds";
}

static const char *take_algorithm(struct user_entry *u, struct span value)
{
	static const struct {
		const char *name;
		enum digest digest;
	} known[] = {
	    {"SHA1",   DIGEST_SHA1  },
	    {"SHA256", DIGEST_SHA256},
	    {"SHA512", DIGEST_SHA512}
        };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_is(value, known[i].name)) {
			u->totp.digest = known[i].digest;
			return NULL;
		}
	return "algorithm is SHA1, SHA256 or SHA512";
}

static const struct {
	const char *name;
	const char *(*take)(struct user_entry *u, struct span value);
} options[] = {
    {"totp",      take_secret   },
    {"digits",    take_digits   },
    {"period",    take_period   },
    {"algorithm", take_algorithm}
};

static const char *take_option(struct user_entry *u, struct span option)
{
	const uint8_t *equals = memchr(option.p, '=', option.n);
	struct span name = {option.p, 0}, value;

	if (equals == NULL)
		return "an option is NAME=VALUE";
	name.n = (size_t)(equals - option.p);
	value = (struct span){equals + 1, option.n - name.n - 1};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (span_is(name, options[i].name))
			return options[i].take(u, value);
	return "an option is totp, digits, period or algorithm";
}

const char *users_options(struct user_entry *u, struct span text)
{
	struct span option;
	const char *wrong = NULL;

	u->totp = (struct user_totp){.digest = DIGEST_SHA1,
				     .digits = LIMIT_TOTP_DIGITS_MIN,
				     .period_s = PERIOD_S};
	if (text.n == 0)
		return "no options behind the account";
	while (wrong == NULL && names_next(&text, &option))
		wrong = take_option(u, option);
	if (wrong == NULL && u->totp.secret.n == 0)
		wrong = "options without totp=SECRET";
	return wrong;
}

enum err users_totp(const struct user_entry *u, struct wr *secret, struct totp *out)
{
	enum err e;

	if (u->totp.secret.n == 0)
		return ERR_UNKNOWN;
	if ((e = base32_decode(secret, u->totp.secret)) != OK)
		return e;
	*out = (struct totp){
	    .secret = {secret->p, secret->n},
	    .digest = u->totp.digest,
	    .digits = u->totp.digits,
	    .period_s = u->totp.period_s
        };
	return OK;
}
