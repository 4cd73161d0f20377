/* A configuration as a whole: defaults, references, what Match gives to whom. */
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static struct settings match_for(const struct config *c, const char *user)
{
	struct match_facts facts = {.user = user};
	struct settings s;

	ck_assert_int_eq(config_match(c, &facts, &s), OK);
	return s;
}

START_TEST(config_defaults_are_sshds)
{
	struct config *c = kit_load("");
	const struct settings *s = config_settings(c);

	ck_assert_uint_eq(s->port.item[0], 22);
	ck_assert_uint_eq(s->login_grace_time_s, 120);
	ck_assert_uint_eq(s->max_auth_tries, 6);
	ck_assert_uint_eq(s->max_sessions, 10);
	ck_assert_uint_eq(s->max_startups.begin, 10);
	ck_assert_uint_eq(s->max_startups.rate, 30);
	ck_assert_uint_eq(s->max_startups.full, 100);
	ck_assert_int_eq(s->permit_root_login, ROOT_LOGIN_NO_PASSWORD);
	ck_assert_int_eq(s->allow_tcp_forwarding, FORWARD_ALL);
	ck_assert_int_eq(s->gateway_ports, GATEWAY_NO);
	ck_assert_int_eq(s->log_level, LOG_INFO_LEVEL);
	ck_assert_int_eq(s->syslog_facility, FACILITY_AUTH);
	ck_assert_int_eq(s->ip_qos.interactive, 0x10);
	ck_assert_uint_eq(s->stream_local_bind_mask, 0177);
	ck_assert(s->pubkey_authentication && s->password_authentication &&
		  s->strict_modes);
	ck_assert(!s->permit_empty_passwords && !s->x11_forwarding &&
		  !s->local_sessions);
	ck_assert(!s->use_pam);
	ck_assert_ptr_null(s->banner);
	ck_assert_ptr_null(s->force_command);
	ck_assert_ptr_null(s->permit_user_environment);
	ck_assert_uint_eq(s->authorized_keys_file.n, 2);
	ck_assert_str_eq(s->permit_open.item[0], "any");
	ck_assert_uint_eq(s->accept_env.n, 0);
	ck_assert_str_eq(s->compression_algorithms, "none,zlib@openssh.com");
	config_unref(c);
}
END_TEST

START_TEST(config_match_overrides_and_its_first_block_wins)
{
	struct config *c =
	    kit_load("MaxSessions 2\nPermitOpen a:1\n"
		     "Match User bob\nMaxSessions 3\nMaxSessions 4\n"
		     "Match User b*\nMaxSessions 5\nPermitTTY no\n"
		     "Match All\nMaxSessions 6\nPermitOpen none\nMaxAuthTries 1\n");

	ck_assert_uint_eq(config_settings(c)->max_sessions, 2);
	ck_assert_uint_eq(config_settings(c)->max_auth_tries, 1);
	ck_assert_uint_eq(match_for(c, "bob").max_sessions, 3);
	ck_assert(!match_for(c, "bob").permit_tty);
	ck_assert_uint_eq(match_for(c, "bea").max_sessions, 5);
	ck_assert_uint_eq(match_for(c, "eve").max_sessions, 6);
	ck_assert(match_for(c, "eve").permit_tty);
	ck_assert_uint_eq(match_for(c, "eve").permit_open.n, 0);
	config_unref(c);
}
END_TEST

START_TEST(config_match_replaces_lists_and_adds_its_blocks_up)
{
	struct config *c = kit_load("AcceptEnv GLOBAL\nAllowUsers *\n"
				    "Match User b*\nAcceptEnv B\nAcceptEnv BB\n"
				    "Match User bob\nAcceptEnv BOB\n"
				    "Match User *b\nAcceptEnv END\n");
	struct settings s = match_for(c, "bob"), again;

	ck_assert_uint_eq(s.accept_env.n, 4);
	ck_assert_str_eq(s.accept_env.item[0], "B");
	ck_assert_str_eq(s.accept_env.item[1], "BB");
	ck_assert_str_eq(s.accept_env.item[2], "BOB");
	ck_assert_str_eq(s.accept_env.item[3], "END");
	ck_assert_uint_eq(s.allow_users.n, 1);
	again = match_for(c, "bob");
	ck_assert_ptr_eq(again.accept_env.item, s.accept_env.item);
	s = match_for(c, "bea");
	ck_assert_uint_eq(s.accept_env.n, 2);
	s = match_for(c, "eve");
	ck_assert_uint_eq(s.accept_env.n, 1);
	ck_assert_str_eq(s.accept_env.item[0], "GLOBAL");
	config_unref(c);
}
END_TEST

/* Each user satisfies another set of blocks: the sums that are kept must not grow for ever. */
START_TEST(config_match_bounds_the_lists_it_keeps)
{
	char text[2048] = "", user[16];
	struct config *c;
	enum err e = OK;
	size_t sums = 0;

	for (unsigned bit = 0; bit < 12; bit++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text),
			       "Match User %.*s1*\nAcceptEnv E%u\n", (int)bit,
			       "????????????", bit);
	c = kit_load(text);
	for (unsigned set = 0; set < 4096 && e == OK; set++) {
		struct match_facts facts = {.user = user};
		struct settings s;

		for (unsigned bit = 0; bit < 12; bit++)
			user[bit] = (set >> bit & 1) != 0 ? '1' : '0';
		user[12] = '\0';
		e = config_match(c, &facts, &s);
		sums++;
	}
	ck_assert_int_eq(e, ERR_MEMORY);
	ck_assert_uint_gt(sums, 512);
	config_unref(c);
}
END_TEST

START_TEST(config_lives_as_long_as_somebody_refers_to_it)
{
	struct config *c = kit_load("Banner /x");
	struct config *held = config_ref(c);
	const struct settings *s = config_settings(held);

	config_unref(c);
	ck_assert_str_eq(s->banner, "/x");
	config_unref(held);
	config_unref(NULL);
}
END_TEST

START_TEST(config_checks_what_holds_between_settings)
{
	char text[600];

	memset(text, 'x', sizeof text);
	memcpy(text, "VersionAddendum ", 16);
	text[16 + 253 - 18] = '\0'; /* SSH-2.0-Sallyport and the space are 18 bytes */
	kit_shows(text, "serverversion SSH-2.0-Sallyport");
	text[16 + 253 - 18] = 'x';
	text[16 + 253 - 17] = '\0';
	kit_refuses(text, "too long together");
	kit_refuses("VersionAddendum \303\244", "printable ASCII");
	text[0] = '\0';
	for (unsigned i = 1; i <= 16; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text),
			       "Port %u\nListenAddress 10.0.0.%u\n", i, i);
	kit_refuses(text, "to listen on");
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config");
	TCase *t = tcase_create("config");

	tcase_add_test(t, config_defaults_are_sshds);
	tcase_add_test(t, config_match_overrides_and_its_first_block_wins);
	tcase_add_test(t, config_match_replaces_lists_and_adds_its_blocks_up);
	tcase_add_test(t, config_match_bounds_the_lists_it_keeps);
	tcase_add_test(t, config_lives_as_long_as_somebody_refers_to_it);
	tcase_add_test(t, config_checks_what_holds_between_settings);
	suite_add_tcase(s, t);
	return s;
}
