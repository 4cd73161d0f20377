/* Making host keys: they load, ssh-keygen reads them, nothing is overwritten. */
#include "monitor/keys/hostkey.h"
#include "monitor/keys/keygen.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

static struct keyfile_note note;
static const char *const types[] = {"ed25519", "ecdsa", "rsa"};

START_TEST(hostkey_generate_makes_a_key_that_loads)
{
	const char *path = keys_path("key");
	struct hostkey key = {0};
	struct stat st;

	ck_assert_msg(hostkey_generate(types[_i], path, "root@here", &note) == OK, "%s",
		      note.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(keys_path("key.pub"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_msg(keys_load(path, &key, &note) == OK, "%s", note.text);
	hostkey_wipe(&key);
}
END_TEST

START_TEST(hostkey_generate_makes_what_ssh_keygen_reads)
{
	char command[512];

	ck_assert_int_eq(
	    hostkey_generate(types[_i], keys_path("key"), "root@here", &note), OK);
	/* Both halves give the same public line, comment included. */
	(void)snprintf(command, sizeof command,
		       "cd '%s' && ssh-keygen -y -f key > a && cmp -s a key.pub",
		       keys_folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(hostkey_generate_overwrites_nothing)
{
	const char *path = keys_copy("openssh_ed25519");
	struct hostkey key = {0};

	ck_assert_int_eq(hostkey_generate("ed25519", path, "", &note), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "File exists"));
	ck_assert_int_eq(keys_load(path, &key, &note), OK);
	ck_assert(span_equal(hostkey_blob(&key), keys_blob("openssh_ed25519.pub")));
	hostkey_wipe(&key);
}
END_TEST

START_TEST(hostkey_generate_refuses_an_unknown_type)
{
	ck_assert_int_eq(hostkey_generate("dsa", keys_path("key"), "", &note),
			 ERR_UNKNOWN);
	ck_assert_int_eq(access(keys_path("key"), F_OK), -1);
}
END_TEST

START_TEST(hostkey_generate_all_makes_the_missing_ones_only)
{
	const char *first = keys_path("ssh_host_ed25519_key");
	struct hostkey key = {0}, again = {0};

	ck_assert_int_eq(hostkey_generate("ed25519", first, "", &note), OK);
	ck_assert_int_eq(keys_load(first, &key, &note), OK);
	ck_assert_msg(hostkey_generate_all(keys_folder, &note) == OK, "%s", note.text);
	ck_assert_int_eq(keys_load(first, &again, &note), OK);
	ck_assert(span_equal(hostkey_blob(&key), hostkey_blob(&again)));
	hostkey_wipe(&key);
	hostkey_wipe(&again);
	ck_assert_int_eq(keys_load(keys_path("ssh_host_rsa_key"), &key, &note), OK);
	hostkey_wipe(&key);
	ck_assert_int_eq(keys_load(keys_path("ssh_host_ecdsa_key"), &key, &note), OK);
	hostkey_wipe(&key);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_keygen");
	TCase *t = tcase_create("keygen");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_loop_test(t, hostkey_generate_makes_a_key_that_loads, 0, 3);
	tcase_add_loop_test(t, hostkey_generate_makes_what_ssh_keygen_reads, 0, 3);
	tcase_add_test(t, hostkey_generate_overwrites_nothing);
	tcase_add_test(t, hostkey_generate_refuses_an_unknown_type);
	tcase_add_test(t, hostkey_generate_all_makes_the_missing_ones_only);
	suite_add_tcase(s, t);
	return s;
}
