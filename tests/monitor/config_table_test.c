/* The table of settings as a table: each has help, a default that is read, a round trip. */

#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

START_TEST(config_rows_have_help_in_whole_sentences)
{
	const struct config_row *row = &config_rows[_i];
	size_t n = strlen(row->help);

	ck_assert_msg(n > 20, "%s", row->keyword);
	ck_assert_msg(row->help[n - 1] == '.', "%s", row->keyword);
}
END_TEST

START_TEST(config_rows_have_what_their_type_needs)
{
	const struct config_row *row = &config_rows[_i];

	ck_assert_uint_gt(row->size, 0);
	ck_assert_uint_le(row->size, sizeof(union config_value));
	switch (row->type) {
	case TYPE_ENUM:
		ck_assert_ptr_nonnull(row->names);
		ck_assert_uint_eq(row->size, sizeof(int));
		break;
	case TYPE_NUMBER:
	case TYPE_OCTAL:
	case TYPE_SECONDS:
		ck_assert_uint_lt(row->min, row->max);
		break;
	case TYPE_WORD:
	case TYPE_WORDS:
	case TYPE_GATHER:
	case TYPE_FILES:
		ck_assert(row->check != NULL);
		break;
	default:
		break;
	}
	/* config_match adds up lists of strings over blocks; of prompts the first block's count */
	ck_assert(!row->match || row->type == TYPE_GATHER ||
		  row->type == TYPE_PROMPTS || config_type_item_bytes(row->type) == 0);
}
END_TEST

START_TEST(config_keywords_are_there_once)
{
	const struct config_row *row = &config_rows[_i];

	ck_assert_ptr_eq(config_row_find(row->keyword), row);
	ck_assert_ptr_null(config_foreign_find(row->keyword));
}
END_TEST

/* What is printed of one setting is read again, and printed the same. */
START_TEST(config_defaults_survive_print_and_parse)
{
	const struct config_row *row = &config_rows[_i];
	struct config *c = kit_load("");
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	config_row_print(f, row, config_settings(c));
	(void)fclose(f);
	ck_assert_msg(n > 0 || row->fallback == NULL, "%s", row->keyword);
	if (n > 0) {
		text[n - 1] = '\0';
		kit_shows(text, text);
	}
	free(text);
	config_unref(c);
}
END_TEST

START_TEST(config_foreigns_take_their_one_value)
{
	const struct config_foreign *foreign = &config_foreigns[_i];
	char line[128], words[160];
	struct config *c;

	(void)snprintf(line, sizeof line, "%s %s", foreign->keyword,
		       foreign->value == NULL ? "whatever" : foreign->value);
	c = kit_load(line);
	config_unref(c);
	ck_assert_uint_gt(strlen(foreign->advice), 5);
	if (foreign->value == NULL)
		return;
	(void)snprintf(line, sizeof line, "%s other", foreign->keyword);
	(void)snprintf(words, sizeof words, "%s: is not supported, only \"%s\" is: %s",
		       foreign->keyword, foreign->value, foreign->advice);
	kit_refuses(line, words);
}
END_TEST

START_TEST(config_row_find_ignores_case_and_knows_aliases)
{
	ck_assert_str_eq(config_row_find("pOrT")->keyword, "Port");
	ck_assert_str_eq(config_row_find("pubkeyacceptedkeytypes")->keyword,
			 "PubkeyAcceptedAlgorithms");
	ck_assert_ptr_null(config_row_find("Ports"));
	ck_assert_str_eq(config_foreign_find("usedns")->keyword, "UseDNS");
	ck_assert_ptr_null(config_foreign_find("Port"));
}
END_TEST

START_TEST(config_keyword_near_finds_slips_of_the_finger)
{
	static const char *const slips[][2] = {
	    {"Prot",                 "Port"                  },
	    {"MaxAuthTrys",          "MaxAuthTries"          },
	    {"passwdauthentication", "PasswordAuthentication"},
	    {"Mtach",                "Match"                 },
	    {"Inlcude",              "Include"               },
	    {"AllowUser",            "AllowUsers"            },
	    {"usedsn",               "UseDNS"                },
	};

	for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++)
		ck_assert_str_eq(config_keyword_near(slips[i][0]), slips[i][1]);
	ck_assert_ptr_null(config_keyword_near("Zork"));
	ck_assert_ptr_null(config_keyword_near(""));
	ck_assert_ptr_null(config_keyword_near(
	    "PortPortPortPortPortPortPortPortPortPortPortPortPortPort"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_table");
	TCase *t = tcase_create("config_table");
	int rows = (int)n_config_rows;

	tcase_add_loop_test(t, config_rows_have_help_in_whole_sentences, 0, rows);
	tcase_add_loop_test(t, config_rows_have_what_their_type_needs, 0, rows);
	tcase_add_loop_test(t, config_keywords_are_there_once, 0, rows);
	tcase_add_loop_test(t, config_defaults_survive_print_and_parse, 0, rows);
	tcase_add_loop_test(t, config_foreigns_take_their_one_value, 0,
			    (int)n_config_foreigns);
	tcase_add_test(t, config_row_find_ignores_case_and_knows_aliases);
	tcase_add_test(t, config_keyword_near_finds_slips_of_the_finger);
	suite_add_tcase(s, t);
	return s;
}
