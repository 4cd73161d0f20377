/*
 * Reads values that are one thing: yes or no, a word, a number, a time, a path, a text.
 * What is wrong is told with what is allowed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "monitor/config_priv.h"

bool config_read_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (text[0] == '\0')
		return false;
	for (; *text != '\0'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (n > max)
		return false;
	*out = n;
	return true;
}

const char *config_one_arg(struct config_reader *r, const struct config_line *line)
{
	if (line->n != 1) {
		config_complain(r, false,
				line->n == 0 ? "a value is missing"
					     : "one value is wanted, not %zu",
				line->n);
		return NULL;
	}
	return line->arg[0].text;
}

static bool parse_bool(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);

	(void)row;
	if (arg == NULL)
		return false;
	if (strcasecmp(arg, "yes") != 0 && strcasecmp(arg, "no") != 0) {
		config_complain(r, false, "yes or no is wanted, not \"%s\"", arg);
		return false;
	}
	out->flag = strcasecmp(arg, "yes") == 0;
	return true;
}

static const char *list_names(struct arena *a, const struct config_name *names)
{
	const char *text = names->name;

	for (names++; text != NULL && names->name != NULL; names++)
		text = arena_print(a, "%s, %s", text, names->name);
	return text;
}

static bool parse_enum(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line), *allowed;

	if (arg == NULL)
		return false;
	for (const struct config_name *n = row->names; n->name != NULL; n++)
		if (strcasecmp(arg, n->name) == 0) {
			out->word = n->value;
			return true;
		}
	allowed = list_names(&r->c->arena, row->names);
	if (allowed != NULL)
		config_complain(r, false, "\"%s\" is none of: %s", arg, allowed);
	return false;
}

static bool parse_number(struct config_reader *r, const struct config_row *row,
			 const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint64_t n;

	if (arg == NULL)
		return false;
	if (!config_read_number(arg, row->max, &n) || n < row->min) {
		config_complain(r, false,
				"a number from %u to %u is wanted, not \"%s\"",
				row->min, row->max, arg);
		return false;
	}
	out->number = (uint32_t)n;
	return true;
}

static bool parse_octal(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint32_t n = 0;

	if (arg == NULL)
		return false;
	for (const char *c = arg; *c != '\0' && n <= row->max; c++)
		n = *c < '0' || *c > '7' ? UINT32_MAX : n * 8 + (uint32_t)(*c - '0');
	if (arg[0] == '\0' || n > row->max) {
		config_complain(r, false,
				"an octal number up to 0%o is wanted, not \"%s\"",
				row->max, arg);
		return false;
	}
	out->number = n;
	return true;
}

static uint64_t seconds_of(char unit)
{
	static const struct {
		char letter;
		uint32_t s;
	} units[] = {
	    {'s', 1     },
            {'m', 60    },
            {'h', 3600  },
            {'d', 86400 },
            {'w', 604800}
        };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (unit == units[i].letter || unit == units[i].letter - 'a' + 'A')
			return units[i].s;
	return 0;
}

/* sshd_config(5) TIME FORMATS: numbers with units, added up. */
bool config_read_seconds(const char *text, uint32_t max, uint32_t *out)
{
	uint64_t total = 0;

	if (text[0] == '\0')
		return false;
	while (*text != '\0') {
		uint64_t n = 0, unit = 1;

		if (*text < '0' || *text > '9')
			return false;
		for (; *text >= '0' && *text <= '9' && n <= max; text++)
			n = n * 10 + (uint64_t)(*text - '0');
		if (*text != '\0' && (unit = seconds_of(*text++)) == 0)
			return false;
		if (n > max || (total += n * unit) > max)
			return false;
	}
	*out = (uint32_t)total;
	return true;
}

static bool parse_seconds(struct config_reader *r, const struct config_row *row,
			  const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint32_t s;

	if (arg == NULL)
		return false;
	if (!config_read_seconds(arg, row->max, &s) || s < row->min) {
		config_complain(
		    r, false,
		    "a time from %u to %u seconds is wanted, such as 90 or 1m30s, "
		    "not \"%s\"",
		    row->min, row->max, arg);
		return false;
	}
	out->number = s;
	return true;
}

