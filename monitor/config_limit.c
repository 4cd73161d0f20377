/*
 * Reads and prints the settings that say who may come in and for how long: times and numbers that
 * may be none, timeouts, rates, penalties, blocks of addresses, lists of addresses. Source: sshd_config(5)
 */
#include <string.h>
#include <strings.h>

#include "common/names.h"
#include "monitor/clients.h"
#include "monitor/config_priv.h"
#include "monitor/match.h"

#define V4_BITS 32
#define V6_BITS 128

/* One name:value; its field is a uint32_t. */
struct part {
	const char *name;
	enum { PART_TIME, PART_NUMBER, PART_OVERFLOW } form;
	size_t offset;
};

#define PENALTY(field) offsetof(struct penalty_settings, field)
#define SLOWING(field) offsetof(struct user_penalties, field)

static const struct part penalty_parts[] = {
    {"crash",            PART_TIME,     PENALTY(cause_s[PENALTY_CRASH])   },
    {"authfail",         PART_TIME,     PENALTY(cause_s[PENALTY_AUTHFAIL])},
    {"noauth",           PART_TIME,     PENALTY(cause_s[PENALTY_NOAUTH])  },
    {"grace-exceeded",   PART_TIME,     PENALTY(cause_s[PENALTY_GRACE])   },
    {"refuseconnection", PART_TIME,     PENALTY(cause_s[PENALTY_REFUSED]) },
    {"max",	      PART_TIME,     PENALTY(max_s)                    },
    {"min",	      PART_TIME,     PENALTY(min_s)                    },
    {"max-sources4",     PART_NUMBER,   PENALTY(max_sources4)             },
    {"max-sources6",     PART_NUMBER,   PENALTY(max_sources6)             },
    {"overflow",         PART_OVERFLOW, PENALTY(overflow)                 },
    {"overflow6",        PART_OVERFLOW, PENALTY(overflow6)                },
    {NULL,	       PART_TIME,     0				 },
};
static const struct part slowdown_parts[] = {
    {"authfail",  PART_TIME,   SLOWING(authfail_s)},
    {"max",       PART_TIME,   SLOWING(max_s)     },
    {"min",       PART_TIME,   SLOWING(min_s)     },
    {"delay",     PART_TIME,   SLOWING(delay_s)   },
    {"max-users", PART_NUMBER, SLOWING(max_users) },
    {NULL,        PART_TIME,   0                  },
};

static const struct penalty_settings penalty_defaults = {
    .on = 1,
    .cause_s = {[PENALTY_CRASH] = 90,
		[PENALTY_AUTHFAIL] = 5,
		[PENALTY_NOAUTH] = 1,
		[PENALTY_GRACE] = 10,
		[PENALTY_REFUSED] = 10},
    .max_s = 600,
    .min_s = 15,
    .max_sources4 = 65536,
    .max_sources6 = 65536
};
static const struct user_penalties slowdown_defaults = {.on = 1,
							.authfail_s = 5,
							.max_s = 300,
							.min_s = 60,
							.delay_s = 3,
							.max_users = 65536};

bool config_parse_timeout(struct config_reader *r, const struct config_row *row,
			  const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);

	if (arg == NULL)
		return false;
	if (strcasecmp(arg, "none") == 0) {
		out->number = 0;
		return true;
	}
	if (config_read_seconds(arg, row->max, &out->number))
		return true;
	config_complain(r, false,
			"none or a time up to %u seconds is wanted, such as 90 or "
			"1m30s, not \"%s\"",
			row->max, arg);
	return false;
}

bool config_parse_ceiling(struct config_reader *r, const struct config_row *row,
			  const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint64_t n = UINT32_MAX;

	if (arg == NULL)
		return false;
	if (strcasecmp(arg, "none") != 0 &&
	    (!config_read_number(arg, row->max, &n) || n < row->min)) {
		config_complain(r, false,
				"none or a number from %u to %u is wanted, not \"%s\"",
				row->min, row->max, arg);
		return false;
	}
	out->number = (uint32_t)n;
	return true;
}

