/*
 * The one-time code of the users file. It is a second factor: where it would be the only one, the
 * password is asked for with it. A code counts once. Source: RFC 6238
 */
#include <time.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth/kbdint.h"
#include "monitor/auth_check.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_reply.h"

/* Some of the names that nobody has are asked as users with a secret are: as many, and always the same. */
static bool is_decoy(const struct conn *c)
{
	const struct users *all = &c->m->users;
	const struct span parts[] = {SPAN_LIT("totp"), SPAN_OF(c->m->delay_secret),
				     span_str(c->work->user)};
	struct exhash_value v = {0};

	if (all->n_totp == 0 || digest_spans(DIGEST_SHA256, parts, 3, &v) != OK)
		return false;
	return ((size_t)v.bytes[0] << 8 | v.bytes[1]) % all->n < all->n_totp;
}

static bool totp_applies(const struct conn *c)
{
	const struct user_entry *u = users_find(&c->m->users, span_str(c->work->user));

	if (u != NULL)
		return u->totp.secret.n > 0;
	return !c->work->account->found && is_decoy(c);
}

static bool with_password(const struct conn *c)
{
	return auth_device_alone(c->work, "totp");
}

static enum err totp_begin(struct conn *c)
{
	const struct prompt code = {SPAN_LIT("Verification code: "), true},
			    password = {SPAN_LIT("Password: "), false};
	struct prompts ask = {.at = {code}, .n = 1};

	if (with_password(c)) {
		if (!c->work->set->password_authentication) {
			log_info("conn=%llu user=%s a code alone lets nobody in: "
				 "AuthenticationMethods "
				 "publickey,keyboard-interactive wants a key too",
				 (unsigned long long)c->id, c->work->user_shown);
			return ERR_DENIED;
		}
		ask = (struct prompts){
		    .at = {password, code},
                      .n = 2
                };
	}
	return kbdint_ask(c, &ask);
}

/* Is it a code of now, and not used yet? */
static enum err code_judge(struct conn *c, struct span code)
{
	const struct user_entry *u = users_find(&c->m->users, span_str(c->work->user));
	uint8_t store[LIMIT_TOTP_SECRET_BYTES];
	struct wr secret = WR(store);
	uint64_t now_s = (uint64_t)time(NULL), counter = 0;
	struct totp t = {0};
	enum err e;

	if (u == NULL || c->work->kbdint.barred) /* its code is not to be used up */
		return ERR_DENIED;
	if ((e = users_totp(u, &secret, &t)) == OK)
		e = totp_verify(&t, code, now_s, &counter);
	if (e == OK) {
		e = totp_seen_take(&c->m->totp_seen, u->name, counter, now_s,
				   (counter + LIMIT_TOTP_WINDOW + 1) * t.period_s);
		if (e != OK)
			log_info("conn=%llu user=%s code: %s",
				 (unsigned long long)c->id, c->work->user_shown,
				 e == ERR_DENIED ? "it was used before" : err_text(e));
	}
	wipe(store, sizeof store);
	return e;
}

static enum err totp_answered(struct conn *c, const struct span *answer, size_t n)
{
	struct kbdint *k = &c->work->kbdint;
	enum err e;

	if (n == 1)
		return code_judge(c, answer[0]);
	/* one that does not fit is wrong, which is said when the password was judged */
	if (bytes_to_str(k->code, sizeof k->code, answer[1]) != OK)
		k->code[0] = '\0';
	e = attempt_secret(c, answer[0]);
	return e == OK ? auth_check_password(c) : e;
}

static enum err totp_password_good(struct conn *c)
{
	return code_judge(c, span_str(c->work->kbdint.code));
}

const struct kbdint_source kbdint_totp = {.name = "totp",
					  .applies = totp_applies,
					  .begin = totp_begin,
					  .answered = totp_answered,
					  .password_good = totp_password_good};