static bool checked(struct config_reader *r, config_check_fn *check, const char **arg)
{
	const char *wanted = check(r, &r->c->arena, arg);

	if (wanted == NULL)
		return true;
	config_complain(r, false, "%s is wanted, not \"%s\"", wanted, *arg);
	return false;
}

static bool parse_word(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	out->text = config_one_arg(r, line);
	return out->text != NULL && checked(r, row->check, &out->text);
}

static bool parse_path(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);

	(void)row;
	if (arg == NULL)
		return false;
	if (strcasecmp(arg, "none") == 0)
		arg = NULL;
	else if (!checked(r, config_check_path, &arg))
		return false;
	out->text = arg;
	return true;
}

static bool parse_text(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	(void)row;
	if (line->rest[0] == '\0') {
		config_complain(r, false, "a value is missing");
		return false;
	}
	out->text = strcasecmp(line->rest, "none") == 0 ? NULL : line->rest;
	return true;
}

static bool parse_env(struct config_reader *r, const struct config_row *row,
		      const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);

	(void)row;
	if (arg == NULL)
		return false;
	if (strcasecmp(arg, "yes") == 0)
		arg = "*";
	else if (strcasecmp(arg, "no") == 0)
		arg = NULL;
	else if (!checked(r, config_check_word, &arg))
		return false;
	out->text = arg;
	return true;
}

/* Reads up to three numbers divided by colons; gives how many, 0 where it is malformed. */
static size_t read_triple(const char *text, uint32_t out[3])
{
	size_t n = 0;

	while (n < 3 && *text >= '0' && *text <= '9') {
		char *end;
		unsigned long v = strtoul(text, &end, 10);

		if (v > LIMIT_CONNECTIONS)
			return 0;
		out[n++] = (uint32_t)v;
		if (*end == '\0')
			return n;
		if (*end != ':')
			return 0;
		text = end + 1;
	}
	return 0;
}

static bool parse_startups(struct config_reader *r, const struct config_row *row,
			   const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint32_t v[3] = {0};
	struct max_startups m;
	size_t n;

	(void)row;
	if (arg == NULL)
		return false;
	n = read_triple(arg, v);
	/* one number is both ends, the rate between them does not matter */
	m = n == 1 ? (struct max_startups){v[0], 30, v[0]}
		   : (struct max_startups){v[0], v[1], v[2]};
	if (n == 0 || n == 2 || m.begin == 0 || m.begin > m.full || m.rate == 0 ||
	    m.rate > 100) {
		config_complain(
		    r, false,
		    "start:rate:full is wanted, start from 1 to full, rate 1 to 100, "
		    "not \"%s\"",
		    arg);
		return false;
	}
	out->startups = m;
	return true;
}

bool config_read_bytes(const char *text, uint64_t *out)
{
	static const char suffixes[] = "KMG";
	char digits[21];
	size_t n = strspn(text, "0123456789");
	const char *suffix;
	unsigned shift = 0;
	uint64_t bytes;

	if (n == 0 || n >= sizeof digits || (text[n] != '\0' && text[n + 1] != '\0'))
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (text[n] != '\0') {
		suffix = strchr(suffixes, text[n] & ~0x20);
		if (suffix == NULL)
			return false;
		shift = 10 * (unsigned)(suffix - suffixes + 1);
	}
	if (!config_read_number(digits, UINT64_MAX >> shift, &bytes))
		return false;
	*out = bytes << shift;
	return true;
}

#define REKEY_LEAST_BYTES 16 /* as sshd; 0 is the cipher's own limit */

