/* Lines of AuthorizedPrincipalsFile: a name, options before it. */
#include <string.h>

#include "monitor/login/login.h"
#include "tests/unit.h"

static uint8_t store[256], notes_store[256];
static struct wr out, notes;

static void read_lines(const char *text)
{
	out = WR(store);
	notes = WR(notes_store);
	principals_lines(span_str(text), "file", &out, &notes);
}

static void expect_line(struct rd *r, const char *name, const char *options,
			const char *where)
{
	ck_assert(span_is(rd_bytes(r, sizeof store), name));
	ck_assert(span_is(rd_bytes(r, sizeof store), options));
	ck_assert(span_is(rd_bytes(r, sizeof store), where));
}

START_TEST(principals_lines_give_name_options_and_place)
{
	struct rd r;

	read_lines("# comment\n\n  alice \t\r\ncommand=\"a b\",no-pty \t bob\n\tcarol");
	r = RD(((struct span){out.p, out.n}));
	expect_line(&r, "alice", "", "file:3");
	expect_line(&r, "bob", "command=\"a b\",no-pty", "file:4");
	expect_line(&r, "carol", "", "file:5");
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_uint_eq(notes.n, 0);
}
END_TEST

START_TEST(principals_lines_that_do_not_fit_are_told)
{
	char text[sizeof store * 2];
	struct rd r;

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	memcpy(text, "first\n", 6);
	read_lines(text);
	r = RD(((struct span){out.p, out.n}));
	expect_line(&r, "first", "", "file:1");
	ck_assert_int_eq(rd_end(&r), OK);
	ck_assert_ptr_nonnull(memmem(notes.p, notes.n, "file:2: more than", 17));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_login_principals");
	TCase *t = tcase_create("principals");

	tcase_add_test(t, principals_lines_give_name_options_and_place);
	tcase_add_test(t, principals_lines_that_do_not_fit_are_told);
	suite_add_tcase(s, t);
	return s;
}
