/*
 * What certificates say. A client brings them: nothing in one counts before its signature verified. Its
 * options become those of a key, so that one place enforces both.
 * Source: PROTOCOL.certkeys
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/names.h"
#include "common/rd.h"
#include "common/wr.h"
#include "monitor/auth/certopts.h"
#include "monitor/match.h"

static enum err deny(struct keyopts_note *note, const char *why)
{
	(void)snprintf(note->text, sizeof note->text, "%s", why);
	return ERR_DENIED;
}

enum err key_cert_new(const struct cert *cert, struct key_cert **out)
{
	struct key_cert *k =
	    calloc(1, sizeof *k + cert->key_id.n + cert->principals.n + 1);
	enum err e;

	if (k == NULL)
		return ERR_MEMORY;
	e = pk_fingerprint(cert->ca, k->ca);
	if (e != OK) {
		free(k);
		return e;
	}
	k->serial = cert->serial;
	k->key_id = (struct span){k->store, cert->key_id.n};
	k->principals = (struct span){k->store + cert->key_id.n, cert->principals.n};
	if (cert->key_id.n > 0)
		memcpy(k->store, cert->key_id.p, cert->key_id.n);
	if (cert->principals.n > 0)
		memcpy(k->store + cert->key_id.n, cert->principals.p,
		       cert->principals.n);
	*out = k;
	return OK;
}

enum err certopts_genuine(const struct cert *cert, struct span algorithms, uint64_t now,
			  struct keyopts_note *note)
{
	struct rd r = RD(cert->signature);
	struct span algorithm = rd_bytes(&r, LIMIT_NAME_BYTES);

	if (!rd_ok(&r) || !names_has(algorithms, algorithm))
		return deny(note, "certificate signed with an algorithm that "
				  "CASignatureAlgorithms does not have");
	if (cert_verify(cert) != OK)
		return deny(note, "certificate's signature does not verify");
	if (cert->kind != CERT_USER)
		return deny(note, "certificate is not for users");
	if (now < cert->valid_after)
		return deny(note, "certificate is not yet valid");
	if (!cert_valid_at(cert, now))
		return deny(note, "certificate has expired");
	/* a certificate for nobody would be one for everybody */
	if (cert->principals.n == 0)
		return deny(note, "certificate names no principals");
	return OK;
}

bool certopts_names(const struct cert *cert, struct span principal)
{
	struct span list = cert->principals, name;

	while (cert_principal_next(&list, &name))
		if (name.n > 0 && span_equal(name, principal))
			return true;
	return false;
}

bool certopts_names_any(const struct cert *cert, struct span list)
{
	struct span name;

	while (names_next(&list, &name))
		if (certopts_names(cert, name))
			return true;
	return false;
}

/* ---- options ---- */

/* The store has room for both texts, which are shorter than the list that they stand in. */
static enum err take_text(struct span data, struct wr *store, struct span *out)
{
	struct span text, kept = {store->p + store->n, 0};
	enum err e = cert_option_string(data, &text);

	if (e != OK || (text.n > 0 && memchr(text.p, 0, text.n) != NULL))
		return ERR_KEY;
	wr_raw(store, text);
	wr_u8(store, 0);
	kept.n = text.n;
	*out = kept;
	return store->err;
}

/* Addresses and networks only: PROTOCOL.certkeys has no patterns and nothing negated. */
static bool source_valid(const struct key_options *o)
{
	static const char allowed[] = "0123456789abcdefABCDEF.:/,";
	const char *text = (const char *)o->from.p;

	return o->from.n > 0 && strspn(text, allowed) == o->from.n &&
	       match_address_valid(text) == OK;
}

static enum err take_critical(struct span name, struct span data, struct wr *store,
			      struct key_options *o)
{
	if (span_is(name, "force-command")) {
		o->has_command = true;
		return take_text(data, store, &o->command);
	}
	if (span_is(name, "source-address")) {
		o->has_from = true;
		if (take_text(data, store, &o->from) != OK)
			return ERR_KEY;
		return source_valid(o) ? OK : ERR_KEY;
	}
	if (span_is(name, "verify-required")) {
		o->verify_required = true;
		return data.n == 0 ? OK : ERR_KEY;
	}
	return ERR_UNKNOWN;
}

static void take_extension(struct span name, struct key_options *o)
{
	static const struct {
		const char *name;
		size_t field;
	} permits[] = {
	    {"no-touch-required",       offsetof(struct key_options, no_touch_required)},
	    {"permit-X11-forwarding",   offsetof(struct key_options, x11)              },
	    {"permit-agent-forwarding", offsetof(struct key_options, agent)            },
	    {"permit-port-forwarding",  offsetof(struct key_options, port_forwarding)  },
	    {"permit-pty",              offsetof(struct key_options, pty)              },
	    {"permit-user-rc",          offsetof(struct key_options, user_rc)          },
	};

	for (size_t i = 0; i < sizeof permits / sizeof permits[0]; i++)
		if (span_is(name, permits[i].name))
			*(bool *)((uint8_t *)o + permits[i].field) = true;
}

enum err certopts_read(const struct cert *cert, struct key_options *out,
		       struct keyopts_note *note)
{
	struct key_options o = {.store_n = cert->critical.n};
	struct wr store = {.cap = cert->critical.n};
	struct span list = cert->critical, name, data;
	enum err e = OK;

	o.store = store.p = calloc(1, o.store_n + 1);
	if (o.store == NULL)
		return ERR_MEMORY;
	while (e == OK && cert_option_next(&list, &name, &data))
		e = take_critical(name, data, &store, &o);
	if (e != OK) {
		keyopts_wipe(&o);
		return deny(note,
			    e == ERR_UNKNOWN
				? "certificate has a critical option that is not known"
				: "certificate has a malformed critical option");
	}
	list = cert->extensions;
	while (cert_option_next(&list, &name, &data))
		take_extension(name, &o);
	*out = o;
	return OK;
}

enum err certopts_narrow(struct key_options *o, struct key_options *cert,
			 struct keyopts_note *note)
{
	if (o->has_command && cert->has_command &&
	    !span_equal(o->command, cert->command))
		return deny(note,
			    "certificate and key options force different commands");
	o->pty = o->pty && cert->pty;
	o->agent = o->agent && cert->agent;
	o->x11 = o->x11 && cert->x11;
	o->port_forwarding = o->port_forwarding && cert->port_forwarding;
	o->user_rc = o->user_rc && cert->user_rc;
	o->no_touch_required = o->no_touch_required && cert->no_touch_required;
	o->verify_required = o->verify_required || cert->verify_required;
	if (cert->has_command) {
		o->has_command = true;
		o->command = cert->command;
		o->cert_store = cert->store;
		o->cert_store_n = cert->store_n;
		*cert = (struct key_options){0}; /* moved */
	}
	keyopts_wipe(cert);
	return OK;
}
