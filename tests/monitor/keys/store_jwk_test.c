/* JSON Web Keys: kinds and curves, and what is said of those refused. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

START_TEST(jwk_refuses_and_says_why)
{
	static const char *const texts[][2] = {
	    {"{",								   "line 1: no JSON"       },
	    {"{}",								  "kty \"\""              },
	    {"{\"kty\": 1}",							"kty \"\""              },
	    {"{\"kty\": \"oct\", \"k\": \"AQAB\"}",                                 "kty \"oct\""           },
	    {"{\"kty\": \"EC\", \"crv\": \"P-192\", \"x\": \"AA\", \"y\": \"AA\"}",
	     "crv \"P-192\""										},
	    {"{\"kty\": \"OKP\", \"crv\": \"X25519\", \"x\": \"AA\"}",
	     "crv \"X25519\""									       },
	    {"{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"AA\"}",
	     "missing, not base64url"								       },
	    {"{\"kty\": \"RSA\", \"n\": \"AQAB\"}",                                 "missing, not base64url"},
	    {"{\"kty\": \"RSA\", \"n\": \"A+==\", \"e\": \"AQAB\"}",
	     "missing, not base64url"								       },
	    {"{\"kty\": \"RSA\", \"kty\": \"RSA\"}",                                "no JSON"               },
	    {"{\"keys\": []}",						      "a set of keys"         },
	    {"{\"kty\": \"RSA\", \"n\": \"\\u0000\"}",                              "/k: "                  },
	};

	stores_refuses(span_str(texts[_i][0]), NULL, texts[_i][1]);
}
END_TEST

START_TEST(jwk_private_numbers_must_fit_the_public_ones)
{
	struct key_material m = {0};

	stores_refuses(stores_changed("jwk_rsa2048", "\"qi\"", "\"x\""), NULL,
		       "RSA needs p, q and qi too");
	stores_refuses(stores_changed("jwk_ed25519", "\"d\": \"", "\"d\": \"AAAA"),
		       NULL, "missing, not base64url");
	/* a public key is one without a secret */
	ck_assert_int_eq(
	    stores_open_span(stores_changed("jwk_ed25519", "\"d\"", "\"other\""), NULL,
			     NULL, &m),
	    OK);
	stores_is(&m, "openssh_ed25519.pub", false);
	material_wipe(&m);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_jwk");
	TCase *t = tcase_create("store_jwk");

	tcase_add_loop_test(t, jwk_refuses_and_says_why, 0, 12);
	tcase_add_test(t, jwk_private_numbers_must_fit_the_public_ones);
	suite_add_tcase(s, t);
	return s;
}
