/* Where keys come from: files, credentials, the configuration itself. */
#include "monitor/keys/source.h"
#include "tests/monitor/keys/stores.h"
#include "tests/unit.h"

static struct keyfile_note note;

static enum err read_name(const char *name, struct keyfile *out)
{
	note.text[0] = '\0';
	return source_read(&(struct store_source){.name = name}, out, &note);
}

START_TEST(source_reads_base64_and_never_shows_it)
{
	const struct store_source s = {.name = "base64:c2VjcmV0"};
	struct keyfile f = {0};

	ck_assert_int_eq(source_read(&s, &f, &note), OK);
	ck_assert_str_eq((char *)f.p, "secret");
	ck_assert_uint_eq(f.n, 6);
	keyfile_wipe(&f);
	ck_assert_ptr_null(strstr(source_label(&s), "c2Vj"));
	ck_assert_int_eq(read_name("base64:c2Vj%", &f), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "base64 -w0"));
	ck_assert_ptr_null(strstr(note.text, "c2Vj"));
	ck_assert_int_eq(read_name(SOURCE_HIDDEN, &f), ERR_FILE);
	ck_assert_int_eq(read_name("base64:", &f), ERR_FILE);
	ck_assert_ptr_null(f.p);
}
END_TEST

START_TEST(source_reads_credentials_of_systemd)
{
	struct keyfile f = {0};

	ck_assert_int_eq(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	ck_assert_int_eq(read_name("credential:hostkey", &f), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "LoadCredential=hostkey:FILE"));
	ck_assert_int_eq(setenv("CREDENTIALS_DIRECTORY", keys_folder, 1), 0);
	(void)keys_write("hostkey", SPAN_LIT("content"), 0400);
	ck_assert_int_eq(read_name("credential:hostkey", &f), OK);
	ck_assert_str_eq((char *)f.p, "content");
	keyfile_wipe(&f);
	ck_assert_int_eq(read_name("credential:other", &f), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "other"));
}
END_TEST

START_TEST(source_reads_files_that_others_cannot)
{
	struct keyfile f = {0};

	ck_assert_int_eq(read_name(keys_write("k", SPAN_LIT("x"), 0600), &f), OK);
	keyfile_wipe(&f);
	ck_assert_int_eq(read_name(keys_write("l", SPAN_LIT("x"), 0604), &f), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "chmod 600"));
}
END_TEST

START_TEST(source_equal_looks_at_every_word)
{
	const struct store_source a = {
	    .name = "pkcs11:object=a", .module = "/m", .password.file = "/pin"};
	struct store_source b = a;
	char copy[] = "pkcs11:object=a";

	b.name = copy;
	ck_assert(source_equal(&a, &b) && source_is_token(&a));
	b.password.file = NULL;
	ck_assert(!source_equal(&a, &b));
	b = a;
	b.environment = "A=b";
	ck_assert(!source_equal(&a, &b));
	b = a;
	b.name = "/file";
	ck_assert(!source_equal(&a, &b) && !source_is_token(&b));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_source");
	TCase *t = tcase_create("source");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_test(t, source_reads_base64_and_never_shows_it);
	tcase_add_test(t, source_reads_credentials_of_systemd);
	tcase_add_test(t, source_reads_files_that_others_cannot);
	tcase_add_test(t, source_equal_looks_at_every_word);
	suite_add_tcase(s, t);
	return s;
}
