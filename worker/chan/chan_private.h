/*
 * What the files of this folder share: a channel, its life, its data, its session.
 */
#ifndef WORKER_CHAN_CHAN_PRIVATE_H
#define WORKER_CHAN_CHAN_PRIVATE_H

#include "common/names.h"
#include "worker/chan/hold.h"
#include "worker/chan/queue.h"
#include "worker/worker.h"

/* Where a channel stands; assigned in chan_enter() only. */
enum chan_phase {
	CHAN_ASKED, /* the client wants it, the monitor was asked; not on the wire yet */
	CHAN_OFFERED, /* we want it, the client was asked */
	CHAN_OPEN,
	CHAN_PHASE_COUNT
};

enum { CHAN_OUT, CHAN_ERR, CHAN_FROM_COUNT }; /* what a channel reads from */

struct session;
struct script;

struct chan {
	struct worker *worker;
	const char *type; /* of a type that only scripts know: type_store */
	char *type_store;
	struct session *session; /* NULL where the type is another */
	struct script *script;   /* its peer, where that is a script: no descriptors */
	uint8_t *question;       /* a request that the monitor was asked about */
	size_t question_n;
	struct hold held; /* requests that came while one is decided */
	uint32_t record;  /* a script gets pieces of this length; 0: as they come */
	uint32_t number, peer; /* ours, the client's */
	enum chan_phase phase;
	uint32_t peer_window;          /* data that the client still takes */
	uint32_t peer_packet;          /* at most so much in one packet */
	uint32_t whole;                /* our window when nothing waits */
	uint32_t window;               /* data that the client may still send */
	uint32_t consumed;             /* drained, not yet given back to the window */
	bool reading[CHAN_FROM_COUNT]; /* from[i] may have more */
	bool drain[CHAN_FROM_COUNT]; /* the program ended: read it until it is empty */
	bool writing;                /* to takes data */
	bool duplex;  /* a socket or terminal: from[CHAN_OUT] goes both ways */
	bool socket;  /* has two halves to shut down */
	bool starved; /* counted in chans.starved */
	bool eof_sent, eof_got, close_sent, close_got;
	bool eof_told; /* to the script */
	struct watch from[CHAN_FROM_COUNT];
	struct watch to;         /* never watched where duplex */
	struct queue queue;      /* the client's data that to did not take */
	uint64_t sent, received; /* data bytes to and from the client */
	uint64_t data_ms;        /* when some passed last */
	uint32_t idle_s;         /* closed after so long without; 0: never */
};

/* ---- chan.c: the table and the life of a channel ---- */

/*
 * Takes the lowest free number.
 * Errors: ERR_MEMORY
 */
MUST_CHECK enum err chan_new(struct worker *w, const char *type, enum chan_phase phase,
			     struct chan **out);

/* The one place where a phase is assigned. */
void chan_enter(struct chan *c, enum chan_phase phase);

/* Closes its descriptors, gives its number back. */
void chan_free(struct chan *c);

/* Finds a channel by our number in a phase; NULL where there is none. */
struct chan *chan_find(struct worker *w, uint32_t number, enum chan_phase phase);

/*
 * Finds the open channel that a packet names.
 * Errors: ERR_CHANNEL
 */
MUST_CHECK enum err chan_lookup(struct worker *w, uint32_t number, struct chan **out);

/* Joins a channel to a connected socket. Owns: fd. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_join_socket(struct chan *c, int fd);

/* Joins a session to its terminal. Owns: fd. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_join_tty(struct chan *c, int fd);

/* Joins a session to pipes: stdin, stdout, stderr. Owns: fds. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_join_pipes(struct chan *c, const int fds[3]);

/* Tells the monitor of an event, where the script hears of it. Errors: as worker_ask */
MUST_CHECK enum err chan_tell(struct chan *c, enum chan_event event);

/* Counts data to and from the client: for the channel, for the monitor, for idle times. */
void chan_carried(struct chan *c, size_t sent, size_t received);

/*
 * Does what is due after anything changed: shuts down halves that are done, sends EOF,
 * the exit status, CLOSE; frees what both sides closed. c may be gone afterwards.
 */
MUST_CHECK enum err chan_progress(struct chan *c);

/* Closes an open channel whatever it still has to say. c may be gone afterwards. */
MUST_CHECK enum err chan_abandon(struct chan *c);

