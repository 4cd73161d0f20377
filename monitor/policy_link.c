/*
 * The policy process: started where a script is named, replaced when it dies. Its memory is gone then;
 * scripts, what they stored and open questions are here and are told again.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "monitor/helper_link.h"
#include "monitor/link.h"
#include "monitor/metrics.h"
#include "monitor/policy_private.h"
#include "monitor/serve.h"
#include "monitor/spawn.h"

/* A script that cannot be compiled by then is refused. */
#define LOAD_S 10
/* Deaths within a second after which the next start waits for the next second. */
#define DEATHS_MAX 16

static enum err policy_of(struct monitor *m)
{
	if (m->policy != NULL)
		return OK;
	m->policy = calloc(1, sizeof *m->policy);
	if (m->policy == NULL)
		return ERR_MEMORY;
	m->policy->m = m;
	m->policy->link = (struct link){.sock = -1};
	m->policy->record = -1;
	m->policy->record_sent = true;
	log_tee(policy_log_line, m->policy);
	tzset(); /* localtime_r of a question reads no file then */
	return OK;
}

enum err policy_adopt(struct monitor *m, struct script *s)
{
	enum err e = policy_of(m);

	if (e != OK)
		return e;
	s->version = ++m->policy->next_version;
	s->next = m->policy->scripts;
	m->policy->scripts = s;
	return OK;
}

/* With the last script the process goes; it ends when its socket does. */
static void stop(struct policy *p)
{
	if (event_initialized(&p->writable))
		event_del(&p->writable);
	p->waits = false;
	link_close(&p->link);
	helpers_forget(p->m); /* the next process numbers its calls anew */
}

void policy_disown(struct script *s)
{
	struct policy *p = s->m->policy;
	struct script **at = &p->scripts;
	struct policy_item *it = NULL;

	while (*at != NULL && *at != s)
		at = &(*at)->next;
	if (*at != NULL)
		*at = s->next;
	if (p->loading == s) {
		p->loading = NULL;
		p->loaded = NULL;
		event_del(&p->load_timer);
	}
	if (p->link.sock >= 0 && (s->sent > 0 || s->sent_last) &&
	    policy_item_add(p, ITEM_FORGET, (struct span){0}, &it) == OK) {
		it->version = s->version;
		policy_pump_soon(p);
	}
}

/* ---- sending ---- */

static void pump_writable(evutil_socket_t fd, short events, void *arg)
{
	struct policy *p = arg;

	(void)fd;
	(void)events;
	p->waits = false;
	policy_pump(p);
}

void policy_pump_soon(struct policy *p)
{
	if (p->link.sock < 0 || p->waits)
		return;
	p->waits = event_assign(&p->writable, p->m->base, p->link.sock, EV_WRITE,
				pump_writable, p) == 0 &&
		   event_add(&p->writable, NULL) == 0;
}

static enum err script_send(struct policy *p, struct script *s)
{
	struct msg msg =
	    MSG_OF(policy_script, .version = s->version, .name = span_str(s->name));
	size_t n;
	enum err e = OK;

	while (e == OK && !s->sent_last) {
		n = s->n - s->sent;
		if (n > LIMIT_SCRIPT_PIECE_BYTES)
			n = LIMIT_SCRIPT_PIECE_BYTES;
		msg.u.policy_script.last = s->sent + n == s->n;
		msg.u.policy_script.text = (struct span){s->text + s->sent, n};
		e = link_tell(&p->link, &msg);
		if (e != OK)
			break;
		s->sent += n;
		s->sent_last = s->sent == s->n;
	}
	return e;
}

/* Oldest first: the process may number them. */
static enum err scripts_send(struct policy *p)
{
	struct script *oldest;
	enum err e;

	do {
		oldest = NULL;
		for (struct script *s = p->scripts; s != NULL; s = s->next)
			if (!s->sent_last && s->state != SCRIPT_BAD)
				oldest = s;
		e = oldest != NULL ? script_send(p, oldest) : OK;
	} while (e == OK && oldest != NULL);
	return e;
}

static enum err shares_send(struct policy *p)
{
	struct shares *s = &p->shares;
	enum err e = OK;

	/* a row that was told in part is told again: the last value wins anyway */
	for (; s->row != NULL && s->told < SHARE_ROWS && e == OK;
	     s->told += e == OK ? 1 : 0)
		for (const struct share *one = s->row[s->told]; one != NULL && e == OK;
		     one = one->next)
			e = link_tell(
			    &p->link,
			    &MSG_OF(policy_share, .key = {one->bytes, one->key_n},
				    .value = {one->bytes + one->key_n, one->value_n},
				    .expires_s = one->expires_s));
	return e;
}

