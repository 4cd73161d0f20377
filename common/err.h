/*
 * Errors as a table: err.def has the rows.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	OK = 0,
#define X(name, class, reason, text) ERR_##name,
#include "common/err.def"
#undef X
	ERR_COUNT
};

enum err_class { ERR_CLASS_PEER, ERR_CLASS_LOCAL, ERR_CLASS_BUG };

/* Names the error for a log or a DISCONNECT; never NULL. */
const char *err_text(enum err e);

/* Tells who is to blame, which decides the reaction. */
enum err_class err_class(enum err e);

/* Gives the reason code of SSH_MSG_DISCONNECT. Source: RFC 4253 11.1 */
uint32_t err_reason(enum err e);

#endif
