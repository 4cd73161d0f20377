/*
 * Login helpers. Each has one socket and one request; closing the socket is how it is told that
 * nobody waits for it any more.
 */
#include <stdlib.h>

#include "common/log.h"
#include "monitor/auth_flow.h"
#include "monitor/helper_link.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"
#include "monitor/serve_chan.h"
#include "monitor/spawn.h"

enum err login_open(struct monitor *m, enum msg_state state, const struct msg *request,
		    struct login **out)
{
	struct login *l = calloc(1, sizeof *l);
	int sock = -1;
	enum err e;

	if (l == NULL)
		return ERR_MEMORY;
	l->m = m;
	l->link = (struct link){.sock = -1, .peer = MSG_LOGIN, .state = state};
	e = spawn_login(m, &sock, &l->child);
	if (e == OK)
		e = link_open(&l->link, m, sock, l);
	if (e == OK)
		e = link_tell(&l->link, request);
	if (e != OK) {
		link_close(&l->link);
		free(l);
		return e;
	}
	*out = l;
	return OK;
}

/* Tells whether an attempt to log in waits for it; not a channel. */
static bool serves_login(const struct login *l)
{
	return (l->link.state & (IN_ACCOUNT | IN_COMMAND | IN_PASSWORD | IN_KBDINT)) !=
	       0;
}

void login_drop(struct login *l)
{
	if (l == NULL)
		return;
	/* the user's file system or a database may hold it up; it has nothing to tidy up */
	if (!l->answered && serves_login(l))
		child_dismiss(l->m, l->child);
	link_close(&l->link);
	free(l);
}

void login_lost(struct login *l, enum err e, const char *what)
{
	struct printable user;

	if (l->helper != NULL) {
		helper_lost(l, e, what);
		login_drop(l);
		return;
	}
	if (e != ERR_CLOSED)
		log_error("login helper for %s: %s%s%s",
			  printable(span_str(l->user), &user), err_text(e),
			  what != NULL ? ": " : "", what != NULL ? what : "");
	if (l->c != NULL && serves_login(l))
		auth_helper_lost(l->c);
	else if (l->c != NULL)
		chan_helper_lost(l);
	login_drop(l);
}

enum err serve_login_log(struct login *l, const struct msg_login_log *m,
			 struct ipc_fds *fds)
{
	char user[LIMIT_SHOWN_BYTES];
	struct printable keep;

	(void)fds;
	user_show(span_str(l->user), user);
	log_line((enum log_level)m->level, "user=%s %s", user,
		 printable(m->text, &keep));
	return OK;
}
