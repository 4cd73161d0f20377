/* Each CHECK(x) of config.def: what it takes, what it refuses, what it rewrites. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static struct arena arena;
static char folder[] = "/srv/x";
static const struct options options = {.folder = folder};
static const struct config_reader reader = {.options = &options};

struct row {
	config_check_fn *check;
	const char *good; /* divided by | */
	const char *bad;
};

#define ROW(of, take, refuse)                                                          \
	{                                                                              \
		.check = config_check_##of, .good = (take), .bad = (refuse)            \
	}
static const struct row rows[] = {
    ROW(word, "a|a b", ""),
    ROW(ident, "SSH-2.0-x|SSH-2.0-OpenSSH_9.2p1 Debian",
	"|SSH-2.0-|SSH-1.99-x|SSH-2.0- x|ssh-2.0-x|SSH-2.0-\303\244"),
    ROW(path, "/a|a", ""),
    ROW(methods,
	"any|publickey|publickey,password|none|publickey,keyboard-interactive|"
	"keyboard-interactive:password",
	"|publickey,|hostbased|keyboard-interactive:|keyboard-interactive:skey|"
	"password:pam|gssapi-with-mic|any,password|Publickey|publickey, "
	"password"),
    ROW(tokens, "a|%h/.k|%u%U%%", "|%|a%|%k|%%%"),
    ROW(keys_command, "/bin/x|%u:%%|%f%h%k%t%U", "%|%s|%i|a%"),
    ROW(principals_command, "/bin/x|%F%K%T|%f%h%i%k%s%t%U%u%%", "%|%q|%%%"),
    ROW(pubkey_option, "none|touch-required|verify-required", "|touch|Touch-required"),
    ROW(user, "a|a@b|*@10.0.0.0/8,!10.1.0.0/16|a@b@::/0", "|@b|a@10.0.0.0/6|a@"),
    ROW(permit_open, "any|none|a:1|*:*|*:65535|[::1]:1|192.0.2.1:*",
	"|a|:1|a:|a:0|a:65536|a:x|::1:1|[::1]|[]:1|a:1:2"),
    ROW(permit_listen, "any|none|80|*:80|localhost:*|[::1]:1",
	"|*|0|65536|a|:1|a:0|::1:80"),
    ROW(pam_service, "sshd|my-gate", "|a/b|../x"),
    ROW(env_name, "A|LC_*", "|A=|A=b"),
    ROW(env_pair, "A=|A=b|A==", "|A|=b"),
};

static void try_all(const struct row *row, const char *list, bool good)
{
	char *copy = strdup(list), *left = copy, *text;

	while ((text = strsep(&left, "|")) != NULL) {
		const char *arg = text;
		const char *wanted = row->check(&reader, &arena, &arg);

		ck_assert_msg((wanted == NULL) == good, "row %td \"%s\": %s",
			      row - rows, text, wanted == NULL ? "taken" : wanted);
	}
	free(copy);
}

START_TEST(config_checks_take_the_good_and_refuse_the_bad)
{
	try_all(&rows[_i], rows[_i].good, true);
	try_all(&rows[_i], rows[_i].bad, false);
	arena_wipe(&arena);
}
END_TEST

START_TEST(config_check_instruction_takes_what_a_client_can_be_told)
{
	static char text[LIMIT_INSTRUCTION_BYTES + 2];
	const char *arg = text;

	ck_assert_ptr_null(config_check_instruction(&reader, &arena, &arg));
	memset(text, 'x', LIMIT_INSTRUCTION_BYTES);
	ck_assert_ptr_null(config_check_instruction(&reader, &arena, &arg));
	text[LIMIT_INSTRUCTION_BYTES] = 'x';
	ck_assert_ptr_nonnull(config_check_instruction(&reader, &arena, &arg));
}
END_TEST

START_TEST(config_check_path_begins_at_the_folder_of_the_start)
{
	const char *arg = "keys/a";

	ck_assert_ptr_null(config_check_path(&reader, &arena, &arg));
	ck_assert_str_eq(arg, "/srv/x/keys/a");
	arg = "/keys/a";
	ck_assert_ptr_null(config_check_path(&reader, &arena, &arg));
	ck_assert_str_eq(arg, "/keys/a");
	arena_wipe(&arena);
}
END_TEST

START_TEST(config_check_ident_bounds_its_length)
{
	char text[300];
	const char *arg = text;

	memset(text, 'x', sizeof text);
	memcpy(text, "SSH-2.0-", 8);
	text[253] = '\0';
	ck_assert_ptr_null(config_check_ident(&reader, &arena, &arg));
	text[253] = 'x';
	text[254] = '\0';
	ck_assert_ptr_nonnull(config_check_ident(&reader, &arena, &arg));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_check");
	TCase *t = tcase_create("config_check");

	tcase_add_loop_test(t, config_checks_take_the_good_and_refuse_the_bad, 0,
			    sizeof rows / sizeof rows[0]);
	tcase_add_test(t, config_check_instruction_takes_what_a_client_can_be_told);
	tcase_add_test(t, config_check_path_begins_at_the_folder_of_the_start);
	tcase_add_test(t, config_check_ident_bounds_its_length);
	suite_add_tcase(s, t);
	return s;
}
