/*
 * Names of ControlAdmins and ControlViewers as numbers, and the one decision about a peer.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "monitor/control_access.h"

static enum err unknown(const char *keyword, const char *kind, const char *name)
{
	log_error(
	    "%s: there is no %s %s on this system: mend the name, or leave it out",
	    keyword, kind, name);
	return ERR_CONFIG;
}

static enum err add_group(struct control_ids *ids, const char *keyword,
			  const char *name)
{
	const struct group *g = getgrnam(name);

	if (g == NULL)
		return unknown(keyword, "group", name);
	ids->group[ids->n_groups++] = g->gr_gid;
	return OK;
}

static enum err add_user(struct control_ids *ids, const char *keyword, const char *name)
{
	const struct passwd *p = getpwnam(name);

	if (p == NULL)
		return unknown(keyword, "user", name);
	ids->user[ids->n_users++] = p->pw_uid;
	return OK;
}

static enum err resolve(const char *keyword, const struct strlist *names,
			struct control_ids *out)
{
	enum err e = OK;

	if (names->n == 0)
		return OK;
	if (names->n > LIMIT_CONTROL_NAMES) {
		log_error("%s: more than %d names: make a group of them", keyword,
			  LIMIT_CONTROL_NAMES);
		return ERR_CONFIG;
	}
	out->user = calloc(names->n, sizeof *out->user);
	out->group = calloc(names->n, sizeof *out->group);
	if (out->user == NULL || out->group == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < names->n && e == OK; i++)
		e = names->item[i][0] == '@'
			? add_group(out, keyword, names->item[i] + 1)
			: add_user(out, keyword, names->item[i]);
	return e;
}

enum err control_access_load(const struct settings *set, struct control_access *out)
{
	struct control_access a = {0};
	enum err e = resolve("ControlAdmins", &set->control_admins, &a.admins);

	if (e == OK)
		e = resolve("ControlViewers", &set->control_viewers, &a.viewers);
	if (e == OK)
		*out = a;
	else
		control_access_wipe(&a);
	return e;
}

static bool is_among(const struct control_ids *ids, const struct control_peer *who)
{
	for (size_t i = 0; i < ids->n_users; i++)
		if (ids->user[i] == who->uid)
			return true;
	for (size_t i = 0; i < ids->n_groups; i++)
		for (size_t j = 0; j < who->n_groups; j++)
			if (ids->group[i] == who->group[j])
				return true;
	return false;
}

bool control_access_role(const struct control_access *a, const struct control_peer *who,
			 enum ctl_role *out)
{
	bool admin =
	    who->uid == 0 || who->uid == geteuid() || is_among(&a->admins, who);

	if (!admin && !is_among(&a->viewers, who))
		return false;
	*out = admin ? CTL_ADMIN : CTL_VIEWER;
	return true;
}

static void ids_wipe(struct control_ids *ids)
{
	free(ids->user);
	free(ids->group);
	*ids = (struct control_ids){0};
}

void control_access_wipe(struct control_access *a)
{
	ids_wipe(&a->admins);
	ids_wipe(&a->viewers);
}
