/*
 * Messages between the processes; msg.def has them all.
 * No message name stands here: structs, encoder, decoder and rules come from the table.
 */
#ifndef COMMON_MSG_H
#define COMMON_MSG_H

#include "common/bytes.h"
#include "common/ctl.h"
#include "common/limits.h"
#include "common/policy.h"
#include "common/rd.h"
#include "common/wr.h"

/* Who speaks; the receiver is the monitor, or, from the monitor, whose link it is. */
enum msg_peer {
	MSG_WORKER,
	MSG_FORK,
	MSG_CONNECTOR,
	MSG_LOGIN,
	MSG_POLICY,
	MSG_CONTROL,
	MSG_METRICS,
	MSG_TOKEN,
	MSG_PEER_COUNT
};

/* States of a link, as the monitor sees it. */
enum msg_state {
	IN_KEX = 1 << 0,  /* worker: before the first exchange hash was signed */
	IN_AUTH = 1 << 1, /* worker: nobody is logged in yet */
	IN_OPEN = 1 << 2, /* worker: somebody is */
	IN_ANY = IN_KEX | IN_AUTH | IN_OPEN,
	IN_FORK = 1 << 3,      /* fork server */
	IN_CONNECTOR = 1 << 4, /* connector */
	IN_ACCOUNT = 1 << 5,   /* login helper: asked account_find */
	IN_PASSWORD = 1 << 6,  /* login helper: asked password_check */
	IN_SESSION = 1 << 7,   /* login helper: asked login_session */
	IN_UNIX = 1 << 8,      /* login helper: asked unix_connect or unix_bind */
	IN_POLICY = 1 << 9,    /* policy process */
	IN_HELPER = 1 << 10,   /* login helper: asked helper_start */
	IN_KBDINT = 1 << 11,   /* login helper: asked kbdint_start */
	IN_COMMAND = 1 << 12,  /* login helper: asked command_run */
	IN_CONTROL = 1 << 13,  /* control process */
	IN_METRICS = 1 << 14,  /* metrics process */
	IN_TOKEN = 1 << 15     /* token process */
};
#define MSG_STATE_COUNT 16
#define EVERY           UINT32_MAX /* a budget without bound: each one costs the sender as much */

/* What is told of a login attempt. */
enum auth_verdict { AUTH_FAILURE, AUTH_PARTIAL, AUTH_SUCCESS, AUTH_KEY_WOULD_DO };

/* What a command lists. */
enum command_kind { COMMAND_KEYS, COMMAND_PRINCIPALS };

enum session_kind { SESSION_SHELL, SESSION_EXEC, SESSION_SUBSYSTEM };

enum incoming_kind { INCOMING_TCP, INCOMING_UNIX, INCOMING_AGENT, INCOMING_X11 };

/* What a login may do; the monitor enforces, the worker uses it for polite answers. */
enum permit {
	PERMIT_SESSION = 1 << 0,
	PERMIT_PTY = 1 << 1,
	PERMIT_AGENT = 1 << 2,
	PERMIT_X11 = 1 << 3,
	PERMIT_TCP = 1 << 4,        /* direct-tcpip */
	PERMIT_LISTEN = 1 << 5,     /* tcpip-forward */
	PERMIT_UNIX = 1 << 6,       /* direct-streamlocal */
	PERMIT_UNIX_LISTEN = 1 << 7 /* streamlocal-forward */
};

/*
 * What the script of a connection wants to know of channels: a worker asks and tells no
 * more than that.
 */
enum hears {
	HEARS_OPEN = 1 << 0,      /* opens of types that we do not know */
	HEARS_REQUEST = 1 << 1,   /* is asked about requests */
	HEARS_REQUESTED = 1 << 2, /* requests that were granted */
	HEARS_OPENED = 1 << 3,    /* channels that we opened */
	HEARS_EOF = 1 << 4,
	HEARS_READY = 1 << 5
};

enum chan_event {
	CHAN_EVENT_OPENED, /* by us */
	CHAN_EVENT_EOF,    /* the client sends no more */
	CHAN_EVENT_READY   /* the client takes data, and did not just before */
};

