/*
 * The connector's conversation with the monitor: requests in, replies with descriptors out.
 * While the monitor does not drain its socket, replies wait here and nothing new is begun.
 */
#ifndef MONITOR_CONNECTOR_LINK_H
#define MONITOR_CONNECTOR_LINK_H

#include <event2/event.h>

#include "common/ipc.h"

struct reply {
	struct reply *next;
	enum msg_type type; /* connected, bound, accepted */
	uint64_t id;
	uint32_t port;
	int fd; /* -1: none */
	bool ok;
	char text[LIMIT_TEXT_BYTES + 1];
};

typedef void link_request_fn(void *ctx, const struct msg *m);
typedef void link_stall_fn(void *ctx, bool stalled);

struct link {
	struct event_base *base;
	int sock;
	struct event *readable, *writable;
	struct reply *first, **last;
	link_request_fn *on_request;
	link_stall_fn *on_stall;
	void *ctx;
	uint8_t buf[LIMIT_CONNECTOR_MSG_BYTES];
};

/*
 * Begins to serve sock; the loop of base is broken when the monitor is gone.
 * on_stall: told true when the monitor stops draining, false when it goes on
 * Owns:     link_wipe frees events and waiting replies; sock stays the caller's
 * Errors:   ERR_MEMORY
 */
MUST_CHECK enum err link_init(struct link *l, struct event_base *base, int sock);
void link_handlers(struct link *l, link_request_fn *on_request, link_stall_fn *on_stall,
		   void *ctx);
void link_wipe(struct link *l);

/*
 * Sends r, or keeps a copy until the monitor drains its socket.
 * Owns: r->fd, which is closed here in any case
 */
void link_reply(struct link *l, const struct reply *r);

/* Tells whether replies are waiting. */
bool link_stalled(const struct link *l);

/* Sets a reply's text, cut to its bound and free of control characters. */
void reply_text(struct reply *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
