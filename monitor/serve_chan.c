/*
 * Channels. A worker asks; what it gets is a descriptor that somebody else opened, for an address
 * or path that was decided here.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/chan_policy.h"
#include "monitor/chan_script.h"
#include "monitor/conn.h"
#include "monitor/conn_policy.h"
#include "monitor/connector_link.h"
#include "monitor/decide.h"
#include "monitor/link.h"
#include "monitor/offer.h"
#include "monitor/metrics.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"
#include "monitor/serve_listen.h"

struct mchan *chan_find(const struct conn *c, uint32_t chan)
{
	struct mchan *ch = c->work->chans;

	while (ch != NULL && ch->chan != chan)
		ch = ch->next;
	return ch;
}

struct mchan *chan_add(struct conn *c, uint32_t chan, bool session)
{
	struct conn_work *w = c->work;
	struct mchan *ch;

	if (w->n_chans >= LIMIT_CHANNELS || chan_find(c, chan) != NULL)
		return NULL;
	ch = calloc(1, sizeof *ch);
	if (ch == NULL)
		return NULL;
	*ch = (struct mchan){.chan = chan, .session = session, .next = w->chans};
	w->chans = ch;
	w->n_chans++;
	w->n_sessions += session;
	METRIC_MORE(c->m, channels);
	return ch;
}

void chan_remove(struct conn *c, struct mchan *ch)
{
	struct conn_work *w = c->work;
	struct mchan **p = &w->chans;

	while (*p != ch)
		p = &(*p)->next;
	*p = ch->next;
	w->n_chans--;
	w->n_sessions -= ch->session;
	METRIC_LESS(c->m, channels);
	login_drop(ch->login);
	request_drop(c->m, ch->request);
	chan_policy_closed(c, ch);
	chan_policy_wipe(c, ch);
	free(ch);
}

void conn_channels_wipe(struct conn *c)
{
	offers_wipe(c);
	while (c->work->chans != NULL)
		chan_remove(c, c->work->chans);
	while (c->work->listens != NULL)
		listen_remove(c->work->listens);
	question_wipe(&c->work->global);
	chan_script_conn_wipe(c);
}

void chan_tell_opened(struct conn *c, uint32_t chan, int fd,
		      enum ssh_open_failure failure, struct span text)
{
	struct msg msg = MSG_OF(chan_opened, .chan = chan, .failure = (uint8_t)failure,
				.text = text);
	struct mchan *ch = chan_find(c, chan);

	if (failure == SSH_OPEN_OK && ch != NULL && ch->policy != NULL)
		msg.u.chan_opened.script = ch->policy->script != NULL;
	metrics_opened(c->m, failure);
	conn_send(c, &msg, &fd, fd >= 0 ? 1 : 0);
	if (failure == SSH_OPEN_OK && ch != NULL)
		chan_policy_opened(c, ch);
}

static enum err refuse(struct conn *c, uint32_t chan, enum ssh_open_failure failure,
		       struct span text)
{
	chan_tell_opened(c, chan, -1, failure, text);
	return OK;
}

/* The same where a channel was added for it. */
static void give_up(struct conn *c, struct mchan *ch, enum ssh_open_failure failure,
		    struct span text)
{
	uint32_t chan = ch->chan;

	chan_remove(c, ch);
	chan_tell_opened(c, chan, -1, failure, text);
}

/* ---- once decided ---- */

static void connect_tcp(struct conn *c, struct mchan *ch, const struct msg_open_tcp *m)
{
	struct printable host;

	if (decide_open_tcp(c, m->host, m->port) != OK) {
		log_info("conn=%llu user=%s refused to connect to %s port %u",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->host, &host), (unsigned)m->port);
		give_up(c, ch, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			SPAN_LIT("open failed"));
		return;
	}
	log_verbose("conn=%llu user=%s connects to %s port %u",
		    (unsigned long long)c->id, c->work->user_shown,
		    printable(m->host, &host), (unsigned)m->port);
	if (request_connect(c, ch->chan, m->host, m->port, &ch->request) != OK) {
		ch->request = 0;
		give_up(c, ch, SSH_OPEN_RESOURCE_SHORTAGE,
			SPAN_LIT("connector not available"));
	}
}

static void connect_unix(struct conn *c, struct mchan *ch,
			 const struct msg_open_unix *m)
{
	struct msg msg = MSG_OF(unix_connect, .user = span_str(c->work->account->user),
				.path = m->path);

	if (login_open(c->m, IN_UNIX, &msg, &ch->login) != OK) {
		ch->login = NULL;
		give_up(c, ch, SSH_OPEN_RESOURCE_SHORTAGE, SPAN_LIT("no helper"));
		return;
	}
	ch->login->c = c;
	ch->login->chan = ch;
}

void chan_open(struct conn *c, struct mchan *ch, const struct msg *m)
{
	if (m->type == MSG_open_tcp)
		connect_tcp(c, ch, &m->u.open_tcp);
	else if (m->type == MSG_open_unix)
		connect_unix(c, ch, &m->u.open_unix);
	else if (m->type == MSG_open_session)
		chan_tell_opened(c, ch->chan, -1, SSH_OPEN_OK, (struct span){0});
	else
		give_up(c, ch, SSH_OPEN_UNKNOWN_CHANNEL_TYPE,
			SPAN_LIT("unknown channel type"));
}