bool config_parse_timeouts(struct config_reader *r, const struct config_row *row,
			   const struct config_line *line, union config_value *out)
{
	if (line->n > LIMIT_CHAN_TIMEOUTS) {
		config_complain(r, false, "%d types at most may be named, not %zu",
				LIMIT_CHAN_TIMEOUTS, line->n);
		return false;
	}
	return config_parse_words(r, row, line, out);
}

bool config_timeout_read(const char *item, struct span *type, uint32_t *s)
{
	const char *equals = strrchr(item, '=');

	if (equals == NULL || equals == item || equals - item > LIMIT_NAME_BYTES ||
	    !config_read_seconds(equals + 1, INT32_MAX, s))
		return false;
	*type = (struct span){(const uint8_t *)item, (size_t)(equals - item)};
	return true;
}

const char *config_check_channel_timeout(const struct config_reader *r, struct arena *a,
					 const char **arg)
{
	struct span type;
	uint32_t s;

	(void)r;
	(void)a;
	if (strcmp(*arg, "none") == 0 || config_timeout_read(*arg, &type, &s))
		return NULL;
	return "none, or a type of channel and a time such as session=15m";
}

static bool read_rate(const char *text, uint64_t *out)
{
	*out = 0;
	return strcasecmp(text, "none") == 0 ||
	       (config_read_bytes(text, out) && *out >= LIMIT_RATE_LEAST &&
		*out <= LIMIT_POLICY_RATE);
}

bool config_parse_rate(struct config_reader *r, const struct config_row *row,
		       const struct config_line *line, union config_value *out)
{
	uint64_t rate[2];

	(void)row;
	if (line->n == 0 || line->n > 2) {
		config_complain(r, false, "one or two amounts are wanted, not %zu",
				line->n);
		return false;
	}
	for (size_t i = 0; i < line->n; i++) {
		if (read_rate(line->arg[i].text, &rate[i]))
			continue;
		config_complain(r, false,
				"none or an amount a second from %d to 1024G, such as "
				"512K or 10M, is wanted, not \"%s\"",
				LIMIT_RATE_LEAST, line->arg[i].text);
		return false;
	}
	out->rate = (struct rate_limit){rate[0], rate[line->n - 1]};
	return true;
}

static bool read_overflow(const char *text, uint32_t *out)
{
	if (strcasecmp(text, "permissive") != 0 && strcasecmp(text, "deny-all") != 0)
		return false;
	*out = strcasecmp(text, "deny-all") == 0;
	return true;
}

static bool read_value(const struct part *part, const char *text, uint32_t *out)
{
	uint64_t n;

	switch (part->form) {
	case PART_TIME:
		return config_read_seconds(text, INT32_MAX, out);
	case PART_NUMBER:
		if (!config_read_number(text, LIMIT_PENALTIES, &n) || n == 0)
			return false;
		*out = (uint32_t)n;
		return true;
	case PART_OVERFLOW:
		return read_overflow(text, out);
	}
	return false;
}

static bool read_part(const struct part *parts, const char *arg, uint8_t *fields)
{
	const char *colon = strchr(arg, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - arg);
	uint32_t value;

	for (; n > 0 && parts->name != NULL; parts++) {
		if (strlen(parts->name) != n || strncasecmp(parts->name, arg, n) != 0)
			continue;
		if (!read_value(parts, colon + 1, &value))
			return false;
		memcpy(fields + parts->offset, &value, sizeof value);
		return true;
	}
	return false;
}

static const char *names_of(struct arena *a, const struct part *parts)
{
	const char *text = parts->name;

	for (parts++; text != NULL && parts->name != NULL; parts++)
		text = arena_print(a, "%s, %s", text, parts->name);
	return text == NULL ? "" : text;
}

/* Reads all parts into fields, which hold the defaults; none of them where it says no or yes. */
static bool read_parts(struct config_reader *r, const struct config_line *line,
		       const struct part *parts, void *fields)
{
	if (line->n == 0) {
		config_complain(r, false, "a value is missing");
		return false;
	}
	for (size_t i = 0; i < line->n; i++) {
		if (read_part(parts, line->arg[i].text, fields))
			continue;
		config_complain(r, false,
				"no, yes, or name:value is wanted, where the name is "
				"one of %s; not \"%s\"",
				names_of(&r->c->arena, parts), line->arg[i].text);
		return false;
	}
	return true;
}

