/*
 * Lists of addresses: patterns, CIDR, negation. Source: sshd(8) from=, ssh_config(5)
 * PATTERNS
 */
#ifndef MONITOR_AUTH_NETLIST_H
#define MONITOR_AUTH_NETLIST_H

#include "common/bytes.h"

enum netlist_match { NETLIST_NO, NETLIST_YES, NETLIST_NEGATED, NETLIST_BAD };

/*
 * Matches a numeric address with a list divided by commas of wildcard patterns and
 * address/length. A negated entry that matches wins. Nothing is resolved.
 * Gives:  NETLIST_BAD where an entry has a malformed length or bits beyond it
 */
enum netlist_match netlist_match(struct span list, struct span address);

#endif
