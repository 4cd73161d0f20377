/* Where authorized_keys files are, and whether they may be believed. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/login/login.h"
#include "tests/unit.h"

static char dir[PATH_MAX], file[PATH_MAX + 32];

static const char key_line[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
    "me\n";

static void put(const char *text)
{
	FILE *f = fopen(file, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	fclose(f);
	ck_assert_int_eq(chmod(file, 0600), 0);
}

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/sallyport-keyfile-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/keys", dir);
	put(key_line);
}

static void teardown(void)
{
	unlink(file);
	rmdir(dir);
}

/* home is the folder itself: what is above it is not looked at. */
static struct keyfile_rule rule(void)
{
	return (struct keyfile_rule){
	    .user = "tess", .uid = geteuid(), .home = dir, .strict = true};
}

static void expands(const char *pattern, const char *home, enum err e, const char *path)
{
	struct keyfile_rule r = {.user = "tess", .uid = 1000, .home = home};
	char out[LIMIT_FILE_PATH_BYTES];

	ck_assert_int_eq(keyfile_expand(span_str(pattern), &r, out), e);
	if (e == OK)
		ck_assert_str_eq(out, path);
}

START_TEST(keyfile_expand_knows_every_token)
{
	expands(".ssh/authorized_keys", "/home/t", OK, "/home/t/.ssh/authorized_keys");
	expands("%h/k", "/home/t", OK, "/home/t/k");
	expands("/etc/keys/%u", "/home/t", OK, "/etc/keys/tess");
	expands("/etc/keys/%U.%%", "/home/t", OK, "/etc/keys/1000.%");
	expands("/etc/keys/%u", NULL, OK, "/etc/keys/tess");
}
END_TEST

START_TEST(keyfile_expand_refuses_what_it_cannot_say)
{
	char longest[LIMIT_FILE_PATH_BYTES + 8];

	expands("%x", "/home/t", ERR_CONFIG, NULL);
	expands("/a%", "/home/t", ERR_CONFIG, NULL);
	expands("", "/home/t", ERR_CONFIG, NULL);
	expands("keys", NULL, ERR_UNKNOWN, NULL);
	expands("%h/keys", NULL, ERR_UNKNOWN, NULL);
	expands("/keys/%U", NULL, ERR_UNKNOWN, NULL);
	memset(longest, 'a', sizeof longest);
	longest[LIMIT_FILE_PATH_BYTES - 10] = '\0';
	expands(longest, "/home/t/longer", ERR_RANGE, NULL);
	longest[LIMIT_FILE_PATH_BYTES - 10] = 'a';
	longest[LIMIT_FILE_PATH_BYTES + 7] = '\0';
	expands(longest, "/", ERR_RANGE, NULL);
}
END_TEST

static enum err open_file(const struct keyfile_rule *r, struct why *why)
{
	int fd = -1;
	enum err e = keyfile_open(file, r, &fd, why);

	if (fd >= 0)
		close(fd);
	return e;
}

START_TEST(keyfile_open_takes_what_only_the_owner_writes)
{
	struct keyfile_rule r = rule();
	struct why why = {0};

	ck_assert_msg(open_file(&r, &why) == OK, "%s", why.text);
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(open_file(&r, &why), OK);
}
END_TEST

START_TEST(keyfile_open_refuses_files_that_others_write)
{
	static const mode_t modes[] = {0620, 0602, 0666};
	struct keyfile_rule r = rule();
	struct why why = {0};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		ck_assert_int_eq(chmod(file, modes[i]), 0);
		ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
		ck_assert_ptr_nonnull(strstr(why.text, "bad owner or modes"));
	}
	r.strict = false;
	ck_assert_int_eq(open_file(&r, &why), OK);
}
END_TEST

START_TEST(keyfile_open_refuses_folders_that_others_write)
{
	struct keyfile_rule r = rule();
	struct why why = {0};

	ck_assert_int_eq(chmod(dir, 0770), 0);
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_int_eq(open_file(&r, &why), OK);
	/* not below a home: every folder counts, and /tmp is everybody's */
	r.home = NULL;
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(why.text, "/tmp"));
}
END_TEST

START_TEST(keyfile_open_refuses_a_link_out_of_home)
{
	struct keyfile_rule r = rule();
	struct why why = {0};
	char elsewhere[] = "/tmp/sallyport-elsewhere-XXXXXX";
	int fd = mkstemp(elsewhere);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink(elsewhere, file), 0);
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE); /* /tmp is everybody's */
	unlink(elsewhere);
	ck_assert_int_eq(open_file(&r, &why), ERR_UNKNOWN);
}
END_TEST

START_TEST(keyfile_open_refuses_what_is_no_file)
{
	struct keyfile_rule r = rule();
	struct why why = {0};

	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(open_file(&r, &why), ERR_UNKNOWN);
	ck_assert_int_eq(mkfifo(file, 0600), 0); /* must not wait for a writer */
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
	ck_assert_int_eq(rmdir(file), 0);
}
END_TEST

