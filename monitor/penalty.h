/*
 * Penalties: who did what an attack looks like is refused for a while. Of sources by
 * PerSourcePenalties, as in sshd; of user names by PerUserPenalties, which only slow down.
 * Time is handed in (milliseconds, monotonic); tables are bounded and outlive a reload.
 */
#ifndef MONITOR_PENALTY_H
#define MONITOR_PENALTY_H

#include "monitor/source.h"
#include "monitor/tally.h"

#define PENALTY_TEXT_BYTES 128

/* Zero state: nobody. */
struct penalties {
	struct tally v4,
	    v6; /* blocks of sources: due_ms is when the penalty is served */
	struct tally users; /* names; long ones by their hash */
	uint64_t added[PENALTY_COUNT]; /* offences that counted, ever */
	struct tally
	    startups; /* blocks of sources: count of connections not logged in */
};

/* What a client is refused for. */
struct refusal {
	char why[PENALTY_TEXT_BYTES]; /* for the log */
	uint64_t left_ms;             /* of a penalty */
	bool full;                    /* there are too many: it may try again at once */
};

/* What a source did, and how often. */
struct offence {
	enum penalty_cause cause;
	uint32_t times;
};

/* Adds what set has for the offence to the source's block. Logs it. */
void penalty_add(struct penalties *p, const struct settings *set,
		 const struct source *who, struct offence what, uint64_t now_ms);

/* Tells whether the source is refused now, and then why. */
bool penalty_refuses(struct penalties *p, const struct settings *set,
		     const struct source *who, uint64_t now_ms, struct refusal *out);

/* Counts a failed password or code of a user name, whether or not there is such a user. */
void penalty_user_failed(struct penalties *p, const struct settings *set,
			 const char *user, uint64_t now_ms);

/* Gives how long an attempt with a password or code of that name is held back; 0: not at all. */
uint32_t penalty_user_delay_s(struct penalties *p, const struct settings *set,
			      const char *user, uint64_t now_ms);

/*
 * Counts a connection that nobody logged in on yet; startups_of tells how many the
 * source's block has. block: as it was when it was counted
 */
void penalty_startup_add(struct penalties *p, const struct source *block);
void penalty_startup_remove(struct penalties *p, const struct source *block);
uint32_t penalty_startups_of(const struct penalties *p, const struct source *block);

/* What an offence is called in log lines. */
const char *penalty_cause_text(enum penalty_cause cause);

void penalties_wipe(struct penalties *p);

#endif
