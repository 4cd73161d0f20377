/*
 * Options of authorized_keys lines. The account's owner wrote them, so they bind that
 * account only, but they are read here: any doubt refuses the key, as a restriction that
 * is not understood cannot be kept.
 * Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/names.h"
#include "common/rd.h"
#include "common/wr.h"
#include "monitor/auth/keyopts.h"
#include "monitor/auth/keytime.h"
#include "monitor/match.h"

enum { PORT_MAX = 65535, PORT_DIGITS = 5, ADDRESS_BYTES = 64 };

struct parse {
	struct key_options o;
	struct wr text, environment, permitopen, permitlisten; /* parts of o.store */
	struct keyopts_note *note;
};

static enum err refuse(struct parse *p, const char *why)
{
	(void)snprintf(p->note->text, sizeof p->note->text, "%s", why);
	return ERR_CONFIG;
}

static enum err deny(struct keyopts_note *note, const char *why)
{
	(void)snprintf(note->text, sizeof note->text, "%s", why);
	return ERR_DENIED;
}

/* ---- options with a value ---- */

/* Keeps a value that may be given once; a NUL ends it. */
static enum err keep_once(struct parse *p, struct span value, bool *has,
			  struct span *out)
{
	struct span kept = {p->text.p + p->text.n, value.n};

	if (*has)
		return refuse(p, "option given twice");
	wr_raw(&p->text, value);
	wr_u8(&p->text, 0);
	*has = true;
	*out = kept;
	return p->text.err;
}

static enum err take_command(struct parse *p, struct span value)
{
	return keep_once(p, value, &p->o.has_command, &p->o.command);
}

static enum err take_principals(struct parse *p, struct span value)
{
	return keep_once(p, value, &p->o.has_principals, &p->o.principals);
}

static enum err take_subject(struct parse *p, struct span value)
{
	return keep_once(p, value, &p->o.has_subject, &p->o.subject);
}

static enum err take_from(struct parse *p, struct span value)
{
	enum err e = keep_once(p, value, &p->o.has_from, &p->o.from);

	if (e == OK && match_address_valid((const char *)p->o.from.p) != OK)
		return refuse(p, "from: network with a bad mask");
	return e;
}

static enum err take_expiry(struct parse *p, struct span value)
{
	uint64_t when;

	if (keytime_parse(value, &when) != OK)
		return refuse(p, "expiry-time: not a time");
	if (p->o.expires == 0 || when < p->o.expires)
		p->o.expires = when;
	return OK;
}

/* Devices are never handed out, so which one is of no interest. */
static enum err take_tunnel(struct parse *p, struct span value)
{
	return value.n == 0 ? refuse(p, "tunnel: which?") : OK;
}

static bool env_name_valid(struct span name)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_";

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == 0 || strchr(allowed, name.p[i]) == NULL)
			return false;
	return name.n > 0;
}

static bool env_has(const struct parse *p, struct span name)
{
	struct rd r = RD(((struct span){p->environment.p, p->environment.n}));
	bool found = false;

	while (!found && rd_ok(&r) && r.left.n > 0) {
		found = span_equal(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES), name);
		(void)rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);
	}
	return found;
}

static enum err take_environment(struct parse *p, struct span value)
{
	const uint8_t *equals = value.n == 0 ? NULL : memchr(value.p, '=', value.n);
	struct span name;

	if (equals == NULL)
		return refuse(p, "environment: not NAME=value");
	name = (struct span){value.p, (size_t)(equals - value.p)};
	if (!env_name_valid(name))
		return refuse(p, "environment: bad name");
	if (env_has(p, name))
		return OK; /* as sshd: the first one counts */
	wr_bytes(&p->environment, name);
	wr_bytes(&p->environment, (struct span){equals + 1, value.n - name.n - 1});
	return p->environment.err;
}

