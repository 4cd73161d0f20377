/*
 * Answers to login attempts. Refusals are held back to a floor, as in sshd: 5 ms and a part that
 * depends on the user's name and this process, doubled until it is above the time taken.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "common/log.h"
#include "common/names.h"
#include "monitor/account.h"
#include "monitor/auth/certopts.h"
#include "monitor/auth/keyopts.h"
#include "monitor/auth_check.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_key.h"
#include "monitor/auth_policy.h"
#include "monitor/auth_reply.h"
#include "monitor/banner.h"
#include "monitor/chan_policy.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/decide.h"
#include "monitor/limits.h"
#include "monitor/link.h"
#include "monitor/metrics.h"

#define DELAY_MIN_US    5000
#define DELAY_SPREAD_US 4200

static const char *const method_names[] = {[METHOD_NONE] = "none",
					   [METHOD_PUBLICKEY] = "publickey",
					   [METHOD_PASSWORD] = "password",
					   [METHOD_KBDINT] = "keyboard-interactive"};
#define METHOD_COUNT (sizeof method_names / sizeof method_names[0])

const char *auth_method_name(enum auth_method method)
{
	return method_names[method];
}

/* The banner, where it was not shown yet. */
static struct span banner_take(struct conn *c)
{
	struct conn_work *w = c->work;
	struct span notice = auth_policy_notice(c);
	struct span banner =
	    w->banner_sent ? (struct span){0} : banner_get(c->m, w->set->banner);

	if (notice.n > 0) /* instead of the one of the settings */
		banner = notice;

	w->banner_sent = true;
	return banner;
}

static void reply(struct conn *c, enum auth_verdict verdict, struct span methods)
{
	conn_tell(c, &MSG_OF(auth_result, .verdict = (uint8_t)verdict,
			     .methods = methods, .banner = banner_take(c)));
	auth_policy_shown(c);
}

void auth_reply_banner(struct conn *c)
{
	struct span banner = banner_take(c);

	if (banner.n > 0)
		conn_tell(c, &MSG_OF(auth_banner, .text = banner));
	auth_policy_shown(c);
}

void auth_reply_key_would_do(struct conn *c)
{
	reply(c, AUTH_KEY_WOULD_DO, (struct span){0});
}

static bool method_offered(const struct conn *c, enum auth_method method)
{
	if (method == METHOD_PUBLICKEY)
		return c->work->set->pubkey_authentication;
	if (method == METHOD_KBDINT)
		return kbdint_offered(c);
	return method == METHOD_PASSWORD && c->work->set->password_authentication;
}

/* The method of an entry of AuthenticationMethods, without the device behind a colon. */
static struct span entry_method(struct span entry)
{
	const uint8_t *colon = memchr(entry.p, ':', entry.n);

	return colon == NULL ? entry
			     : (struct span){entry.p, (size_t)(colon - entry.p)};
}

/* Does the entry mean this method, and this device, where it names one? */
static bool entry_is(struct span entry, enum auth_method method, const char *device)
{
	struct span name = entry_method(entry);

	if (!span_is(name, method_names[method]))
		return false;
	if (name.n == entry.n)
		return true;
	return device != NULL &&
	       span_is((struct span){entry.p + name.n + 1, entry.n - name.n - 1},
		       device);
}

/*
 * The part of one list of AuthenticationMethods that is still to do; empty where it is done.
 * Gives false where what was done does not fit the list's beginning.
 */
static bool list_left(const struct conn_work *w, const char *list, struct span *left)
{
	struct span name;

	*left = span_str(list);
	for (size_t i = 0; i < w->n_done; i++)
		if (!names_next(left, &name) ||
		    !entry_is(name, w->done[i], w->done_device[i]))
			return false;
	return true;
}

static bool any_method_does(const struct settings *set)
{
	return set->authentication_methods.n == 0 ||
	       strcmp(set->authentication_methods.item[0], "any") == 0;
}

static void list_add(struct wr *out, struct span name)
{
	if (names_has((struct span){out->p, out->n}, name))
		return;
	wr_raw(out, out->n > 0 ? SPAN_LIT(",") : (struct span){0});
	wr_raw(out, name);
}

static void methods_offered(const struct conn *c, struct wr *out)
{
	for (size_t i = 0; i < METHOD_COUNT; i++)
		if (method_offered(c, (enum auth_method)i))
			list_add(out, span_str(method_names[i]));
}

/* The methods that can continue. Source: RFC 4252 5.1 */
static struct span methods_left(const struct conn *c, struct wr *out)
{
	const struct conn_work *w = c->work;
	struct span left, name, all = {0};
	const struct strlist *lists = &w->set->authentication_methods;
	size_t n = any_method_does(w->set) ? 0 : lists->n;

	if (n == 0)
		methods_offered(c, out);
	for (size_t i = 0; i < n; i++)
		if (list_left(w, lists->item[i], &left) && names_next(&left, &name))
			list_add(out, entry_method(name));
	if (wr_end(out, &all) != OK)
		return (struct span){0};
	return all;
}

