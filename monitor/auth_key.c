/*
 * Keys and certificates against the lists that name them: authorized_keys, TrustedUserCAKeys with its
 * principals, RevokedKeys. Files were read by login helpers or at the start; nothing is read here. A
 * certificate counts for nothing before its authority is known and its signature verified.
 * Source: sshd(8) AUTHORIZED_KEYS FILE FORMAT; sshd_config(5) TrustedUserCAKeys, RevokedKeys
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cert.h"
#include "common/log.h"
#include "monitor/account.h"
#include "monitor/auth/certopts.h"
#include "monitor/auth/keyopts.h"
#include "monitor/auth/x509opts.h"
#include "monitor/auth_flow.h"
#include "monitor/auth_key.h"

/* The attempt's key, cut into its parts. */
struct offered {
	struct span blob, plain;
	bool is_cert;
	struct cert cert;
	bool is_x509;
	struct x509 x509;
	unsigned authorities;               /* that were asked whether they signed it */
	uint8_t store[LIMIT_PK_BLOB_BYTES]; /* of plain */
};

/* One entry of a list: of authorized keys or of authorized principals. */
struct line {
	enum { BY_KEY, BY_PRINCIPAL } asker;
	struct span name, options, where; /* name: a key's blob, or a principal */
	bool signer; /* an authority that may have signed an X.509 certificate */
};

void key_forget(struct key_options **key)
{
	if (*key != NULL)
		keyopts_wipe(*key);
	free(*key);
	*key = NULL;
}

static void log_unused(const struct conn *c, const struct offered *o, const char *where,
		       const char *why)
{
	char id[LIMIT_SHOWN_BYTES], print[PK_FINGERPRINT_BYTES] = "?";
	const struct conn_work *w = c->work;
	struct printable place;

	if (!o->is_cert) {
		log_info("conn=%llu user=%s key%s%s not used: %s",
			 (unsigned long long)c->id, w->user_shown,
			 where[0] != '\0' ? " at " : "",
			 printable(span_str(where), &place), why);
		return;
	}
	user_show(o->cert.key_id, id);
	if (pk_fingerprint(o->cert.ca, print) != OK)
		print[0] = '\0';
	log_info(
	    "conn=%llu user=%s certificate ID %s (serial %llu) CA %s%s%s not used: %s",
	    (unsigned long long)c->id, w->user_shown, id,
	    (unsigned long long)o->cert.serial, print, where[0] != '\0' ? " by " : "",
	    printable(span_str(where), &place), why);
}

static enum err offered_read(const struct conn *c, struct offered *out)
{
	struct wr w = WR(out->store);
	enum err e = cert_parse(c->work->attempt.key, &out->cert);

	out->blob = c->work->attempt.key;
	out->is_cert = e == OK;
	if (e == ERR_UNKNOWN) {
		e = x509_of_blob(out->blob, &out->x509);
		out->is_x509 = e == OK;
	}
	if (e != OK && e != ERR_UNKNOWN)
		return e;
	return cert_plain_of(out->blob, &w, &out->plain);
}

/* ---- RevokedKeys ---- */

/*
 * The list of the last reload is asked, also by who connected before it. Where nobody knows what is revoked,
 * everything is, as in sshd.
 */
static const char *revoked_blob(const struct conn *c, struct span plain,
				const struct cert *cert)
{
	const char *path = c->work->set->revoked_keys;
	const struct revoked *list;

	if (path == NULL)
		return NULL;
	list = trust_revoked(&c->m->ring->trust, path);
	if (list == NULL)
		list = trust_revoked(&c->ring->trust, path);
	return list == NULL ? "RevokedKeys was not read"
			    : revoked_why(list, plain, cert);
}

static const char *revoked(const struct conn *c, const struct offered *o)
{
	return revoked_blob(c, o->plain, o->is_cert ? &o->cert : NULL);
}

/* ---- what a line and a certificate say ---- */

static uint64_t now_s(void)
{
	return (uint64_t)time(NULL);
}