/* What becomes of a request that the script was asked about. */
enum request_verdict {
	REQUEST_REFUSED,
	REQUEST_AS_EVER, /* the script has no opinion */
	REQUEST_GRANTED
};

enum login_flag {
	LOGIN_PAM = 1 << 0,      /* UsePAM */
	LOGIN_MOTD = 1 << 1,     /* PrintMotd */
	LOGIN_LASTLOG = 1 << 2,  /* PrintLastLog */
	LOGIN_USER_RC = 1 << 3,  /* PermitUserRC */
	LOGIN_X11_LOCAL = 1 << 4 /* X11UseLocalhost */
};

#define W2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_WORKER, states, budget, fds, fields)
#define F2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_FORK, states, budget, fds, fields)
#define C2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_CONNECTOR, states, budget, fds, fields)
#define L2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_LOGIN, states, budget, fds, fields)
#define P2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_POLICY, states, budget, fds, fields)
#define A2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_CONTROL, states, budget, fds, fields)
#define T2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_METRICS, states, budget, fds, fields)
#define H2M(name, states, budget, fds, fields)                                         \
	MSG(name, MSG_TOKEN, states, budget, fds, fields)
#define M2W(name, fds, fields) MSG(name, MSG_WORKER, 0, 0, fds, fields)
#define M2F(name, fds, fields) MSG(name, MSG_FORK, 0, 0, fds, fields)
#define M2C(name, fds, fields) MSG(name, MSG_CONNECTOR, 0, 0, fds, fields)
#define M2L(name, fds, fields) MSG(name, MSG_LOGIN, 0, 0, fds, fields)
#define M2P(name, fds, fields) MSG(name, MSG_POLICY, 0, 0, fds, fields)
#define M2A(name, fds, fields) MSG(name, MSG_CONTROL, 0, 0, fds, fields)
#define M2T(name, fds, fields) MSG(name, MSG_METRICS, 0, 0, fds, fields)
#define M2H(name, fds, fields) MSG(name, MSG_TOKEN, 0, 0, fds, fields)

enum msg_type {
#define MSG(name, peer, states, budget, fds, fields) MSG_##name,
#include "common/msg.def"
#undef MSG
	MSG_COUNT
};

#define FIELD_u8           uint8_t
#define FIELD_u32          uint32_t
#define FIELD_u64          uint64_t
#define FIELD_bytes        struct span
#define F(type, name, max) FIELD_##type name;
#define MSG(name, peer, states, budget, fds, fields)                                   \
	struct msg_##name {                                                            \
		fields                                                                 \
	};
#include "common/msg.def"
#undef MSG
#undef F

struct msg {
	enum msg_type type;
	union {
#define MSG(name, peer, states, budget, fds, fields) struct msg_##name name;
#include "common/msg.def"
#undef MSG
	} u;
};

/* What the table says of a message. states is 0 for what the monitor sends. */
struct msg_rule {
	const char *name;
	enum msg_peer peer;
	unsigned states;
	uint32_t budget;
	size_t fds; /* descriptors that may travel with it, at most */
};
extern const struct msg_rule msg_rules[MSG_COUNT];

/* Builds a message: struct msg m = MSG_OF(fork_child, .child = 7); */
#define MSG_OF(name, ...) ((struct msg){.type = MSG_##name, .u.name = {__VA_ARGS__}})

/* Gives the most bytes that m can need when encoded. */
size_t msg_bytes(const struct msg *m);

/* Writes m; a field beyond its bound fails the writer with ERR_RANGE. */
void msg_encode(struct wr *w, const struct msg *m);

/*
 * Reads a message; its spans point into in.
 * Errors: ERR_RANGE no such type, or a field beyond its bound; ERR_TRUNCATED; ERR_TRAILING
 */
MUST_CHECK enum err msg_decode(struct span in, struct msg *out);

/*
 * Decides whether the monitor takes type t from peer in a state.
 * sent:   how many of each type this link has sent before
 * Errors: ERR_FORBIDDEN wrong peer or state; ERR_BUDGET once too often
 */
MUST_CHECK enum err msg_permit(enum msg_type t, enum msg_peer peer,
			       enum msg_state state, const uint32_t sent[MSG_COUNT]);

#endif
