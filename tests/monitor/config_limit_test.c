/* Penalties, times and numbers that may be none, lists of addresses. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

#define REST                                                                           \
	" max-sources4:65536 max-sources6:65536 overflow:permissive "                  \
	"overflow6:permissive"

START_TEST(limits_are_shown_in_sshds_form)
{
	static const struct {
		const char *line, *shown;
	} rows[] = {
	    {"",						      "persourcepenalties crash:90 authfail:5 noauth:1 grace-exceeded:10 "
		 "refuseconnection:10 max:600 min:15" REST                             },
	    {"PerSourcePenalties yes",
	     "persourcepenalties crash:90 authfail:5 noauth:1 grace-exceeded:10 "
	     "refuseconnection:10 max:600 min:15" REST                                                 },
	    {"PerSourcePenalties CRASH:2m Overflow:deny-all",
	     "persourcepenalties crash:120 authfail:5 noauth:1 grace-exceeded:10 "
	     "refuseconnection:10 max:600 min:15 max-sources4:65536 max-sources6:65536 "
	     "overflow:deny-all overflow6:permissive"                                                  },
	    {"PerSourcePenalties no",                                 "persourcepenalties no"          },
	    {"PerUserPenalties no",                                   "peruserpenalties no"            },
	    {"PerUserPenalties delay:1m",
	     "peruserpenalties authfail:5 max:300 min:60 delay:60 max-users:65536"                     },
	    {"PerSourceMaxStartups 3",                                "persourcemaxstartups 3"         },
	    {"PerSourceMaxStartups None",                             "persourcemaxstartups none"      },
	    {"PerSourceNetBlockSize 24",                              "persourcenetblocksize 24:128"   },
	    {"PerSourceNetBlockSize 0:56",                            "persourcenetblocksize 0:56"     },
	    {"HandshakeTimeout none",                                 "handshaketimeout none"          },
	    {"HandshakeTimeout 0",				    "handshaketimeout none"          },
	    {"HandshakeTimeout 1m30s",                                "handshaketimeout 90"            },
	    {"ChannelTimeout none",                                   "channeltimeout none"            },
	    {"ChannelTimeout session=5m direct-*=0",
	     "channeltimeout session=5m direct-*=0"						    },
	    {"IdleTimeout 1h",					"idletimeout 3600"               },
	    {"UnusedConnectionTimeout 5",                             "unusedconnectiontimeout 5"      },
	    {"ConnectionTimeLimit 1d",                                "connectiontimelimit 86400"      },
	    {"RateLimit 512K",					"ratelimit 524288 524288"        },
	    {"RateLimit none 1M",				     "ratelimit none 1048576"         },
	    {"RateLimit none",					"ratelimit none none"            },
	    {"AllowedClients 10.* 192.0.2.0/24 !192.0.2.7 a.example",
	     "allowedclients 10.* 192.0.2.0/24 !192.0.2.7 a.example"                                   },
	    {"",						      "allowedclients *"               },
	    {"PerSourcePenaltyExemptList none",                       "persourcepenaltyexemptlist none"},
	    {"PerSourcePenaltyExemptList ::1,127.*",
	     "persourcepenaltyexemptlist ::1,127.*"						    },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		kit_shows(rows[i].line, rows[i].shown);
}
END_TEST

START_TEST(limits_that_are_wrong_tell_what_is_allowed)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
	    {"PerSourcePenalties",                      "a value is missing"              },
	    {"PerSourcePenalties no crash:1",           "not \"no\""                      },
	    {"ChannelTimeout session",                  "a type of channel and a time"    },
	    {"ChannelTimeout =5",                       "a type of channel and a time"    },
	    {"ChannelTimeout session=soon",             "not \"session=soon\""            },
	    {"ChannelTimeout none session=5",           "must stand alone"                },
	    {"IdleTimeout soon",                        "not \"soon\""                    },
	    {"RateLimit 63",                            "from 64 to 1024G"                },
	    {"RateLimit 1025G",                         "from 64 to 1024G"                },
	    {"RateLimit 1M 1M 1M",                      "one or two amounts"              },
	    {"RateLimit fast",                          "not \"fast\""                    },
	    {"PerSourcePenalties crash",                "one of crash, authfail"          },
	    {"PerSourcePenalties crash:",               "not \"crash:\""                  },
	    {"PerSourcePenalties :1",                   "not \":1\""                      },
	    {"PerSourcePenalties crashes:1",            "not \"crashes:1\""               },
	    {"PerSourcePenalties overflow:maybe",       "not \"overflow:maybe\""          },
	    {"PerSourcePenalties max-sources4:0",       "not \"max-sources4:0\""          },
	    {"PerSourcePenalties max-sources6:9999999", "not \"max-sources6:9999999\""    },
	    {"PerUserPenalties crash:1",                "one of authfail, max, min, delay"},
	    {"PerSourceMaxStartups -1",                 "none or a number from 0"         },
	    {"PerSourceMaxStartups 100001",             "none or a number from 0"         },
	    {"PerSourceNetBlockSize 33",                "such as 24:56"                   },
	    {"PerSourceNetBlockSize 24:129",            "such as 24:56"                   },
	    {"PerSourceNetBlockSize 24:",               "such as 24:56"                   },
	    {"PerSourceNetBlockSize 99999",             "such as 24:56"                   },
	    {"HandshakeTimeout never",                  "none or a time up to"            },
	    {"AllowedClients *.client.example",         "an address, a network"           },
	    {"AllowedClients 10.0.0.1/8",               "without bits beyond the mask"    },
	    {"AllowedClients none",                     "an address, a network"           },
	    {"PerSourcePenaltyExemptList 10.0.0.1/8",   "without bits beyond the mask"    },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		kit_refuses(rows[i].line, rows[i].words);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_limit");
	TCase *t = tcase_create("config_limit");

	tcase_add_test(t, limits_are_shown_in_sshds_form);
	tcase_add_test(t, limits_that_are_wrong_tell_what_is_allowed);
	suite_add_tcase(s, t);
	return s;
}
