/*
 * The exchange hash. The monitor fills v_server and host_key from its own memory, so what it
 * signs always names its own version and key. Source: RFC 4253 8
 */
#include "common/exhash.h"

struct digest_row {
	const char *name;
	size_t bytes;
};

static const struct digest_row rows[DIGEST_COUNT] = {
    [DIGEST_SHA1] = {"SHA1", 20},
    [DIGEST_SHA256] = {"SHA2-256", 32},
    [DIGEST_SHA384] = {"SHA2-384", 48},
    [DIGEST_SHA512] = {"SHA2-512", 64},
};

/* Fetched once: an implicit fetch costs more than hashing a KEXINIT. Never changes after. */
static EVP_MD *fetched[DIGEST_COUNT];

const EVP_MD *digest_md(enum digest d)
{
	if (fetched[d] == NULL)
		fetched[d] = EVP_MD_fetch(NULL, rows[d].name, NULL);
	return fetched[d];
}

size_t digest_bytes(enum digest d)
{
	return rows[d].bytes;
}

enum err digest_spans(enum digest d, const struct span *spans, size_t n_spans,
    struct exhash_value *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct exhash_value value = {.n = rows[d].bytes};
	enum err e = ERR_CRYPTO;

	if (ctx == NULL || EVP_DigestInit_ex2(ctx, digest_md(d), NULL) != 1)
		goto out;
	for (size_t i = 0; i < n_spans; i++)
		if (EVP_DigestUpdate(ctx, spans[i].p, spans[i].n) != 1)
			goto out;
	if (EVP_DigestFinal_ex(ctx, value.bytes, NULL) != 1)
		goto out;
	*out = value;
	e = OK;
out:
	EVP_MD_CTX_free(ctx);
	wipe(&value, sizeof value);
	return e;
}

static struct span length_of(uint8_t store[4], struct span s)
{
	for (size_t i = 0; i < 4; i++)
		store[i] = (uint8_t)(s.n >> (24 - 8 * i));
	return (struct span){store, 4};
}

enum err exhash(const struct exhash *x, struct exhash_value *out)
{
	const struct span strings[] = {x->v_client, x->v_server, x->i_client, x->i_server,
	    x->host_key};
	enum { N_STRINGS = sizeof strings / sizeof strings[0] };
	uint8_t lengths[N_STRINGS][4];
	struct span parts[2 * N_STRINGS + 4];
	size_t n = 0;

	for (size_t i = 0; i < N_STRINGS; i++) {
		parts[n++] = length_of(lengths[i], strings[i]);
		parts[n++] = strings[i];
	}
	parts[n++] = x->group;
	parts[n++] = x->q_client;
	parts[n++] = x->q_server;
	parts[n++] = x->secret;
	return digest_spans(x->digest, parts, n, out);
}