/* Is any list of AuthenticationMethods done? */
static bool all_done(const struct conn_work *w)
{
	const struct strlist *lists = &w->set->authentication_methods;
	struct span left;

	if (any_method_does(w->set))
		return true;
	for (size_t i = 0; i < lists->n; i++)
		if (list_left(w, lists->item[i], &left) && left.n == 0)
			return true;
	return false;
}

static bool step_is_next(const struct conn_work *w, enum auth_method method,
			 const char *device)
{
	const struct strlist *lists = &w->set->authentication_methods;
	struct span left, name;

	if (any_method_does(w->set))
		return true;
	for (size_t i = 0; i < lists->n; i++)
		if (list_left(w, lists->item[i], &left) && names_next(&left, &name) &&
		    entry_is(name, method, device))
			return true;
	return false;
}

static const char *device_of(const struct conn_work *w, enum auth_method method)
{
	return method == METHOD_KBDINT && w->kbdint.source != NULL
		   ? w->kbdint.source->name
		   : NULL;
}

bool auth_step_is_next(const struct conn_work *w, enum auth_method method)
{
	return step_is_next(w, method, device_of(w, method));
}

bool auth_device_is_next(const struct conn_work *w, const char *device)
{
	return step_is_next(w, METHOD_KBDINT, device);
}

bool auth_device_alone(const struct conn_work *w, const char *device)
{
	const struct strlist *lists = &w->set->authentication_methods;

	if (any_method_does(w->set))
		return true;
	for (size_t i = 0; i < lists->n && w->n_done == 0; i++)
		if (entry_is(span_str(lists->item[i]), METHOD_KBDINT, device))
			return true;
	return false;
}

static bool step_fits(const struct conn_work *w)
{
	const struct strlist *lists = &w->set->authentication_methods;
	struct span left;

	for (size_t i = 0; i < lists->n; i++)
		if (list_left(w, lists->item[i], &left))
			return true;
	return false;
}

static void reply_failure_now(struct conn *c, bool partial)
{
	uint8_t store[LIMIT_METHODS_BYTES];
	struct wr w = WR(store);
	struct span methods;

	if (!auth_policy_available(c, &methods))
		methods = methods_left(c, &w);
	reply(c, partial ? AUTH_PARTIAL : AUTH_FAILURE, methods);
}

/* Tells the worker what holds from now on. Errors: ERR_SYSTEM; ERR_NO_SPACE */
static enum err grant(struct conn *c)
{
	struct conn_work *w = c->work;
	const struct settings *set = w->set;
	const struct limits *l = &w->limits;
	uint8_t store[LIMIT_CHAN_TIMEOUTS_BYTES];
	struct wr timeouts = WR(store);
	struct span all;
	enum err e = limits_begin(c);

	limits_timeouts(set, &timeouts);
	if (e != OK || (e = wr_end(&timeouts, &all)) != OK)
		return e;
	w->permits = decide_permits(c);
	conn_tell(c, &MSG_OF(granted, .permits = w->permits, .sessions = l->sessions,
			     .alive_s = set->client_alive_interval_s,
			     .alive_count = set->client_alive_count_max,
			     .rekey_bytes = set->rekey_limit.bytes,
			     .rekey_s = set->rekey_limit.s,
			     .qos_interactive = (uint32_t)set->ip_qos.interactive,
			     .qos_bulk = (uint32_t)set->ip_qos.bulk,
			     .idle_s = l->idle_s, .unused_s = l->unused_s,
			     .rate_in = l->rate_in, .rate_out = l->rate_out,
			     .timeouts = all, .hears = chan_policy_hears(c)));
	return OK;
}

/* The method of the attempt, as sshd's log has it: keyboard-interactive/pam. */
static const char *method_shown(const struct conn_work *w, char store[LIMIT_NAME_BYTES])
{
	const char *device = device_of(w, w->attempt.method);

	if (device == NULL)
		return method_names[w->attempt.method];
	(void)snprintf(store, LIMIT_NAME_BYTES, "%s/%s",
		       method_names[w->attempt.method], device);
	return store;
}

/* As sshd: what a certificate says stands behind the fingerprint of its key. */
static void log_accepted(const struct conn *c)
{
	char key[LIMIT_TEXT_BYTES] = "", id[LIMIT_SHOWN_BYTES];
	char store[LIMIT_NAME_BYTES];
	const struct conn_work *w = c->work;
	const struct proved_key *proved = &w->keys[w->n_keys > 0 ? w->n_keys - 1 : 0];
	const struct key_cert *cert = NULL;
	bool by_key = w->attempt.method == METHOD_PUBLICKEY;

	if (by_key)
		cert = proved->options->cert;
	if (cert != NULL) {
		user_show(cert->key_id, id);
		(void)snprintf(key, sizeof key, " ID %s (serial %llu) CA %s", id,
			       (unsigned long long)cert->serial, cert->ca);
	}
	log_info("conn=%llu Accepted %s for %s from %s port %u%s%s%s",
		 (unsigned long long)c->id, method_shown(w, store), w->user_shown,
		 c->remote.address, (unsigned)c->remote.port, by_key ? " key=" : "",
		 by_key ? proved->fingerprint : "", key);
}

