/*
 * Messages from our own processes: received, permitted, counted, served.
 */
#ifndef MONITOR_LINK_H
#define MONITOR_LINK_H

#include "monitor/monitor.h"

/*
 * Starts to listen to a process at sock.
 * l:      its peer and its first state are set
 * owner:  what l is embedded in, of the type that goes with the peer
 * Owns:   sock
 * Errors: ERR_SYSTEM
 */
MUST_CHECK enum err link_open(struct link *l, struct monitor *m, int sock, void *owner);

/* Stops and closes; legal in the zero state and twice. */
void link_close(struct link *l);

/* Tells the process; one that does not drain its socket is as good as dead. */
MUST_CHECK enum err link_send(struct link *l, const struct msg *m, const int *fds,
			      size_t n_fds);
MUST_CHECK enum err link_tell(struct link *l, const struct msg *m);

/* Tells whether the process has read so much that half of its link is free. */
bool link_has_room(const struct link *l);

/* Decides about one message: permitted, then counted. Errors: ERR_FORBIDDEN; ERR_BUDGET */
MUST_CHECK enum err link_permit(struct link *l, enum msg_type type);

#endif
