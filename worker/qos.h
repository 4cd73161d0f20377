/*
 * The type of service of what is sent to the client. Source: sshd_config(5) IPQoS
 */
#ifndef WORKER_QOS_H
#define WORKER_QOS_H

#include "common/bytes.h"

struct worker;

/* A session starts: with a terminal it makes the connection interactive for good, else bulk. */
void qos_session(struct worker *w, bool terminal);

#endif
