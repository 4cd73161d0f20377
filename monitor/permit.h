/*
 * The questions that settings answer: who may log in, where to, with which variables.
 * Pure.
 */
#ifndef MONITOR_PERMIT_H
#define MONITOR_PERMIT_H

#include "monitor/config.h"

/*
 * Asks DenyUsers, AllowUsers, DenyGroups, AllowGroups.
 * Gives: NULL where the user may log in; else the keyword that forbids it, for the log
 */
const char *permit_user(const struct settings *s, const struct match_facts *who);

/* Tells whether PermitOpen has host and port. Names are compared as written. */
bool permit_open(const struct strlist *rules, const char *host, uint32_t port);

/* Tells whether PermitListen has host and port, as the client asked for them. */
bool permit_listen(const struct strlist *rules, const char *host, uint32_t port);

/*
 * Chooses what to bind for a client that asked to be listened at host.
 * Gives:  "*" every address, "localhost" the loopback ones, or host itself
 * Source: sshd_config(5) GatewayPorts; RFC 4254 7.1
 */
const char *permit_bind_host(enum gateway_ports ports, const char *host);

/* Tells whether AcceptEnv has name. */
bool permit_env(const struct strlist *patterns, const char *name);

/* Tells whether PermitUserEnvironment has name. patterns: NULL is no */
bool permit_user_env(const char *patterns, const char *name);

#endif
