/*
 * config.def as rows, the words that stand for values, and the search for a keyword.
 */
#include <netinet/ip.h>
#include <string.h>
#include <strings.h>

#include "common/nearest.h"
#include "monitor/config_priv.h"

static const struct config_name names_address_family[] = {
    {"any",   FAMILY_ANY  },
    {"inet",  FAMILY_INET },
    {"inet6", FAMILY_INET6},
    {NULL,    0           },
};
static const struct config_name names_permit_root_login[] = {
    {"yes",		  ROOT_LOGIN_YES            },
    {"without-password",     ROOT_LOGIN_NO_PASSWORD    }, /* so sshd -T prints it */
    {"prohibit-password",    ROOT_LOGIN_NO_PASSWORD    },
    {"forced-commands-only", ROOT_LOGIN_FORCED_COMMANDS},
    {"no",		   ROOT_LOGIN_NO             },
    {NULL,		   0			 },
};
static const struct config_name names_forwarding[] = {
    {"yes",    FORWARD_ALL   },
    {"all",    FORWARD_ALL   },
    {"no",     FORWARD_NO    },
    {"local",  FORWARD_LOCAL },
    {"remote", FORWARD_REMOTE},
    {NULL,     0             },
};
static const struct config_name names_gateway_ports[] = {
    {"yes",	     GATEWAY_YES   },
    {"no",	      GATEWAY_NO    },
    {"clientspecified", GATEWAY_CLIENT},
    {NULL,	      0	     },
};
static const struct config_name names_compression[] = {
    {"yes",     COMPRESSION_DELAYED},
    {"delayed", COMPRESSION_DELAYED},
    {"no",      COMPRESSION_NO     },
    {NULL,      0		  },
};
static const struct config_name names_crypto_provider[] = {
    {"default",  CRYPTO_DEFAULT },
    {"fips",     CRYPTO_FIPS    },
    {"internal", CRYPTO_INTERNAL},
    {NULL,       0	      },
};
static const struct config_name names_log_level[] = {
    {"QUIET",   LOG_QUIET_ALL },
    {"FATAL",   LOG_FATAL     },
    {"ERROR",   LOG_ERROR     },
    {"INFO",    LOG_INFO_LEVEL},
    {"VERBOSE", LOG_VERBOSE   },
    {"DEBUG",   LOG_DEBUG1    },
    {"DEBUG1",  LOG_DEBUG1    },
    {"DEBUG2",  LOG_DEBUG2    },
    {"DEBUG3",  LOG_DEBUG3    },
    {"0",       LOG_QUIET_ALL },
    {"1",       LOG_INFO_LEVEL},
    {"2",       LOG_VERBOSE   },
    {"3",       LOG_DEBUG1    },
    {NULL,      0             },
};
static const struct config_name names_syslog_facility[] = {
    {"DAEMON",   FACILITY_DAEMON  },
    {"USER",     FACILITY_USER    },
    {"AUTH",     FACILITY_AUTH    },
    {"AUTHPRIV", FACILITY_AUTHPRIV},
    {"LOCAL0",   FACILITY_LOCAL0  },
    {"LOCAL1",   FACILITY_LOCAL1  },
    {"LOCAL2",   FACILITY_LOCAL2  },
    {"LOCAL3",   FACILITY_LOCAL3  },
    {"LOCAL4",   FACILITY_LOCAL4  },
    {"LOCAL5",   FACILITY_LOCAL5  },
    {"LOCAL6",   FACILITY_LOCAL6  },
    {"LOCAL7",   FACILITY_LOCAL7  },
    {NULL,       0		},
};

