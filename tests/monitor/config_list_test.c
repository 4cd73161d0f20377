/* Lists: which add up, which are won by the first line, and their forms. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

START_TEST(config_list_append_keeps_order_over_every_growth)
{
	struct arena a = {0};
	union config_value sum = {0};

	for (uint16_t i = 0; i < 100; i++) {
		const uint16_t pair[2] = {(uint16_t)(2 * i), (uint16_t)(2 * i + 1)};
		const union config_value add = {
		    .ports = {pair, 2}
                };

		ck_assert(config_list_append(&a, sizeof pair[0], &sum, &add));
	}
	ck_assert_uint_eq(sum.ports.n, 200);
	for (uint16_t i = 0; i < 200; i++)
		ck_assert_uint_eq(sum.ports.item[i], i);
	arena_wipe(&a);
}
END_TEST

START_TEST(config_lists_add_up_or_are_won_by_the_first_line)
{
	kit_shows("AcceptEnv A B\nAcceptEnv C_*",
		  "acceptenv A\nacceptenv B\nacceptenv C_*");
	kit_shows("AllowUsers a b@10.0.0.0/8\nallowusers c",
		  "allowusers a\nallowusers b@10.0.0.0/8\nallowusers c");
	kit_shows("HostKey /a\nHostKey \"/b c\"", "hostkey /a\nhostkey \"/b c\"");
	kit_shows("Port 1\nPort 0", "port 1\nport 0");
	kit_shows("SetEnv A=1 \"B=2 3\"\nSetEnv C=4", "setenv A=1 \"B=2 3\"");
	kit_shows("PermitOpen a:1 [::1]:3\nPermitOpen b:1", "permitopen a:1 [::1]:3");
	kit_shows("PermitOpen none", "permitopen none");
	kit_shows("PermitListen 80 a:*", "permitlisten *:80 a:*");
	kit_shows("AuthorizedKeysFile none", "authorizedkeysfile none");
	kit_shows("AuthorizedKeysFile /k/%u .k/%h%%",
		  "authorizedkeysfile /k/%u .k/%h%%");
	kit_shows("AuthenticationMethods publickey,password password",
		  "authenticationmethods publickey,password password");
	kit_shows("AuthenticationMethods none", "authenticationmethods none");
	kit_shows("KbdInteractivePrompt \"Your card: \" echo\n"
		  "KbdInteractivePrompt PIN\nMatch all\nKbdInteractiveInstruction hi",
		  "kbdinteractiveprompt \"Your card: \" echo\n"
		  "kbdinteractiveprompt PIN");
	kit_shows(
	    "PolicyHelper dir_1 /bin/dir --url \"ldap://a b\" #\nPolicyHelper b-2 /b",
	    "policyhelper dir_1 /bin/dir --url \"ldap://a b\"\n"
	    "policyhelper b-2 /b");
	kit_shows("Subsystem sftp /s  -l \"INFO x\" # c\nSubsystem b \"/x y\"",
		  "subsystem sftp \"/s  -l \\\"INFO x\\\"\"\nsubsystem b /x y");
	kit_shows("Ciphers aes256-ctr,aes128-ctr", "ciphers aes256-ctr,aes128-ctr");
	kit_shows("Ciphers -aes*", "ciphers chacha20-poly1305@openssh.com");
	kit_shows("CompressionAlgorithms ^zlib@openssh.com",
		  "compressionalgorithms zlib@openssh.com,none");
}
END_TEST

START_TEST(config_listen_addresses_get_every_port_they_lack)
{
	kit_shows("", "listenaddress 0.0.0.0:22\nlistenaddress [::]:22");
	kit_shows("AddressFamily inet\nPort 1\nPort 2", "addressfamily inet");
	kit_shows("Port 1\nPort 2\nListenAddress a",
		  "listenaddress a:1\nlistenaddress a:2");
	kit_shows("ListenAddress ::1", "listenaddress [::1]:22");
	kit_shows("ListenAddress [::1]:99", "listenaddress [::1]:99");
	kit_shows("ListenAddress [::1]", "listenaddress [::1]:22");
	kit_shows("ListenAddress 127.0.0.1:0", "listenaddress 127.0.0.1:0");
	kit_shows("ListenAddress *:7\nAddressFamily inet6", "listenaddress [::]:7");
	kit_shows(
	    "AddressFamily inet\nPort 1\nPort 2",
	    "listenaddress 0.0.0.0:1\nlistenaddress 0.0.0.0:2\naddressfamily inet");
}
END_TEST

START_TEST(config_lists_that_are_wrong_tell_what_is_allowed)
{
	kit_refuses("HostCertificate /a /b", "one value is wanted, not 2");
	kit_refuses("AllowUsers", "AllowUsers: a value is missing");
	kit_refuses("Port 65536", "a port from 0 to 65535");
	kit_refuses("Port 22 23", "one value is wanted");
	kit_refuses("Port ssh", "not \"ssh\"");
	kit_refuses("ListenAddress [::1", "[address]:port");
	kit_refuses("ListenAddress [::1]x", "[address]:port");
	kit_refuses("ListenAddress :22", "[address]:port");
	kit_refuses("ListenAddress a:b", "[address]:port");
	kit_refuses("ListenAddress a rdomain b", "remove rdomain");
	kit_refuses("Subsystem sftp", "a name and a command");
	kit_refuses("PolicyHelper a", "a name, a program and at most");
	kit_refuses("PolicyHelper a.b /b", "letters, digits, - and _");
	kit_refuses("PolicyHelper \"\" /b", "letters, digits, - and _");
	kit_refuses("PolicyHelper a bin/b", "must begin with /");
	kit_refuses("KbdInteractivePrompt \"a\" shown", "then echo or nothing");
	kit_refuses("KbdInteractivePrompt a echo echo", "then echo or nothing");
	kit_refuses("PermitOpen a:1 any", "\"any\" must stand alone");
	kit_refuses("PermitListen none 1", "\"none\" must stand alone");
	kit_refuses("MACs hmac-md4",
		    "\"hmac-md4\" is not supported; supported are: hmac");
	kit_refuses("KexAlgorithms -*", "no algorithm is left");
	kit_refuses("Ciphers", "a value is missing");
}
END_TEST

START_TEST(config_lists_are_bounded)
{
	char *text = kit_repeat("AcceptEnv A", LIMIT_CONFIG_ITEMS + 1);

	kit_refuses(text, "more than 4096 values");
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_list");
	TCase *t = tcase_create("config_list");

	tcase_add_test(t, config_list_append_keeps_order_over_every_growth);
	tcase_add_test(t, config_lists_add_up_or_are_won_by_the_first_line);
	tcase_add_test(t, config_listen_addresses_get_every_port_they_lack);
	tcase_add_test(t, config_lists_that_are_wrong_tell_what_is_allowed);
	tcase_add_test(t, config_lists_are_bounded);
	suite_add_tcase(s, t);
	return s;
}
