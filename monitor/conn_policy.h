/*
 * The life of a connection as a script hears of it: what is told, and the two questions before anybody
 * logs in. Nothing happens where there is no handler.
 */
#ifndef MONITOR_CONN_POLICY_H
#define MONITOR_CONN_POLICY_H

#include "monitor/monitor.h"

/* Asks whether the client is greeted; false where nobody is asked. conn_greet follows, or the end. */
bool conn_policy_request(struct conn *c);

/* Tells how far it is: status.message. fmt as of printf; one line. */
void conn_policy_status(struct conn *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Tells what went wrong. code: the reference's */
void conn_policy_error(struct conn *c, uint32_t code, struct span text);

/* Keys were exchanged, for the first time or again: it is connected, and makes progress. */
void conn_policy_negotiated(struct conn *c, const struct msg_negotiated *m);

/* Notes why it ends. The first reason counts. */
void conn_policy_note_end(struct conn *c, uint32_t reason, enum err e);

/* A worker's last words: why it ends, and an error where it does not end well. */
void conn_policy_last_words(struct conn *c, const struct msg_conn_end *m);

/* It is over: tells that, and has its state dropped over there. */
void conn_policy_over(struct conn *c);

/* Codes of the reference that are told. */
enum reference_code {
	CODE_OK = 0,
	CODE_NO_SUCH = 126,     /* a connection or channel that is not there */
	CODE_WOULD_BLOCK = 135, /* the client does not take it now */
	CODE_FORWARD = 1201,    /* could not forward a connection */
	CODE_AUTH = 1300,       /* could not authenticate the client */
	CODE_DENIED = 10013,
	CODE_INVALID = 10022,
	CODE_ABORT = 10053,
	CODE_RESET = 10054,
	CODE_NO_BUFFERS = 10055,
	CODE_NOT_CONNECTED = 10057,
	CODE_AFTER_END = 10058, /* it was ended before */
	CODE_TIMEOUT = 10060
};

#endif
