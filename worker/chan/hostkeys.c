/*
 * Host keys, told and proved to a client that is logged in, so that it can learn those
 * to come. The monitor signs, over text that it builds itself. Source: PROTOCOL 2.5
 */
#include "common/names.h"
#include "common/pk.h"
#include "worker/chan/chan_private.h"

/* Gives the name of a key's type; empty where the blob is none. */
static struct span key_type(struct span blob)
{
	struct rd r = RD(blob);
	struct span type = rd_bytes(&r, LIMIT_NAME_BYTES);

	return rd_ok(&r) ? type : (struct span){0};
}

/* Certificates expire, and clients learn keys. */
static bool is_plain(struct span blob)
{
	struct span type = key_type(blob);

	return type.n > 0 && !names_glob(SPAN_LIT("*-cert-v01@openssh.com"), type) &&
	       !names_glob(SPAN_LIT("x509v3-*"), type);
}

/*
 * Clients that end the connection when they hear of it, as sshd's compat table has
 * them.
 */
static bool is_deaf(const char *v_client)
{
	static const char *const deaf[] = {
	    "SSH-2.0-Cisco-1.*",   "SSH-2.0-TTSSH/1.5.*", "SSH-2.0-TTSSH/2.1*",
	    "SSH-2.0-TTSSH/2.2*",  "SSH-2.0-TTSSH/2.3*",  "SSH-2.0-TTSSH/2.4*",
	    "SSH-2.0-TTSSH/2.5*",  "SSH-2.0-TTSSH/2.6*",  "SSH-2.0-TTSSH/2.70*",
	    "SSH-2.0-TTSSH/2.71*", "SSH-2.0-TTSSH/2.72*"};

	for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++)
		if (names_glob(span_str(deaf[i]), span_str(v_client)))
			return true;
	return false;
}

/*
 * The algorithm that we prefer with a key; empty where the settings have none, and then nobody hears of
 * the key. RSA keys have several, RFC 8332.
 */
static struct span algorithm_of(const struct worker_settings *s, struct span blob)
{
	const struct span type = key_type(blob);
	struct span list = s->offer.again.list[LIST_HOSTKEY], name;

	while (names_next(&list, &name)) {
		const struct pk_alg *alg = pk_alg_find(name);

		if (alg != NULL && span_is(type, alg->key_type))
			return name;
	}
	return (struct span){0};
}

static bool is_told(const struct worker_settings *s, struct span blob)
{
	return is_plain(blob) && algorithm_of(s, blob).n > 0;
}

enum err hostkeys_announce(struct worker *w)
{
	const struct worker_settings *s = w->settings;
	struct wr *p;

	if (s->n_hostkeys == 0 || is_deaf(w->kex.v_client))
		return OK;
	p = transport_begin(&w->transport, SSH_MSG_GLOBAL_REQUEST);
	wr_str(p, "hostkeys-00@openssh.com");
	wr_bool(p, false);
	for (size_t i = 0; i < s->n_hostkeys; i++)
		if (is_told(s, s->hostkeys[i]))
			wr_bytes(p, s->hostkeys[i]);
	return transport_commit(&w->transport);
}

static bool key_find(const struct worker_settings *s, struct span blob, uint8_t *out)
{
	for (size_t i = 0; i < s->n_hostkeys; i++) {
		if (!span_equal(s->hostkeys[i], blob) || !is_told(s, blob))
			continue;
		*out = (uint8_t)i;
		return true;
	}
	return false;
}

enum err hostkeys_prove(struct worker *w, struct rd *r, uint32_t *asked, uint32_t *n)
{
	uint32_t budget = msg_rules[MSG_hostkey_prove].budget;
	uint8_t keys[LIMIT_HOSTKEYS];
	uint32_t count = 0;
	bool known = true;
	enum err e;

	while (rd_ok(r) && r->left.n > 0) {
		struct span blob = rd_bytes(r, LIMIT_PK_BLOB_BYTES);

		if (!rd_ok(r) || !known)
			continue;
		known =
		    count < LIMIT_HOSTKEYS && key_find(w->settings, blob, &keys[count]);
		count++;
	}
	if ((e = rd_end(r)) != OK)
		return e;
	if (!known || count == 0 || count > budget - *asked)
		return ERR_DENIED;
	*asked += count;
	for (uint32_t i = 0; i < count && e == OK; i++)
		e = worker_ask(
		    w, &MSG_OF(hostkey_prove, .hostkey = keys[i],
			       .algorithm = algorithm_of(
				   w->settings, w->settings->hostkeys[keys[i]])));
	*n = count;
	return e;
}
