/*
 * The connection itself as a script sees it: common/policy.def has the names.
 */
#ifndef MONITOR_POLICY_FACTS_H
#define MONITOR_POLICY_FACTS_H

#include "common/policy.h"
#include "monitor/monitor.h"

/* Writes the facts conn.*; secrets of the user only where the event may carry them. */
void policy_facts_conn(struct wr *w, const struct conn *c, enum policy_event event);

/*
 * Writes what the attempt's key says: verified.* only where its signature verified; of a certificate only where the
 * static rules trust its authority.
 */
void policy_facts_key(struct wr *w, const struct conn *c);

#endif