void chan_refuse(struct conn *c, struct mchan *ch, enum ssh_open_failure failure,
		 struct span text)
{
	give_up(c, ch, failure, text);
}

/* ---- asked for ---- */

/* Adds the channel, and opens it or asks the script whether it may be. */
static enum err open_or_ask(struct conn *c, uint32_t chan, const struct msg *m)
{
	struct mchan *ch = NULL;
	enum err e;

	if (c->work->n_chans < c->work->limits.channels)
		ch = chan_add(c, chan, m->type == MSG_open_session);
	if (ch == NULL)
		return refuse(c, chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("too many channels"));
	e = chan_policy_begin(c, ch, m);
	if (e == OK && policy_hears(c, POLICY_ON_channel_open_request))
		e = open_ask(c, ch, m);
	else if (e == OK)
		chan_open(c, ch, m);
	if (e == OK)
		return OK;
	log_error("conn=%llu user=%s channel=%u not opened: policy is not asked: %s",
		  (unsigned long long)c->id, c->work->user_shown, (unsigned)chan,
		  err_text(e));
	give_up(c, ch, SSH_OPEN_RESOURCE_SHORTAGE, SPAN_LIT("open failed"));
	return OK;
}

enum err serve_open_session(struct conn *c, const struct msg_open_session *m,
			    struct ipc_fds *fds)
{
	const struct conn_work *w = c->work;

	(void)fds;
	metrics_channel(c->m, MSG_open_session);
	if ((w->permits & PERMIT_SESSION) == 0) {
		log_info("conn=%llu user=%s session refused: %s",
			 (unsigned long long)c->id, w->user_shown,
			 w->set->local_sessions ? "no system account"
						: "LocalSessions is no");
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("no sessions on this host"));
	}
	if (w->n_sessions >= w->limits.sessions)
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("too many sessions"));
	return open_or_ask(c, m->chan,
			   &(struct msg){MSG_open_session, {.open_session = *m}});
}

enum err serve_open_tcp(struct conn *c, const struct msg_open_tcp *m,
			struct ipc_fds *fds)
{
	(void)fds;
	metrics_channel(c->m, MSG_open_tcp);
	return open_or_ask(c, m->chan, &(struct msg){MSG_open_tcp, {.open_tcp = *m}});
}

enum err serve_open_unix(struct conn *c, const struct msg_open_unix *m,
			 struct ipc_fds *fds)
{
	struct printable path;

	(void)fds;
	metrics_channel(c->m, MSG_open_unix);
	if ((c->work->permits & PERMIT_UNIX) == 0) {
		log_info("conn=%llu user=%s refused to connect to %s",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->path, &path));
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("open failed"));
	}
	return open_or_ask(c, m->chan, &(struct msg){MSG_open_unix, {.open_unix = *m}});
}

enum err serve_open_other(struct conn *c, const struct msg_open_other *m,
			  struct ipc_fds *fds)
{
	(void)fds;
	if (!policy_hears(c, POLICY_ON_channel_open_request))
		return ERR_FORBIDDEN;
	metrics_channel(c->m, MSG_open_other);
	return open_or_ask(c, m->chan,
			   &(struct msg){MSG_open_other, {.open_other = *m}});
}

/* ---- ends ---- */

void chan_connected(struct conn *c, uint32_t chan, int fd, struct span text)
{
	struct mchan *ch = chan_find(c, chan);
	struct printable why;

	if (ch == NULL)
		return;
	ch->request = 0;
	if (fd < 0) {
		log_verbose("conn=%llu %s", (unsigned long long)c->id,
			    printable(text, &why));
		conn_policy_error(c, CODE_FORWARD, text);
		chan_remove(c, ch);
	}
	/* a client learns no addresses or reasons of the network behind; the log has them */
	chan_tell_opened(c, chan, fd, fd >= 0 ? SSH_OPEN_OK : SSH_OPEN_CONNECT_FAILED,
			 fd >= 0 ? (struct span){0} : SPAN_LIT("connect failed"));
}

enum err serve_unix_connected(struct login *l, const struct msg_unix_connected *m,
			      struct ipc_fds *fds)
{
	if (l->chan == NULL || l->c == NULL)
		return ERR_FORBIDDEN;
	if ((m->ok != 0) != (fds->n == 1))
		return ERR_FORBIDDEN;
	l->answered = true;
	l->chan->login = NULL; /* this helper has done its work */
	chan_connected(l->c, l->chan->chan, m->ok != 0 ? fds->fd[0] : -1, m->text);
	l->c = NULL;
	return ERR_CLOSED;
}

enum err serve_chan_closed(struct conn *c, const struct msg_chan_closed *m,
			   struct ipc_fds *fds)
{
	struct mchan *ch = chan_find(c, m->chan);

	(void)fds;
	if (ch == NULL) /* the worker opened it itself: a forwarded connection */
		return OK;
	if (ch->policy != NULL) {
		ch->policy->sent = m->sent;
		ch->policy->received = m->received;
	}
	log_debug("conn=%llu channel %u closed sent=%llu received=%llu",
		  (unsigned long long)c->id, (unsigned)m->chan,
		  (unsigned long long)m->sent, (unsigned long long)m->received);
	chan_remove(c, ch);
	return OK;
}
