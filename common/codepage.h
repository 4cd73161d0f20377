/*
 * The encoding of text (CodePage): UTF-8 inside, on the other side whatever iconv(3) knows, by its
 * name or by the number of a code page.
 */
#ifndef COMMON_CODEPAGE_H
#define COMMON_CODEPAGE_H

#include "common/bytes.h"
#include "common/wr.h"

/* The environment variable that tells the gateway's processes of CodePage. */
#define CODEPAGE_ENV "SALLYPORT_CODEPAGE"

/* NULL stands for UTF-8, which is passed on as it is. */
struct codepage;

/*
 * Gives the name that iconv knows a code page by.
 * word:   a number, as 850, or a name, as ISO-8859-15
 * Gives:  NULL where no conversion has that number, or it cannot be a name
 */
const char *codepage_name(const char *word);

/*
 * Opens the conversions. It reads files of the C library, so it comes before the walls.
 * out:    NULL for UTF-8. Owns: the caller frees it with codepage_free
 * Errors: ERR_UNKNOWN there is no such code page; ERR_MEMORY
 */
MUST_CHECK enum err codepage_open(const char *word, struct codepage **out);
void codepage_free(struct codepage *c);

/*
 * Writes text in the code page; each call stands for itself. UTF-8 itself is not looked at.
 * Errors: ERR_RANGE text is no UTF-8, or has a character that the code page has not;
 *         ERR_NO_SPACE
 */
MUST_CHECK enum err codepage_encode(struct codepage *c, struct span text, struct wr *w);

/* Writes bytes of the code page as UTF-8. Errors: as codepage_encode */
MUST_CHECK enum err codepage_decode(struct codepage *c, struct span bytes,
				    struct wr *w);

#endif
