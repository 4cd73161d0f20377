/*
 * The script of -T -C: it runs where it always does, in the policy process, on the facts of a connection that
 * nobody has made. A credential is taken as good, because what the script would add to that is the question.
 */
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/log.h"
#include "monitor/auth_reply.h"
#include "monitor/penalty.h"
#include "monitor/policy_link.h"
#include "monitor/preview.h"
#include "monitor/script.h"
#include "monitor/spawn.h"

/* Facts of one question beside the connection's: names and words of ours. */
#define FACTS_BYTES (LIMIT_USER_BYTES + LIMIT_TEXT_BYTES)

struct preview {
	struct monitor *m;
	struct conn conn;
	struct conn_work work;
	FILE *out;
	bool answered;
};

static void print_field(FILE *out, const struct fact *f)
{
	struct printable name, text;
	struct rd r = RD(f->value);
	const char *between = "";

	(void)fprintf(out, " %s=", printable(f->name, &name));
	switch (f->type) {
	case FACT_STR:
		(void)fprintf(out, "\"%s\"", printable(f->value, &text));
		return;
	case FACT_NUM:
	case FACT_BOOL:
		(void)fprintf(out, "%llu", (unsigned long long)f->number);
		return;
	case FACT_LIST:
		for (; r.left.n > 0; between = ",")
			(void)fprintf(out, "%s%s", between,
				      printable(rd_bytes(&r, r.left.n), &text));
		return;
	case FACT_TYPE_COUNT:
		return;
	}
}

static void print_answer(struct conn *c, const struct policy_answer *a, void *ctx)
{
	struct preview *p = ctx;
	struct printable where;
	struct rd r = RD(a->fields);
	struct fact f;

	(void)c;
	p->answered = true;
	(void)fprintf(p->out, ": %s at %s", policy_verdict_name(a->verdict),
		      printable(a->where, &where));
	while (r.left.n > 0 && facts_next(&r, &f) == OK)
		print_field(p->out, &f);
	(void)fputc('\n', p->out);
}

/* Asks one question and waits for its answer, which has its deadline. */
static enum err ask(struct preview *p, enum policy_event event, const char *of,
		    const struct wr *facts)
{
	enum err e = facts->err;

	if (!policy_hears(&p->conn, event))
		return OK;
	(void)fprintf(p->out, "# on_%s%s", policy_events[event].name, of);
	p->answered = false;
	if (e == OK)
		e = policy_ask(&p->conn, event, (struct span){facts->p, facts->n},
			       print_answer, p);
	while (e == OK && !p->answered)
		if (event_base_loop(p->m->base, EVLOOP_ONCE) != 0)
			e = ERR_SYSTEM;
	return e;
}

static enum err ask_login(struct preview *p, enum auth_method method)
{
	const char *name = auth_method_name(method);
	uint8_t store[FACTS_BYTES];
	char of[LIMIT_NAME_BYTES];
	struct wr w = WR(store);

	facts_str(&w, "auth.user", span_str(p->work.user));
	facts_str(&w, "auth.service", SPAN_LIT("ssh-connection"));
	facts_str(&w, "auth.method", span_str(name));
	facts_bool(&w, "auth.verified.credential", method != METHOD_NONE);
	(void)snprintf(of, sizeof of, " %s%s", name,
		       method != METHOD_NONE ? " with a good credential" : "");
	return ask(p, POLICY_ON_user_auth_request, of, &w);
}

static enum err ask_all(struct preview *p)
{
	static const enum auth_method methods[] = {METHOD_NONE, METHOD_PUBLICKEY,
						   METHOD_PASSWORD, METHOD_KBDINT};
	uint8_t store[FACTS_BYTES];
	struct wr none = WR(store), service = WR(store);
	enum err e = ask(p, POLICY_ON_connection_request, "", &none);

	p->conn.work = &p->work;
	facts_str(&service, "service.name", SPAN_LIT("ssh-userauth"));
	if (e == OK)
		e = ask(p, POLICY_ON_service_request, "", &service);
	p->work.user_claimed = p->work.user[0] != '\0';
	for (size_t i = 0;
	     e == OK && p->work.user_claimed && i < sizeof methods / sizeof methods[0];
	     i++)
		e = ask_login(p, methods[i]);
	return e;
}

static enum err endpoint_of(const char *address, uint16_t port, struct endpoint *out)
{
	if (address == NULL)
		return OK;
	out->port = port;
	return bytes_to_str(out->address, sizeof out->address, span_str(address));
}

static enum err conn_of(struct preview *p, struct config *config,
			const struct match_facts *facts)
{
	struct conn *c = &p->conn;
	enum err e;

	*c = (struct conn){.m = p->m, .id = 1, .fd = -1, .config = config};
	p->work.set = p->m->set;
	e = endpoint_of(facts->address, 0, &c->remote);
	if (e == OK)
		e = endpoint_of(facts->local_address, facts->local_port, &c->local);
	if (e == OK && facts->user != NULL)
		e = bytes_to_str(p->work.user, sizeof p->work.user,
				 span_str(facts->user));
	return e;
}

/* What a script needs: its process, and the users file, whose entries it sees. */
static enum err prepare(struct preview *p)
{
	struct monitor *m = p->m;
	struct keyfile_note note = {0};
	enum err e = spawn_find_programs(m);

	m->base = event_base_new();
	m->ipc_bytes = malloc(LIMIT_MSG_BYTES);
	if (e == OK && (m->base == NULL || m->ipc_bytes == NULL))
		e = ERR_MEMORY;
	if (e == OK && m->set->users_file != NULL &&
	    (e = users_load(m->set->users_file, &m->users, &note)) != OK)
		log_error("UsersFile: %s", note.text);
	if (e == OK)
		e = script_read(m, m->set, &p->conn.script);
	return e == OK ? policy_load_now(m, p->conn.script) : e;
}

enum err preview_print(struct monitor *m, struct config *config,
		       const struct settings *set, const struct match_facts *facts,
		       FILE *out)
{
	struct preview p = {.m = m, .out = out};
	enum err e;

	if (strcmp(set->policy_script, "none") == 0)
		return OK;
	m->set = set;
	m->config = config;
	e = conn_of(&p, config, facts);
	if (e == OK)
		e = prepare(&p);
	if (e == OK)
		e = ask_all(&p);
	policy_conn_over(&p.conn);
	script_unref(p.conn.script);
	policy_wipe(m);
	users_wipe(&m->users);
	free(m->ipc_bytes);
	if (m->base != NULL)
		event_base_free(m->base);
	return e;
}
