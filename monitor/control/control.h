/*
 * The control process from inside: clients, their calls, the link to the monitor.
 */
#ifndef MONITOR_CONTROL_CONTROL_H
#define MONITOR_CONTROL_CONTROL_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "common/codepage.h"
#include "common/ctl.h"
#include "common/ipc.h"
#include "monitor/control/call.h"

/* What a follower wants to hear, and what it did not. */
struct follow {
	bool on;
	uint64_t events; /* a bit for each; all where it named none */
	uint64_t conn;   /* 0: of all */
	uint64_t lost;   /* since it was last told */
};

enum client_state {
	CLIENT_IDLE,   /* the next line may be taken */
	CLIENT_QUEUED, /* its call, or its end, waits for room in the link */
	CLIENT_ASKED,  /* the monitor has its call */
	CLIENT_FULL    /* a listing goes on once it has read */
};

struct client {
	struct control *k;
	uint32_t id; /* the monitor's number for it */
	uint32_t slot;
	enum ctl_role role;
	int fd; /* -1: it is gone, which the monitor is still to be told */
	struct event readable, writable;
	uint8_t *in; /* lines that were not taken yet */
	size_t in_n, in_cap;
	size_t looked; /* bytes of in without an end of line */
	struct evbuffer *out;
	bool eof; /* it sends no more */
	enum client_state state;
	struct call call;
	uint64_t next; /* page of a listing */
	bool begun;    /* a listing's first bytes were written */
	size_t rows;   /* of it */
	struct follow follow;
	TAILQ_ENTRY(client) queued;
};

TAILQ_HEAD(client_queue, client);

struct control {
	struct event_base *base;
	int sock;              /* to the monitor */
	struct codepage *page; /* of text; NULL: UTF-8 */
	struct event readable, writable;
	struct wr buf;  /* LIMIT_MSG_BYTES: each message is received here */
	uint8_t *chunk; /* LIMIT_CONTROL_READ_BYTES: what is read of a client */
	struct client *client[LIMIT_CONTROL_CLIENTS];
	struct client_queue queue; /* clients that have something for the monitor */
	size_t in_bytes;           /* of lines beyond what each client may have */
	size_t n_following;
	bool told_following;
	uint64_t seq; /* of the last event */
	enum err end; /* why the loop ended */
};

/* ---- link.c ---- */

/* Listens to the monitor. Errors: ERR_MEMORY */
MUST_CHECK enum err control_link_open(struct control *k, int sock);

/*
 * Has calls and ends of clients sent, and whether anybody follows, as the link has room: in a turn of its own,
 * so that no client is freed while somebody is at it.
 */
void control_link_send(struct control *k);

/* ---- client.c ---- */

/* Begins to serve a client. Owns: fd */
void client_begin(struct control *k, const struct msg_ctl_client *m, int fd);

/* Finds whose call it is; NULL: it is gone. */
struct client *client_of_call(struct control *k, uint64_t call);
uint64_t client_call_id(const struct client *c);

/* Its call was answered in full: the next line. */
void client_answered(struct client *c);

/* Goes on wherever it can: takes lines, asks for the next page, writes, ends. */
void client_step(struct client *c);

/* Writes what it can, and lets it go. */
void client_cut(struct client *c);

/* The end: what can be written at once is. */
void clients_flush(struct control *k);

/* Frees what was told to be gone. */
void client_free(struct client *c);

/* ---- reply.c: what goes to a client. Where there is no memory, it is cut ---- */

void reply_error(struct client *c, enum ctl_error e, const char *text);
void reply_result(struct client *c, struct span facts);
void reply_row(struct client *c, struct span facts);
void reply_rows_end(struct client *c);

/* ---- follow.c ---- */

/* Serves a call of kind STREAM. */
void follow_begin(struct client *c);
void follow_end(struct client *c);

/* An event for all who follow. */
void follow_event(struct control *k, const struct msg_ctl_event *m);

#endif
