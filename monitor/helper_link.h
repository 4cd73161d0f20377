/*
 * Programs of PolicyHelper, as the monitor sees them: names, calls under way, answers kept.
 */
#ifndef MONITOR_HELPER_LINK_H
#define MONITOR_HELPER_LINK_H

#include "monitor/monitor.h"

/* A question; its spans are the caller's. */
struct helper_question {
	uint64_t call; /* the asker's number for it */
	uint64_t conn; /* for whom; the program is told */
	struct span name;
	struct span request;  /* JSON */
	uint32_t deadline_ms; /* 0: PolicyHelperTimeout */
	uint32_t cache_s;     /* how long an answer may be kept; 0: not */
};

/* text: JSON where ok, else what went wrong; valid during the call */
typedef void helper_done_fn(struct monitor *m, uint64_t call, bool ok,
			    struct span text);

/*
 * Asks a program, which is started where it does not run. done is called exactly once, maybe
 * before this returns, with ok false where the name is unknown, the program cannot be had, died or
 * did not answer in time; not at all after helpers_forget.
 */
void helper_call(struct monitor *m, const struct helper_question *q,
		 helper_done_fn *done);

/* How long a program has where a script named so many ms; 0: it named none. */
uint32_t helper_deadline_ms(const struct monitor *m, uint32_t named_ms);

/* The asker died: what is under way is answered to nobody. */
void helpers_forget(struct monitor *m);

/* A configuration was read: what runs ends with its last call, and nothing kept holds. */
void helpers_reload(struct monitor *m);

/* Ends programs that nobody asked for long. To be called every second. */
void helpers_tick(struct monitor *m);

/* Ends all. */
void helpers_wipe(struct monitor *m);

/* The link of a helper's relay ended; the caller frees l. */
void helper_lost(struct login *l, enum err e, const char *what);

#endif