/* ---- chan_open.c ---- */

/* Refuses what the client asked to open. Errors: ERR_CHANNELS once too often */
MUST_CHECK enum err chan_refuse(struct worker *w, uint32_t peer,
				enum ssh_open_failure reason, struct span text);

/*
 * Begins to open a channel to the client: the packet up to the fields of its type.
 * Owns:   fd, also on error. The caller adds fields to *packet and calls
 *         transport_commit
 * Errors: ERR_NO_SPACE too many channels, or too many opens unanswered; fd is then
 *         closed
 */
MUST_CHECK enum err chan_offer(struct worker *w, const char *type, int fd,
			       struct wr **packet);

/* Keeps the name of a type that no table has. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_keep_type(struct chan *c, struct span name);

/* ---- chan_data.c ---- */

/* What a descriptor of a channel calls. */
watch_fn chan_ready;

/*
 * Reads from[i] into packets, as far as windows, room and its share allow.
 * to_the_end: until the descriptor says that it is empty, though a short read did
 *             already
 */
MUST_CHECK enum err chan_read(struct chan *c, size_t i, bool to_the_end);

/* How much data may be put out now, at most share. */
size_t chan_may_send(const struct chan *c, size_t share);

/* Window of bytes that were passed on or dropped may be given back. */
MUST_CHECK enum err chan_consume(struct chan *c, size_t bytes);

/* Writes what waits. Does not call chan_progress. */
MUST_CHECK enum err chan_flush(struct chan *c);

/* The descriptor takes no more: drops what waits; tells the client of a session. */
MUST_CHECK enum err chan_write_failed(struct chan *c);

/*
 * Reads what an ended session left, as far as it goes at once. c may be gone
 * afterwards.
 */
MUST_CHECK enum err chan_drain(struct chan *c);

/* ---- chan_session.c ---- */

enum session_phase { SESSION_COLLECT, SESSION_ASKED, SESSION_RUNNING, SESSION_EXITED };

/* What the requests before the start brought together; sizes are those of msg.def. */
struct setup {
	bool pty, agent;
	uint8_t x11; /* as in session_start */
	uint32_t columns, rows, width_px, height_px, x11_screen;
	uint8_t term[LIMIT_TERM_BYTES], modes[LIMIT_MODES_BYTES];
	uint8_t x11_protocol[LIMIT_X11_BYTES], x11_cookie[LIMIT_X11_BYTES];
	size_t term_n, modes_n, x11_protocol_n, x11_cookie_n;
	uint8_t *env; /* pairs of strings */
	size_t env_n, env_cap, env_count;
};

struct session {
	enum session_phase phase;
	bool reply; /* the request that started it wants an answer */
	bool tty, agent, x11;
	bool core, told; /* told: the exit was sent to the client */
	uint32_t status; /* where signal_n is 0 */
	uint8_t signal[LIMIT_SIGNAL_BYTES];
	size_t signal_n;
	struct setup *setup; /* until it runs */
};

/* Asks the monitor to start what was collected. Errors: as worker_ask */
MUST_CHECK enum err session_start(struct chan *c, enum session_kind kind,
				  struct span command);

/* Tells whether the program runs or ran: descriptors are or were there. */
bool session_began(const struct session *s);

/* Sends exit-status or exit-signal. Source: RFC 4254 6.10 */
MUST_CHECK enum err send_exit(struct chan *c);

void session_free(struct session *s);

/* ---- chan_request.c ---- */

/* Whether a request has been decided, and how. */
enum decided { DECIDED_NOT, DECIDED_AS_EVER, DECIDED_GRANTED };

/* Handles a channel request from its name on, and answers it or asks about it. */
MUST_CHECK enum err request_take(struct chan *c, struct span request,
				 enum decided decided);

/* Sends CHANNEL_SUCCESS or CHANNEL_FAILURE. */
MUST_CHECK enum err send_request_answer(struct chan *c, bool ok);

/* ---- chan_question.c ---- */

/* A request of the client, or what a question about it says. */
struct asked_request {
	struct span name, payload; /* payload: what stands behind want_reply */
	bool reply;
};

/* Is the script asked about requests of this channel? */
bool question_due(const struct chan *c);

/* Is a request of this channel being decided? Then what comes after it waits. */
bool question_open(const struct chan *c);

