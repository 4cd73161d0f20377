/* PuTTY's files: every line counts, and what a hostile one asks for is bounded. */
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

/* All but the key type's and cipher's names, which say so. */
START_TEST(ppk_changed_anywhere_is_refused)
{
	static const char *const changes[][2] = {
	    {"Comment: ",			  "Comment: x"                        },
	    {"Private-MAC: ",                      "Private-MAC: 00"                   },
	    {"Public-Lines: 2",                    "Public-Lines: 1"                   },
	    {"Private-Lines: 1",                   "Private-Lines: 2"                  },
	    {"Encryption: none",                   "Encryption: aes256-cbc"            },
	    {"PuTTY-User-Key-File-2: ssh-ed25519", "PuTTY-User-Key-File-2: ssh-rsa"    },
	    {"PuTTY-User-Key-File-2",              "PuTTY-User-Key-File-3"             },
	    {"PuTTY-User-Key-File-2",              "PuTTY-User-Key-File-4"             },
	    {"Public-Lines: 2",                    "Public-Lines: 99999999999999999999"},
	};
	const char *const *c = changes[_i];
	struct span text = stores_changed("ppk2_ed25519", c[0], c[1]);

	stores_refuses(text, NULL, "/k: ");
	stores_refuses(text, "x", "/k: ");
}
END_TEST

START_TEST(ppk_work_is_bounded)
{
	static const char *const changes[][2] = {
	    {"Argon2-Memory: 256",                   "Argon2-Memory: 99999999" },
	    {"Argon2-Passes: 2",                     "Argon2-Passes: 9999999"  },
	    {"Argon2-Parallelism: 1",                "Argon2-Parallelism: 1000"},
	    {"Argon2-Memory: 256\nArgon2-Passes: 2",
	     "Argon2-Memory: 1048576\nArgon2-Passes: 65536"                    },
	};

	stores_refuses(
	    stores_changed("ppk3_encrypted_ed25519", changes[_i][0], changes[_i][1]),
	    "secret", "damaged PuTTY private key");
}
END_TEST

START_TEST(ppk_argon2_of_another_kind_does_not_open_it)
{
	stores_refuses(stores_changed("ppk3_encrypted_ed25519", "Argon2id", "Argon2d"),
		       "secret", "its password is not");
	stores_refuses(stores_changed("ppk3_encrypted_ed25519", "Argon2id", "Scrypt"),
		       "secret", "its password is not");
}
END_TEST

START_TEST(ppk_with_line_ends_of_windows_is_taken)
{
	struct span text = keys_vector("ppk3_ecdsa256");
	uint8_t *p = keep(2 * text.n);
	struct key_material m = {0};
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n')
			p[n++] = '\r';
		p[n++] = text.p[i];
	}
	ck_assert_msg(stores_open_span((struct span){p, n}, NULL, NULL, &m) == OK, "%s",
		      stores_note.text);
	stores_is(&m, "openssh_ecdsa256.pub", true);
	material_wipe(&m);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_store_ppk");
	TCase *t = tcase_create("store_ppk");

	tcase_add_loop_test(t, ppk_changed_anywhere_is_refused, 0, 9);
	tcase_add_loop_test(t, ppk_work_is_bounded, 0, 4);
	tcase_add_test(t, ppk_argon2_of_another_kind_does_not_open_it);
	tcase_add_test(t, ppk_with_line_ends_of_windows_is_taken);
	suite_add_tcase(s, t);
	return s;
}
