/* Encrypted key files of OpenSSH: what is refused before the password is tried, and after. */
#include "monitor/keys/sealed.h"
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static uint8_t sealed_bytes[32];

static struct sealed sealed_of(const char *cipher, const char *kdf,
			       struct span kdf_options)
{
	return (struct sealed){.cipher = span_str(cipher),
			       .kdf = span_str(kdf),
			       .kdf_options = kdf_options,
			       .p = sealed_bytes,
			       .n = sizeof sealed_bytes};
}

/* Options of bcrypt: a salt and how many rounds. */
#define OPTIONS(rounds) SPAN_LIT("\0\0\0\4salt" rounds)

START_TEST(sealed_refuses_unknown_names_and_bad_numbers)
{
	const struct {
		const char *cipher, *kdf;
		struct span options;
		enum err e;
	} rows[] = {
	    {"chacha20-poly1305@openssh.com", "bcrypt", OPTIONS("\0\0\0\1"),
	     ERR_UNKNOWN									 },
	    {"aes256-ctr",                    "scrypt", OPTIONS("\0\0\0\1"),          ERR_UNKNOWN},
	    {"aes256-ctr",                    "bcrypt", OPTIONS("\0\0\0\0"),          ERR_RANGE  },
	    {"aes256-ctr",                    "bcrypt", OPTIONS("\xff\xff\xff\xff"),  ERR_RANGE  },
	    {"aes256-ctr",                    "bcrypt", OPTIONS("\0\0\0"),            ERR_RANGE  },
	    {"aes256-ctr",                    "bcrypt", SPAN_LIT("\0\0\0\0\0\0\0\1"), ERR_RANGE  },
	    {"aes256-gcm@openssh.com",        "bcrypt", OPTIONS("\0\0\0\1"),
	     ERR_RANGE									   }, /* no tag */
	    {"aes256-ctr",                    "bcrypt", OPTIONS("\0\0\0\1"),          OK         },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sealed s =
		    sealed_of(rows[i].cipher, rows[i].kdf, rows[i].options);
		size_t block = 0;

		ck_assert_int_eq(sealed_open(&s, SPAN_LIT("x"), &block), rows[i].e);
		ck_assert_uint_eq(block, rows[i].e == OK ? 16 : 0);
	}
}
END_TEST

START_TEST(sealed_notices_a_wrong_tag)
{
	static const uint8_t tag[16];
	struct sealed s =
	    sealed_of("aes256-gcm@openssh.com", "bcrypt", OPTIONS("\0\0\0\1"));
	size_t block = 0;

	s.tag = SPAN_OF(tag);
	ck_assert_int_eq(sealed_open(&s, SPAN_LIT("x"), &block), ERR_SIGNATURE);
}
END_TEST

START_TEST(sealed_ciphers_that_are_not_taken_are_told)
{
	stores_refuses(keys_vector("encrypted_openssh_chacha20-poly1305"), "secret",
		       "ssh-keygen -p -Z aes256-ctr -f /k");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_sealed");
	TCase *t = tcase_create("sealed");

	tcase_add_test(t, sealed_refuses_unknown_names_and_bad_numbers);
	tcase_add_test(t, sealed_notices_a_wrong_tag);
	tcase_add_test(t, sealed_ciphers_that_are_not_taken_are_told);
	suite_add_tcase(s, t);
	return s;
}
