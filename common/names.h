/*
 * Name-lists: names divided by commas. Source: RFC 4251 5, RFC 4253 7.1
 */
#ifndef COMMON_NAMES_H
#define COMMON_NAMES_H

#include "common/bytes.h"

/* Takes the next name off list; false where none is left. */
bool names_next(struct span *list, struct span *name);

/* Tells whether list holds name. */
bool names_has(struct span list, struct span name);

/*
 * Chooses as RFC 4253 7.1 does: the first of the client's names that the server has.
 * Errors: ERR_KEX_NONE no name in common
 */
MUST_CHECK enum err names_choose(struct span client, struct span server,
				 struct span *out);

/* Tells whether a list is well formed: printable ASCII, no empty or overlong name. */
bool names_valid(struct span list);

/* Tells whether a name alone is well formed. Source: RFC 4250 4.6.1 */
bool names_sound(struct span name);

/* Matches name against a pattern with * and ?, byte by byte. Source: ssh_config(5) PATTERNS */
bool names_glob(struct span pattern, struct span name);

/* The same, where the case of letters does not count: names of hosts. */
bool names_glob_fold(struct span pattern, struct span name);

#endif