static bool port_valid(struct span port)
{
	uint32_t n = 0;

	if (span_is(port, "*"))
		return true;
	if (port.n == 0 || port.n > PORT_DIGITS)
		return false;
	for (size_t i = 0; i < port.n; i++) {
		if (port.p[i] < '0' || port.p[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(port.p[i] - '0');
	}
	return n >= 1 && n <= PORT_MAX;
}

/* Splits host:port or [address]:port. */
static bool split_host_port(struct span value, struct span *host, struct span *port)
{
	bool bracket = value.n > 0 && value.p[0] == '[';
	const uint8_t *end = value.p + value.n, *at;

	if (value.n == 0)
		return false;
	at = memchr(value.p, bracket ? ']' : ':', value.n);
	if (at == NULL)
		return false;
	*host = bracket ? (struct span){value.p + 1, (size_t)(at - value.p) - 1}
			: (struct span){value.p, (size_t)(at - value.p)};
	at += bracket ? 1 : 0;
	if (at == end || *at != ':')
		return false;
	*port = (struct span){at + 1, (size_t)(end - at) - 1};
	return host->n > 0 && host->n <= LIMIT_HOST_BYTES;
}

static enum err take_permit(struct parse *p, struct span value, struct wr *list)
{
	struct span host, port;

	if (!split_host_port(value, &host, &port) || !port_valid(port))
		return refuse(p, "permitopen, permitlisten: not host:port");
	wr_bytes(list, host);
	wr_bytes(list, port);
	return list->err;
}

static enum err take_permitopen(struct parse *p, struct span value)
{
	p->o.has_permitopen = true;
	return take_permit(p, value, &p->permitopen);
}

static enum err take_permitlisten(struct parse *p, struct span value)
{
	p->o.has_permitlisten = true;
	if (!port_valid(value))
		return take_permit(p, value, &p->permitlisten);
	wr_str(&p->permitlisten, "*"); /* a port alone: on any address */
	wr_bytes(&p->permitlisten, value);
	return p->permitlisten.err;
}

static const struct valued {
	const char *name;
	enum err (*take)(struct parse *p, struct span value);
} valued[] = {
    {"command",      take_command     },
    {"environment",  take_environment },
    {"expiry-time",  take_expiry      },
    {"from",         take_from        },
    {"permitlisten", take_permitlisten},
    {"permitopen",   take_permitopen  },
    {"principals",   take_principals  },
    {"subject",      take_subject     },
    {"tunnel",       take_tunnel      },
};

/* ---- options without one ---- */

static const struct flag {
	const char *name;
	size_t field; /* of struct key_options */
	bool set;     /* what the name sets it to; with no- in front, the opposite */
	bool negatable;
} flags[] = {
    {"agent-forwarding", offsetof(struct key_options, agent),             true,  true },
    {"cert-authority",   offsetof(struct key_options, cert_authority),    true,  false},
    {"port-forwarding",  offsetof(struct key_options, port_forwarding),   true,  true },
    {"pty",	      offsetof(struct key_options, pty),               true,  true },
    {"touch-required",   offsetof(struct key_options, no_touch_required), false, true },
    {"user-rc",          offsetof(struct key_options, user_rc),           true,  true },
    {"verify-required",  offsetof(struct key_options, verify_required),   true,  true },
    {"X11-forwarding",   offsetof(struct key_options, x11),               true,  true },
};

static bool name_is(struct span name, const char *text)
{
	return name.n == strlen(text) &&
	       strncasecmp((const char *)name.p, text, name.n) == 0;
}

static void flag_set(struct key_options *o, const struct flag *f, bool value)
{
	*(bool *)((uint8_t *)o + f->field) = value;
}

static enum err take_flag(struct parse *p, struct span name)
{
	bool negated = name.n > 3 && strncasecmp((const char *)name.p, "no-", 3) == 0;
	struct span bare = negated ? (struct span){name.p + 3, name.n - 3} : name;

	if (name_is(name, "restrict")) {
		p->o.agent = p->o.port_forwarding = p->o.pty = false;
		p->o.user_rc = p->o.x11 = false;
		return OK;
	}
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		if (!name_is(bare, flags[i].name) || (negated && !flags[i].negatable))
			continue;
		flag_set(&p->o, &flags[i], negated ? !flags[i].set : flags[i].set);
		return OK;
	}
	return refuse(p, "unknown option");
}

/* ---- the list ---- */

static void skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* Takes a value between quotes; \" is a quote, nothing else is changed. */
static enum err take_quoted(struct parse *p, struct span *rest, struct wr *value)
{
	if (rest->n == 0 || rest->p[0] != '"')
		return refuse(p, "value without quotes");
	skip(rest, 1);
	while (rest->n > 0 && rest->p[0] != '"') {
		if (rest->p[0] == '\\' && rest->n > 1 && rest->p[1] == '"')
			skip(rest, 1);
		wr_u8(value, rest->p[0]);
		skip(rest, 1);
	}
	if (rest->n == 0)
		return refuse(p, "value without its closing quote");
	skip(rest, 1);
	return value->err;
}

static enum err take_valued(struct parse *p, struct span name, struct span *rest,
			    struct wr *scratch)
{
	struct wr value = *scratch;
	enum err e;

	for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
		if (!name_is(name, valued[i].name))
			continue;
		if ((e = take_quoted(p, rest, &value)) != OK)
			return e;
		return valued[i].take(p, (struct span){value.p, value.n});
	}
	return refuse(p, "unknown option");
}

static enum err take_option(struct parse *p, struct span *rest, struct wr *scratch)
{
	struct span name = {rest->p, 0};

	while (name.n < rest->n && rest->p[name.n] != '=' && rest->p[name.n] != ',')
		name.n++;
	skip(rest, name.n);
	if (rest->n == 0 || rest->p[0] == ',')
		return take_flag(p, name);
	skip(rest, 1);
	return take_valued(p, name, rest, scratch);
}

static enum err take_all(struct parse *p, struct span options, struct wr *scratch)
{
	struct span rest = options;
	enum err e = OK;

	while (rest.n > 0 && (e = take_option(p, &rest, scratch)) == OK) {
		if (rest.n == 0)
			break;
		if (rest.p[0] != ',' || rest.n == 1)
			return refuse(p, "options not divided by one comma");
		skip(&rest, 1);
	}
	return e;
}

