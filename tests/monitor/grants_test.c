/*
 * What scripts attach to logins: it holds, all of it, and what cannot hold is refused.
 */
#include <string.h>

#include "monitor/grants.h"
#include "tests/unit.h"

static struct conn_work work;
static struct conn conn = {
    .work = &work, .remote = {"192.0.2.7", 1024}
};
static uint8_t bytes[4096];
static struct wr w;

static void fields_begin(void)
{
	w = WR(bytes);
}

static struct span fields(void)
{
	return (struct span){w.p, w.n};
}

static void list(const char *name, const char *item)
{
	const struct span one = span_str(item);

	facts_list(&w, name, &one, 1);
}

static enum err check(void)
{
	const char *why = NULL;
	enum err e = grants_check(&conn, fields(), &why);

	ck_assert((e == OK) == (why == NULL));
	return e;
}

START_TEST(nothing_attached_is_no_restriction)
{
	struct span command;

	ck_assert(!grants_deny(&work, "pty"));
	ck_assert_uint_eq(grants_least(&work, "max_sessions", 10), 10);
	ck_assert(grants_permit_open(&work, "a", 1));
	ck_assert(!grants_command(&work, &command));
	fields_begin();
	facts_str(&w, "reason", SPAN_LIT("because"));
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	ck_assert_ptr_null(work.grants);
	grants_wipe(&work);
}
END_TEST

START_TEST(every_decision_of_a_chain_holds)
{
	struct span command = {0};

	fields_begin();
	facts_bool(&w, "pty", false);
	facts_bool(&w, "agent", true);
	facts_num(&w, "max_sessions", 3);
	list("permit_open", "db:*");
	ck_assert_int_eq(check(), OK);
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	fields_begin();
	facts_num(&w, "max_sessions", 5);
	list("permit_open", "*:5432");
	facts_str(&w, "command", SPAN_LIT("id"));
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	ck_assert(grants_deny(&work, "pty"));
	ck_assert(!grants_deny(&work, "agent"));
	ck_assert_uint_eq(grants_least(&work, "max_sessions", 10), 3);
	ck_assert_uint_eq(grants_least(&work, "max_sessions", 2), 2);
	ck_assert(grants_permit_open(&work, "db", 5432));
	ck_assert(!grants_permit_open(&work, "db", 22));
	ck_assert(!grants_permit_open(&work, "web", 5432));
	ck_assert(grants_permit_listen(&work, "web", 1));
	ck_assert(grants_command(&work, &command) && span_is(command, "id"));
	grants_wipe(&work);
	ck_assert(!grants_deny(&work, "pty"));
}
END_TEST

START_TEST(an_empty_list_permits_nothing)
{
	fields_begin();
	facts_list(&w, "permit_open", NULL, 0);
	facts_list(&w, "permit_listen", NULL, 0);
	ck_assert_int_eq(check(), OK);
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	ck_assert(!grants_permit_open(&work, "db", 5432));
	ck_assert(!grants_permit_listen(&work, "localhost", 5432));
	grants_wipe(&work);
}
END_TEST

START_TEST(variables_are_given_in_order)
{
	static uint8_t out_bytes[256];
	struct wr out = WR(out_bytes);
	struct rd r;

	fields_begin();
	list("env", "A=1");
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	fields_begin();
	list("env", "A=2=3");
	ck_assert_int_eq(check(), OK);
	ck_assert_int_eq(grants_keep(&conn, fields()), OK);
	grants_env(&work, &out);
	r = RD(((struct span){out.p, out.n}));
	ck_assert(span_is(rd_bytes(&r, 9), "A"));
	ck_assert(span_is(rd_bytes(&r, 9), "1"));
	ck_assert(span_is(rd_bytes(&r, 9), "A"));
	ck_assert(span_is(rd_bytes(&r, 9), "2=3"));
	ck_assert_int_eq(rd_end(&r), OK);
	grants_wipe(&work);
}
END_TEST

START_TEST(what_cannot_be_enforced_is_refused)
{
	static const struct {
		const char *name, *item;
		enum err e;
	} rows[] = {
	    {"permit_open",   "db",              ERR_DENIED},
	    {"permit_open",   "db:x",            ERR_DENIED},
	    {"permit_open",   ":22",             ERR_DENIED},
	    {"permit_open",   "db:70000",        ERR_DENIED},
	    {"permit_open",   "[::1]:22",        OK        },
	    {"permit_listen", "8080",            ERR_DENIED},
	    {"permit_listen", "*:8080",          OK        },
	    {"env",           "NAME",            ERR_DENIED},
	    {"env",           "=x",              ERR_DENIED},
	    {"env",           "NAME=",           OK        },
	    {"source",        "192.0.2.0/24",    OK        },
	    {"source",        "192.0.2.*",       OK        },
	    {"source",        "198.51.100.0/24", ERR_DENIED},
	    {"source",        "192.0.2.0/33",    ERR_DENIED},
	    {"source",        "*,!192.0.2.7",    ERR_DENIED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fields_begin();
		list(rows[i].name, rows[i].item);
		ck_assert_msg(check() == rows[i].e, "%s = %s", rows[i].name,
			      rows[i].item);
	}
	fields_begin();
	facts_list(&w, "source", NULL, 0);
	ck_assert_int_eq(check(), ERR_DENIED);
	fields_begin();
	facts_num(&w, "bandwidth", LIMIT_RATE_LEAST - 1);
	ck_assert_int_eq(check(), ERR_DENIED);
	fields_begin();
	facts_num(&w, "bandwidth", LIMIT_RATE_LEAST);
	facts_num(&w, "total_s", 1);
	facts_num(&w, "idle_s", 1);
	ck_assert_int_eq(check(), OK);
	fields_begin();
	facts_num(&w, "idle_s", 0);
	ck_assert_int_eq(check(), ERR_DENIED);
	fields_begin();
	facts_str(&w, "command", (struct span){(const uint8_t *)"a\0b", 3});
	ck_assert_int_eq(check(), ERR_DENIED);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_grants");
	TCase *t = tcase_create("grants");

	tcase_add_test(t, nothing_attached_is_no_restriction);
	tcase_add_test(t, every_decision_of_a_chain_holds);
	tcase_add_test(t, an_empty_list_permits_nothing);
	tcase_add_test(t, variables_are_given_in_order);
	tcase_add_test(t, what_cannot_be_enforced_is_refused);
	suite_add_tcase(s, t);
	return s;
}