/* Narrows base by the certificate, and remembers it there. named: it has the principal that was asked for */
static enum err cert_take(const struct conn *c, const struct offered *o, bool named,
			  struct key_options *base, struct keyopts_note *note)
{
	struct span algorithms = span_str(c->work->set->ca_signature_algorithms);
	struct key_options cert = {0};
	enum err e = certopts_genuine(&o->cert, algorithms, now_s(), note);

	if (e == OK && !named) {
		(void)snprintf(note->text, sizeof note->text,
			       "certificate does not name an authorized principal");
		e = ERR_DENIED;
	}
	if (e == OK)
		e = certopts_read(&o->cert, &cert, note);
	if (e == OK)
		e = keyopts_usable(&cert, span_str(c->remote.address), now_s(), note);
	if (e == OK)
		e = certopts_narrow(base, &cert, note);
	if (e == OK)
		e = key_cert_new(&o->cert, &base->cert);
	keyopts_wipe(&cert);
	return e;
}

/* Its options are those that the attempt's key would have. */
static enum err options_keep(struct conn *c, struct key_options *o)
{
	struct key_options *kept = calloc(1, sizeof *kept);

	if (kept == NULL)
		return ERR_MEMORY;
	*kept = *o;
	*o = (struct key_options){0}; /* moved */
	key_forget(&c->work->tried_key);
	c->work->tried_key = kept;
	return OK;
}

/*
 * Reads the options of a line. Errors: ERR_UNKNOWN a plain key's line, and an authority's, are not each other;
 * ERR_DENIED, ERR_CONFIG with note set
 */
static enum err line_options(const struct conn *c, const struct offered *o,
			     const struct line *line, struct key_options *out,
			     struct keyopts_note *note)
{
	enum err e = keyopts_parse(line->options, out, note);

	if (e != OK)
		return e;
	if (line->asker == BY_KEY &&
	    (out->cert_authority != (o->is_cert || line->signer) ||
	     (out->has_subject && o->is_cert)))
		return ERR_UNKNOWN;
	if (line->asker == BY_PRINCIPAL && out->cert_authority) {
		(void)snprintf(note->text, sizeof note->text,
			       "cert-authority before a principal");
		return ERR_DENIED;
	}
	return keyopts_usable(out, span_str(c->remote.address), now_s(), note);
}

/* Does the certificate have a name that the line asks for? */
static bool line_names(const struct conn *c, const struct offered *o,
		       const struct line *line, const struct key_options *opts)
{
	if (line->asker == BY_PRINCIPAL)
		return certopts_names(&o->cert, line->name);
	return opts->has_principals ? certopts_names_any(&o->cert, opts->principals)
				    : certopts_names(&o->cert, span_str(c->work->user));
}

/* What is asked of an X.509 certificate: also where the line names its key, it is to be good. */
static enum err x509_take(const struct conn *c, const struct offered *o,
			  const struct line *line, const struct key_options *opts,
			  struct keyopts_note *note)
{
	const struct x509_line by = {line->name,
				     span_str(c->work->set->ca_signature_algorithms),
				     opts, span_str(c->work->user)};
	enum err e = OK;

	if (line->signer && revoked_blob(c, line->name, NULL) != NULL)
		e = ERR_UNKNOWN; /* nobody's authority any more */
	else if (line->signer)
		e = x509opts_issued(&o->x509, &by, note);
	return e == OK ? x509opts_usable(&o->x509, now_s(), note) : e;
}

/* Judges by a line that names the key, its authority or its principal. */
static enum err line_take(struct conn *c, const struct offered *o,
			  const struct line *line)
{
	char where[LIMIT_TEXT_BYTES] = "";
	struct keyopts_note note = {0};
	struct key_options opts = {0};
	enum err e = line_options(c, o, line, &opts, &note);

	if (e == OK && o->is_cert)
		e = cert_take(c, o, line_names(c, o, line, &opts), &opts, &note);
	else if (e == OK && o->is_x509)
		e = x509_take(c, o, line, &opts, &note);
	if (e == OK)
		e = options_keep(c, &opts);
	if (bytes_to_str(where, sizeof where, line->where) != OK)
		where[0] = '\0';
	if (e != OK && note.text[0] != '\0')
		log_unused(c, o, where, note.text);
	keyopts_wipe(&opts);
	return e == ERR_CONFIG ? ERR_DENIED : e;
}

