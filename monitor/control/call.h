/*
 * A line of a client as a call: JSON-RPC 2.0, checked against the table of methods.
 */
#ifndef MONITOR_CONTROL_CALL_H
#define MONITOR_CONTROL_CALL_H

#include <jansson.h>

#include "common/ctl.h"
#include "common/limits.h"

/* Zero state: none. */
struct call {
	enum ctl_method method;
	json_t *id; /* null where there is none */
	bool quiet; /* a notification: nothing is answered */
	uint8_t *params;
	size_t params_n;            /* facts */
	char text[LIMIT_LOG_BYTES]; /* what is wrong with it */
};

/*
 * Reads a line, without its end.
 * out:    has id also where there is an error, as far as it could be read; wiped by the caller
 * Gives:  CTL_OK, or the error to answer; out->text says more
 * Source: JSON-RPC 2.0
 */
enum ctl_error call_parse(struct span line, struct call *out);

void call_wipe(struct call *c);

#endif