/*
 * No list can outgrow the text it is read from: the shortest entry, permitlisten="1",
 * has 16 characters and takes 10 bytes; a text gains a NUL and loses its quotes.
 */
static enum err store_init(struct parse *p, size_t n, struct wr *scratch)
{
	struct wr *const parts[] = {&p->text, &p->environment, &p->permitopen,
				    &p->permitlisten, scratch};
	const size_t n_parts = sizeof parts / sizeof parts[0];

	p->o.store_n = n * n_parts;
	p->o.store = calloc(1, p->o.store_n + 1);
	if (p->o.store == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n_parts; i++)
		*parts[i] = (struct wr){.p = p->o.store + i * n, .cap = n};
	return OK;
}

enum err keyopts_parse(struct span options, struct key_options *out,
		       struct keyopts_note *note)
{
	struct parse p = {.note = note};
	struct wr scratch;
	enum err e;

	p.o.agent = p.o.port_forwarding = p.o.pty = p.o.user_rc = p.o.x11 = true;
	if (options.n > LIMIT_KEYS_LINE_BYTES)
		return refuse(&p, "options too long");
	if (options.n > 0 && memchr(options.p, 0, options.n) != NULL)
		return refuse(&p, "NUL in options");
	if (options.n > 0 && (e = store_init(&p, options.n, &scratch)) != OK)
		return e;
	if (options.n > 0 && (e = take_all(&p, options, &scratch)) != OK) {
		keyopts_wipe(&p.o);
		return e == ERR_NO_SPACE ? refuse(&p, "options too long") : e;
	}
	p.o.environment = (struct span){p.environment.p, p.environment.n};
	p.o.permitopen = (struct span){p.permitopen.p, p.permitopen.n};
	p.o.permitlisten = (struct span){p.permitlisten.p, p.permitlisten.n};
	*out = p.o;
	return OK;
}

void keyopts_wipe(struct key_options *o)
{
	if (o->store != NULL)
		wipe(o->store, o->store_n);
	free(o->store);
	if (o->cert_store != NULL)
		wipe(o->cert_store, o->cert_store_n);
	free(o->cert_store);
	free(o->cert);
	*o = (struct key_options){0};
}

/* ---- questions ---- */

enum err keyopts_usable(const struct key_options *o, struct span address, uint64_t now,
			struct keyopts_note *note)
{
	char text[ADDRESS_BYTES];

	/* as sshd: somebody believes that they restrict this key, and they do not */
	if (o->has_principals && !o->cert_authority)
		return deny(note, "principals without cert-authority");
	if (o->has_subject && !o->cert_authority)
		return deny(note, "subject without cert-authority");
	if (o->expires != 0 && now >= o->expires)
		return deny(note, "key has expired");
	if (!o->has_from)
		return OK;
	if (bytes_to_str(text, sizeof text, address) != OK ||
	    match_address_list(text, (const char *)o->from.p) != MATCH_YES)
		return deny(note, "key not allowed from this address");
	return OK;
}

enum err keyopts_touch(const struct key_options *o, const struct pk_touch *touch,
		       struct keyopts_note *note)
{
	if (!touch->present && !o->no_touch_required)
		return deny(note, "security key was not touched");
	if (!touch->verified && o->verify_required)
		return deny(note, "security key did not verify its user");
	return OK;
}

static bool port_matches(struct span rule, uint32_t port)
{
	uint32_t n = 0;

	for (size_t i = 0; i < rule.n; i++) {
		if (rule.p[i] == '*')
			return true;
		n = n * 10 + (uint32_t)(rule.p[i] - '0');
	}
	return n == port;
}

bool keyopts_permits_open(const struct key_options *o, struct span host, uint32_t port)
{
	struct rd r = RD(o->permitopen);

	if (!o->port_forwarding || !o->has_permitopen)
		return o->port_forwarding;
	while (rd_ok(&r) && r.left.n > 0) {
		struct span rule = rd_bytes(&r, LIMIT_HOST_BYTES);
		struct span rule_port = rd_bytes(&r, PORT_DIGITS);

		/* Literal but for *: sshd(8) permitopen does no pattern matching. */
		if (rd_ok(&r) && (span_is(rule, "*") || span_equal(rule, host)) &&
		    port_matches(rule_port, port))
			return true;
	}
	return false;
}

bool keyopts_permits_listen(const struct key_options *o, struct span host,
			    uint32_t port)
{
	struct rd r = RD(o->permitlisten);

	if (!o->port_forwarding || !o->has_permitlisten)
		return o->port_forwarding;
	while (rd_ok(&r) && r.left.n > 0) {
		struct span rule = rd_bytes(&r, LIMIT_HOST_BYTES);
		struct span rule_port = rd_bytes(&r, PORT_DIGITS);

		if (rd_ok(&r) && names_glob_fold(rule, host) &&
		    port_matches(rule_port, port))
			return true;
	}
	return false;
}
