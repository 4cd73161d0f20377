/*
 * What the files of the configuration share: the table's rows, and the reader's state.
 */
#ifndef MONITOR_CONFIG_PRIV_H
#define MONITOR_CONFIG_PRIV_H

#include "common/algs.h"
#include "monitor/arena.h"
#include "monitor/config.h"
#include "monitor/config_line.h"
#include "monitor/options.h"

struct config_reader;

/* --- the table (config_table.c) ---------------------------------------- */
enum config_type {
	TYPE_BOOL,
	TYPE_ENUM,
	TYPE_NUMBER,
	TYPE_OCTAL,
	TYPE_SECONDS,
	TYPE_WORD,
	TYPE_PATH,
	TYPE_TEXT,
	TYPE_ENV,
	TYPE_ALGS,
	TYPE_WORDS,
	TYPE_GATHER,
	TYPE_FILES,
	TYPE_KEYS,
	TYPE_PORTS,
	TYPE_LISTEN,
	TYPE_SUBSYS,
	TYPE_PROMPTS,
	TYPE_HELPERS,
	TYPE_STARTUPS,
	TYPE_TIMEOUT,
	TYPE_CEILING,
	TYPE_TIMEOUTS,
	TYPE_RATE,
	TYPE_PENALTIES,
	TYPE_SLOWDOWN,
	TYPE_NETBLOCK,
	TYPE_REKEY,
	TYPE_QOS
};
#define CONFIG_TYPE_COUNT (TYPE_QOS + 1)

/* A word and the number it stands for; the first of a number is the one printed. */
struct config_name {
	const char *name; /* NULL ends a list */
	int value;
};

/*
 * Looks at one argument, and may replace it by its usual form.
 * Gives: NULL where it is good; else what is wanted
 */
typedef const char *config_check_fn(const struct config_reader *r, struct arena *a,
				    const char **arg);

struct config_row {
	const char *keyword;
	enum config_type type;
	size_t offset, size; /* of its field in struct settings */
	const char *fallback;
	uint32_t min, max;
	const struct config_name *names;
	enum alg_kind kind;
	config_check_fn *check;
	bool match; /* may stand in a Match block */
	const char *help;
};

extern const struct config_row config_rows[];
extern const size_t n_config_rows;

/* A keyword of sshd's that has one value here; value NULL: any, ignored. */
struct config_foreign {
	const char *keyword;
	const char *value;
	const char *advice;
};

extern const struct config_foreign config_foreigns[];
extern const size_t n_config_foreigns;

/* Values of IPQoS. */
extern const struct config_name config_qos_names[];

/* Finds a setting by its keyword or an alias, whatever the case; NULL: there is none. */
const struct config_row *config_row_find(const char *keyword);

/* Finds a keyword of sshd's that has one value here; NULL: there is none. */
const struct config_foreign *config_foreign_find(const char *keyword);

/* Finds the keyword that looks most like it; NULL: none does. */
const char *config_keyword_near(const char *keyword);

/* --- values (config_value.c, config_list.c) ---------------------------- */
union config_value {
	bool flag;
	int word; /* an enum */
	uint32_t number;
	const char *text;
	struct strlist list;
	struct store_sources keys;
	struct ports ports;
	struct listen_addresses listen;
	struct subsystems subsystems;
	struct kbd_prompts prompts;
	struct policy_helpers helpers;
	struct max_startups startups;
	struct penalty_settings penalties;
	struct user_penalties slowdown;
	struct net_block net_block;
	struct rate_limit rate;
	struct rekey_limit rekey;
	struct ip_qos qos;
};

/*
 * Reads the arguments of a row. Tells whether they were good; if not, it has complained.
 * Lists are those of this line only.
 */
typedef bool config_parse_fn(struct config_reader *r, const struct config_row *row,
			     const struct config_line *line, union config_value *out);

bool config_value_parse(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out);

config_parse_fn config_parse_words, config_parse_gather, config_parse_files,
    config_parse_ports, config_parse_listen, config_parse_subsys, config_parse_algs,
    config_parse_prompts, config_parse_helpers, config_parse_timeout,
    config_parse_ceiling, config_parse_penalties, config_parse_slowdown,
    config_parse_netblock, config_parse_timeouts, config_parse_rate, config_parse_keys;

/* Prints what PENALTIES and SLOWDOWN parse: name:value after name:value. (config_limit.c) */
void config_penalties_put(FILE *f, const struct penalty_settings *s);
void config_slowdown_put(FILE *f, const struct user_penalties *s);

