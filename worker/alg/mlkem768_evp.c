/*
 * Encapsulation by libcrypto. It is found at run time, so that one binary serves
 * libcrypto 3.0, which lacks it, and 3.5. What it returns is trusted as any of its
 * answers.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "worker/alg/mlkem768_evp.h"

#define NAME "ML-KEM-768"

enum looked { LOOKED_NOT, LOOKED_ABSENT, LOOKED_THERE };

/* Looked for once: a failed fetch searches every provider anew. Never changes after. */
static enum looked looked;

static bool look(void)
{
	EVP_KEYMGMT *found;

	ERR_set_mark(); /* that it is absent is no error to be found by others */
	found = EVP_KEYMGMT_fetch(NULL, NAME, NULL);
	ERR_pop_to_mark();
	EVP_KEYMGMT_free(found);
	return found != NULL;
}

bool mlkem768_evp_there(void)
{
	if (looked == LOOKED_NOT)
		looked = look() ? LOOKED_THERE : LOOKED_ABSENT;
	return looked == LOOKED_THERE;
}

void mlkem768_evp_avoid(void)
{
	looked = LOOKED_ABSENT;
}

static EVP_PKEY *public_key(const uint8_t ek[MLKEM768_EK_BYTES])
{
	uint8_t copy[MLKEM768_EK_BYTES]; /* an OSSL_PARAM does not take const bytes */
	OSSL_PARAM params[] = {
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
	    OSSL_PARAM_END,
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, NAME, NULL);
	EVP_PKEY *key = NULL;

	memcpy(copy, ek, sizeof copy);
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

enum err mlkem768_evp_encap(const uint8_t ek[MLKEM768_EK_BYTES],
			    uint8_t ct[MLKEM768_CT_BYTES],
			    uint8_t ss[MLKEM768_SS_BYTES])
{
	uint8_t ciphertext[MLKEM768_CT_BYTES], secret[MLKEM768_SS_BYTES];
	size_t n_ct = sizeof ciphertext, n_ss = sizeof secret;
	EVP_PKEY *key;
	EVP_PKEY_CTX *ctx = NULL;
	enum err e = ERR_CRYPTO;

	ERR_set_mark();
	key = public_key(ek);
	if (key == NULL)
		goto out;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (ctx == NULL) {
		e = ERR_MEMORY;
		goto out;
	}
	if (EVP_PKEY_encapsulate_init(ctx, NULL) != 1 ||
	    EVP_PKEY_encapsulate(ctx, ciphertext, &n_ct, secret, &n_ss) != 1)
		goto out;
	if (n_ct != sizeof ciphertext || n_ss != sizeof secret)
		goto out;
	memcpy(ct, ciphertext, sizeof ciphertext);
	memcpy(ss, secret, sizeof secret);
	e = OK;
out:
	wipe(secret, sizeof secret);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_pop_to_mark();
	return e;
}
