/*
 * Messages of the monitor to the engine, what the engine tells to messages. The monitor is
 * believed; the facts that it carries are a client's, and are read by the engine only, which
 * holds no file but the one it may append records to, no socket but the link, and no secret
 * but what a script is given.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "common/exhash.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/start.h"
#include "policy/default.h"
#include "policy/engine.h"
#include "policy/record.h"
#include "policy/serve.h"
#include "policy/watchdog.h"

struct server {
	int sock;
	struct engine *e;
	struct recorder *record;
	enum err err;     /* of the link, where something could not be told */
	uint32_t version; /* of the script whose pieces are coming */
	uint8_t *text;
	size_t n, cap;
	struct wr in;
	struct ipc_fds fds; /* of the message under way */
};

static struct span cut(struct span s, size_t max)
{
	return (struct span){s.p, s.n < max ? s.n : max};
}

/* ---- what the engine tells ---- */

static void tell(void *ctx, const struct msg *m)
{
	struct server *s = ctx;
	enum err e = ipc_send(s->sock, m, NULL, 0, true);

	if (e != OK && s->err == OK)
		s->err = e;
}

static void tell_answer(void *ctx, const struct engine_answer *a)
{
	const struct server *s = ctx;

	if (recorder_answered(s->record, a) != OK)
		tell(ctx, &MSG_OF(policy_note, .level = LOG_ERROR,
				  .text = SPAN_LIT("PolicyRecord: the file cannot be "
						   "written to, or is too large: "
						   "move it away and reload")));
	tell(ctx,
	     &MSG_OF(policy_decision, .id = a->id, .verdict = (uint8_t)a->verdict,
		     .cpu_us = a->cpu_us, .where = cut(a->where, LIMIT_WHERE_BYTES),
		     .fields = a->fields));
}

static void tell_action(void *ctx, uint64_t conn, uint32_t channel,
			enum policy_action action, struct span data)
{
	tell(ctx, &MSG_OF(policy_action, .conn = conn, .channel = channel,
			  .action = (uint8_t)action, .data = data));
}

static void tell_note(void *ctx, uint64_t conn, enum log_level level, struct span text)
{
	tell(ctx, &MSG_OF(policy_note, .conn = conn, .level = (uint8_t)level,
			  .text = cut(text, LIMIT_LOG_BYTES)));
}

static void tell_share(void *ctx, struct span key, struct span value,
		       uint64_t expires_s)
{
	tell(ctx, &MSG_OF(policy_share_set, .key = key, .value = value,
			  .expires_s = expires_s));
}

static void tell_help(void *ctx, const struct engine_call *c)
{
	const struct server *s = ctx;

	recorder_calls(s->record, c);
	tell(ctx, &MSG_OF(policy_help, .call = c->call, .conn = c->conn,
			  .name = c->name, .request = c->request,
			  .deadline_ms = c->deadline_ms, .cache_s = c->cache_s));
}

/* In a signal handler: no memory is asked for, and nothing is done after it. */
static void tell_stuck(void *ctx, uint64_t id, const char *where)
{
	const struct server *s = ctx;
	struct msg m = MSG_OF(policy_stuck, .id = id, .where = span_str(where));
	uint8_t buf[LIMIT_WHERE_BYTES * 2];
	struct wr w = WR(buf);
	struct iovec iov;
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	msg_encode(&w, &m);
	iov = (struct iovec){.iov_base = w.p, .iov_len = w.n};
	if (w.err == OK)
		(void)!sendmsg(s->sock, &h, MSG_NOSIGNAL | MSG_DONTWAIT);
	_exit(EXIT_FAILURE);
}

/* ---- messages of the monitor ---- */

static enum err text_add(struct server *s, struct span piece)
{
	size_t cap = s->cap == 0 ? LIMIT_SCRIPT_PIECE_BYTES : s->cap;
	uint8_t *more;

	if (piece.n > LIMIT_SCRIPT_BYTES - s->n)
		return ERR_RANGE;
	while (cap - s->n < piece.n)
		cap *= 2;
	if (cap != s->cap) {
		more = realloc(s->text, cap);
		if (more == NULL)
			return ERR_MEMORY;
		s->text = more;
		s->cap = cap;
	}
	if (piece.n > 0)
		memcpy(s->text + s->n, piece.p, piece.n);
	s->n += piece.n;
	return OK;
}