/* Prints what KEYS parses, but for a key that stands there itself. (config_key.c) */
void config_key_put(FILE *f, const struct store_source *s);

/* Gives the only argument; NULL where there is none or more, and then it has complained. */
const char *config_one_arg(struct config_reader *r, const struct config_line *line);

/* Tells whether several lines of it add up; and then the size of an item, else 0. */
size_t config_type_item_bytes(enum config_type type);

/* Appends add to list, both of n items of that size. Tells whether there was memory. */
bool config_list_append(struct arena *a, size_t item_bytes, union config_value *list,
			const union config_value *add);

/* Reads a decimal number with nothing after it. Tells whether it is one within bounds. */
bool config_read_number(const char *text, uint64_t max, uint64_t *out);

/* Reads an amount with K, M, G after it or not. Tells whether it is one. */
bool config_read_bytes(const char *text, uint64_t *out);

/* Reads a time as sshd_config(5) TIME FORMATS has it. Tells whether it is one up to max. */
bool config_read_seconds(const char *text, uint32_t max, uint32_t *out);

/* Copies a value between a union and its field. */
void config_field_set(struct settings *s, const struct config_row *row,
		      const union config_value *v);
void config_field_get(const struct settings *s, const struct config_row *row,
		      union config_value *v);

/* --- the checks of CHECK(x) (config_check.c) ---------------------------- */
config_check_fn config_check_word, config_check_ident, config_check_path,
    config_check_methods, config_check_tokens, config_check_user,
    config_check_permit_open, config_check_permit_listen, config_check_env_name,
    config_check_env_pair, config_check_instruction, config_check_pam_service,
    config_check_script, config_check_metrics, config_check_clients, config_check_addresses,
    config_check_keys_command, config_check_principals_command,
    config_check_pubkey_option, config_check_channel_timeout, config_check_versions,
    config_check_codepage;

/* --- reading (config_file.c) ------------------------------------------- */
struct config_criterion {
	enum config_fact {
		FACT_ALL,
		FACT_USER,
		FACT_GROUP,
		FACT_HOST,
		FACT_ADDRESS,
		FACT_LOCAL_ADDRESS,
		FACT_LOCAL_PORT
	} fact;
	const char *pattern;
	uint16_t port;
};

/* A Match block; 0 is what stands before all of them. */
struct config_block {
	size_t parent; /* an Include within a block: both must match */
	const struct config_criterion *criterion;
	size_t n;
};

/* One setting in one Match block, in the order of the file. */
struct config_override {
	size_t block;
	const struct config_row *row;
	union config_value value;
};

struct config {
	unsigned refs;
	struct arena arena;
	struct settings base;
	struct config_block *block;
	size_t n_blocks;
	struct config_override *override;
	size_t n_overrides;
	struct config_cache *cache; /* lists added up so far; config.c */
};

struct config_reader {
	struct config *c;
	const struct options *options;
	struct config_errors *errs;
	bool *seen;       /* a row each: set before any Match */
	const char *file; /* for complaints */
	unsigned line;    /* 0: there are no lines */
	const char *keyword;
	size_t block;
	unsigned depth;
	size_t n_files;
	bool defaults; /* reading the table's own */
};

/* Adds an error, or a warning, with its place. (config_errors.c) */
void config_complain(struct config_reader *r, bool warning, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Takes out of every list of algorithms what CryptoProvider fips does not have, where that is set;
 * complains where nothing is left. (config_algs.c)
 */
void config_keep_fips(struct config_reader *r);

/* Reads the command line's settings, the file, and the defaults, into r->c. */
void config_read_all(struct config_reader *r);

/*
 * Reads the criteria of a Match line; adds the block, within parent, and makes it the one
 * that is read. (config_block.c)
 */
void config_block_begin(struct config_reader *r, const struct config_line *line,
			size_t parent);

/* Tells whether every connection satisfies block, as it does 0, before there is a user. */
bool config_block_is_all(const struct config *c, size_t block);

/* Tells for each block whether facts satisfy it. active: of c->n_blocks */
void config_blocks_match(const struct config *c, const struct match_facts *facts,
			 bool *active);

/* --- tables checked by tests ------------------------------------------- */
/* Prints one row of settings; nothing where there is nothing to print. (config_print.c) */
void config_row_print(FILE *f, const struct config_row *row, const struct settings *s);

#endif
