/* Single values: every form, every bound, and the words of each refusal. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

START_TEST(config_read_number_takes_digits_only_up_to_max)
{
	uint64_t n = 7;

	ck_assert(config_read_number("18446744073709551615", UINT64_MAX, &n));
	ck_assert_uint_eq(n, UINT64_MAX);
	ck_assert(config_read_number("0", 0, &n));
	ck_assert(!config_read_number("18446744073709551616", UINT64_MAX, &n));
	ck_assert(!config_read_number("1", 0, &n));
	ck_assert(!config_read_number("", 9, &n));
	ck_assert(!config_read_number("-1", 9, &n));
	ck_assert(!config_read_number("+1", 9, &n));
	ck_assert(!config_read_number(" 1", 9, &n));
	ck_assert(!config_read_number("1x", 9, &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(config_read_seconds_adds_units_up)
{
	uint32_t s = 7;

	ck_assert(config_read_seconds("90", 1000, &s) && s == 90);
	ck_assert(config_read_seconds("1m30s", 1000, &s) && s == 90);
	ck_assert(config_read_seconds("1W1D1H1M1S", INT32_MAX, &s) && s == 694861);
	ck_assert(config_read_seconds("1h30", INT32_MAX, &s) && s == 3630);
	ck_assert(!config_read_seconds("", 9, &s));
	ck_assert(!config_read_seconds("s", 9, &s));
	ck_assert(!config_read_seconds("1z", 9, &s));
	ck_assert(!config_read_seconds("10", 9, &s));
	ck_assert(!config_read_seconds("1m", 59, &s));
	ck_assert(!config_read_seconds("99999999999999999999", INT32_MAX, &s));
	ck_assert(!config_read_seconds("3551w", INT32_MAX, &s));
	ck_assert(!config_read_seconds("-1", 9, &s));
}
END_TEST

START_TEST(config_values_are_shown_in_their_usual_form)
{
	static const struct {
		const char *line, *shown;
	} rows[] = {
	    {"PermitTTY NO",                        "permittty no"                    },
	    {"compression delayed",                 "compression yes"                 },
	    {"PermitRootLogin without-password",    "permitrootlogin without-password"},
	    {"AllowTcpForwarding all",              "allowtcpforwarding yes"          },
	    {"LogLevel debug",                      "loglevel DEBUG"                  },
	    {"LogLevel 2",                          "loglevel VERBOSE"                },
	    {"SyslogFacility local3",               "syslogfacility LOCAL3"           },
	    {"MaxAuthTries=3",                      "maxauthtries 3"                  },
	    {"StreamLocalBindMask 17",              "streamlocalbindmask 017"         },
	    {"LoginGraceTime 1h30m",                "logingracetime 5400"             },
	    {"Banner none",                         "banner none"                     },
	    {"Banner \"/etc/a b\"",                 "banner \"/etc/a b\""             },
	    {"ForceCommand echo  \"a b\" # c",      "forcecommand echo  \"a b\" # c"  },
	    {"ForceCommand none",                   "forcecommand none"               },
	    {"PermitUserEnvironment LANG,LC_*",     "permituserenvironment LANG,LC_*" },
	    {"PermitUserEnvironment yes",           "permituserenvironment yes"       },
	    {"MaxStartups 7",                       "maxstartups 7:30:7"              },
	    {"MaxStartups 1:1:1",                   "maxstartups 1:1:1"               },
	    {"RekeyLimit 1G",                       "rekeylimit 1073741824 0"         },
	    {"RekeyLimit default 1h",               "rekeylimit 0 3600"               },
	    {"RekeyLimit 16k none",                 "rekeylimit 16384 0"              },
	    {"IPQoS none",                          "ipqos none none"                 },
	    {"IPQoS 0x48 7",                        "ipqos af21 0x07"                 },
	    {"IPQoS af21 cs1",                      "ipqos af21 cs1"                  },
	    {"ServerVersion \"SSH-2.0-X y\"",       "serverversion \"SSH-2.0-X y\""   },
	    {"RequiredRSASize 3072",                "requiredrsasize 3072"            },
	    {"KeepAlive no",                        "tcpkeepalive no"                 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		kit_shows(rows[i].line, rows[i].shown);
}
END_TEST

START_TEST(config_values_that_are_wrong_tell_what_is_allowed)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
	    {"PermitTTY true",           "PermitTTY: yes or no is wanted, not \"true\""},
	    {"PermitTTY yes no",         "one value is wanted, not 2"                  },
	    {"PermitTTY",                "a value is missing"                          },
	    {"GatewayPorts maybe",       "none of: yes, no, clientspecified"           },
	    {"MaxConnections 0",         "a number from 1 to 100000"                   },
	    {"MaxConnections 100001",    "a number from 1 to 100000"                   },
	    {"RequiredRSASize 1024",     "a number from 2048 to 16384"                 },
	    {"MaxSessions -1",           "not \"-1\""                                  },
	    {"StreamLocalBindMask 8",    "an octal number up to 0777"                  },
	    {"StreamLocalBindMask 1000", "an octal number up to 0777"                  },
	    {"StreamLocalBindMask \"\"", "an octal number"                             },
	    {"ConnectTimeout 0",         "a time from 1 to 3600"                       },
	    {"LoginGraceTime 1z",        "such as 90 or 1m30s"                         },
	    {"Banner \"\"",              "a path is wanted"                            },
	    {"ForceCommand",             "a value is missing"                          },
	    {"MaxStartups 5:3",          "start:rate:full"                             },
	    {"MaxStartups 5:0:9",        "start:rate:full"                             },
	    {"MaxStartups 5:101:9",      "start:rate:full"                             },
	    {"MaxStartups 10:30:9",      "start:rate:full"                             },
	    {"MaxStartups 10:30:90:",    "start:rate:full"                             },
	    {"MaxStartups 0",            "start:rate:full"                             },
	    {"MaxStartups 1::2",         "start:rate:full"                             },
	    {"RekeyLimit 15",            "an amount from 16"                           },
	    {"RekeyLimit 1T",            "an amount from 16"                           },
	    {"RekeyLimit 1KK",           "an amount from 16"                           },
	    {"RekeyLimit 17179869184G",  "an amount from 16"                           },
	    {"RekeyLimit 1G x",          "none or a time"                              },
	    {"RekeyLimit 1G 1 1",        "not 3 values"                                },
	    {"IPQoS 256",                "0 to 255"				    },
	    {"IPQoS 0x",                 "0 to 255"				    },
	    {"IPQoS 0x1z",               "0 to 255"                                    },
	    {"IPQoS ef ef ef",           "one or two values"                           },
	    {"WorkerUser \"\"",          "a word is wanted"                            },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		kit_refuses(rows[i].line, rows[i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_value");
	TCase *t = tcase_create("config_value");

	tcase_add_test(t, config_read_number_takes_digits_only_up_to_max);
	tcase_add_test(t, config_read_seconds_adds_units_up);
	tcase_add_test(t, config_values_are_shown_in_their_usual_form);
	tcase_add_test(t, config_values_that_are_wrong_tell_what_is_allowed);
	suite_add_tcase(s, t);
	return s;
}
