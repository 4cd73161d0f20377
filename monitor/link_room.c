/*
 * How much of what a process was sent it has not read yet. A link that is half full is left alone for a while,
 * so that answers to others always find room.
 */
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "monitor/link.h"

bool link_has_room(const struct link *l)
{
	int waits = 0, bytes = 0;
	socklen_t n = sizeof bytes;

	if (ioctl(l->sock, SIOCOUTQ, &waits) != 0 ||
	    getsockopt(l->sock, SOL_SOCKET, SO_SNDBUF, &bytes, &n) != 0)
		return false;
	return waits < bytes / 2;
}