/* RFC 2474, 2597, 3246, 8622 (le: DSCP 1); the last three are RFC 791's, and still what sshd takes */
const struct config_name config_qos_names[] = {
    {"none",        -1	       },
    {"af11",        IPTOS_DSCP_AF11  },
    {"af12",        IPTOS_DSCP_AF12  },
    {"af13",        IPTOS_DSCP_AF13  },
    {"af21",        IPTOS_DSCP_AF21  },
    {"af22",        IPTOS_DSCP_AF22  },
    {"af23",        IPTOS_DSCP_AF23  },
    {"af31",        IPTOS_DSCP_AF31  },
    {"af32",        IPTOS_DSCP_AF32  },
    {"af33",        IPTOS_DSCP_AF33  },
    {"af41",        IPTOS_DSCP_AF41  },
    {"af42",        IPTOS_DSCP_AF42  },
    {"af43",        IPTOS_DSCP_AF43  },
    {"cs0",         IPTOS_CLASS_CS0  },
    {"cs1",         IPTOS_CLASS_CS1  },
    {"cs2",         IPTOS_CLASS_CS2  },
    {"cs3",         IPTOS_CLASS_CS3  },
    {"cs4",         IPTOS_CLASS_CS4  },
    {"cs5",         IPTOS_CLASS_CS5  },
    {"cs6",         IPTOS_CLASS_CS6  },
    {"cs7",         IPTOS_CLASS_CS7  },
    {"ef",          IPTOS_DSCP_EF    },
    {"le",          0x04             },
    {"lowdelay",    IPTOS_LOWDELAY   },
    {"throughput",  IPTOS_THROUGHPUT },
    {"reliability", IPTOS_RELIABILITY},
    {NULL,          0		},
};

#define ANY           .min = 0
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define ENUM_OF(x)    .names = names_##x
#define ALG_OF(x)     .kind = ALG_##x
#define CHECK(x)      .check = config_check_##x
#define WHERE_GLOBAL  false
#define WHERE_MATCH   true
#define S(field, word, kind_of, dflt, arg, where, text)                                \
	{.keyword = (word),                                                            \
	 .type = TYPE_##kind_of,                                                       \
	 .offset = offsetof(struct settings, field),                                   \
	 .size = sizeof(((struct settings *)NULL)->field),                             \
	 .fallback = (dflt),                                                           \
	 arg,                                                                          \
	 .match = WHERE_##where,                                                       \
	 .help = (text)},
const struct config_row config_rows[] = {
#include "monitor/config.def"
};
const size_t n_config_rows = sizeof config_rows / sizeof config_rows[0];
_Static_assert(sizeof config_rows / sizeof config_rows[0] <= LIMIT_CONFIG_ROWS,
	       "raise it");

#define NO(keyword, value, advice) {keyword, value, advice},
const struct config_foreign config_foreigns[] = {
#include "monitor/config.def"
};
const size_t n_config_foreigns = sizeof config_foreigns / sizeof config_foreigns[0];

static const struct {
	const char *alias;
	const char *keyword;
} aliases[] = {
#define ALIAS(alias, keyword) {alias, keyword},
#include "monitor/config.def"
};
#define N_ALIASES (sizeof aliases / sizeof aliases[0])

static const char *keyword_of_alias(const char *keyword)
{
	for (size_t i = 0; i < N_ALIASES; i++)
		if (strcasecmp(aliases[i].alias, keyword) == 0)
			return aliases[i].keyword;
	return keyword;
}

const struct config_row *config_row_find(const char *keyword)
{
	keyword = keyword_of_alias(keyword);
	for (size_t i = 0; i < n_config_rows; i++)
		if (strcasecmp(config_rows[i].keyword, keyword) == 0)
			return &config_rows[i];
	return NULL;
}

const struct config_foreign *config_foreign_find(const char *keyword)
{
	for (size_t i = 0; i < n_config_foreigns; i++)
		if (strcasecmp(config_foreigns[i].keyword, keyword) == 0)
			return &config_foreigns[i];
	return NULL;
}

const char *config_keyword_near(const char *keyword)
{
	struct nearest n = nearest_begin(span_str(keyword));

	for (size_t i = 0; i < n_config_rows; i++)
		nearest_try(&n, config_rows[i].keyword);
	for (size_t i = 0; i < n_config_foreigns; i++)
		nearest_try(&n, config_foreigns[i].keyword);
	nearest_try(&n, "Include");
	nearest_try(&n, "Match");
	return n.name;
}