static struct msg ask_of(const struct policy_item *it)
{
	time_t now = time(NULL);
	struct tm local = {0};
	struct msg msg = MSG_OF(policy_ask, .id = it->kind == ITEM_ASK ? it->id : 0,
				.version = it->version, .conn = it->conn,
				.event = (uint8_t)it->event, .now_s = (uint64_t)now,
				.facts = {it->bytes, it->n});

	if (localtime_r(&now, &local) != NULL)
		msg.u.policy_ask.zone = (uint32_t)local.tm_gmtoff;
	return msg;
}

static enum err item_send(struct policy *p, const struct policy_item *it)
{
	struct msg msg = {.type = MSG_COUNT};

	switch (it->kind) {
	case ITEM_ASK:
	case ITEM_TELL:
		msg = ask_of(it);
		break;
	case ITEM_DROP:
		msg = MSG_OF(policy_drop, .conn = it->conn);
		break;
	case ITEM_FORGET:
		msg = MSG_OF(policy_forget, .version = it->version);
		break;
	case ITEM_HELPED:
		msg = MSG_OF(policy_helped, .call = it->id, .ok = it->ok,
			     .text = {it->bytes, it->n});
		break;
	}
	return link_tell(&p->link, &msg);
}

/* The question that waits for this call has its turn again, behind those that were sent meanwhile. */
static void question_resumes(struct policy *p, uint64_t call)
{
	for (struct policy_item *it = p->helped.first; it != NULL; it = it->next)
		if (it->call == call) {
			it->call = 0;
			policy_item_move(it, &p->running);
			return;
		}
}

static void item_sent(struct policy *p, struct policy_item *it)
{
	const struct policy_answer taken = {.verdict = POLICY_NONE};

	if (it->kind == ITEM_ASK) {
		policy_item_move(it, &p->running);
		return;
	}
	if (it->kind == ITEM_HELPED)
		question_resumes(p, it->id);
	policy_item_answer(it, &taken);
}

void policy_pump(struct policy *p)
{
	struct policy_item *it;
	enum err e;

	if (p->link.sock < 0)
		return;
	e = scripts_send(p);
	if (e == OK)
		e = shares_send(p);
	if (e == OK)
		e = policy_record_send(p);
	while (e == OK && (it = p->waiting.first) != NULL) {
		if ((e = item_send(p, it)) == OK)
			item_sent(p, it);
	}
	if (e != OK && e != ERR_CLOSED) /* its own end is told by its link */
		policy_pump_soon(p);
}

/* ---- its life ---- */

enum err policy_start(struct policy *p)
{
	struct monitor *m = p->m;
	int sock = -1;
	enum err e;

	if (p->link.sock >= 0)
		return OK;
	p->link = (struct link){.sock = -1, .peer = MSG_POLICY, .state = IN_POLICY};
	p->ready = p->stuck = false;
	p->heard_ms = clock_ms();
	e = spawn_program(m, "sallyport-policy", NULL, m->set->policy_user, &sock);
	if (e == OK)
		e = link_open(&p->link, m, sock, p);
	if (e != OK)
		log_error("no policy process: what scripts decide is refused");
	return e;
}

/* What a new process has not got yet. */
static void begin_anew(struct policy *p)
{
	struct policy_item *it, *next;

	for (struct script *s = p->scripts; s != NULL; s = s->next) {
		s->sent = 0;
		s->sent_last = false;
	}
	p->shares.told = 0;
	p->record_sent = p->record < 0;
	p->records = false;
	for (it = p->waiting.first; it != NULL; it = next) {
		next = it->next;
		if (it->kind == ITEM_DROP || it->kind == ITEM_FORGET ||
		    it->kind == ITEM_HELPED)
			policy_item_free(it);
	}
}

/* From the last one on, so that they keep their order; those that are not asked again are refused. */
static void ask_again(struct policy *p, struct policy_list *from,
		      const struct policy_item *guilty)
{
	struct policy_item *it;

	while ((it = from->last) != NULL) {
		if (it == guilty || it->again || it->done == NULL) {
			policy_item_move(it, &p->refused);
			continue;
		}
		it->again = true;
		it->call = 0;
		policy_item_move_first(it, &p->waiting);
	}
}

