/*
 * Elements of DER. Source: X.690 8.1, 10.1
 */
#include "common/x509_der.h"

enum { LONG_FORM = 0x80, ONE_BYTE = 0x81, TWO_BYTES = 0x82 };

/* More than two bytes of length would be more than any blob has. */
static size_t length_read(struct rd *r)
{
	size_t n = rd_u8(r);

	if (n < LONG_FORM)
		return n;
	if (n == ONE_BYTE) {
		n = rd_u8(r);
		if (n >= LONG_FORM)
			return n;
	} else if (n == TWO_BYTES) {
		n = rd_u16(r);
		if (n > UINT8_MAX)
			return n;
	}
	rd_fail(r, ERR_KEY);
	return 0;
}

struct span der_element(struct rd *r, uint8_t tag)
{
	if (rd_u8(r) != tag)
		rd_fail(r, ERR_KEY);
	return rd_raw(r, length_read(r));
}

struct span der_optional(struct rd *r, uint8_t tag)
{
	if (!rd_ok(r) || r->left.n == 0 || r->left.p[0] != tag)
		return (struct span){0};
	return der_element(r, tag);
}
