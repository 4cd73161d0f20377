/*
 * The PAM session around a local session (UsePAM): account, credentials, session, and their end.
 * The service is that of PAMServiceName. A session asks for no
 * password: whoever comes this far is logged in. Passwords of a login are judged at the end.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/login/session.h"

/* Keeps what a module wants to be read, one line each. */
static void keep_text(struct pam_link *p, const char *text)
{
	size_t n = strlen(text);
	char *grown;

	if (n + 2 > LIMIT_PAM_TEXT_BYTES - p->n_text)
		return;
	grown = realloc(p->text, p->n_text + n + 2);
	if (grown == NULL)
		return;
	(void)snprintf(grown + p->n_text, n + 2, "%s\n", text);
	p->text = grown;
	p->n_text += n + 1;
}

/* Modules may tell; there is nobody here whom they could ask. */
static int converse(int n, const struct pam_message **messages,
		    struct pam_response **out, void *ctx)
{
	struct pam_response *answers;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	for (int i = 0; i < n; i++)
		if (messages[i]->msg_style != PAM_TEXT_INFO &&
		    messages[i]->msg_style != PAM_ERROR_MSG)
			return PAM_CONV_ERR;
	answers = calloc((size_t)n, sizeof *answers);
	if (answers == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++)
		keep_text(ctx, messages[i]->msg);
	*out = answers;
	return PAM_SUCCESS;
}

static int set_item(pam_handle_t *handle, int item, struct span value)
{
	char text[LIMIT_HOST_BYTES + 1];

	if (bytes_to_str(text, sizeof text, value) != OK)
		return PAM_BAD_ITEM;
	return pam_set_item(handle, item, text);
}

int pam_begin(const struct pam_who *who, const struct pam_conv *conv,
	      struct pam_handle **handle)
{
	char user[LIMIT_USER_BYTES + 1], service[LIMIT_NAME_BYTES + 1];
	int r;

	if (bytes_to_str(user, sizeof user, who->user) != OK ||
	    bytes_to_str(service, sizeof service, who->service) != OK)
		return PAM_USER_UNKNOWN;
	r = pam_start(service, user, conv, handle);
	/* modules that log or judge by where the user comes from; "ssh" is sshd's word too */
	if (r == PAM_SUCCESS)
		r = set_item(*handle, PAM_RHOST, who->remote);
	if (r == PAM_SUCCESS)
		r = set_item(*handle, PAM_TTY, SPAN_LIT("ssh"));
	return r;
}

static int account_and_session(struct pam_link *p, const char **step)
{
	int r;

	*step = "account";
	if ((r = pam_acct_mgmt(p->handle, 0)) != PAM_SUCCESS)
		return r;
	*step = "credentials";
	if ((r = pam_setcred(p->handle, PAM_ESTABLISH_CRED)) != PAM_SUCCESS)
		return r;
	p->cred = true;
	*step = "session";
	if ((r = pam_open_session(p->handle, 0)) != PAM_SUCCESS)
		return r;
	p->open = true;
	return PAM_SUCCESS;
}

enum err pam_link_open(struct pam_link *p, const struct msg_login_session *m,
		       const struct account *a, struct why *why)
{
	const struct pam_who who = {span_str(a->pw.pw_name), m->pam_service, m->remote};
	const struct pam_conv conv = {.conv = converse, .appdata_ptr = p};
	pam_handle_t *handle = NULL;
	const char *step = "start";
	int r = pam_begin(&who, &conv, &handle);

	p->handle = handle;
	if (r == PAM_SUCCESS)
		r = account_and_session(p, &step);
	if (r == PAM_SUCCESS)
		return OK;
	why_set(why, "PAM (%s) refuses %s: %s", step, a->pw.pw_name,
		pam_strerror(handle, r));
	return ERR_DENIED;
}

void pam_link_env(struct pam_link *p, struct env *e)
{
	char **vars = p->handle != NULL ? pam_getenvlist(p->handle) : NULL;

	for (size_t i = 0; vars != NULL && vars[i] != NULL; i++) {
		char *equals = strchr(vars[i], '=');

		if (equals != NULL && i < LIMIT_PAM_ENV_COUNT) {
			*equals = '\0';
			env_set(e, vars[i], equals + 1);
		}
		wipe(vars[i], strlen(vars[i]));
		free(vars[i]);
	}
	free(vars);
}

void pam_link_close(struct pam_link *p)
{
	int r = PAM_SUCCESS;

	if (p->open)
		r = pam_close_session(p->handle, 0);
	if (p->cred)
		(void)pam_setcred(p->handle, PAM_DELETE_CRED);
	if (p->handle != NULL)
		(void)pam_end(p->handle, r);
	free(p->text);
	*p = (struct pam_link){0};
}

/* One password is all there is: a module that asks for anything else is refused, as by sshd. */
static int give_password(int n, const struct pam_message **messages,
			 struct pam_response **out, void *ctx)
{
	struct pam_response *answers;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	for (int i = 0; i < n; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			return PAM_CONV_ERR;
	answers = calloc((size_t)n, sizeof *answers);
	if (answers == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answers[i].resp = strdup(ctx);
	*out = answers;
	return PAM_SUCCESS;
}

static int authenticate(pam_handle_t *handle, bool permit_empty)
{
	int r =
	    pam_authenticate(handle, permit_empty ? 0 : (int)PAM_DISALLOW_NULL_AUTHTOK);

	return r == PAM_SUCCESS ? pam_acct_mgmt(handle, 0) : r;
}

enum err pam_password(const struct msg_password_check *m, struct why *why)
{
	const struct pam_who who = {m->user, m->pam_service, m->remote};
	char password[LIMIT_PASSWORD_BYTES + 1];
	struct pam_conv conv = {.conv = give_password, .appdata_ptr = password};
	pam_handle_t *handle = NULL;
	int r;

	if (bytes_to_str(password, sizeof password, m->password) != OK) {
		why_set(why, "the password is wrong");
		return ERR_DENIED;
	}
	r = pam_begin(&who, &conv, &handle);
	if (r == PAM_SUCCESS)
		r = authenticate(handle, m->permit_empty != 0);
	if (r != PAM_SUCCESS)
		why_set(why, "PAM refuses: %s", pam_strerror(handle, r));
	if (handle != NULL)
		(void)pam_end(handle, r);
	wipe(password, sizeof password);
	return r == PAM_SUCCESS ? OK : ERR_DENIED;
}
