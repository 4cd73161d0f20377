/*
 * Patterns and addresses as ssh_config(5) PATTERNS and sshd_config(5) Match have them.
 * Pure.
 */
#ifndef MONITOR_MATCH_H
#define MONITOR_MATCH_H

#include "common/bytes.h"

/* MATCH_EXCLUDED: a negated pattern matched, which outweighs all others. */
enum match { MATCH_NO, MATCH_YES, MATCH_EXCLUDED };

/* Matches text against one pattern with * and ?, case and all. */
bool match_pattern(const char *text, const char *pattern);

/* Matches text against patterns divided by commas; ! in front negates. */
enum match match_list(const char *text, const char *list);

/* Matches a host name, whose case does not count. */
enum match match_host_list(const char *host, const char *list);

/* Matches an address in numbers against addresses, networks and patterns. */
enum match match_address_list(const char *address, const char *list);

/*
 * Tells whether the networks in list are consistent.
 * Errors: ERR_RANGE a mask that is too long, or an address with bits beyond it
 */
MUST_CHECK enum err match_address_valid(const char *list);

/* A client, as USER@HOST patterns see it. */
struct match_client {
	const char *user;
	const char *host;    /* its name, or its address again */
	const char *address; /* in numbers */
};

/* Matches against USER or USER@HOST. Source: sshd_config(5) AllowUsers */
bool match_user(const struct match_client *who, const char *pattern);

/* Tells whether the HOST of such a pattern is consistent. Errors: ERR_RANGE */
MUST_CHECK enum err match_user_valid(const char *pattern);

#endif
