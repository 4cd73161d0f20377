/*
 * What a client is told of its login attempts, and what a login may do. Source: RFC 4252 5.1
 */
#ifndef MONITOR_AUTH_REPLY_H
#define MONITOR_AUTH_REPLY_H

#include "monitor/monitor.h"

/*
 * The static rules are through with the attempt under way; e is OK or why not. A script may be asked;
 * then auth_concluded follows.
 */
void auth_decided(struct conn *c, enum err e);

/*
 * The attempt under way is decided: replies, now or later.
 * partial: it was good, but the script wants more
 */
void auth_concluded(struct conn *c, enum err e, bool partial);

/* Names a method as RFC 4252 does. */
const char *auth_method_name(enum auth_method method);

/* Tells whether a method is a next step of any list of AuthenticationMethods. */
bool auth_step_is_next(const struct conn_work *w, enum auth_method method);

/* As auth_step_is_next for keyboard-interactive by one source: keyboard-interactive:DEVICE. */
bool auth_device_is_next(const struct conn_work *w, const char *device);

/* Tells whether a first success by this source would log the user in. */
bool auth_device_alone(const struct conn_work *w, const char *device);

/* Shows the banner, if it was not shown yet. */
void auth_reply_banner(struct conn *c);

/* Counts a failed attempt, and logs it. */
void auth_count_failure(struct conn *c, const char *why);

/* The key would do: RFC 4252 7. */
void auth_reply_key_would_do(struct conn *c);

/*
 * The credential was good: logged in, or one step nearer (AuthenticationMethods).
 * partial: a step in any case
 */
void auth_reply_success(struct conn *c, bool partial);

/* It was not: counts it, and answers after a time that tells nothing. */
void auth_reply_failure(struct conn *c, enum err why);

void auth_reply_wipe(struct conn *c);

#endif