/*
 * Asks the monitor about a request, or answers it with a failure where it is too long to
 * be asked about.
 * request: from its name on; kept
 */
MUST_CHECK enum err question_ask(struct chan *c, struct span request,
				 const struct asked_request *q);

/* Tells that a request was granted, where the script hears of it. */
MUST_CHECK enum err question_tell(struct chan *c, const struct asked_request *q);

/*
 * Takes the requests that waited for a decision, up to the next that has to wait.
 * Errors: as their handlers
 */
MUST_CHECK enum err requests_resume(struct chan *c);

/* Shows a notice of the script's on stderr of a session, where the window lets it. */
MUST_CHECK enum err send_notice(struct chan *c, struct span text);

/*
 * ---- the types that a client may open: c is CHAN_ASKED, r stands behind the common
 * fields ----
 */

/*
 * Parses the rest and asks the monitor.
 * Errors: ERR_DENIED what it asks for cannot be: refused, and the connection goes on
 */
typedef enum err chan_open_fn(struct chan *c, struct rd *r);
chan_open_fn session_open, direct_tcpip_open, direct_streamlocal_open, other_open;

/* ---- chan_script.c ---- */

/* Joins a channel to a script. Errors: ERR_MEMORY */
MUST_CHECK enum err chan_join_script(struct chan *c);

/* The client took a channel that was offered for a script. */
MUST_CHECK enum err script_offer_taken(struct chan *c);

/* The client did not: reason and text are its own. c is gone afterwards. */
MUST_CHECK enum err script_offer_refused(struct chan *c, uint32_t reason,
					 struct span text);

/* Gives the monitor the next piece of what the client sent, where one is due. */
MUST_CHECK enum err script_give(struct chan *c);

/* Sends the client what waits for it, then asks the monitor for more. */
MUST_CHECK enum err script_flush(struct chan *c);

/* Has it data that may be sent? */
bool script_waits(const struct chan *c);

void script_free(struct script *s);

/* ---- chan_listen.c ---- */

/*
 * Asks the monitor to listen.
 * port:   asked for; unix sockets: ignored
 * id:     listen_result will name it
 * Errors: ERR_DENIED too many, or an address that cannot be
 */
MUST_CHECK enum err listen_tcp(struct worker *w, struct span host, uint32_t port,
			       bool reply, uint32_t *id);
MUST_CHECK enum err listen_unix(struct worker *w, struct span path, bool reply,
				uint32_t *id);

/* Stops what was asked for so. Errors: ERR_UNKNOWN there is none */
MUST_CHECK enum err listen_tcp_stop(struct worker *w, struct span host, uint32_t port);
MUST_CHECK enum err listen_unix_stop(struct worker *w, struct span path);

void listens_free(struct listens *l);

/* ---- global.c ---- */

/* Gives the answer of the request that waits for listener id. */
MUST_CHECK enum err global_listen_result(struct worker *w,
					 const struct msg_listen_result *m);

/* Goes on with the request that waited for the script. */
MUST_CHECK enum err global_decided(struct worker *w,
				   const struct msg_chan_request_result *m);

void globals_free(struct worker *w);

/* ---- hostkeys.c ---- */

/* Sends hostkeys-00@openssh.com. Source: PROTOCOL 2.5 */
MUST_CHECK enum err hostkeys_announce(struct worker *w);

/*
 * Asks the monitor for one signature a key that the client names.
 * asked:  how many were asked for on this connection
 * n:      how many will come
 * Errors: ERR_DENIED a key that we have not, or too many
 */
MUST_CHECK enum err hostkeys_prove(struct worker *w, struct rd *r, uint32_t *asked,
				   uint32_t *n);

/* ---- alive.c ---- */

/* Starts keepalives where ClientAliveInterval asks for them. */
void alive_begin(struct worker *w);

/* ---- idle.c ---- */

/* Somebody logged in: the times begin. */
void idle_begin(struct worker *w);

/* Data passed, either way. */
void idle_data(struct chan *c);

/* A channel was opened, or a session is about to start, of which more is known then. */
void idle_opened(struct chan *c);
void idle_started(struct chan *c, enum session_kind kind, struct span subsystem);

/* The last channel is gone. */
void idle_none(struct worker *w);

void idle_wipe(struct worker *w);

#endif