static bool is_alone(const struct config_line *line, const char *word)
{
	return line->n == 1 && strcasecmp(line->arg[0].text, word) == 0;
}

bool config_parse_penalties(struct config_reader *r, const struct config_row *row,
			    const struct config_line *line, union config_value *out)
{
	(void)row;
	out->penalties = penalty_defaults;
	out->penalties.on = !is_alone(line, "no");
	return is_alone(line, "no") || is_alone(line, "yes") ||
	       read_parts(r, line, penalty_parts, &out->penalties);
}

bool config_parse_slowdown(struct config_reader *r, const struct config_row *row,
			   const struct config_line *line, union config_value *out)
{
	(void)row;
	out->slowdown = slowdown_defaults;
	out->slowdown.on = !is_alone(line, "no");
	return is_alone(line, "no") || is_alone(line, "yes") ||
	       read_parts(r, line, slowdown_parts, &out->slowdown);
}

static void parts_put(FILE *f, const struct part *parts, bool on, const void *fields)
{
	uint32_t value;

	for (; on && parts->name != NULL; parts++) {
		memcpy(&value, (const uint8_t *)fields + parts->offset, sizeof value);
		if (parts->form == PART_OVERFLOW)
			(void)fprintf(f, " %s:%s", parts->name,
				      value != 0 ? "deny-all" : "permissive");
		else
			(void)fprintf(f, " %s:%u", parts->name, value);
	}
	(void)fputs(on ? "\n" : " no\n", f);
}

void config_penalties_put(FILE *f, const struct penalty_settings *s)
{
	parts_put(f, penalty_parts, s->on != 0, s);
}

void config_slowdown_put(FILE *f, const struct user_penalties *s)
{
	parts_put(f, slowdown_parts, s->on != 0, s);
}

bool config_parse_netblock(struct config_reader *r, const struct config_row *row,
			   const struct config_line *line, union config_value *out)
{
	const char *arg = config_one_arg(r, line);
	uint64_t v4, v6 = V6_BITS;
	char first[4] = "";
	size_t n;

	(void)row;
	if (arg == NULL)
		return false;
	n = strcspn(arg, ":");
	if (n < sizeof first)
		memcpy(first, arg, n);
	if (!config_read_number(first, V4_BITS, &v4) ||
	    (arg[n] == ':' && !config_read_number(arg + n + 1, V6_BITS, &v6))) {
		config_complain(r, false,
				"bits of an IPv4 address, up to 32, and of an IPv6 "
				"address, up to 128, are wanted, such as 24:56, not "
				"\"%s\"",
				arg);
		return false;
	}
	out->net_block = (struct net_block){(uint32_t)v4, (uint32_t)v6};
	return true;
}

static bool is_address_part(struct span part)
{
	for (size_t i = 0; i < part.n; i++)
		if (strchr("0123456789abcdefABCDEF.:/*?", part.p[i]) == NULL)
			return false;
	return part.n > 0;
}

const char *config_check_clients(const struct config_reader *r, struct arena *a,
				 const char **arg)
{
	struct span list = span_str(*arg), part;

	(void)r;
	(void)a;
	while (names_next(&list, &part)) {
		if (part.n > 0 && part.p[0] == '!')
			part = (struct span){part.p + 1, part.n - 1};
		if (span_is(part, "none") ||
		    (!clients_is_name(part) && !is_address_part(part)))
			return "an address, a network such as 192.0.2.0/24, a pattern "
			       "of addresses such as 192.0.2.*, or the name of a host "
			       "without a pattern";
	}
	return match_address_valid(*arg) == OK
		   ? NULL
		   : "a network without bits beyond the mask such as 192.0.2.0/24";
}

const char *config_check_addresses(const struct config_reader *r, struct arena *a,
				   const char **arg)
{
	(void)r;
	(void)a;
	if (strcasecmp(*arg, "none") == 0) {
		*arg = NULL;
		return NULL;
	}
	/* a name would match nobody: it is not looked up */
	if (match_address_valid(*arg) == OK &&
	    (*arg)[strspn(*arg, "0123456789abcdefABCDEF.:/*?!,")] == '\0')
		return NULL;
	return "an address, a network without bits beyond the mask such as "
	       "192.0.2.0/24, or a pattern such as 192.0.2.*";
}