static void load(struct server *s, const struct msg_policy_script *m)
{
	struct engine_loaded loaded = {0};
	char name[LIMIT_FILE_PATH_BYTES + 1] = "default";
	struct span text = {s->text, s->n};
	enum err e = m->name.n > 0 ? bytes_to_str(name, sizeof name, m->name) : OK;

	if (m->name.n == 0)
		text = (struct span){policy_default, policy_default_bytes};
	if (e == OK)
		e = engine_load(s->e, m->version, name, text, &loaded);
	if (e != OK && loaded.why[0] == '\0')
		(void)snprintf(loaded.why, sizeof loaded.why, "%s", err_text(e));
	tell(s, &MSG_OF(policy_loaded, .version = m->version, .ok = e == OK,
			.handlers = loaded.handlers, .owns = span_str(loaded.owns),
			.text = cut(span_str(loaded.why), LIMIT_LOG_BYTES)));
	s->n = 0;
}

static enum err on_policy_script(struct server *s, const struct msg_policy_script *m)
{
	enum err e;

	if (m->version != s->version)
		s->n = 0; /* the one before was given up */
	s->version = m->version;
	e = text_add(s, m->text);
	if (e == OK && m->last != 0)
		load(s, m);
	return e;
}

static enum err on_policy_forget(struct server *s, const struct msg_policy_forget *m)
{
	engine_forget(s->e, m->version);
	return OK;
}

static enum err on_policy_record(struct server *s, const struct msg_policy_record *m)
{
	recorder_use(s->record, m->on != 0 ? ipc_fd_take(&s->fds, 0) : -1);
	return OK;
}

static enum err on_policy_ask(struct server *s, const struct msg_policy_ask *m)
{
	const struct engine_question q = {.id = m->id,
					  .version = m->version,
					  .conn = m->conn,
					  .event = (enum policy_event)m->event,
					  .now_s = m->now_s,
					  .zone_s = (int32_t)m->zone,
					  .facts = m->facts};

	recorder_asked(s->record, &q);
	engine_ask(s->e, &q);
	return OK;
}

static enum err on_policy_drop(struct server *s, const struct msg_policy_drop *m)
{
	recorder_drop(s->record, m->conn);
	engine_drop(s->e, m->conn);
	return OK;
}

static enum err on_policy_share(struct server *s, const struct msg_policy_share *m)
{
	engine_share(s->e, m->key, m->value, m->expires_s);
	return OK;
}

static enum err on_policy_helped(struct server *s, const struct msg_policy_helped *m)
{
	recorder_helped(s->record, m->call, m->ok != 0, m->text);
	engine_helped(s->e, m->call, m->ok != 0, m->text);
	return OK;
}

#undef W2M
#undef F2M
#undef C2M
#undef L2M
#undef P2M
#undef M2W
#undef M2F
#undef M2C
#undef M2L
#undef M2P
#undef A2M
#undef M2A
#undef T2M
#undef H2M
#undef M2T
#undef M2H
#define NOT_OURS(name)                                                                 \
	case MSG_##name:                                                               \
		return ERR_FORBIDDEN;
#define W2M(name, states, budget, fds, fields) NOT_OURS(name)
#define F2M(name, states, budget, fds, fields) NOT_OURS(name)
#define C2M(name, states, budget, fds, fields) NOT_OURS(name)
#define L2M(name, states, budget, fds, fields) NOT_OURS(name)
#define P2M(name, states, budget, fds, fields) NOT_OURS(name)
#define M2W(name, fds, fields)                 NOT_OURS(name)
#define T2M(name, states, budget, fds, fields) NOT_OURS(name)
#define H2M(name, states, budget, fds, fields) NOT_OURS(name)
#define M2T(name, fds, fields)                 NOT_OURS(name)
#define M2H(name, fds, fields)                 NOT_OURS(name)
#define M2F(name, fds, fields)                 NOT_OURS(name)
#define M2C(name, fds, fields)                 NOT_OURS(name)
#define M2L(name, fds, fields)                 NOT_OURS(name)
#define A2M(name, states, budget, fds, fields) NOT_OURS(name)
#define M2A(name, fds, fields)                 NOT_OURS(name)
#define M2P(name, fds, fields)                                                         \
	case MSG_##name:                                                               \
		return on_##name(s, &m->u.name);

