/*
 * Keyboard-interactive: one conversation a connection, and the sources that ask and judge.
 * The monitor keeps the conversation's state, so a worker cannot answer what was not asked.
 * Source: RFC 4256
 */
#ifndef MONITOR_AUTH_KBDINT_H
#define MONITOR_AUTH_KBDINT_H

#include "common/bytes.h"
#include "common/limits.h"

struct conn;

/* One request to the user; spans need to live during kbdint_ask only. */
struct prompts {
	struct span name, instruction;
	struct prompt {
		struct span text;
		bool echo;
	} at[LIMIT_PROMPTS];
	size_t n; /* 0: the instruction is only shown */
};

/*
 * Who asks and judges. begin and answered give the verdict, or ERR_AGAIN: kbdint_ask was called, or
 * it or auth_decided will be.
 */
struct kbdint_source {
	const char *name; /* as in keyboard-interactive:NAME of AuthenticationMethods */
	/* Could it serve this user? Unknown users are served by what known ones have. */
	bool (*applies)(const struct conn *c);
	enum err (*begin)(struct conn *c);
	/* answer: as many as were asked for; wiped when it returns */
	enum err (*answered)(struct conn *c, const struct span *answer, size_t n);
	/* The password of the attempt is right: is that all? NULL: it is. */
	enum err (*password_good)(struct conn *c);
};

/* Zero state: no conversation. */
struct kbdint {
	const struct kbdint_source *source;
	enum kbdint_state { KBDINT_NONE, KBDINT_THINKS, KBDINT_PROMPTED } state;
	uint8_t n_asked; /* in the last request */
	uint32_t rounds;
	bool tried; /* something was answered: given up now, it is a failure */
	bool lost;  /* the source died while the user was asked */
	char code[LIMIT_TOTP_DIGITS + 1]; /* of totp, while the password is judged */
	bool barred; /* the rules do not let this user in, whatever the answers are */
};

extern const struct kbdint_source kbdint_prompts, kbdint_totp, kbdint_pam,
    kbdint_password;

/* Tells whether the method is worth offering: the same for all users. */
bool kbdint_offered(const struct conn *c);

/*
 * Begins a conversation for the attempt under way.
 * Errors: ERR_AGAIN it goes on; ERR_DENIED no source serves it; as the source's begin
 */
MUST_CHECK enum err kbdint_begin(struct conn *c);

/*
 * Asks the user; the source's answered follows, or nothing where the client gives up.
 * Errors: ERR_AGAIN asked: what a source hands on; ERR_BUDGET once too often; ERR_NO_SPACE more
 *         than a request holds; ERR_FORBIDDEN there is nobody to ask now
 */
MUST_CHECK enum err kbdint_ask(struct conn *c, const struct prompts *p);

/* The password of the conversation is right. Gives: as the source's password_good */
MUST_CHECK enum err kbdint_password_good(struct conn *c);

/* Tells that the helper's death is noticed when the answers come: the user is being asked. */
bool kbdint_lose(struct conn *c);

/* RFC 4256 3.1: another attempt gives the conversation up. Nothing where there is none. */
void kbdint_abandon(struct conn *c);

/* Ends the conversation; legal in any state. */
void kbdint_wipe(struct conn *c);

#endif
