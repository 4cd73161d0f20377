/*
 * Prints settings as -T does. What is printed is read again as a configuration.
 */
#include <string.h>

#include "monitor/config_priv.h"

/* A keyword as -T has it. */
static void put_keyword(FILE *f, const char *keyword)
{
	for (; *keyword != '\0'; keyword++)
		(void)putc(*keyword >= 'A' && *keyword <= 'Z' ? *keyword - 'A' + 'a'
							      : *keyword,
			   f);
}

static void put_word(FILE *f, const struct config_row *row, const char *word)
{
	put_keyword(f, row->keyword);
	(void)putc(' ', f);
	config_line_put(f, word == NULL ? "none" : word);
	(void)putc('\n', f);
}

/* One = is taken with the keyword; a text that begins with one needs another. */
static void put_text(FILE *f, const struct config_row *row, const union config_value *v)
{
	const char *text = v->text;

	put_keyword(f, row->keyword);
	(void)fprintf(f, "%s%s\n", text != NULL && text[0] == '=' ? " = " : " ",
		      text == NULL ? "none" : text);
}

static const char *name_of(const struct config_name *names, int value)
{
	for (; names->name != NULL; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

static void put_lines(FILE *f, const struct config_row *row,
		      const union config_value *v)
{
	for (size_t i = 0; i < v->list.n; i++)
		put_word(f, row, v->list.item[i]);
}

static void put_list(FILE *f, const struct config_row *row, const union config_value *v)
{
	const struct strlist *list = &v->list;

	if (list->n == 0 && row->fallback == NULL)
		return;
	put_keyword(f, row->keyword);
	for (size_t i = 0; i < list->n; i++) {
		(void)putc(' ', f);
		config_line_put(f, list->item[i]);
	}
	(void)fputs(list->n == 0 ? " none\n" : "\n", f);
}

static void put_ports(FILE *f, const struct config_row *row,
		      const union config_value *v)
{
	for (size_t i = 0; i < v->ports.n; i++) {
		put_keyword(f, row->keyword);
		(void)fprintf(f, " %u\n", v->ports.item[i]);
	}
}

static void put_listen(FILE *f, const struct config_row *row,
		       const union config_value *v)
{
	const struct listen_addresses *listen = &v->listen;

	for (size_t i = 0; i < listen->n; i++) {
		bool v6 = strchr(listen->item[i].host, ':') != NULL;

		put_keyword(f, row->keyword);
		(void)fprintf(f, v6 ? " [%s]:%u\n" : " %s:%u\n", listen->item[i].host,
			      listen->item[i].port);
	}
}

static void put_subsystems(FILE *f, const struct config_row *row,
			   const union config_value *v)
{
	for (size_t i = 0; i < v->subsystems.n; i++) {
		const struct subsystem *s = &v->subsystems.item[i];

		put_keyword(f, row->keyword);
		(void)putc(' ', f);
		config_line_put(f, s->name);
		(void)putc(' ', f);
		/* several words are kept as they stand; quoted where they would not be */
		if (strpbrk(s->command, "#\"'\\") != NULL)
			config_line_put(f, s->command);
		else
			(void)fputs(s->command, f);
		(void)putc('\n', f);
	}
}

static void put_prompts(FILE *f, const struct config_row *row,
			const union config_value *v)
{
	for (size_t i = 0; i < v->prompts.n; i++) {
		put_keyword(f, row->keyword);
		(void)putc(' ', f);
		config_line_put(f, v->prompts.item[i].text);
		(void)fputs(v->prompts.item[i].echo ? " echo\n" : "\n", f);
	}
}

static void put_keys(FILE *f, const struct config_row *row, const union config_value *v)
{
	for (size_t i = 0; i < v->keys.n; i++) {
		put_keyword(f, row->keyword);
		config_key_put(f, &v->keys.item[i]);
		(void)putc('\n', f);
	}
}

static void put_helpers(FILE *f, const struct config_row *row,
			const union config_value *v)
{
	for (size_t i = 0; i < v->helpers.n; i++) {
		const char *const *argv = v->helpers.item[i].argv;

		put_keyword(f, row->keyword);
		(void)fprintf(f, " %s", v->helpers.item[i].name);
		for (; *argv != NULL; argv++) {
			(void)putc(' ', f);
			config_line_put(f, *argv);
		}
		(void)putc('\n', f);
	}
}

static void put_qos_value(FILE *f, int value)
{
	const char *name = name_of(config_qos_names, value);

	if (name != NULL)
		(void)fprintf(f, " %s", name);
	else
		(void)fprintf(f, " 0x%02x", (unsigned)value);
}

static void put_qos(FILE *f, const struct config_row *row, const union config_value *v)
{
	put_keyword(f, row->keyword);
	put_qos_value(f, v->qos.interactive);
	put_qos_value(f, v->qos.bulk);
	(void)putc('\n', f);
}

static void put_number(FILE *f, const struct config_row *row,
		       const union config_value *v)
{
	put_keyword(f, row->keyword);
	(void)fprintf(f, row->type == TYPE_OCTAL ? " 0%o\n" : " %u\n", v->number);
}

static void put_startups(FILE *f, const struct config_row *row,
			 const union config_value *v)
{
	const struct max_startups *m = &v->startups;

	put_keyword(f, row->keyword);
	(void)fprintf(f, " %u:%u:%u\n", m->begin, m->rate, m->full);
}

static void put_timeout(FILE *f, const struct config_row *row,
			const union config_value *v)
{
	put_keyword(f, row->keyword);
	(void)fprintf(f, v->number == 0 ? " none\n" : " %u\n", v->number);
}

static void put_ceiling(FILE *f, const struct config_row *row,
			const union config_value *v)
{
	put_keyword(f, row->keyword);
	(void)fprintf(f, v->number == UINT32_MAX ? " none\n" : " %u\n", v->number);
}

static void put_rate(FILE *f, const struct config_row *row, const union config_value *v)
{
	const uint64_t rates[] = {v->rate.in, v->rate.out};

	put_keyword(f, row->keyword);
	for (size_t i = 0; i < 2; i++)
		if (rates[i] == 0)
			(void)fputs(" none", f);
		else
			(void)fprintf(f, " %llu", (unsigned long long)rates[i]);
	(void)putc('\n', f);
}

static void put_penalties(FILE *f, const struct config_row *row,
			  const union config_value *v)
{
	put_keyword(f, row->keyword);
	config_penalties_put(f, &v->penalties);
}

static void put_slowdown(FILE *f, const struct config_row *row,
			 const union config_value *v)
{
	put_keyword(f, row->keyword);
	config_slowdown_put(f, &v->slowdown);
}

static void put_netblock(FILE *f, const struct config_row *row,
			 const union config_value *v)
{
	put_keyword(f, row->keyword);
	(void)fprintf(f, " %u:%u\n", v->net_block.v4_bits, v->net_block.v6_bits);
}

static void put_rekey(FILE *f, const struct config_row *row,
		      const union config_value *v)
{
	put_keyword(f, row->keyword);
	(void)fprintf(f, " %llu %u\n", (unsigned long long)v->rekey.bytes, v->rekey.s);
}

static void put_env(FILE *f, const struct config_row *row, const union config_value *v)
{
	const char *patterns = v->text;

	if (patterns == NULL)
		put_word(f, row, "no");
	else
		put_word(f, row, strcmp(patterns, "*") == 0 ? "yes" : patterns);
}

static void put_bool(FILE *f, const struct config_row *row, const union config_value *v)
{
	put_word(f, row, v->flag ? "yes" : "no");
}

static void put_enum(FILE *f, const struct config_row *row, const union config_value *v)
{
	put_word(f, row, name_of(row->names, v->word));
}

static void put_string(FILE *f, const struct config_row *row,
		       const union config_value *v)
{
	put_word(f, row, v->text);
}

typedef void put_fn(FILE *f, const struct config_row *row, const union config_value *v);

void config_row_print(FILE *f, const struct config_row *row, const struct settings *s)
{
	static put_fn *const puts_of[CONFIG_TYPE_COUNT] = {
	    [TYPE_BOOL] = put_bool,         [TYPE_ENUM] = put_enum,
	    [TYPE_NUMBER] = put_number,     [TYPE_OCTAL] = put_number,
	    [TYPE_SECONDS] = put_number,    [TYPE_WORD] = put_string,
	    [TYPE_PATH] = put_string,       [TYPE_TEXT] = put_text,
	    [TYPE_ENV] = put_env,           [TYPE_ALGS] = put_string,
	    [TYPE_WORDS] = put_list,        [TYPE_GATHER] = put_lines,
	    [TYPE_FILES] = put_lines,       [TYPE_PORTS] = put_ports,
	    [TYPE_LISTEN] = put_listen,     [TYPE_SUBSYS] = put_subsystems,
	    [TYPE_PROMPTS] = put_prompts,   [TYPE_HELPERS] = put_helpers,
	    [TYPE_STARTUPS] = put_startups, [TYPE_REKEY] = put_rekey,
	    [TYPE_QOS] = put_qos,           [TYPE_TIMEOUT] = put_timeout,
	    [TYPE_CEILING] = put_ceiling,   [TYPE_PENALTIES] = put_penalties,
	    [TYPE_SLOWDOWN] = put_slowdown, [TYPE_NETBLOCK] = put_netblock,
	    [TYPE_TIMEOUTS] = put_list,     [TYPE_RATE] = put_rate,
	    [TYPE_KEYS] = put_keys,
	};
	union config_value v;

	config_field_get(s, row, &v);
	puts_of[row->type](f, row, &v);
}

void config_print(FILE *f, const struct settings *s)
{
	for (size_t i = 0; i < n_config_rows; i++)
		config_row_print(f, &config_rows[i], s);
}
