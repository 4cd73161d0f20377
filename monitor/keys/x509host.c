/*
 * Certificates of host keys. The operator's files, read when they are loaded, so libcrypto's parser did;
 * what clients get is the certificate as it was issued.
 */
#include <openssl/crypto.h>

#include "monitor/keys/x509host.h"

static enum err certificate_write(const X509 *one, struct wr *w)
{
	uint8_t *der = NULL;
	const int n = i2d_X509(one, &der);

	if (n <= 0)
		return ERR_MEMORY;
	wr_bytes(w, (struct span){der, (size_t)n});
	OPENSSL_free(der);
	return w->err;
}

enum err x509host_blob(const struct pk_alg *alg, struct span plain,
		       const STACK_OF(X509) * certificates, struct wr *w)
{
	const bool chain = alg->family->form == X509_CHAIN;
	const int n = chain ? sk_X509_num(certificates) : 1;
	struct span type;
	enum err e = pk_blob_type(plain, &type);

	if (e != OK)
		return e;
	/* ECDSA: the type names the curve */
	if (alg->family->form == X509_NONE || !span_is(type, alg->certified))
		return ERR_UNKNOWN;
	wr_str(w, alg->key_type);
	if (chain)
		wr_u32(w, (uint32_t)n);
	for (int i = 0; i < n && e == OK; i++)
		e = certificate_write(sk_X509_value(certificates, i), w);
	if (chain)
		wr_u32(w, 0); /* no OCSP responses */
	return e == OK ? w->err : e;
}
