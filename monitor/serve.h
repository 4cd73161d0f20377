/*
 * What the monitor does for its processes: one serve_<message>() for each message they may send.
 * Prototypes and dispatch come from common/msg.def. A message is served only after link_permit.
 */
#ifndef MONITOR_SERVE_H
#define MONITOR_SERVE_H

#include "monitor/monitor.h"

/* Gives the message to its function. Errors: that function's; ERR_FORBIDDEN not for the monitor */
MUST_CHECK enum err serve(struct link *l, const struct msg *m, struct ipc_fds *fds);

/*
 * Writes what workers inherit into store and fills msg with it.
 * Errors: ERR_NO_SPACE
 */
MUST_CHECK enum err serve_fork_settings(struct monitor *m, struct wr *store,
					struct msg *msg);

#pragma push_macro("W2M")
#pragma push_macro("F2M")
#pragma push_macro("C2M")
#pragma push_macro("L2M")
#pragma push_macro("M2W")
#pragma push_macro("M2F")
#pragma push_macro("M2C")
#pragma push_macro("M2L")
#pragma push_macro("P2M")
#pragma push_macro("M2P")
#pragma push_macro("A2M")
#pragma push_macro("M2A")
#pragma push_macro("T2M")
#pragma push_macro("H2M")
#pragma push_macro("M2T")
#pragma push_macro("M2H")
#undef W2M
#undef F2M
#undef C2M
#undef L2M
#undef M2W
#undef M2F
#undef M2C
#undef M2L
#undef P2M
#undef M2P
#undef A2M
#undef M2A
#undef T2M
#undef H2M
#undef M2T
#undef M2H
#define SERVE(name, owner)                                                             \
	MUST_CHECK enum err serve_##name(struct owner *o, const struct msg_##name *m,  \
					 struct ipc_fds *fds);
#define W2M(name, states, budget, fds, fields) SERVE(name, conn)
#define F2M(name, states, budget, fds, fields) SERVE(name, fork_server)
#define C2M(name, states, budget, fds, fields) SERVE(name, connector)
#define L2M(name, states, budget, fds, fields) SERVE(name, login)
#define M2W(name, fds, fields)
#define M2F(name, fds, fields)
#define M2C(name, fds, fields)
#define M2L(name, fds, fields)
#define P2M(name, states, budget, fds, fields) SERVE(name, policy)
#define M2P(name, fds, fields)
#define A2M(name, states, budget, fds, fields) SERVE(name, control)
#define M2A(name, fds, fields)
#define T2M(name, states, budget, fds, fields) SERVE(name, metrics_server)
#define H2M(name, states, budget, fds, fields) SERVE(name, token)
#define M2T(name, fds, fields)
#define M2H(name, fds, fields)
#include "common/msg.def"
#undef SERVE
#pragma pop_macro("W2M")
#pragma pop_macro("F2M")
#pragma pop_macro("C2M")
#pragma pop_macro("L2M")
#pragma pop_macro("M2W")
#pragma pop_macro("M2F")
#pragma pop_macro("M2C")
#pragma pop_macro("M2L")
#pragma pop_macro("P2M")
#pragma pop_macro("M2P")
#pragma pop_macro("A2M")
#pragma pop_macro("M2A")
#pragma pop_macro("T2M")
#pragma pop_macro("H2M")
#pragma pop_macro("M2T")
#pragma pop_macro("M2H")

#endif
