/* Of the settings and of what scripts granted the stricter holds; none is no limit. */
#include <string.h>

#include "common/rd.h"
#include "monitor/grants.h"
#include "monitor/limits.h"
#include "tests/unit.h"

static struct settings set;
static struct conn_work work = {.set = &set};
static struct conn conn = {.work = &work};

static struct limits limits(void)
{
	struct limits l;

	limits_of(&conn, &l);
	return l;
}

static void grant(const char *name, uint64_t n)
{
	static uint8_t bytes[256];
	struct wr w = WR(bytes);

	facts_num(&w, name, n);
	ck_assert_int_eq(grants_keep(&conn, (struct span){w.p, w.n}), OK);
}

START_TEST(without_a_script_the_settings_hold)
{
	struct limits l;

	set = (struct settings){.max_sessions = 7};
	l = limits();
	ck_assert_uint_eq(l.sessions, 7);
	ck_assert_uint_eq(l.channels, LIMIT_CHANNELS);
	ck_assert_uint_eq(l.idle_s + l.total_s + l.unused_s, 0);
	ck_assert_uint_eq(l.rate_in + l.rate_out, 0);
	set.idle_timeout_s = 1;
	set.connection_time_limit_s = 2;
	set.unused_connection_timeout_s = 3;
	set.rate_limit = (struct rate_limit){1000, 2000};
	l = limits();
	ck_assert_uint_eq(l.idle_s, 1);
	ck_assert_uint_eq(l.total_s, 2);
	ck_assert_uint_eq(l.unused_s, 3);
	ck_assert_uint_eq(l.rate_in, 1000);
	ck_assert_uint_eq(l.rate_out, 2000);
}
END_TEST

START_TEST(stricter_of_settings_and_grants_holds)
{
	struct limits l;

	set = (struct settings){
	    .max_sessions = 7, .idle_timeout_s = 60, .rate_limit = {0, 500}
        };
	grant("idle_s", 90);
	grant("total_s", 5);
	grant("bandwidth", 1000);
	grant("max_sessions", 0);
	grant("max_channels", 4);
	l = limits();
	ck_assert_uint_eq(l.idle_s, 60);
	ck_assert_uint_eq(l.total_s, 5);
	ck_assert_uint_eq(l.rate_in, 1000);
	ck_assert_uint_eq(l.rate_out, 500);
	ck_assert_uint_eq(l.sessions, 0);
	ck_assert_uint_eq(l.channels, 4);
	grant("idle_s", 30);
	ck_assert_uint_eq(limits().idle_s, 30);
	grants_wipe(&work);
}
END_TEST

START_TEST(time_that_is_left_counts_from_the_beginning)
{
	ck_assert(limits_left_ms(0, 5, 1000000) == UINT64_MAX);
	ck_assert_uint_eq(limits_left_ms(10, 5000, 5000), 10000);
	ck_assert_uint_eq(limits_left_ms(10, 5000, 14999), 1);
	ck_assert_uint_eq(limits_left_ms(10, 5000, 15000), 0);
	ck_assert_uint_eq(limits_left_ms(10, 5000, 90000), 0);
	ck_assert_uint_eq(limits_left_ms(INT32_MAX, 0, 0), INT32_MAX * 1000ULL);
}
END_TEST

START_TEST(timeouts_of_channels_are_written_as_pairs)
{
	const char *items[] = {"session=5m", "direct-*=10"};
	static uint8_t bytes[256];
	struct wr w = WR(bytes);
	struct rd r;

	set = (struct settings){
	    .channel_timeout = {items, 2}
        };
	limits_timeouts(&set, &w);
	r = RD(((struct span){w.p, w.n}));
	ck_assert(span_is(rd_bytes(&r, LIMIT_NAME_BYTES), "session"));
	ck_assert_uint_eq(rd_u32(&r), 300);
	ck_assert(span_is(rd_bytes(&r, LIMIT_NAME_BYTES), "direct-*"));
	ck_assert_uint_eq(rd_u32(&r), 10);
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_limits");
	TCase *t = tcase_create("limits");

	tcase_add_test(t, without_a_script_the_settings_hold);
	tcase_add_test(t, stricter_of_settings_and_grants_holds);
	tcase_add_test(t, time_that_is_left_counts_from_the_beginning);
	tcase_add_test(t, timeouts_of_channels_are_written_as_pairs);
	suite_add_tcase(s, t);
	return s;
}
