/*
 * The questions that settings answer. Rules are an operator's, checked when they were read;
 * names, hosts and variables are a client's.
 */
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "monitor/match.h"
#include "monitor/permit.h"

static bool list_has_user(const struct strlist *patterns,
			  const struct match_client *who)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (match_user(who, patterns->item[i]))
			return true;
	return false;
}

static bool list_has(const struct strlist *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (match_pattern(text, patterns->item[i]))
			return true;
	return false;
}

static bool list_has_group(const struct strlist *patterns, const struct strlist *groups)
{
	for (size_t i = 0; groups != NULL && i < groups->n; i++)
		if (list_has(patterns, groups->item[i]))
			return true;
	return false;
}

const char *permit_user(const struct settings *s, const struct match_facts *who)
{
	struct match_client client = {who->user, who->host, who->address};

	if (list_has_user(&s->deny_users, &client))
		return "DenyUsers";
	if (s->allow_users.n > 0 && !list_has_user(&s->allow_users, &client))
		return "AllowUsers";
	/* as sshd: who is in no group cannot pass where groups are asked for */
	if (s->deny_groups.n > 0 && (who->groups == NULL || who->groups->n == 0))
		return "DenyGroups";
	if (list_has_group(&s->deny_groups, who->groups))
		return "DenyGroups";
	if (s->allow_groups.n > 0 && !list_has_group(&s->allow_groups, who->groups))
		return "AllowGroups";
	return NULL;
}

/* Divides host:port at its last colon; brackets around host go. */
static bool split_rule(const char *rule, struct span *host, const char **port)
{
	const char *colon = strrchr(rule, ':');

	if (colon == NULL)
		return false;
	*host = (struct span){(const uint8_t *)rule, (size_t)(colon - rule)};
	if (host->n >= 2 && rule[0] == '[' && colon[-1] == ']')
		*host = (struct span){host->p + 1, host->n - 2};
	*port = colon + 1;
	return true;
}

static bool port_is(const char *rule, uint32_t port)
{
	char *end;

	if (strcmp(rule, "*") == 0)
		return true;
	return strtoul(rule, &end, 10) == port && *end == '\0' && end != rule;
}

bool permit_open(const struct strlist *rules, const char *host, uint32_t port)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct span rule;
		const char *rule_port;

		if (strcmp(rules->item[i], "any") == 0)
			return true;
		if (!split_rule(rules->item[i], &rule, &rule_port))
			continue;
		if ((span_is(rule, "*") || span_is(rule, host)) &&
		    port_is(rule_port, port))
			return true;
	}
	return false;
}

bool permit_listen(const struct strlist *rules, const char *host, uint32_t port)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct span rule;
		const char *rule_port;

		if (strcmp(rules->item[i], "any") == 0)
			return true;
		if (!split_rule(rules->item[i], &rule, &rule_port))
			continue;
		if (names_glob(rule, span_str(host)) && port_is(rule_port, port))
			return true;
	}
	return false;
}

static bool is_loopback(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

const char *permit_bind_host(enum gateway_ports ports, const char *host)
{
	switch (ports) {
	case GATEWAY_YES:
		return "*";
	case GATEWAY_CLIENT:
		if (host[0] == '\0' || strcmp(host, "*") == 0)
			return "*";
		return host;
	case GATEWAY_NO:
		break;
	}
	/* one family of loopback may be asked for by its address */
	return is_loopback(host) ? host : "localhost";
}

bool permit_env(const struct strlist *patterns, const char *name)
{
	return list_has(patterns, name);
}

bool permit_user_env(const char *patterns, const char *name)
{
	return patterns != NULL && match_list(name, patterns) == MATCH_YES;
}
