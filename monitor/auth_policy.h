/*
 * A script's part in a login: each attempt is decided by the static rules and then by the script; the
 * stricter answer wins, but for a method whose credentials the script judges alone. Source: DESIGN 3
 */
#ifndef MONITOR_AUTH_POLICY_H
#define MONITOR_AUTH_POLICY_H

#include "monitor/auth/kbdint.h"
#include "monitor/monitor.h"

/* What a script said for the attempts that follow. */
struct auth_policy {
	char available[LIMIT_METHODS_BYTES + 1]; /* methods that can continue */
	bool has_available;
	uint8_t *prompts; /* the decision that has them, as facts; NULL: none */
	size_t prompts_n;
	uint8_t *notice; /* to show with the next answer; NULL: nothing */
	size_t notice_n;
	uint8_t *answers; /* of a conversation, wire form; wiped when it is over */
	size_t answers_n;
	size_t n_answers, at; /* at: which one the script judges */
	bool accepted;        /* it accepted one of them */
	bool partial;
};

/*
 * Asks the script about the attempt under way, where it has a handler and a say.
 * e:      what the static rules found
 * Gives:  false where it is not asked; else auth_concluded follows, or came
 */
bool auth_policy_ask(struct conn *c, enum err e);

/* Tells whether the script judges the credentials of this method alone. */
bool auth_policy_owns(const struct conn *c, enum auth_method method);

/* Tells whether a script that is asked about logins has prompts for the next conversation. */
bool auth_policy_prompts(const struct conn *c);

/* Asks the user what the script wants to know. Gives: as kbdint_ask */
MUST_CHECK enum err auth_policy_begin(struct conn *c);

/*
 * Has the script judge the answers, one by one.
 * Gives:  ERR_AGAIN it does; ERR_DENIED there is none: nobody does; ERR_MEMORY
 */
MUST_CHECK enum err auth_policy_answers(struct conn *c, const struct span *answer,
					size_t n);

/* Gives the methods that the script said can continue; false where it did not say. */
bool auth_policy_available(const struct conn *c, struct span *out);

/* A step succeeded: what could continue before no longer counts. */
void auth_policy_step(struct conn *c);

/* Gives the text to show with the next answer; once it is told, it was shown. */
struct span auth_policy_notice(struct conn *c);
void auth_policy_shown(struct conn *c);

void auth_policy_wipe(struct conn *c);

#endif
