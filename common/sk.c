/*
 * A security key does not sign the data but a text with its own view of the world: for
 * whom (application), whether somebody touched it, how often it signed.
 * Source: PROTOCOL.u2f
 */
#include <string.h>

#include "common/sk.h"

enum { SK_PRESENT = 0x01, SK_VERIFIED = 0x04, SK_HASH_BYTES = 32 };

enum err sk_read_touch(struct rd *fields, uint8_t *flags, struct pk_touch *out)
{
	uint8_t bits = rd_u8(fields);
	uint32_t counter = rd_u32(fields);

	if (rd_end(fields) != OK)
		return ERR_SIGNATURE;
	*flags = bits;
	*out = (struct pk_touch){
	    .present = (bits & SK_PRESENT) != 0,
	    .verified = (bits & SK_VERIFIED) != 0,
	    .counter = counter,
	};
	return OK;
}

enum err sk_text(const struct pk_key *key, uint8_t flags, uint32_t counter,
		 struct span data, uint8_t out[SK_TEXT_BYTES])
{
	struct exhash_value application, message;
	struct wr w = {.cap = SK_TEXT_BYTES};
	struct span text;
	enum err e;

	if ((e = digest_spans(DIGEST_SHA256, &key->application, 1, &application)) != OK)
		return e;
	if ((e = digest_spans(DIGEST_SHA256, &data, 1, &message)) != OK)
		return e;
	w.p = out;
	wr_raw(&w, (struct span){application.bytes, SK_HASH_BYTES});
	wr_u8(&w, flags);
	wr_u32(&w, counter);
	wr_raw(&w, (struct span){message.bytes, SK_HASH_BYTES});
	return wr_end(&w, &text);
}
