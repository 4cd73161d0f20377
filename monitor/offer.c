/*
 * Channels that are offered to clients. A worker says how the client answered: it may name only
 * what it was asked to offer, and a channel number that it does not have. What comes too late is
 * closed again. Source: RFC 4254 5.1
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/offer.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"

struct offer {
	struct offer *next;
	struct conn *c;
	uint32_t tag;
	struct event deadline;
	bool timed, late;
	offer_done_fn *done;
	void *ctx;
	size_t type_n, payload_n;
	uint8_t bytes[]; /* type, then payload */
};

static struct span type_of(const struct offer *o)
{
	return (struct span){o->bytes, o->type_n};
}

static void done(struct offer *o, uint32_t chan, uint32_t code, struct span text)
{
	if (o->done != NULL)
		o->done(o->ctx, chan, code, text);
	o->done = NULL;
}

static void offer_free(struct offer *o)
{
	struct conn_work *w = o->c->work;
	struct offer **at = &w->offers;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	w->n_offers--;
	if (o->timed)
		event_del(&o->deadline);
	free(o);
}

void offers_wipe(struct conn *c)
{
	while (c->work->offers != NULL) {
		done(c->work->offers, 0, CODE_RESET,
		     SPAN_LIT("the connection ended before the client answered"));
		offer_free(c->work->offers);
	}
}

/* It came to nothing: log, script and who waits hear of it. */
static void failed(struct offer *o, uint32_t code, const char *what, struct span why)
{
	struct printable type, shown;
	char text[LIMIT_TEXT_BYTES];
	int n = snprintf(text, sizeof text, "channel %s: %s%s",
			 printable(type_of(o), &type), what, printable(why, &shown));
	struct span said = {(const uint8_t *)text,
			    (size_t)n < sizeof text ? (size_t)n : sizeof text - 1};

	log_info("conn=%llu user=%s not opened: %s", (unsigned long long)o->c->id,
		 o->c->work->user_shown, text);
	conn_policy_error(o->c, code, said);
	done(o, 0, code, said);
}

static void expired(evutil_socket_t fd, short events, void *arg)
{
	struct offer *o = arg;

	(void)fd;
	(void)events;
	o->timed = false;
	o->late = true; /* the client may still take it */
	failed(o, CODE_TIMEOUT, "the client does not answer", (struct span){0});
}

static void set_deadline(struct offer *o)
{
	const struct timeval at = {.tv_sec = act_timeout_s(o->c)};

	if (at.tv_sec == 0)
		return;
	evtimer_assign(&o->deadline, o->c->m->base, expired, o);
	o->timed = event_add(&o->deadline, &at) == 0;
}

struct act_result offer_begin(struct conn *c, const struct offer_wish *wish)
{
	struct conn_work *w = c->work;
	struct offer *o;

	if (w->n_offers >= LIMIT_CHAN_OFFERS ||
	    w->n_chans + w->n_offers >= LIMIT_CHANNELS)
		return (struct act_result){CODE_WOULD_BLOCK, "too many channels"};
	if (!chan_link_has_room(c))
		return (struct act_result){CODE_WOULD_BLOCK,
					   "the client does not read"};
	o = malloc(sizeof *o + wish->type.n + wish->payload.n);
	if (o == NULL)
		return (struct act_result){CODE_NO_BUFFERS, "no memory"};
	*o = (struct offer){.next = w->offers,
			    .c = c,
			    .tag = ++w->next_offer,
			    .done = wish->done,
			    .ctx = wish->ctx,
			    .type_n = wish->type.n,
			    .payload_n = wish->payload.n};
	memcpy(o->bytes, wish->type.p, wish->type.n);
	if (wish->payload.n > 0)
		memcpy(o->bytes + wish->type.n, wish->payload.p, wish->payload.n);
	w->offers = o;
	w->n_offers++;
	set_deadline(o);
	conn_tell(c, &MSG_OF(offer, .tag = o->tag, .type = wish->type,
			     .payload = wish->payload));
	return ACT_DONE;
}

static enum err taken(struct conn *c, struct offer *o, uint32_t chan)
{
	const struct msg open = MSG_OF(open_other, .chan = chan, .type = type_of(o),
				       .payload = {o->bytes + o->type_n, o->payload_n});
	struct mchan *ch = chan_add(c, chan, false);
	struct printable type;
	enum err e;

	if (ch == NULL)
		return ERR_FORBIDDEN; /* a number that is taken */
	if ((e = chan_policy_make(ch, &open)) != OK ||
	    (e = chan_script_begin(c, ch)) != OK)
		return e;
	if (o->late) {
		chan_script_close(c, ch);
		return OK;
	}
	log_verbose("conn=%llu user=%s channel=%u opened to the client: %s",
		    (unsigned long long)c->id, c->work->user_shown, (unsigned)chan,
		    printable(type_of(o), &type));
	chan_policy_opened(c, ch);
	done(o, chan, CODE_OK, (struct span){0});
	return OK;
}

enum err serve_offered(struct conn *c, const struct msg_offered *m, struct ipc_fds *fds)
{
	struct offer *o = c->work->offers;
	enum err e = OK;

	(void)fds;
	while (o != NULL && o->tag != m->tag)
		o = o->next;
	if (o == NULL)
		return ERR_FORBIDDEN;
	if (m->failure == SSH_OPEN_OK)
		e = taken(c, o, m->chan);
	else if (!o->late)
		failed(o, CODE_FORWARD, "the client refuses: ", m->text);
	offer_free(o);
	return e;
}