static bool line_next(struct rd *r, struct line *out)
{
	if (r->left.n == 0 || !rd_ok(r))
		return false;
	out->name = rd_bytes(r, LIMIT_PK_BLOB_BYTES);
	out->options = rd_bytes(r, LIMIT_KEYS_LINE_BYTES);
	out->where = rd_bytes(r, LIMIT_KEYS_LINE_BYTES);
	return rd_ok(r);
}

/* The word may stand in a value too: then the options are read in vain. */
static bool names_authority(struct span options)
{
	return options.n > 0 && memmem(options.p, options.n, "cert-authority",
				       strlen("cert-authority")) != NULL;
}

/*
 * Is it a line for this key? An X.509 certificate counts as its key; and any other line may be its
 * authority's, of which a few are asked, for each costs a verification.
 */
static bool line_for(struct offered *o, struct line *line)
{
	line->signer = false;
	if (!o->is_x509)
		return span_equal(line->name, o->is_cert ? o->cert.ca : o->blob);
	if (span_equal(line->name, o->blob) || span_equal(line->name, o->plain))
		return true;
	line->signer =
	    names_authority(line->options) && o->authorities++ < LIMIT_X509_AUTHORITIES;
	return line->signer;
}

/* The first line that lets the key in counts. */
static enum err keys_find(struct conn *c, struct offered *o, struct span list)
{
	struct rd r = RD(list);
	struct line line = {.asker = BY_KEY};
	enum err e = ERR_UNKNOWN, one;

	while (e != OK && line_next(&r, &line)) {
		if (!line_for(o, &line))
			continue;
		one = line_take(c, o, &line);
		e = one == ERR_UNKNOWN ? e : one;
	}
	return rd_ok(&r) ? e : ERR_SYSTEM;
}

/* ---- TrustedUserCAKeys ---- */

static bool ca_trusted(const struct conn *c, const struct offered *o)
{
	const char *path = c->work->set->trusted_user_ca_keys;

	return path != NULL && o->is_cert &&
	       trust_has_ca(&c->m->ring->trust, path, o->cert.ca);
}

/*
 * Nobody asks for principals: the user's own name will do, and only the certificate
 * restricts, as in sshd.
 */
static enum err own_name_take(struct conn *c, const struct offered *o)
{
	struct keyopts_note note = {0};
	struct key_options opts = {0};
	enum err e = keyopts_parse((struct span){0}, &opts, &note);

	opts.no_touch_required = true;
	if (e == OK)
		e = cert_take(c, o, certopts_names(&o->cert, span_str(c->work->user)),
			      &opts, &note);
	if (e == OK)
		e = options_keep(c, &opts);
	if (e != OK && note.text[0] != '\0')
		log_unused(c, o, "TrustedUserCAKeys", note.text);
	keyopts_wipe(&opts);
	return e;
}

/* The certificate itself is good, so that only a name is missing. */
static enum err principal_missing(struct conn *c, const struct offered *o)
{
	struct attempt *a = &c->work->attempt;
	struct span algorithms = span_str(c->work->set->ca_signature_algorithms);
	struct keyopts_note note = {0};
	enum err e = certopts_genuine(&o->cert, algorithms, now_s(), &note);

	if (e != OK) {
		log_unused(c, o, "TrustedUserCAKeys", note.text);
		return e;
	}
	a->wants_principals = a->key_source == KEY_OF_FILES;
	if (a->key_source != KEY_OF_FILES ||
	    (a->fresh && c->work->set->authorized_principals_command.n == 0))
		log_unused(c, o, "TrustedUserCAKeys",
			   "certificate does not name an authorized principal");
	return ERR_UNKNOWN;
}

