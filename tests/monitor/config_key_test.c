/* HostKey and what may stand behind it; what is printed reads again, keys are never printed. */
#include <sys/stat.h>

#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

START_TEST(config_key_options_are_read_and_printed)
{
	kit_shows("HostKey /k", "hostkey /k");
	kit_shows("HostKey /k password-file=/p store=PKCS12 \"subject=CN=a, O=b\"",
		  "hostkey /k store=pfx \"subject=CN=a, O=b\" password-file=/p");
	kit_shows("HostKey credential:k password-credential=p certificate=/c",
		  "hostkey credential:k certificate=/c password-credential=p");
	kit_shows("HostKey /k Password-Prompt", "hostkey /k password-prompt");
	kit_shows("HostKey pkcs11:token=a;object=b module=/m pin-file=/p "
		  "environment=A=b",
		  "hostkey pkcs11:token=a;object=b password-file=/p module=/m "
		  "environment=A=b");
}
END_TEST

START_TEST(config_key_in_the_file_is_not_printed)
{
	kit_shows("HostKey base64:c2VjcmV0", "hostkey base64:hidden");
	kit_shows("HostKey base64:hidden", "hostkey base64:hidden");
}
END_TEST

START_TEST(config_key_in_a_file_that_others_read_is_refused)
{
	struct config_errors errs = {0};
	struct options o = {0};
	struct config *c = NULL;
	char path[64];

	kit_write("HostKey base64:AAAA\n", 20, path);
	o.config_file = path;
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(config_load(&o, &c, &errs), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(errs.item[0].text, "chmod 600"));
	config_errors_wipe(&errs);
	o.setting[0] = (struct options_setting){"-h", "HostKey", "base64:AAAA"};
	o.n_settings = 1;
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(config_load(&o, &c, &errs), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(errs.item[0].text, "command line"));
	config_errors_wipe(&errs);
	unlink(path);
}
END_TEST

START_TEST(config_key_mistakes_are_told)
{
	static const char *const mistakes[][2] = {
	    {"HostKey",					"a value is missing"            },
	    {"HostKey /k password=secret",                     "\"password\" is not known here"},
	    {"HostKey /k store=jks",                           "keytool"                       },
	    {"HostKey /k store=user",                          "Windows"                       },
	    {"HostKey /k store=what",                          "is no key store"               },
	    {"HostKey /k store",                               "name=value is wanted"          },
	    {"HostKey /k password-prompt=yes",                 "password-prompt is wanted"     },
	    {"HostKey /k password-file=",                      "name=value is wanted"          },
	    {"HostKey /k password-file=/a pin-file=/b",        "twice"                         },
	    {"HostKey /k password-file=/a password-prompt",    "one place"                     },
	    {"HostKey /k module=/m",                           "key in a token"                },
	    {"HostKey /k store=pkcs11",                        "pkcs11:token=NAME"             },
	    {"HostKey pkcs11:token=a",                         "module=FILE is wanted"         },
	    {"HostKey pkcs11:token=a module=/m store=pem",     "store=pkcs11"                  },
	    {"HostKey pkcs11:token=a module=/m subject=x",     "for a file only"               },
	    {"HostKey pkcs11:token=a module=/m environment=x", "NAME=VALUE"                    },
	    {"HostKey pkcs11:token=a?pin-value=1 module=/m",   "pin-file=FILE"                 },
	    {"HostKey credential:",                            "the name of a credential"      },
	    {"HostKey credential:../x",                        "the name of a credential"      },
	};

	kit_refuses(mistakes[_i][0], mistakes[_i][1]);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_key");
	TCase *t = tcase_create("config_key");

	tcase_add_test(t, config_key_options_are_read_and_printed);
	tcase_add_test(t, config_key_in_the_file_is_not_printed);
	tcase_add_test(t, config_key_in_a_file_that_others_read_is_refused);
	tcase_add_loop_test(t, config_key_mistakes_are_told, 0, 19);
	suite_add_tcase(s, t);
	return s;
}
