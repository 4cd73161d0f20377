/* Printing: whatever is taken is printed so that it is taken again, and means the same. */
#include "monitor/config_priv.h"
#include "tests/monitor/config_kit.h"
#include "tests/unit.h"

static char *print_of(const char *text)
{
	struct config *c = kit_load(text);
	char *printed = kit_print(config_settings(c));

	config_unref(c);
	return printed;
}

static void survives(const char *text)
{
	char *once = print_of(text), *twice = print_of(once);

	ck_assert_str_eq(once, twice);
	free(once);
	free(twice);
}

START_TEST(config_print_is_read_again)
{
	survives("");
	survives("ForceCommand ==x\nVersionAddendum = =y z");
	survives("ForceCommand # not a comment \\ \"quoted\"");
	survives(
	    "Subsystem a 'it\\'s'\nSubsystem \"b c\" \"#x\"\nSubsystem d e 'f g' h");
	survives("SetEnv A= \"B=c \\\"d\\\" \\\\e\" 'F=g h'\nAcceptEnv \"#x\"");
	survives("AllowUsers \"=a\" 'b c'\nDenyGroups \"\\\\\"\nBanner \"/x/ y#z\"");
	survives("PermitOpen none\nPermitListen none\nAuthorizedKeysFile none");
	survives("ListenAddress [::1]:0\nListenAddress a.example\nPort 0\nPort 3");
	survives(
	    "IPQoS 1 2\nRekeyLimit 3G 4w\nMaxStartups 1:2:3\nStreamLocalBindMask 0");
	survives("PermitUserEnvironment *,!LD_*\nXAuthLocation none\nLogLevel 3");
	survives("Ciphers -aes*\nMACs ^hmac-sha2-512\nHostKeyAlgorithms ssh-ed25519");
}
END_TEST

START_TEST(config_print_has_sshds_form)
{
	char *text =
	    print_of("Port 22\nAllowUsers a b\nPermitOpen a:1 b:2\nForceCommand x  y");

	ck_assert_ptr_nonnull(strstr(text, "port 22\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nallowusers a\nallowusers b\n"));
	ck_assert_ptr_nonnull(strstr(text, "\npermitopen a:1 b:2\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nforcecommand x  y\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nlogingracetime 120\n"));
	ck_assert_ptr_null(strstr(text, "acceptenv"));
	free(text);
}
END_TEST

START_TEST(config_row_print_prints_one_setting)
{
	struct settings s = {
	    .ip_qos = {8, 255}
        };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	ck_assert_ptr_nonnull(f);
	config_row_print(f, config_row_find("IPQoS"), &s);
	(void)fclose(f);
	ck_assert_str_eq(text, "ipqos throughput 0xff\n");
	free(text);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_config_print");
	TCase *t = tcase_create("config_print");

	tcase_add_test(t, config_print_is_read_again);
	tcase_add_test(t, config_print_has_sshds_form);
	tcase_add_test(t, config_row_print_prints_one_setting);
	suite_add_tcase(s, t);
	return s;
}
