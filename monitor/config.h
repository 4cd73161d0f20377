/*
 * The configuration: sshd_config(5)'s dialect. config.def has the settings, one a line;
 * the structure below, the parser, -T and the manual page come from it.
 */
#ifndef MONITOR_CONFIG_H
#define MONITOR_CONFIG_H

#include <stdio.h>
#include <syslog.h>

#include "common/bytes.h"
#include "common/crypto.h"
#include "common/limits.h"
#include "common/log.h"
#include "monitor/keys/source.h"

struct options;

/* --- the types of values ----------------------------------------------- */
enum address_family { FAMILY_ANY, FAMILY_INET, FAMILY_INET6 };
enum permit_root_login {
	ROOT_LOGIN_NO,
	ROOT_LOGIN_FORCED_COMMANDS, /* by public key with a command= option only */
	ROOT_LOGIN_NO_PASSWORD,     /* neither password nor keyboard-interactive */
	ROOT_LOGIN_YES
};
/* Bits, so that FORWARD_ALL & FORWARD_LOCAL asks the question. */
enum forwarding { FORWARD_NO, FORWARD_LOCAL, FORWARD_REMOTE, FORWARD_ALL };
enum gateway_ports { GATEWAY_NO, GATEWAY_YES, GATEWAY_CLIENT };
enum compression { COMPRESSION_NO, COMPRESSION_DELAYED };
/* The values are syslog(3)'s own. */
enum syslog_facility {
	FACILITY_DAEMON = LOG_DAEMON,
	FACILITY_USER = LOG_USER,
	FACILITY_AUTH = LOG_AUTH,
	FACILITY_AUTHPRIV = LOG_AUTHPRIV,
	FACILITY_LOCAL0 = LOG_LOCAL0,
	FACILITY_LOCAL1 = LOG_LOCAL1,
	FACILITY_LOCAL2 = LOG_LOCAL2,
	FACILITY_LOCAL3 = LOG_LOCAL3,
	FACILITY_LOCAL4 = LOG_LOCAL4,
	FACILITY_LOCAL5 = LOG_LOCAL5,
	FACILITY_LOCAL6 = LOG_LOCAL6,
	FACILITY_LOCAL7 = LOG_LOCAL7
};

struct strlist {
	const char **item;
	size_t n;
};

struct ports {
	const uint16_t *item;
	size_t n;
};

struct listen_address {
	const char *host; /* a name or address, without brackets */
	uint16_t port;    /* 0: any free one */
	bool port_given;  /* by ListenAddress itself, not by Port */
};

/* Complete once loaded: each address with each Port where it named none. */
struct listen_addresses {
	const struct listen_address *item;
	size_t n;
};

struct subsystem {
	const char *name;
	const char *command; /* for the shell's -c */
};

struct subsystems {
	const struct subsystem *item;
	size_t n;
};

struct policy_helper {
	const char *name;
	const char *const *argv; /* program and arguments; NULL at the end */
};

struct policy_helpers {
	const struct policy_helper *item;
	size_t n;
};

struct store_sources {
	const struct store_source *item;
	size_t n;
};

struct kbd_prompt {
	const char *text;
	bool echo;
};

struct kbd_prompts {
	const struct kbd_prompt *item;
	size_t n;
};

struct max_startups {
	uint32_t begin; /* refuse by chance from here */
	uint32_t rate;  /* per cent */
	uint32_t full;  /* refuse all from here */
};

/* What a source is penalized for. The names are in config_limit.c, the words in penalty.c. */
enum penalty_cause {
	PENALTY_CRASH,
	PENALTY_AUTHFAIL,
	PENALTY_NOAUTH,
	PENALTY_GRACE,
	PENALTY_REFUSED,
	PENALTY_COUNT
};

struct penalty_settings {
	uint32_t on;
	uint32_t cause_s[PENALTY_COUNT];
	uint32_t max_s, min_s;
	uint32_t max_sources4, max_sources6;
	uint32_t overflow, overflow6; /* 1: a full table refuses all; 0: it forgets */
};

struct user_penalties {
	uint32_t on;
	uint32_t authfail_s, max_s, min_s;
	uint32_t delay_s; /* an attempt is held back so long */
	uint32_t max_users;
};

/* Bits of an address that are counted together. */
struct net_block {
	uint32_t v4_bits, v6_bits;
};

/* Bytes a second; 0: no limit. */
struct rate_limit {
	uint64_t in, out; /* from the client, to it */
};

struct rekey_limit {
	uint64_t bytes; /* 0: the cipher's own limit */
	uint32_t s;     /* 0: never by time */
};

struct ip_qos {
	int interactive; /* value of IP_TOS, IPV6_TCLASS; -1: leave it */
	int bulk;
};

