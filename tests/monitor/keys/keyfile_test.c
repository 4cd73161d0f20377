/* Key files: who may read them, and that writing is all or nothing. */
#include "monitor/keys/keyfile.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

#include <fcntl.h>

static struct keyfile_note note;

START_TEST(keyfile_reads_what_is_there)
{
	struct keyfile f = {0};

	ck_assert_int_eq(keyfile_read_secret(keys_write("a", SPAN_LIT("secret"), 0600),
					     100, &f, &note),
			 OK);
	ck_assert(span_is((struct span){f.p, f.n}, "secret"));
	ck_assert_uint_eq(f.p[f.n], 0);
	keyfile_wipe(&f);
	ck_assert_ptr_null(f.p);
	ck_assert_int_eq(
	    keyfile_read_secret(keys_write("b", SPAN_LIT(""), 0600), 100, &f, &note),
	    OK);
	ck_assert_uint_eq(f.n, 0);
	keyfile_wipe(&f);
}
END_TEST

START_TEST(keyfile_refuses_a_secret_that_others_may_read)
{
	static const unsigned modes[] = {0640, 0604, 0620, 0610, 0601, 0666};
	struct keyfile f = {0};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		const char *path = keys_write("a", SPAN_LIT("x"), modes[i]);

		ck_assert_int_eq(keyfile_read_secret(path, 100, &f, &note), ERR_FILE);
		ck_assert_ptr_nonnull(strstr(note.text, "UNPROTECTED"));
		ck_assert_int_eq(keyfile_read_public(path, 100, &f, &note), OK);
		keyfile_wipe(&f);
	}
	ck_assert_int_eq(
	    keyfile_read_secret(keys_write("a", SPAN_LIT("x"), 0400), 100, &f, &note),
	    OK);
	keyfile_wipe(&f);
}
END_TEST

START_TEST(keyfile_refuses_a_secret_of_somebody_else)
{
	const char *path = keys_write("a", SPAN_LIT("x"), 0600);
	struct keyfile f = {0};

	if (geteuid() != 0)
		return; /* only root can give a file away */
	ck_assert_int_eq(chown(path, 12345, 0), 0);
	ck_assert_int_eq(keyfile_read_secret(path, 100, &f, &note), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "uid 12345"));
}
END_TEST

START_TEST(keyfile_refuses_what_is_no_regular_file_without_waiting)
{
	struct keyfile f = {0};

	ck_assert_int_eq(mkfifo(keys_path("fifo"), 0600), 0);
	ck_assert_int_eq(keyfile_read_secret(keys_path("fifo"), 100, &f, &note),
			 ERR_FILE);
	ck_assert_int_eq(keyfile_read_secret(keys_folder, 100, &f, &note), ERR_FILE);
	ck_assert_int_eq(keyfile_read_secret(keys_path("none"), 100, &f, &note),
			 ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "No such file"));
}
END_TEST

START_TEST(keyfile_refuses_a_file_beyond_its_size)
{
	const char *path = keys_write("a", SPAN_LIT("12345"), 0600);
	struct keyfile f = {0};

	ck_assert_int_eq(keyfile_read_secret(path, 4, &f, &note), ERR_FILE);
	ck_assert_int_eq(keyfile_read_secret(path, 5, &f, &note), OK);
	keyfile_wipe(&f);
}
END_TEST

START_TEST(keyfile_write_new_gives_mode_and_content)
{
	const char *path = keys_path("new");
	struct keyfile f = {0};
	struct stat st;

	ck_assert_int_eq(keyfile_write_new(path, 0644, SPAN_LIT("content"), &note), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_int_eq(keyfile_read_public(path, 100, &f, &note), OK);
	ck_assert(span_is((struct span){f.p, f.n}, "content"));
	keyfile_wipe(&f);
}
END_TEST

START_TEST(keyfile_write_new_never_overwrites)
{
	const char *path = keys_write("a", SPAN_LIT("old"), 0600);
	struct keyfile f = {0};

	ck_assert_int_eq(keyfile_write_new(path, 0600, SPAN_LIT("new"), &note),
			 ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "File exists"));
	ck_assert_int_eq(keyfile_read_secret(path, 100, &f, &note), OK);
	ck_assert(span_is((struct span){f.p, f.n}, "old"));
	keyfile_wipe(&f);
	/* and leaves nothing else behind: the folder has this one name */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(keys_folder), 0);
	ck_assert_int_eq(mkdir(keys_folder, 0700), 0);
}
END_TEST

START_TEST(keyfile_write_new_refuses_a_folder_that_is_not_there)
{
	ck_assert_int_eq(
	    keyfile_write_new(keys_path("none/x"), 0600, SPAN_LIT("new"), &note),
	    ERR_FILE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_keyfile");
	TCase *t = tcase_create("keyfile");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_test(t, keyfile_reads_what_is_there);
	tcase_add_test(t, keyfile_refuses_a_secret_that_others_may_read);
	tcase_add_test(t, keyfile_refuses_a_secret_of_somebody_else);
	tcase_add_test(t, keyfile_refuses_what_is_no_regular_file_without_waiting);
	tcase_add_test(t, keyfile_refuses_a_file_beyond_its_size);
	tcase_add_test(t, keyfile_write_new_gives_mode_and_content);
	tcase_add_test(t, keyfile_write_new_never_overwrites);
	tcase_add_test(t, keyfile_write_new_refuses_a_folder_that_is_not_there);
	suite_add_tcase(s, t);
	return s;
}
