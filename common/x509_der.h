/*
 * Elements of DER, for x509.c and x509_key.c only.
 */
#ifndef COMMON_X509_DER_H
#define COMMON_X509_DER_H

#include "common/pk_family.h"
#include "common/x509.h"

#define DER_SEQUENCE 0x30
#define DER_SET      0x31
#define DER_CONTEXT  0xa0 /* [n], around another element */
#define DER_IMPLICIT 0x80 /* [n], instead of another tag */

/*
 * Takes the next element, which must have this tag, and gives its content. A length must be definite and
 * in its shortest form; r fails otherwise.
 */
struct span der_element(struct rd *r, uint8_t tag);

/* The same where it may be absent: then empty. */
struct span der_optional(struct rd *r, uint8_t tag);

#endif