static bool parse_rekey(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	struct rekey_limit limit = {0};

	(void)row;
	if (line->n == 0 || line->n > 2) {
		config_complain(r, false,
				"an amount and a time are wanted, not %zu values",
				line->n);
		return false;
	}
	if (strcasecmp(line->arg[0].text, "default") != 0 &&
	    (!config_read_bytes(line->arg[0].text, &limit.bytes) ||
	     (limit.bytes != 0 && limit.bytes < REKEY_LEAST_BYTES))) {
		config_complain(r, false,
				"default or an amount from 16, such as 512M or 1G, is "
				"wanted, not \"%s\"",
				line->arg[0].text);
		return false;
	}
	if (line->n == 2 && strcasecmp(line->arg[1].text, "none") != 0 &&
	    !config_read_seconds(line->arg[1].text, INT32_MAX, &limit.s)) {
		config_complain(
		    r, false,
		    "none or a time such as 90 or 1m30s is wanted, not \"%s\"",
		    line->arg[1].text);
		return false;
	}
	out->rekey = limit;
	return true;
}

static bool read_qos(const char *text, int *out)
{
	uint64_t n;

	for (const struct config_name *q = config_qos_names; q->name != NULL; q++)
		if (strcasecmp(text, q->name) == 0) {
			*out = q->value;
			return true;
		}
	if (strncmp(text, "0x", 2) == 0 && strlen(text) <= 4 &&
	    text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0' &&
	    text[2] != '\0') {
		*out = (int)strtoul(text, NULL, 16);
		return true;
	}
	if (!config_read_number(text, UINT8_MAX, &n))
		return false;
	*out = (int)n;
	return true;
}

static bool parse_qos(struct config_reader *r, const struct config_row *row,
		      const struct config_line *line, union config_value *out)
{
	int value[2];

	(void)row;
	if (line->n == 0 || line->n > 2) {
		config_complain(r, false, "one or two values are wanted, not %zu",
				line->n);
		return false;
	}
	for (size_t i = 0; i < line->n; i++)
		if (!read_qos(line->arg[i].text, &value[i])) {
			config_complain(r, false,
					"none, af11 to af43, cs0 to cs7, ef, le, "
					"lowdelay, throughput, "
					"reliability or 0 to 255 is wanted, not \"%s\"",
					line->arg[i].text);
			return false;
		}
	out->qos = (struct ip_qos){value[0], value[line->n - 1]};
	return true;
}

bool config_value_parse(struct config_reader *r, const struct config_row *row,
			const struct config_line *line, union config_value *out)
{
	static config_parse_fn *const parsers[CONFIG_TYPE_COUNT] = {
	    [TYPE_BOOL] = parse_bool,
	    [TYPE_ENUM] = parse_enum,
	    [TYPE_NUMBER] = parse_number,
	    [TYPE_OCTAL] = parse_octal,
	    [TYPE_SECONDS] = parse_seconds,
	    [TYPE_WORD] = parse_word,
	    [TYPE_PATH] = parse_path,
	    [TYPE_TEXT] = parse_text,
	    [TYPE_ENV] = parse_env,
	    [TYPE_ALGS] = config_parse_algs,
	    [TYPE_WORDS] = config_parse_words,
	    [TYPE_GATHER] = config_parse_gather,
	    [TYPE_FILES] = config_parse_files,
	    [TYPE_KEYS] = config_parse_keys,
	    [TYPE_PORTS] = config_parse_ports,
	    [TYPE_LISTEN] = config_parse_listen,
	    [TYPE_SUBSYS] = config_parse_subsys,
	    [TYPE_PROMPTS] = config_parse_prompts,
	    [TYPE_HELPERS] = config_parse_helpers,
	    [TYPE_STARTUPS] = parse_startups,
	    [TYPE_TIMEOUT] = config_parse_timeout,
	    [TYPE_CEILING] = config_parse_ceiling,
	    [TYPE_TIMEOUTS] = config_parse_timeouts,
	    [TYPE_RATE] = config_parse_rate,
	    [TYPE_PENALTIES] = config_parse_penalties,
	    [TYPE_SLOWDOWN] = config_parse_slowdown,
	    [TYPE_NETBLOCK] = config_parse_netblock,
	    [TYPE_REKEY] = parse_rekey,
	    [TYPE_QOS] = parse_qos,
	};
	union config_value v = {0};

	if (!parsers[row->type](r, row, line, &v))
		return false;
	*out = v;
	return true;
}
