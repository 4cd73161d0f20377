/*
 * Sources that need nobody else: one password, judged like that of method password; and the
 * operator's own prompts, which a policy script judges.
 */
#include "common/log.h"
#include "monitor/auth/kbdint.h"
#include "monitor/auth_check.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_policy.h"
#include "monitor/monitor.h"
#include "monitor/policy_link.h"

static bool password_applies(const struct conn *c)
{
	return c->work->set->password_authentication;
}

static enum err password_begin(struct conn *c)
{
	const struct prompts ask = {.at = {{.text = SPAN_LIT("Password: ")}}, .n = 1};

	return kbdint_ask(c, &ask);
}

static enum err password_answered(struct conn *c, const struct span *answer, size_t n)
{
	enum err e = attempt_secret(c, answer[0]);

	(void)n;
	return e == OK ? auth_check_password(c) : e;
}

const struct kbdint_source kbdint_password = {.name = "password",
					      .applies = password_applies,
					      .begin = password_begin,
					      .answered = password_answered};

static bool prompts_apply(const struct conn *c)
{
	return auth_policy_prompts(c) || c->work->set->kbd_interactive_prompt.n > 0;
}

static enum err prompts_begin(struct conn *c)
{
	const struct settings *set = c->work->set;
	const struct kbd_prompts *list = &set->kbd_interactive_prompt;
	struct prompts ask = {.instruction = span_str(set->kbd_interactive_instruction),
			      .n = list->n};

	if (auth_policy_prompts(c))
		return auth_policy_begin(c);
	if (list->n > LIMIT_PROMPTS)
		log_error("KbdInteractivePrompt is given %zu times, which is more than "
			  "%d: nobody is asked",
			  list->n, LIMIT_PROMPTS);
	for (size_t i = 0; i < list->n && i < LIMIT_PROMPTS; i++)
		ask.at[i] =
		    (struct prompt){span_str(list->item[i].text), list->item[i].echo};
	return kbdint_ask(c, &ask);
}

/* What an operator asks, only the operator's script can judge. */
static enum err prompts_answered(struct conn *c, const struct span *answer, size_t n)
{
	if (policy_hears(c, POLICY_ON_user_auth_request))
		return auth_policy_answers(c, answer, n);
	log_error(
	    "conn=%llu user=%s KbdInteractivePrompt: no script judges the answers: "
	    "they are refused",
	    (unsigned long long)c->id, c->work->user_shown);
	return ERR_DENIED;
}

const struct kbdint_source kbdint_prompts = {.name = "prompts",
					     .applies = prompts_apply,
					     .begin = prompts_begin,
					     .answered = prompts_answered};