static enum err dispatch(struct server *s, const struct msg *m)
{
	switch (m->type) {
#include "common/msg.def"
	case MSG_COUNT:
		break;
	}
	return ERR_FORBIDDEN;
}

/* Where nothing is asked, a state is made ahead, so that the next connection has it at once. */
static enum err serve(struct server *s)
{
	struct msg m;
	enum err e = ipc_recv(s->sock, &s->in, false, &m, &s->fds);

	if (e == ERR_AGAIN && engine_prepare(s->e))
		return OK;
	if (e == ERR_AGAIN) {
		(void)poll(&(struct pollfd){.fd = s->sock, .events = POLLIN}, 1, -1);
		return OK;
	}
	if (e != OK)
		return e;
	e = dispatch(s, &m);
	ipc_fds_close(&s->fds);
	wipe(s->in.p, msg_bytes(&m)); /* passwords pass here */
	return e != OK ? e : s->err;
}

/* ---- beginning ---- */

static void no_bark(void *ctx, bool hard)
{
	(void)ctx;
	(void)hard;
}

/* All that libraries would fetch later: digests, the signal's handler. */
static enum err warm_up(void)
{
	size_t seed = 0;
	static const enum digest used[] = {DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512};

	/* an OpenSSL configuration file has no say here */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT,
				NULL) != 1)
		return ERR_CRYPTO;
	for (size_t i = 0; i < sizeof used / sizeof *used; i++)
		if (digest_md(used[i]) == NULL)
			return ERR_CRYPTO;
	/* jansson would open /dev/urandom for its first object */
	if (RAND_bytes((unsigned char *)&seed, sizeof seed) != 1)
		return ERR_CRYPTO;
	json_object_seed(seed == 0 ? 1 : seed);
	watchdog_start(LIMIT_POLICY_SOFT_MS, LIMIT_POLICY_HARD_MS, no_bark, NULL);
	watchdog_stop();
	return OK;
}

static enum err wall_in(int sock, const char *user, struct sandbox_layers *layers)
{
	struct sandbox_plan plan = {.role = ROLE_POLICY,
				    .uid = SANDBOX_KEEP_ID,
				    .gid = SANDBOX_KEEP_ID,
				    .keep = &sock,
				    .n_keep = 1};
	struct sandbox_filter filter = {0};
	enum err e;

	if ((e = start_account("policy", user, &plan)) != OK ||
	    (e = sandbox_filter_make(plan.role, &filter)) != OK ||
	    (e = sandbox_namespaces(&plan, layers)) != OK || (e = warm_up()) != OK ||
	    (e = sandbox_drop(&plan, layers)) != OK)
		goto out;
	e = sandbox_filter_load(&filter, layers);
out:
	sandbox_filter_wipe(&filter);
	return e;
}

static void server_wipe(struct server *s)
{
	engine_free(s->e);
	recorder_free(s->record);
	free(s->text);
	free(s->in.p);
}

enum err serve_run(int sock, const char *user)
{
	struct server s = {.sock = sock};
	const struct engine_hooks hooks = {.ctx = &s,
					   .answer = tell_answer,
					   .action = tell_action,
					   .note = tell_note,
					   .share_set = tell_share,
					   .help = tell_help,
					   .stuck = tell_stuck};
	struct sandbox_layers layers = {0};
	char text[LIMIT_LAYERS_BYTES];
	const char *code = getenv(CODEPAGE_ENV);
	struct codepage *page = NULL;
	/* its conversions are files of the C library: before the walls */
	enum err e = codepage_open(code != NULL ? code : "UTF-8", &page);

	if (e == OK)
		e = wall_in(sock, user, &layers);
	if (e != OK) {
		codepage_free(page);
		return e;
	}
	s.in = (struct wr){.p = malloc(LIMIT_MSG_BYTES), .cap = LIMIT_MSG_BYTES};
	s.record = recorder_new();
	e = s.in.p != NULL && s.record != NULL
		? engine_new(&engine_limits_usual, &hooks, &s.e)
		: ERR_MEMORY;
	if (e == OK)
		engine_codepage(s.e, page);
	else
		codepage_free(page);
	if (e == OK)
		tell(&s,
		     &MSG_OF(policy_ready,
			     .layers = span_str(sandbox_layers_text(&layers, text))));
	while (e == OK)
		e = serve(&s);
	server_wipe(&s);
	return e;
}