/* list: principals that are authorized */
static enum err trusted_find(struct conn *c, const struct offered *o, struct span list)
{
	const struct settings *set = c->work->set;
	struct rd r = RD(list);
	struct line line = {.asker = BY_PRINCIPAL};
	bool named = false;
	enum err e = ERR_UNKNOWN;

	if (!ca_trusted(c, o))
		return ERR_UNKNOWN;
	if (set->authorized_principals_file.n == 0 &&
	    set->authorized_principals_command.n == 0)
		return own_name_take(c, o);
	while (e != OK && line_next(&r, &line)) {
		if (!certopts_names(&o->cert, line.name))
			continue;
		named = true;
		e = line_take(c, o, &line);
	}
	if (!rd_ok(&r))
		return ERR_SYSTEM;
	return named ? e : principal_missing(c, o);
}

/* ---- all of it ---- */

static enum err lists_find(struct conn *c, struct offered *o)
{
	const struct attempt *a = &c->work->attempt;
	const struct account *account = c->work->account;
	enum err e = ERR_UNKNOWN, trusted;

	switch (a->key_source) {
	case KEY_OF_PRINCIPALS_COMMAND:
		return trusted_find(c, o, a->listed);
	case KEY_OF_KEYS_COMMAND:
		return keys_find(c, o, a->listed);
	case KEY_OF_FILES:
		break;
	}
	e = keys_find(c, o, account->keys);
	if (e == OK || e == ERR_SYSTEM)
		return e;
	trusted = trusted_find(c, o, account->principals);
	e = trusted != ERR_UNKNOWN ? trusted : e;
	if (e == ERR_UNKNOWN && o->is_cert && a->fresh && !a->wants_principals)
		log_unused(c, o, "", "its authority is not trusted");
	return e;
}

enum err auth_key_find(struct conn *c)
{
	struct offered o = {0};
	enum err e = offered_read(c, &o);
	const char *why = e == OK ? revoked(c, &o) : "malformed";

	if (why == NULL)
		return lists_find(c, &o);
	log_unused(c, &o, "", why);
	c->work->attempt.key_barred = true;
	return ERR_DENIED;
}

enum err auth_key_alone(struct conn *c)
{
	struct conn_work *w = c->work;
	const struct pk_alg *alg = pk_alg_find(w->attempt.algorithm);
	struct keyopts_note note;

	if (!w->attempt.key_good)
		return ERR_SIGNATURE;
	if (w->attempt.key_barred)
		return ERR_DENIED;
	if (w->tried_key != NULL)
		return OK;
	if (alg == NULL || pk_alg_is_cert(alg) || alg->family->form != X509_NONE)
		return ERR_DENIED;
	w->tried_key = calloc(1, sizeof *w->tried_key);
	return w->tried_key == NULL
		   ? ERR_MEMORY
		   : keyopts_parse((struct span){0}, w->tried_key, &note);
}

/* Source: sshd_config(5) AuthenticationMethods: each publickey of a list wants another key */
enum err key_keep(struct conn *c)
{
	struct conn_work *w = c->work;
	struct proved_key proved = {.options = w->tried_key};
	uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr wr = WR(store);
	struct span plain;
	enum err e = cert_plain_of(w->attempt.key, &wr, &plain);

	if (e == OK)
		e = digest_spans(DIGEST_SHA256, &plain, 1, &proved.digest);
	if (e == OK)
		e = pk_fingerprint(plain, proved.fingerprint);
	if (e != OK)
		return e;
	for (size_t i = 0; i < w->n_keys; i++)
		if (memcmp(w->keys[i].digest.bytes, proved.digest.bytes,
			   proved.digest.n) == 0)
			return ERR_DENIED;
	if (w->n_keys == LIMIT_PROVED_KEYS)
		return ERR_DENIED;
	w->keys[w->n_keys++] = proved;
	w->tried_key = NULL; /* moved */
	return OK;
}
