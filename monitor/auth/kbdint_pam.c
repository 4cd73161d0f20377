/*
 * PAM asks: its conversation runs in a login helper, which sends prompts and gets answers. Who may not
 * log in whatever PAM says is answered for with what is nobody's password, so that nothing is learned
 * of the right one; sshd does it too.
 */
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/auth/kbdint.h"
#include "monitor/auth_reply.h"
#include "monitor/link.h"
#include "monitor/login_link.h"
#include "monitor/serve.h"

/* Users of the gateway's own are not PAM's. */
static bool pam_applies(const struct conn *c)
{
	return c->work->set->use_pam && geteuid() == 0 &&
	       users_find(&c->m->users, span_str(c->work->user)) == NULL;
}

static enum err pam_ask_helper(struct conn *c)
{
	struct conn_work *w = c->work;
	struct msg msg = MSG_OF(kbdint_start, .user = span_str(w->user),
				.permit_empty = w->set->permit_empty_passwords,
				.pam_service = span_str(w->set->pam_service_name),
				.remote = span_str(c->remote.address));
	struct login *l = NULL;

	if (login_open(c->m, IN_KBDINT, &msg, &l) != OK)
		return ERR_SYSTEM;
	l->c = c;
	memcpy(l->user, w->user, sizeof l->user);
	w->helper = l;
	return ERR_AGAIN;
}

/* Writes answers in wire form; of one who is barred, something that nobody's password is. */
static enum err answers_write(const struct conn *c, const struct span *answer, size_t n,
			      struct wr *w, struct span *out)
{
	for (size_t i = 0; i < n; i++)
		wr_bytes(w, c->work->kbdint.barred ? SPAN_LIT("\b\n\r\177no password")
						   : answer[i]);
	return wr_end(w, out);
}

static enum err pam_answered(struct conn *c, const struct span *answer, size_t n)
{
	struct login *l = c->work->helper;
	uint8_t store[LIMIT_ANSWERS_BYTES];
	struct wr w = WR(store);
	struct span all = {0};
	enum err e = answers_write(c, answer, n, &w, &all);

	if (e == OK && l == NULL)
		e = ERR_SYSTEM;
	if (e == OK)
		e = link_tell(&l->link, &MSG_OF(kbdint_answers, .count = (uint8_t)n,
						.answers = all));
	wipe(store, w.n);
	if (e != OK)
		return e;
	l->answered = false;
	return ERR_AGAIN;
}

const struct kbdint_source kbdint_pam = {.name = "pam",
					 .applies = pam_applies,
					 .begin = pam_ask_helper,
					 .answered = pam_answered};

/* The attempt is over for the helper. */
static void let_go(struct login *l)
{
	l->c->work->helper = NULL;
	l->c = NULL;
	l->answered = true;
}

enum err serve_kbdint_prompt(struct login *l, const struct msg_kbdint_prompt *m,
			     struct ipc_fds *fds)
{
	struct conn *c = l->c;
	struct prompts p = {.instruction = m->instruction, .n = m->count};
	struct rd r = RD(m->prompts);
	enum err e;

	(void)fds;
	for (size_t i = 0; i < p.n; i++) {
		p.at[i].text = rd_bytes(&r, LIMIT_PROMPTS_BYTES);
		p.at[i].echo = rd_bool(&r);
	}
	if ((e = rd_end(&r)) != OK)
		return e;
	if (c == NULL)
		return ERR_CLOSED;
	e = kbdint_ask(c, &p);
	if (e == ERR_FORBIDDEN) /* it did not wait for the answers */
		return e;
	l->answered = true;
	if (e == ERR_AGAIN)
		return OK;
	let_go(l);
	auth_decided(c, e);
	return ERR_CLOSED;
}

enum err serve_kbdint_ended(struct login *l, const struct msg_kbdint_ended *m,
			    struct ipc_fds *fds)
{
	struct conn *c = l->c;
	struct printable text;
	bool unasked;

	(void)fds;
	if (c == NULL)
		return ERR_CLOSED;
	unasked =
	    kbdint_lose(c); /* it did not wait for the answers: they will be refused */
	if (m->text.n > 0)
		log_info("conn=%llu user=%s keyboard-interactive: %s",
			 (unsigned long long)c->id, c->work->user_shown,
			 printable(m->text, &text));
	let_go(l);
	if (!unasked)
		auth_decided(c, m->ok != 0 ? OK : ERR_DENIED);
	return ERR_CLOSED;
}
