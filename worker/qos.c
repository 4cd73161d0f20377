/*
 * Marks packets as interactive or bulk, once a session shows which they are. A network that does
 * not care loses nothing, so a refusal of the kernel's is only noted.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "worker/qos.h"
#include "worker/worker.h"

void qos_session(struct worker *w, bool terminal)
{
	uint32_t asked = terminal ? w->granted.qos_interactive : w->granted.qos_bulk;
	int value = (int)(asked & 0xff);

	if (asked == UINT32_MAX || w->interactive)
		return;
	w->interactive = terminal;
	/* a socket is of one family; the other's option is refused */
	if (setsockopt(w->transport.fd, IPPROTO_IP, IP_TOS, &value, sizeof value) != 0 &&
	    setsockopt(w->transport.fd, IPPROTO_IPV6, IPV6_TCLASS, &value, sizeof value) != 0)
		log_debug("IPQoS: %s", strerror(errno));
}