void policy_restart(struct policy *p, struct policy_item *guilty)
{
	const struct policy_answer a = {.verdict = POLICY_ERROR,
					.where = SPAN_LIT("the policy process ended")};
	bool was_ready = p->ready;

	METRIC_COUNT(p->m, restarts_total, METRIC_PROCESS_POLICY, 0);
	stop(p);
	begin_anew(p);
	ask_again(p, &p->helped, guilty);
	ask_again(p, &p->running, guilty);
	if (p->loading != NULL) {
		log_error("PolicyScript: the policy process ended while it read it");
		p->loading->state = SCRIPT_BAD;
		policy_loaded_tell(p, ERR_CONFIG);
	}
	if (!p->m->stopping && was_ready && ++p->deaths <= DEATHS_MAX &&
	    policy_start(p) == OK)
		policy_pump(p);
	while (p->refused.first != NULL)
		policy_item_answer(p->refused.first, &a);
}

void policy_lost(struct policy *p, enum err e, const char *what)
{
	struct policy_item *guilty = p->running.first;

	if (p->stuck)
		guilty = p->stuck_id != 0 ? policy_question_find(p, p->stuck_id) : NULL;
	if (e == ERR_CLOSED)
		what = NULL; /* it is the end that tells, not the last message */
	if (guilty != NULL)
		log_error("event=policy_ended conn=%llu policy: on_%s: refused",
			  (unsigned long long)guilty->conn,
			  policy_events[guilty->event].name);
	log_error("sallyport-policy ended: %s%s%s", err_text(e),
		  what != NULL ? ": " : "", what != NULL ? what : "");
	policy_restart(p, guilty);
}

void policy_tick(struct monitor *m)
{
	struct policy *p = m->policy;

	if (p == NULL)
		return;
	p->deaths = 0;
	if (p->reopen)
		policy_restart(p, NULL);
	p->reopen = false;
	shares_expire(&p->shares, (uint64_t)time(NULL));
	if (p->scripts == NULL && p->waiting.first == NULL)
		stop(p);
	else if (p->link.sock < 0 && p->scripts != NULL && policy_start(p) == OK)
		policy_pump(p);
}

void policy_reopen(struct monitor *m)
{
	if (m->policy != NULL && m->policy->link.sock >= 0)
		m->policy->reopen = true;
}

void policy_wipe(struct monitor *m)
{
	struct policy *p = m->policy;

	if (p == NULL)
		return;
	stop(p);
	if (event_initialized(&p->load_timer))
		event_del(&p->load_timer);
	while (p->waiting.first != NULL)
		policy_item_free(p->waiting.first);
	while (p->running.first != NULL)
		policy_item_free(p->running.first);
	while (p->helped.first != NULL)
		policy_item_free(p->helped.first);
	shares_wipe(&p->shares);
	policy_record_close(p);
	log_tee(NULL, NULL);
	m->policy = NULL;
	free(p);
}

/* ---- loading a script ---- */

void policy_loaded_tell(struct policy *p, enum err e)
{
	policy_loaded_fn *done = p->loaded;

	p->loading = NULL;
	p->loaded = NULL;
	if (event_initialized(&p->load_timer))
		event_del(&p->load_timer);
	if (done != NULL)
		done(p->m, e, p->loaded_ctx);
}

static void load_late(evutil_socket_t fd, short events, void *arg)
{
	struct policy *p = arg;

	(void)fd;
	(void)events;
	log_error("PolicyScript: it was not compiled within %d s", LOAD_S);
	if (p->loading != NULL)
		p->loading->state = SCRIPT_BAD;
	policy_loaded_tell(p, ERR_CONFIG);
}

enum err policy_load(struct monitor *m, struct script *s, policy_loaded_fn *done,
		     void *ctx)
{
	const struct timeval late = {.tv_sec = LOAD_S};
	struct policy *p = m->policy;
	enum err e;

	if (p->loading != NULL)
		return ERR_AGAIN;
	e = policy_start(p);
	if (e != OK)
		return e;
	if (evtimer_assign(&p->load_timer, m->base, load_late, p) != 0 ||
	    event_add(&p->load_timer, &late) != 0)
		return ERR_SYSTEM;
	p->loading = s;
	p->loaded = done;
	p->loaded_ctx = ctx;
	policy_pump(p);
	return OK;
}

struct load_now {
	bool over;
	enum err e;
};

static void load_over(struct monitor *m, enum err e, void *ctx)
{
	struct load_now *l = ctx;

	(void)m;
	*l = (struct load_now){true, e};
}

enum err policy_load_now(struct monitor *m, struct script *s)
{
	struct load_now l = {0};
	enum err e = policy_load(m, s, load_over, &l);

	while (e == OK && !l.over && !m->stopping)
		if (event_base_loop(m->base, EVLOOP_ONCE) != 0)
			e = ERR_SYSTEM;
	if (e == OK)
		e = l.over ? l.e : ERR_CLOSED;
	if (!l.over && m->policy->loading == s)
		m->policy->loaded = NULL;
	return e;
}
