/*
 * The control socket from inside. Private to monitor/control_*.c.
 */
#ifndef MONITOR_CONTROL_PRIVATE_H
#define MONITOR_CONTROL_PRIVATE_H

#include <sys/types.h>
#include <sys/un.h>

#include "common/ctl.h"
#include "monitor/control_link.h"
#include "monitor/idmap.h"
#include "monitor/link.h"

/* Who a client is: the kernel said so, the control process is not asked. */
struct control_client {
	uint32_t id;
	uid_t uid;
	enum ctl_role role;
};

struct control {
	struct monitor *m;
	struct link link; /* to the control process */
	struct event writable;
	bool waits;      /* until there is room in the link: nothing is read from it */
	bool ready;      /* this process came so far as to say so */
	uint32_t deaths; /* within this second */
	int listener;    /* -1: none */
	struct event arrives;
	bool paused; /* until there are descriptors again */
	struct sockaddr_un at;
	dev_t dev; /* of the socket's file: what stands there later is not ours */
	ino_t ino;
	struct idmap clients;
	uint32_t next_client;
	bool follows;         /* somebody follows events */
	struct event soon;    /* a reload or the end, in a turn of its own */
	uint64_t reload_call; /* that waits for it */
	const char *set;      /* keyword that it changes; NULL: none */
	char *undo;           /* its line before; NULL: none */
	uint64_t seq;         /* of the last event */
	bool doomed;          /* it does not read */
	bool reopen;          /* with the next tick */
	uint8_t *store; /* LIMIT_CONTROL_ROW_BYTES: what one answer is written to */
};

/* A call that is served. */
struct control_call {
	struct monitor *m;
	const struct control_client *client;
	uint64_t id;
	enum ctl_method method;
	uint64_t after;             /* ROWS: where the last page ended; 0: the first */
	uint64_t next;              /* ROWS: set where there are more */
	struct span params;         /* checked by the table */
	struct wr out;              /* facts of the result, or of the next row */
	size_t rows;                /* that were sent in this turn */
	char text[LIMIT_LOG_BYTES]; /* set where an error says more than its row */
};

/* What a handler gives: an error, or one of these. */
#define CONTROL_LATER ((enum ctl_error)CTL_ERROR_COUNT) /* control_answer follows */

#define METHOD_ONE(id)  enum ctl_error control_##id(struct control_call *c);
#define METHOD_ROWS(id) enum ctl_error control_##id(struct control_call *c);
#define METHOD_STREAM(id)
#define METHOD(id, name, role, kind, help) METHOD_##kind(id)
#include "common/ctl.def"

/* Sends what c->out holds as a row, and begins the next. False: the page is full. */
bool control_row(struct control_call *c);

/* Sets what an error says, and gives it back. */
enum ctl_error control_say(struct control_call *c, enum ctl_error e, const char *fmt,
			   ...) __attribute__((format(printf, 3, 4)));

/* Answers a call whose handler gave CONTROL_LATER; nothing where its client is gone. */
void control_answer_later(struct monitor *m, uint64_t call, enum ctl_error e,
			  struct span text, struct span facts);

/* Finds the connection that a parameter names; NULL where there is none. */
struct conn *control_conn_of(const struct control_call *c, const char *param);

/* Sends to the control process; what does not drain its socket is replaced. */
void control_send(struct control *k, const struct msg *m);

/* After a call: the next is not read before there is room to answer it. */
void control_rest(struct control *k);

/* ---- the event stream (control_event.c) ---- */

/* Sends an event to the control process, for those who follow; a monitor's follower. */
void control_event(struct conn *c, enum policy_event event, struct span facts);

/* The same of what an operator did. */
void control_event_done(const struct control_call *call, enum ctl_error e);

/* ---- settings (control_admin.c, control_config.c) ---- */

struct config_row;

/* Finds the keyword that a call names; NULL where there is none, and the text says so. */
const struct config_row *control_config_find(struct control_call *c);

/* A reload has ended: what config.set put in stays, or is taken back. */
void control_config_settled(struct control *k, enum err e);

/* Is a reload due, or under way? */
bool control_reload_pends(const struct control *k);

/* ---- the socket (control_socket.c) ---- */

/* Binds the socket. Errors: ERR_FILE logged, with the remedy */
MUST_CHECK enum err control_socket_open(struct control *k, const char *path);
void control_socket_close(struct control *k);

/* Hands a client's socket to the control process. Owns: fd */
void control_client_begin(struct control *k, int fd);

void control_clients_wipe(struct control *k);

#endif
