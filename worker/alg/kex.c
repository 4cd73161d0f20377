/*
 * The table of key exchange methods, and what all of them share.
 * Adding a method: a row here; a new family: its three functions; and tests/vectors/NAME.txt.
 */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "worker/alg/dh.h"
#include "worker/alg/ecdh.h"
#include "worker/alg/hybrid.h"
#include "worker/alg/kex.h"

#define ECDH   ecdh_respond, ecdh_initiate, ecdh_finish
#define DH     dh_respond, dh_initiate, dh_finish
#define HYBRID hybrid_respond, hybrid_initiate, hybrid_finish

/* clang-format off */
const struct kex_alg kex_algs[] = {
    /* name, digest, functions, group, mpint: values, K; group exchange, on request, source */
    {"mlkem768x25519-sha256", DIGEST_SHA256, HYBRID, KEX_MLKEM768_X25519,
        false, false, false, false, "draft-ietf-sshm-mlkem-hybrid-kex"},
    {"sntrup761x25519-sha512", DIGEST_SHA512, HYBRID, KEX_SNTRUP761_X25519,
        false, false, false, false, "draft-ietf-sshm-ntruprime-ssh"},
    {"sntrup761x25519-sha512@openssh.com", DIGEST_SHA512, HYBRID, KEX_SNTRUP761_X25519,
        false, false, false, false, "draft-ietf-sshm-ntruprime-ssh"},
    {"curve25519-sha256", DIGEST_SHA256, ECDH, KEX_X25519,
        false, true, false, false, "RFC 8731"},
    {"curve25519-sha256@libssh.org", DIGEST_SHA256, ECDH, KEX_X25519,
        false, true, false, false, "RFC 8731 1"},
    {"ecdh-sha2-nistp256", DIGEST_SHA256, ECDH, KEX_P256,
        false, true, false, false, "RFC 5656 6.3"},
    {"ecdh-sha2-nistp384", DIGEST_SHA384, ECDH, KEX_P384,
        false, true, false, false, "RFC 5656 6.3"},
    {"ecdh-sha2-nistp521", DIGEST_SHA512, ECDH, KEX_P521,
        false, true, false, false, "RFC 5656 6.3"},
    {"diffie-hellman-group16-sha512", DIGEST_SHA512, DH, KEX_MODP4096,
        true, true, false, false, "RFC 8268 3"},
    {"diffie-hellman-group18-sha512", DIGEST_SHA512, DH, KEX_MODP8192,
        true, true, false, false, "RFC 8268 3"},
    {"diffie-hellman-group-exchange-sha256", DIGEST_SHA256, DH, KEX_ASKED,
        true, true, true, false, "RFC 4419 4.2"},
    {"diffie-hellman-group14-sha256", DIGEST_SHA256, DH, KEX_MODP2048,
        true, true, false, false, "RFC 8268 3"},
    {"diffie-hellman-group14-sha1", DIGEST_SHA1, DH, KEX_MODP2048,
        true, true, false, true, "RFC 4253 8.2"},
    {"diffie-hellman-group-exchange-sha1", DIGEST_SHA1, DH, KEX_ASKED_SHORT,
        true, true, true, true, "RFC 4419 4.1"},
    {"diffie-hellman-group1-sha1", DIGEST_SHA1, DH, KEX_MODP1024,
        true, true, false, true, "RFC 4253 8.1"},
};
/* clang-format on */
const size_t kex_algs_n = sizeof kex_algs / sizeof kex_algs[0];

const struct kex_alg *kex_find(struct span name)
{
	for (size_t i = 0; i < kex_algs_n; i++)
		if (span_is(name, kex_algs[i].name))
			return &kex_algs[i];
	return NULL;
}

void kex_wire_client(const struct kex_alg *row, struct span raw, struct wr *w)
{
	if (row->mpint_values)
		wr_mpint(w, raw);
	else
		wr_bytes(w, raw);
}

enum err kex_value_set(struct kex_value *v, bool mpint, struct span raw)
{
	struct wr w = WR(v->bytes);
	struct span whole;
	enum err e;

	if (mpint)
		wr_mpint(&w, raw);
	else
		wr_bytes(&w, raw);
	if ((e = wr_end(&w, &whole)) == OK)
		v->n = whole.n;
	return e;
}

struct span kex_value_span(const struct kex_value *v)
{
	return (struct span){v->bytes, v->n};
}

/* What libcrypto queued about a foreign value is of no use to the next caller. */
static enum err settled(enum err e)
{
	if (e != OK)
		ERR_clear_error();
	return e;
}

enum err kex_respond(const struct kex_alg *row, const struct dh_group *asked,
		     struct span q_client, struct kex_reply *out)
{
	struct kex_reply reply = {0};
	enum err e = row->respond(row, asked, q_client, &reply);

	if (e == OK)
		*out = reply;
	kex_reply_wipe(&reply);
	return settled(e);
}

enum err kex_initiate(const struct kex_alg *row, const struct dh_group *asked,
		      struct span secret, struct kex_client *out,
		      struct kex_value *q_client)
{
	struct kex_client s = {.row = row, .group = asked};
	enum err e = row->initiate(&s, secret, q_client);

	if (e == OK)
		*out = s;
	else
		kex_client_wipe(&s);
	return settled(e);
}

enum err kex_finish(const struct kex_client *s, struct span q_server,
		    struct kex_value *secret)
{
	return settled(s->row->finish(s, q_server, secret));
}

void kex_reply_wipe(struct kex_reply *r)
{
	wipe(r, sizeof *r);
}

void kex_client_wipe(struct kex_client *s)
{
	EVP_PKEY_free(s->key);
	BN_clear_free(s->exponent);
	OPENSSL_clear_free(s->pq, s->pq_bytes);
	*s = (struct kex_client){0};
}
