/*
 * A connection whose worker is the test, for conversations: its account is known, and it is the
 * own account of whoever runs the test.
 */
#ifndef TESTS_MONITOR_AUTH_KBDINT_KIT_H
#define TESTS_MONITOR_AUTH_KBDINT_KIT_H

#include <stdlib.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_reply.h"
#include "monitor/conn.h"
#include "monitor/serve.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

struct kit {
	struct monitor m;
	struct settings set;
	struct conn_work work;
	struct conn c;
	struct config *config;
	struct account account;
	int worker; /* its end of the link */
	uint8_t *store;
	struct msg told;
};

static inline void kit_open(struct kit *k)
{
	int pair[2];

	*k = (struct kit){
	    .set = {.max_auth_tries = 3,
		    .password_authentication = true,
		    .kbd_interactive_authentication = true,
		    .permit_root_login = ROOT_LOGIN_YES}
        };
	log_level_set(LOG_QUIET_ALL);
	k->m.base = event_base_new();
	k->store = malloc(LIMIT_MSG_BYTES);
	ck_assert(k->m.base != NULL && k->store != NULL);
	ck_assert_int_eq(ipc_pair(pair), OK);
	k->worker = pair[1];
	k->m.set = &k->set;
	k->work.link =
	    (struct link){.sock = pair[0], .peer = MSG_WORKER, .state = IN_AUTH};
	k->work.set = &k->set;
	k->config = kit_load("");
	k->c =
	    (struct conn){.m = &k->m, .fd = -1, .work = &k->work, .config = k->config};
	k->account = (struct account){.user = "alice",
				      .found = true,
				      .uid = geteuid(),
				      .found_ms = clock_ms(),
				      .refs = 2};
	k->m.accounts = &k->account;
}

static inline void kit_close(struct kit *k)
{
	conn_auth_wipe(&k->c);
	config_unref(k->config);
	event_base_free(k->m.base);
	close(k->worker);
	close(k->work.link.sock);
	free(k->store);
}

/* Takes what the worker is told next into k->told. */
static inline void kit_hears(struct kit *k, enum msg_type type)
{
	struct wr buf = {.p = k->store, .cap = LIMIT_MSG_BYTES};
	struct ipc_fds fds;

	ck_assert_msg(ipc_recv(k->worker, &buf, false, &k->told, &fds) == OK, "no %s",
		      msg_rules[type].name);
	ck_assert_msg(k->told.type == type, "%s instead of %s",
		      msg_rules[k->told.type].name, msg_rules[type].name);
}

/* A refusal comes after its delay. */
static inline void kit_hears_failure(struct kit *k)
{
	ck_assert_int_eq(event_base_dispatch(k->m.base), 1);
	kit_hears(k, MSG_auth_result);
	ck_assert_uint_eq(k->told.u.auth_result.verdict, AUTH_FAILURE);
}

static inline enum err kit_begins(struct kit *k, const char *devices)
{
	return serve_auth_kbdint(
	    &k->c,
	    &(struct msg_auth_kbdint){.user = SPAN_LIT("alice"),
				      .service = SPAN_LIT("ssh-connection"),
				      .devices = span_str(devices)},
	    NULL);
}

static inline enum err kit_answers(struct kit *k, uint8_t count, const char *text)
{
	uint8_t store[1024];
	struct wr w = WR(store);
	enum err e;

	for (uint8_t i = 0; i < count; i++)
		wr_str(&w, text);
	e = serve_auth_answers(&k->c,
			       &(struct msg_auth_answers){
				   .count = count, .answers = {store, w.n}
        },
			       NULL);
	if (e == OK && text[0] != '\0')
		ck_assert_ptr_null(memmem(store, w.n, text, strlen(text)));
	return e;
}

#endif