START_TEST(keyfile_open_wants_the_owner_where_the_rule_says_so)
{
	struct keyfile_rule r = rule();
	struct why why = {0};

	r.strict = false;
	r.owner_only = true;
	ck_assert_int_eq(open_file(&r, &why), OK);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(file, 4242, 4242), 0);
	} else {
		r.uid = geteuid() + 1;
	}
	ck_assert_int_eq(open_file(&r, &why), ERR_FILE);
}
END_TEST

static uint8_t keys_store[LIMIT_KEYS_BYTES], notes_store[LIMIT_LOG_BYTES];

static enum err read_file(struct wr *keys, struct wr *notes)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	enum err e;

	*keys = WR(keys_store);
	*notes = WR(notes_store);
	e = keyfile_read(fd, file, keyfile_lines, keys, notes);
	close(fd);
	return e;
}

START_TEST(keyfile_read_gives_blob_options_and_place)
{
	char text[512], where[PATH_MAX + 64];
	struct wr keys, notes;
	struct rd r;

	snprintf(text, sizeof text, "# comment\n\ncommand=\"a b\",no-pty %s", key_line);
	put(text);
	ck_assert_int_eq(read_file(&keys, &notes), OK);
	ck_assert_uint_eq(notes.n, 0);
	r = RD(((struct span){keys.p, keys.n}));
	ck_assert_uint_eq(rd_bytes(&r, LIMIT_PK_BLOB_BYTES).n, 51);
	ck_assert(
	    span_is(rd_bytes(&r, LIMIT_KEYS_LINE_BYTES), "command=\"a b\",no-pty"));
	snprintf(where, sizeof where, "%s:3", file);
	ck_assert(span_is(rd_bytes(&r, sizeof where), where));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(keyfile_read_notes_lines_that_are_no_key)
{
	char text[512];
	struct wr keys, notes;

	snprintf(text, sizeof text, "ssh-ed25519 !!!!\n%s", key_line);
	put(text);
	ck_assert_int_eq(read_file(&keys, &notes), OK);
	ck_assert_uint_gt(keys.n, 0);
	ck_assert_uint_gt(notes.n, 0);
	notes_store[notes.n] = '\0';
	ck_assert_ptr_nonnull(strstr((char *)notes_store, "keys:1:"));
}
END_TEST

START_TEST(keyfile_read_keeps_whole_keys_where_they_do_not_all_fit)
{
	FILE *f = fopen(file, "we");
	struct wr keys, notes;
	struct rd r;
	size_t n = 0;

	for (int i = 0; i < 4000; i++)
		fputs(key_line, f);
	fclose(f);
	ck_assert_int_eq(read_file(&keys, &notes), OK);
	ck_assert_uint_gt(notes.n, 0);
	for (r = RD(((struct span){keys.p, keys.n})); r.left.n > 0; n++) {
		rd_bytes(&r, LIMIT_PK_BLOB_BYTES);
		rd_bytes(&r, LIMIT_KEYS_LINE_BYTES);
		rd_bytes(&r, PATH_MAX);
		ck_assert(rd_ok(&r));
	}
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_uint_gt(n, 500);
}
END_TEST

START_TEST(keyfile_read_refuses_files_beyond_their_bound)
{
	struct wr keys, notes;

	ck_assert_int_eq(truncate(file, LIMIT_KEYS_FILE_BYTES + 1), 0);
	ck_assert_int_eq(read_file(&keys, &notes), ERR_FILE);
	ck_assert_uint_eq(keys.n, 0);
}
END_TEST

START_TEST(note_add_parts_remarks_and_drops_what_does_not_fit)
{
	uint8_t store[16];
	struct wr notes = WR(store);

	note_add(&notes, "%s", "first");
	note_add(&notes, "%s", "two");
	note_add(&notes, "%s", "a remark that is too long");
	ck_assert(span_is((struct span){store, notes.n}, "first; two"));
	ck_assert_int_eq(notes.err, OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_keyfile");
	TCase *t = tcase_create("keyfile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, keyfile_expand_knows_every_token);
	tcase_add_test(t, keyfile_expand_refuses_what_it_cannot_say);
	tcase_add_test(t, keyfile_open_takes_what_only_the_owner_writes);
	tcase_add_test(t, keyfile_open_refuses_files_that_others_write);
	tcase_add_test(t, keyfile_open_refuses_folders_that_others_write);
	tcase_add_test(t, keyfile_open_refuses_a_link_out_of_home);
	tcase_add_test(t, keyfile_open_refuses_what_is_no_file);
	tcase_add_test(t, keyfile_open_wants_the_owner_where_the_rule_says_so);
	tcase_add_test(t, keyfile_read_gives_blob_options_and_place);
	tcase_add_test(t, keyfile_read_notes_lines_that_are_no_key);
	tcase_add_test(t, keyfile_read_keeps_whole_keys_where_they_do_not_all_fit);
	tcase_add_test(t, keyfile_read_refuses_files_beyond_their_bound);
	tcase_add_test(t, note_add_parts_remarks_and_drops_what_does_not_fit);
	suite_add_tcase(s, t);
	return s;
}
