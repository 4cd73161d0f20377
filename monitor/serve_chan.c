/*
 * Channels. A worker asks; what it gets is a descriptor that somebody else opened, for an address
 * or path that was decided here.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/account.h"
#include "monitor/conn.h"
#include "monitor/connector_link.h"
#include "monitor/decide.h"
#include "monitor/link.h"
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

	if (w->n_chans >= decide_channels(c) || chan_find(c, chan) != NULL)
		return NULL;
	ch = calloc(1, sizeof *ch);
	if (ch == NULL)
		return NULL;
	*ch = (struct mchan){.chan = chan, .session = session, .next = w->chans};
	w->chans = ch;
	w->n_chans++;
	w->n_sessions += session;
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
	login_drop(ch->login);
	request_drop(c->m, ch->request);
	free(ch);
}

void conn_channels_wipe(struct conn *c)
{
	while (c->work->chans != NULL)
		chan_remove(c, c->work->chans);
	while (c->work->listens != NULL)
		listen_remove(c->work->listens);
}

void chan_tell_opened(struct conn *c, uint32_t chan, int fd,
		      enum ssh_open_failure failure, struct span text)
{
	struct msg msg = MSG_OF(chan_opened, .chan = chan, .failure = (uint8_t)failure,
				.text = text);

	conn_send(c, &msg, &fd, fd >= 0 ? 1 : 0);
}

static enum err refuse(struct conn *c, uint32_t chan, enum ssh_open_failure failure,
		       struct span text)
{
	chan_tell_opened(c, chan, -1, failure, text);
	return OK;
}

enum err serve_open_session(struct conn *c, const struct msg_open_session *m,
			    struct ipc_fds *fds)
{
	const struct conn_work *w = c->work;

	(void)fds;
	if ((w->permits & PERMIT_SESSION) == 0) {
		log_info("conn=%llu user=%s session refused: %s",
			 (unsigned long long)c->id, w->user_shown,
			 w->set->local_sessions ? "no system account"
						: "LocalSessions is no");
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("no sessions on this host"));
	}
	if (w->n_sessions >= decide_sessions(c))
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("too many sessions"));
	if (chan_add(c, m->chan, true) == NULL)
		return refuse(c, m->chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("too many channels"));
	chan_tell_opened(c, m->chan, -1, SSH_OPEN_OK, (struct span){0});
	return OK;
}

enum err serve_open_tcp(struct conn *c, const struct msg_open_tcp *m,
			struct ipc_fds *fds)
{
	struct printable host;
	struct mchan *ch;

	(void)fds;
	if (decide_open_tcp(c, m->host, m->port) != OK) {
		log_info("conn=%llu user=%s refused to connect to %s port %u",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->host, &host), (unsigned)m->port);
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("open failed"));
	}
	ch = chan_add(c, m->chan, false);
	if (ch == NULL)
		return refuse(c, m->chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("too many channels"));
	log_verbose("conn=%llu user=%s connects to %s port %u",
		    (unsigned long long)c->id, c->work->user_shown,
		    printable(m->host, &host), (unsigned)m->port);
	if (request_connect(c, m->chan, m->host, m->port, &ch->request) != OK) {
		ch->request = 0;
		chan_remove(c, ch);
		return refuse(c, m->chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("connector not available"));
	}
	return OK;
}

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
		chan_remove(c, ch);
	}
	/* a client learns no addresses or reasons of the network behind; the log has them */
	chan_tell_opened(c, chan, fd, fd >= 0 ? SSH_OPEN_OK : SSH_OPEN_CONNECT_FAILED,
			 fd >= 0 ? (struct span){0} : SPAN_LIT("connect failed"));
}

enum err serve_open_unix(struct conn *c, const struct msg_open_unix *m,
			 struct ipc_fds *fds)
{
	struct msg msg = MSG_OF(unix_connect, .user = span_str(c->work->account->user),
				.path = m->path);
	struct printable path;
	struct mchan *ch;

	(void)fds;
	if ((c->work->permits & PERMIT_UNIX) == 0) {
		log_info("conn=%llu user=%s refused to connect to %s",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->path, &path));
		return refuse(c, m->chan, SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
			      SPAN_LIT("open failed"));
	}
	ch = chan_add(c, m->chan, false);
	if (ch == NULL)
		return refuse(c, m->chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("too many channels"));
	if (login_open(c->m, IN_UNIX, &msg, &ch->login) != OK) {
		chan_remove(c, ch);
		return refuse(c, m->chan, SSH_OPEN_RESOURCE_SHORTAGE,
			      SPAN_LIT("no helper"));
	}
	ch->login->c = c;
	ch->login->chan = ch;
	return OK;
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
	log_debug("conn=%llu channel %u closed sent=%llu received=%llu",
		  (unsigned long long)c->id, (unsigned)m->chan,
		  (unsigned long long)m->sent, (unsigned long long)m->received);
	chan_remove(c, ch);
	return OK;
}
