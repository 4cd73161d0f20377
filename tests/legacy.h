/*
 * A fixture: libcrypto as in a nursery that was told to load the legacy provider too.
 */
#ifndef TESTS_LEGACY_H
#define TESTS_LEGACY_H

#include <check.h>

#include "common/crypto.h"

static inline void legacy_too(void)
{
	const struct crypto_choice choice = {CRYPTO_DEFAULT, true};
	const char *why = NULL;

	ck_assert_msg(crypto_begin(&choice, &why) == OK, "%s", why);
}

#endif
