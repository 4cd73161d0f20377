/*
 * PAM's conversation carried to the user: what modules ask becomes a request of keyboard-interactive,
 * what they tell is shown above it. The answers come from a client; each goes to the module that
 * asked, and is wiped here.
 */
#include <security/pam_appl.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/login/login.h"

struct talk {
	struct child *child;
	char text[LIMIT_INSTRUCTION_BYTES]; /* told, not yet shown */
	size_t n_text;
	struct wr in; /* where answers arrive */
	bool gone;    /* nobody answers any more */
};

/* Keeps what a module tells, a line each; what does not fit is left out. */
static void tell(struct talk *t, const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n >= sizeof t->text - t->n_text)
		return;
	memcpy(t->text + t->n_text, text, n);
	t->n_text += n;
	t->text[t->n_text++] = '\n';
}

/* Sends a request and waits for as many answers. Errors: as ipc_recv; ERR_FORBIDDEN others came */
static enum err ask(struct talk *t, uint8_t count, struct span prompts, struct msg *out)
{
	struct ipc_fds fds = {0};
	enum err e;

	child_answer(t->child,
		     &MSG_OF(kbdint_prompt,
			     .instruction = {(const uint8_t *)t->text, t->n_text},
			     .count = count, .prompts = prompts),
		     NULL, 0);
	t->n_text = 0;
	e = ipc_recv(t->child->sock, &t->in, true, out, &fds);
	ipc_fds_close(&fds);
	if (e == OK &&
	    (out->type != MSG_kbdint_answers || out->u.kbdint_answers.count != count))
		e = ERR_FORBIDDEN;
	t->gone = e != OK;
	return e;
}

static bool is_prompt(const struct pam_message *m)
{
	return m->msg_style == PAM_PROMPT_ECHO_ON ||
	       m->msg_style == PAM_PROMPT_ECHO_OFF;
}

/* Gives each prompt its answer. One that is longer than PAM takes, or has a NUL, is none. */
static int hand_out(int n, const struct pam_message **messages, struct span answers,
		    struct pam_response *out)
{
	struct rd r = RD(answers);
	char text[PAM_MAX_RESP_SIZE];
	int result = PAM_SUCCESS;

	for (int i = 0; i < n && result == PAM_SUCCESS; i++) {
		struct span answer;

		if (!is_prompt(messages[i]))
			continue;
		answer = rd_bytes(&r, LIMIT_ANSWERS_BYTES);
		if (!rd_ok(&r) || bytes_to_str(text, sizeof text, answer) != OK ||
		    (out[i].resp = strdup(text)) == NULL)
			result = PAM_CONV_ERR;
	}
	wipe(text, sizeof text);
	return result;
}

static void forget(int n, struct pam_response *answers)
{
	for (int i = 0; i < n; i++) {
		if (answers[i].resp != NULL)
			wipe(answers[i].resp, strlen(answers[i].resp));
		free(answers[i].resp);
	}
	free(answers);
}

/* Puts the prompts of a call into one request. Gives: how many there are; -1: they do not fit */
static int gather(struct talk *t, int n, const struct pam_message **messages,
		  struct wr *prompts)
{
	int count = 0;

	for (int i = 0; i < n; i++) {
		const struct pam_message *m = messages[i];
		const char *text = m->msg != NULL ? m->msg : "";

		if (is_prompt(m)) {
			wr_str(prompts, text);
			wr_bool(prompts, m->msg_style == PAM_PROMPT_ECHO_ON);
			count++;
		} else if (m->msg_style == PAM_TEXT_INFO ||
			   m->msg_style == PAM_ERROR_MSG) {
			tell(t, text);
		} else {
			return -1;
		}
	}
	return prompts->err == OK && count <= LIMIT_PROMPTS ? count : -1;
}

/* One request for all prompts of a call; none where there are only texts. */
static int request(struct talk *t, int n, const struct pam_message **messages,
		   struct pam_response *answers)
{
	uint8_t store[LIMIT_PROMPTS_BYTES];
	struct wr prompts = WR(store);
	struct msg m;
	int count = gather(t, n, messages, &prompts), r = PAM_CONV_ERR;

	if (count <= 0)
		return count == 0 ? PAM_SUCCESS : PAM_CONV_ERR;
	if (ask(t, (uint8_t)count, (struct span){store, prompts.n}, &m) == OK)
		r = hand_out(n, messages, m.u.kbdint_answers.answers, answers);
	wipe(t->in.p, t->in.cap);
	return r;
}

static int converse(int n, const struct pam_message **messages,
		    struct pam_response **out, void *ctx)
{
	struct talk *t = ctx;
	struct pam_response *answers;
	int r;

	if (n <= 0 || n > PAM_MAX_NUM_MSG || t->gone)
		return PAM_CONV_ERR;
	answers = calloc((size_t)n, sizeof *answers);
	if (answers == NULL)
		return PAM_BUF_ERR;
	r = request(t, n, messages, answers);
	if (r == PAM_SUCCESS)
		*out = answers;
	else
		forget(n, answers);
	return r;
}

/* As sshd: the user, the account, and a new password where the old one has expired. */
static int judge(pam_handle_t *handle, bool permit_empty, const char **step)
{
	int r;

	*step = "authenticate";
	r = pam_authenticate(handle, permit_empty ? 0 : (int)PAM_DISALLOW_NULL_AUTHTOK);
	if (r != PAM_SUCCESS)
		return r;
	*step = "account";
	r = pam_acct_mgmt(handle, 0);
	if (r != PAM_NEW_AUTHTOK_REQD)
		return r;
	*step = "new password";
	return pam_chauthtok(handle, PAM_CHANGE_EXPIRED_AUTHTOK);
}

static int run(struct talk *t, const struct msg_kbdint_start *m, struct why *why)
{
	const struct pam_who who = {m->user, m->pam_service, m->remote};
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = t};
	pam_handle_t *handle = NULL;
	const char *step = "start";
	int r = pam_begin(&who, &conv, &handle);

	if (r == PAM_SUCCESS)
		r = judge(handle, m->permit_empty != 0, &step);
	if (r != PAM_SUCCESS)
		why_set(why, "PAM (%s) refuses: %s", step, pam_strerror(handle, r));
	if (handle != NULL)
		(void)pam_end(handle, r);
	return r;
}

void serve_kbdint_start(struct child *c, const struct msg_kbdint_start *m)
{
	struct talk t = {
	    .child = c, .in = {.p = malloc(LIMIT_MSG_BYTES), .cap = LIMIT_MSG_BYTES}
        };
	struct msg ended = MSG_OF(kbdint_ended, .ok = 0), read;
	struct why why = {0};

	if (t.in.p == NULL)
		why_set(&why, "out of memory");
	else
		ended.u.kbdint_ended.ok = run(&t, m, &why) == PAM_SUCCESS;
	/* last words, such as when the password ends: shown, though there is nothing to answer */
	if (t.n_text > 0 && !t.gone && ask(&t, 0, (struct span){0}, &read) != OK)
		ended.u.kbdint_ended.ok = 0;
	ended.u.kbdint_ended.text = span_str(why.text);
	if (!t.gone)
		child_answer(c, &ended, NULL, 0);
	free(t.in.p);
	wipe(&t, sizeof t);
}
