/*
 * Who may use the control socket. Names are resolved when the configuration is loaded, never while
 * clients are served.
 */
#ifndef MONITOR_CONTROL_ACCESS_H
#define MONITOR_CONTROL_ACCESS_H

#include <sys/types.h>

#include "common/ctl.h"
#include "monitor/config.h"

/* Numbers of users and groups. Zero state: nobody. */
struct control_ids {
	uid_t *user;
	gid_t *group;
	size_t n_users, n_groups;
};

struct control_access {
	struct control_ids admins, viewers;
};

/* Whom the kernel says a peer is. */
struct control_peer {
	uid_t uid;
	const gid_t *group;
	size_t n_groups;
};

/*
 * Resolves ControlAdmins and ControlViewers.
 * Errors: ERR_CONFIG a name that this system does not know; logged; ERR_MEMORY
 */
MUST_CHECK enum err control_access_load(const struct settings *set,
					struct control_access *out);

/* Decides the role of a peer; false: none. Root and our own user are administrators. */
bool control_access_role(const struct control_access *a, const struct control_peer *who,
			 enum ctl_role *out);

void control_access_wipe(struct control_access *a);

#endif