/* Notes a step of AuthenticationMethods. Errors: ERR_DENIED it is no step of any list now */
static enum err step_done(struct conn *c)
{
	struct conn_work *w = c->work;
	enum err e = OK;

	if (w->n_done == sizeof w->done / sizeof w->done[0])
		return ERR_DENIED;
	w->done_device[w->n_done] = device_of(w, w->attempt.method);
	w->done[w->n_done++] = w->attempt.method;
	if (!any_method_does(w->set) && !step_fits(w))
		e = ERR_DENIED;
	if (e == OK && w->attempt.method == METHOD_PUBLICKEY)
		e = key_keep(c);
	if (e != OK)
		w->n_done--;
	return e;
}

void auth_reply_success(struct conn *c, bool partial)
{
	struct conn_work *w = c->work;
	char store[LIMIT_NAME_BYTES];
	enum err e;

	if (step_done(c) != OK) {
		auth_reply_failure(c, ERR_DENIED);
		return;
	}
	if (partial || !all_done(w)) {
		log_info("conn=%llu Partial %s for %s", (unsigned long long)c->id,
			 method_shown(w, store), w->user_shown);
		METRIC_COUNT(c->m, logins_total, w->attempt.method,
			     METRIC_LOGIN_PARTIAL);
		reply_failure_now(c, true);
		return;
	}
	if (decide_login(c) != OK) {
		auth_reply_failure(c, ERR_DENIED);
		return;
	}
	if ((e = grant(c)) != OK) {
		conn_fail(c, e);
		return;
	}
	w->user_known = true;
	log_accepted(c);
	METRIC_COUNT(c->m, logins_total, w->attempt.method, METRIC_LOGIN_ACCEPTED);
	reply(c, AUTH_SUCCESS, (struct span){0});
	conn_enter(c, IN_OPEN);
}

static void delay_over(evutil_socket_t fd, short events, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)events;
	c->work->delayed = false;
	if (c->work->failures >= c->work->set->max_auth_tries) {
		conn_policy_error(c, CODE_AUTH,
				  SPAN_LIT("Could not authenticate client."));
		conn_disconnect(c, ERR_AUTH_TRIES, NULL);
	} else
		reply_failure_now(c, false);
}

/* The user's own part of the floor: steady for one name, unknown to others. */
static uint64_t user_delay_us(struct monitor *m, const char *user)
{
	struct exhash_value v = {0};
	const struct span parts[] = {SPAN_OF(m->delay_secret), span_str(user)};

	if (digest_spans(DIGEST_SHA256, parts, 2, &v) != OK)
		return DELAY_SPREAD_US;
	return ((uint64_t)v.bytes[0] << 8 | v.bytes[1]) * DELAY_SPREAD_US >> 16;
}

void auth_count_failure(struct conn *c, const char *why)
{
	struct conn_work *w = c->work;
	char store[LIMIT_NAME_BYTES];

	w->failures++;
	METRIC_COUNT(c->m, logins_total, w->attempt.method, METRIC_LOGIN_FAILED);
	if (w->attempt.method != METHOD_PUBLICKEY)
		penalty_user_failed(&c->m->penalties, c->m->set, w->user, clock_ms());
	log_info("conn=%llu Failed %s for %s%s from %s port %u: %s",
		 (unsigned long long)c->id, method_shown(w, store),
		 w->account != NULL && w->account->found ? "" : "invalid user ",
		 w->user_shown, c->remote.address, (unsigned)c->remote.port, why);
}

void auth_reply_failure(struct conn *c, enum err why)
{
	struct conn_work *w = c->work;
	uint64_t taken = clock_us() - w->attempt.began_us;
	uint64_t floor_us = DELAY_MIN_US + user_delay_us(c->m, w->user);
	struct timeval tv;

	if (w->attempt.method ==
	    METHOD_NONE) { /* asks for the methods; tells nothing */
		reply_failure_now(c, false);
		return;
	}
	/* a key that was only offered is not a failure: agents hold many */
	if (w->attempt.method != METHOD_PUBLICKEY || w->attempt.proof)
		auth_count_failure(c, err_text(why));
	while (floor_us <= taken)
		floor_us *= 2;
	tv = (struct timeval){.tv_sec = (time_t)((floor_us - taken) / 1000000),
			      .tv_usec = (suseconds_t)((floor_us - taken) % 1000000)};
	evtimer_assign(&w->delay, c->m->base, delay_over, c);
	w->delayed = event_add(&w->delay, &tv) == 0;
	if (!w->delayed)
		delay_over(-1, 0, c);
}

void auth_reply_wipe(struct conn *c)
{
	if (c->work->delayed)
		event_del(&c->work->delay);
	c->work->delayed = false;
}
