/*
 * Channels, their windows and what they are joined to. Source: RFC 4254 5
 */
#ifndef WORKER_CHAN_CHAN_H
#define WORKER_CHAN_CHAN_H

#include "common/ipc.h"
#include "common/rd.h"
#include "worker/loop.h"

struct worker;
struct chan;

/* Whether the client is still there: keepalive@openssh.com. */
struct alive {
	struct timer timer;
	uint32_t seen;       /* number of the client's packet when last looked at */
	uint32_t unanswered; /* in a row */
};

/* Time without data: ChannelTimeout, IdleTimeout, UnusedConnectionTimeout. */
struct idle {
	struct timer timer;
	uint64_t data_ms; /* when data of any channel passed last, or one was opened */
	uint64_t closed_ms; /* since when there is no channel, where there is none */
	uint32_t all_s;     /* of all channels together; 0: never */
	uint8_t *types;     /* pairs: string pattern, u32 seconds */
	size_t types_n;
};

/* All channels of a connection; chan_private.h knows the rest. */
struct chans {
	struct chan **slot; /* index = our channel number; NULL where free */
	size_t cap, n;      /* n: slots in use */
	size_t promised;    /* windows of all: what the client may make us keep */
	size_t offered;     /* opened by us, not yet answered by the client */
	size_t starved; /* had data when the transport had no room: they come first */
	uint32_t
	    refusals; /* opens refused in a row: bounded by LIMIT_CHANNEL_REFUSALS */
	bool no_more_sessions;
	size_t
	    held; /* bytes of requests that wait: bounded by LIMIT_CHANS_HELD_BYTES */
	struct listens *listens;
	struct globals
	    *globals; /* global requests that wait for the monitor, in order */
	uint64_t sent, received; /* data that the monitor was not told of yet */
	struct timer drain;      /* reads what ended sessions left behind */
	struct alive alive;
	struct idle idle;
};

/* Packets of RFC 4254 and OpenSSH's PROTOCOL. Each parses to rd_end before it acts. */
MUST_CHECK enum err recv_global_request(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_request_success(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_request_failure(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_open(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_open_confirmation(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_open_failure(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_window_adjust(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_data(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_extended_data(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_eof(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_close(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_request(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_success(struct worker *w, struct rd *r);
MUST_CHECK enum err recv_channel_failure(struct worker *w, struct rd *r);

/*
 * Answers of the monitor. A descriptor that is kept is taken with ipc_fd_take. What is
 * about a channel that is gone meanwhile is passed over: after chan_closed the monitor
 * sends no more about that number.
 */
MUST_CHECK enum err on_chan_opened(struct worker *w, const struct msg_chan_opened *m,
				   struct ipc_fds *fds);
MUST_CHECK enum err on_session_started(struct worker *w,
				       const struct msg_session_started *m,
				       struct ipc_fds *fds);
MUST_CHECK enum err on_chan_request_result(struct worker *w,
					   const struct msg_chan_request_result *m,
					   struct ipc_fds *fds);
MUST_CHECK enum err on_chan_close(struct worker *w, const struct msg_chan_close *m,
				  struct ipc_fds *fds);
MUST_CHECK enum err on_chan_taken(struct worker *w, const struct msg_chan_taken *m,
				  struct ipc_fds *fds);
MUST_CHECK enum err on_chan_record(struct worker *w, const struct msg_chan_record *m,
				   struct ipc_fds *fds);
MUST_CHECK enum err on_chan_send(struct worker *w, const struct msg_chan_send *m,
				 struct ipc_fds *fds);
MUST_CHECK enum err on_chan_eof(struct worker *w, const struct msg_chan_eof *m,
				struct ipc_fds *fds);
MUST_CHECK enum err on_offer(struct worker *w, const struct msg_offer *m,
			     struct ipc_fds *fds);
MUST_CHECK enum err on_packet(struct worker *w, const struct msg_packet *m,
			      struct ipc_fds *fds);
MUST_CHECK enum err on_session_exited(struct worker *w,
				      const struct msg_session_exited *m,
				      struct ipc_fds *fds);
MUST_CHECK enum err on_listen_result(struct worker *w,
				     const struct msg_listen_result *m,
				     struct ipc_fds *fds);
MUST_CHECK enum err on_incoming(struct worker *w, const struct msg_incoming *m,
				struct ipc_fds *fds);
MUST_CHECK enum err on_hostkey_proved(struct worker *w,
				      const struct msg_hostkey_proved *m,
				      struct ipc_fds *fds);

/* Keeps the types of ChannelTimeout, as granted has them. Errors: ERR_MEMORY */
MUST_CHECK enum err idle_types(struct worker *w, struct span types);

/*
 * Somebody logged in: announces the host keys (hostkeys-00@openssh.com), starts
 * keepalives and times without data.
 */
MUST_CHECK enum err chans_begin(struct worker *w);

/* Before each wait: sets what is watched, from windows, queues and transport_room. */
void chans_prepare(struct worker *w);

/*
 * Tells the monitor how much data all channels carried since it was told last, once that is least bytes.
 * Errors: as worker_ask
 */
MUST_CHECK enum err chans_tell_carried(struct worker *w, uint64_t least);

/*
 * The connection ends: tells the monitor how much was carried, and what passed through channels that are open, where
 * a script hears of them. Errors: as worker_ask
 */
MUST_CHECK enum err chans_farewell(struct worker *w);

/* The connection ends: closes every descriptor, frees all. Legal in the zero state. */
void chans_wipe(struct worker *w);

#endif