/* --- the settings: the fields are in config.def ------------------------ */
#define ENUM_OF(name)                                       enum name
#define FIELD_BOOL(field, arg)                              bool field;
#define FIELD_ENUM(field, arg)                              arg field;
#define FIELD_NUMBER(field, arg)                            uint32_t field;
#define FIELD_OCTAL(field, arg)                             uint32_t field;
#define FIELD_SECONDS(field, arg)                           uint32_t field;
#define FIELD_WORD(field, arg)                              const char *field;
#define FIELD_PATH(field, arg)                              const char *field;
#define FIELD_TEXT(field, arg)                              const char *field;
#define FIELD_ENV(field, arg)                               const char *field;
#define FIELD_ALGS(field, arg)                              const char *field;
#define FIELD_WORDS(field, arg)                             struct strlist field;
#define FIELD_GATHER(field, arg)                            struct strlist field;
#define FIELD_FILES(field, arg)                             struct strlist field;
#define FIELD_KEYS(field, arg)                              struct store_sources field;
#define FIELD_PORTS(field, arg)                             struct ports field;
#define FIELD_LISTEN(field, arg)                            struct listen_addresses field;
#define FIELD_SUBSYS(field, arg)                            struct subsystems field;
#define FIELD_HELPERS(field, arg)                           struct policy_helpers field;
#define FIELD_PROMPTS(field, arg)                           struct kbd_prompts field;
#define FIELD_STARTUPS(field, arg)                          struct max_startups field;
#define FIELD_TIMEOUT(field, arg)                           uint32_t field;
#define FIELD_CEILING(field, arg)                           uint32_t field;
#define FIELD_TIMEOUTS(field, arg)                          struct strlist field;
#define FIELD_RATE(field, arg)                              struct rate_limit field;
#define FIELD_PENALTIES(field, arg)                         struct penalty_settings field;
#define FIELD_SLOWDOWN(field, arg)                          struct user_penalties field;
#define FIELD_NETBLOCK(field, arg)                          struct net_block field;
#define FIELD_REKEY(field, arg)                             struct rekey_limit field;
#define FIELD_QOS(field, arg)                               struct ip_qos field;
#define S(field, keyword, type, fallback, arg, where, help) FIELD_##type(field, arg)

/* What is in force. Strings and lists live as long as their struct config. */
struct settings {
#include "monitor/config.def"
};
#undef ENUM_OF

/* --- errors ------------------------------------------------------------ */
struct config_error {
	bool warning;
	char *text; /* file:line: keyword: what is wrong, and what to do */
};

/* All that is wrong, in the order of the file; {0} is none. */
struct config_errors {
	struct config_error *item;
	size_t n;
	size_t fatal; /* how many are no warnings, also of those not kept */
	size_t lost;  /* beyond LIMIT_CONFIG_ERRORS */
};

/* Prints each on a line of its own. */
void config_errors_print(FILE *f, const struct config_errors *errs);

/* Frees what errs holds. */
void config_errors_wipe(struct config_errors *errs);

/* --- loading ----------------------------------------------------------- */
struct config;

/*
 * Reads the defaults, the command line's settings and the file that it names.
 * errs:   receives warnings and errors; the caller wipes it
 * Owns:   the caller unrefs *out
 * Errors: ERR_CONFIG errs says what; ERR_MEMORY
 * Source: sshd_config(5); the first value of a keyword wins
 */
MUST_CHECK enum err config_load(const struct options *o, struct config **out,
				struct config_errors *errs);

/* Counts one more user of c, e.g. a connection that keeps what it began with. */
struct config *config_ref(struct config *c);

/* Gives c back; the last one frees it. NULL is nothing. */
void config_unref(struct config *c);

/* Gives the values that hold before anybody logged in. */
const struct settings *config_settings(const struct config *c);

/*
 * Calls fn with each value that a setting of type PATH has for anybody: in general and in
 * Match blocks, none (NULL) left out.
 * offset: of its field in struct settings
 */
void config_each_path(const struct config *c, size_t offset,
		      void (*fn)(void *ctx, const char *path), void *ctx);

/* What Match lines are compared with. A NULL pointer satisfies no pattern. */
struct match_facts {
	const char *user;
	const struct strlist *groups; /* names; all that the user is in */
	const char *host;             /* the client's name, or its address again */
	const char *address;          /* the client's, in numbers */
	const char *local_address;
	uint16_t local_port; /* 0: not known */
};

/* Tells whether there are Match blocks; where there are none, config_settings holds for all. */
bool config_has_match(const struct config *c);

/*
 * Works out the values for one connection, without blocking.
 * out:    borrows from c: keep a reference to c as long as out is used
 * Errors: ERR_MEMORY
 * Source: sshd_config(5) Match: it overrides; of several blocks the first wins, but for
 *         AcceptEnv and Allow- and Deny-lists, which add up
 */
MUST_CHECK enum err config_match(const struct config *c,
				 const struct match_facts *facts, struct settings *out);

/*
 * Reads an item of channel_timeout.
 * type: a pattern; points into item
 * s:    0: never
 * Gives: whether it is one
 */
bool config_timeout_read(const char *item, struct span *type, uint32_t *s);

/* Prints settings as sshd -T does; config_load reads it again. */
void config_print(FILE *f, const struct settings *s);

/* Prints the keywords for the manual page, in mdoc(7). */
void config_help(FILE *f);

#endif
