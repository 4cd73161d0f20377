/* Penalties, with a clock that is handed in. */
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "monitor/penalty.h"
#include "tests/unit.h"

enum { S = 1000, MANY = 65536 };

static struct settings set;
static struct penalties p;
static struct refusal refusal;

static void setup(void)
{
	log_level_set(LOG_QUIET_ALL);
	p = (struct penalties){0};
	set = (struct settings){
	    .per_source_penalties = {.on = 1,
				     .cause_s = {90, 5, 1, 10, 10},
				     .max_s = 600,
				     .min_s = 15,
				     .max_sources4 = MANY,
				     .max_sources6 = MANY},
	    .per_user_penalties = {.on = 1,
				     .authfail_s = 5,
				     .max_s = 60,
				     .min_s = 20,
				     .delay_s = 3,
				     .max_users = 4},
	    .per_source_net_block_size = {32,           64                    }
        };
}

static void teardown(void)
{
	penalties_wipe(&p);
}

static struct source v4(uint32_t n)
{
	return (struct source){
	    .known = true,
	    .bytes = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}
        };
}

/* Address n of a /48. */
static struct source v6(uint64_t n)
{
	struct source s = {
	    .known = true, .v6 = true, .bytes = {0x20, 1, 0xd, 0xb8}
        };

	for (size_t i = 0; i < 8; i++)
		s.bytes[15 - i] = (uint8_t)(n >> 8 * i);
	s.bytes[6] = (uint8_t)(n >> 8);
	s.bytes[7] = (uint8_t)n;
	return s;
}

static bool refused(struct source who, uint64_t now_ms)
{
	return penalty_refuses(&p, &set, &who, now_ms, &refusal);
}

static void punish(struct source who, enum penalty_cause cause, uint64_t now_ms)
{
	penalty_add(&p, &set, &who, (struct offence){cause, 1}, now_ms);
}

START_TEST(a_penalty_refuses_its_source_alone_until_it_is_served)
{
	punish(v4(1), PENALTY_CRASH, 1 * S);
	ck_assert(refused(v4(1), 1 * S));
	ck_assert_uint_eq(refusal.left_ms, 90 * S);
	ck_assert_ptr_nonnull(strstr(refusal.why, "caused a crash"));
	ck_assert(!refused(v4(2), 1 * S));
	ck_assert(refused(v4(1), 91 * S - 1));
	ck_assert_uint_eq(refusal.left_ms, 1);
	ck_assert(!refused(v4(1), 91 * S));
	ck_assert_uint_eq(p.v4.n, 0);
}
END_TEST

START_TEST(small_penalties_add_up_and_refuse_above_min_only)
{
	for (unsigned i = 0; i < 3; i++)
		punish(v4(1), PENALTY_AUTHFAIL, 0);
	ck_assert(!refused(v4(1), 0)); /* 15 s are not more than 15 s */
	punish(v4(1), PENALTY_NOAUTH, 0);
	ck_assert(refused(v4(1), 0));
	ck_assert_uint_eq(refusal.left_ms, 16 * S);
	ck_assert(refused(v4(1), 16 * S - 1)); /* once refused, to its end */
	ck_assert(!refused(v4(1), 16 * S));
}
END_TEST

START_TEST(what_was_served_does_not_count_any_more)
{
	for (uint64_t s = 0; s < 100; s += 5) {
		punish(v4(1), PENALTY_AUTHFAIL, s * S);
		ck_assert(!refused(v4(1), s * S));
	}
}
END_TEST

START_TEST(penalties_end_at_max)
{
	for (unsigned i = 0; i < 100; i++)
		punish(v4(1), PENALTY_CRASH, 0);
	ck_assert(refused(v4(1), 600 * S - 1));
	ck_assert(!refused(v4(1), 600 * S));
}
END_TEST

START_TEST(each_password_of_a_connection_counts)
{
	struct source who = v4(1);

	penalty_add(&p, &set, &who, (struct offence){PENALTY_AUTHFAIL, 6}, 0);
	ck_assert(refused(who, 0));
	ck_assert_uint_eq(refusal.left_ms, 30 * S);
}
END_TEST

START_TEST(addresses_of_a_block_are_one_source)
{
	struct source a = v6(1), b = v6(1), c = v6(2);

	b.bytes[15] = 77;
	punish(a, PENALTY_CRASH, 0);
	ck_assert(refused(b, 0));
	ck_assert(!refused(c, 0));
}
END_TEST

START_TEST(the_exempt_list_and_no_refuse_nobody)
{
	set.per_source_penalty_exempt_list = "10.0.0.0/24,2001:db8::/32";
	punish(v4(1), PENALTY_CRASH, 0);
	punish(v6(1), PENALTY_CRASH, 0);
	punish(v4(0x100), PENALTY_CRASH, 0);
	ck_assert(!refused(v4(1), 0));
	ck_assert(!refused(v6(1), 0));
	ck_assert(refused(v4(0x100), 0));
	/* the list may become longer by a reload */
	set.per_source_penalty_exempt_list = "10.*";
	ck_assert(!refused(v4(0x100), 0));
	set.per_source_penalty_exempt_list = NULL;
	set.per_source_penalties.on = 0;
	ck_assert(!refused(v4(0x100), 0));
	punish(v4(2), PENALTY_CRASH, 0);
	ck_assert_uint_eq(p.v4.n, 1);
}
END_TEST

START_TEST(no_source_is_never_refused)
{
	const struct source nobody = {0};

	punish(nobody, PENALTY_CRASH, 0);
	ck_assert(!refused(nobody, 0));
}
END_TEST

START_TEST(a_full_table_forgets_who_is_free_soonest)
{
	set.per_source_penalties.max_sources4 = 3;
	punish(v4(1), PENALTY_CRASH, 2 * S);
	punish(v4(2), PENALTY_CRASH, 1 * S);
	punish(v4(3), PENALTY_CRASH, 3 * S);
	punish(v4(4), PENALTY_CRASH, 4 * S);
	ck_assert(refused(v4(1), 5 * S));
	ck_assert(!refused(v4(2), 5 * S));
	ck_assert(refused(v4(3), 5 * S));
	ck_assert(refused(v4(4), 5 * S));
}
END_TEST

START_TEST(a_full_table_refuses_all_where_it_says_so)
{
	set.per_source_penalties.max_sources4 = 2;
	set.per_source_penalties.overflow = 1;
	set.per_source_penalty_exempt_list = "10.0.0.9";
	punish(v4(1), PENALTY_CRASH, 0);
	ck_assert(!refused(v4(7), 0));
	punish(v4(2), PENALTY_CRASH, 0);
	punish(v4(3), PENALTY_CRASH, 0);
	ck_assert_uint_eq(p.v4.n, 2);
	ck_assert(refused(v4(7), 0));
	ck_assert(!refused(v4(9), 0));
	ck_assert(!refused(v6(7), 0)); /* of the other family account is kept apart */
	ck_assert(refused(v4(7), 90 * S - 1));
	ck_assert(!refused(v4(7), 90 * S));
}
END_TEST

START_TEST(an_attacker_with_a_48_gets_no_more_than_the_table)
{
	set.per_source_net_block_size.v6_bits = 128;
	for (uint32_t i = 0; i < 3 * MANY; i++)
		punish(v6(i), PENALTY_CRASH, i / 1000);
	ck_assert_uint_eq(p.v6.n, MANY);
	ck_assert_uint_eq(p.v6.cap, MANY);
	ck_assert(!refused(v6(1), 200));
	ck_assert(refused(v6(3 * MANY - 1), 200));
	ck_assert(!refused(v6(3 * MANY - 1), 100 * S));
	ck_assert_uint_eq(p.v6.cap, 0); /* all served: its memory is given back */
}
END_TEST

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Generous: machines are busy, sanitizers slow. The figure is printed for whoever asks. */
START_TEST(asking_costs_little_with_a_full_table)
{
	double began;
	unsigned hits = 0;

	for (uint32_t i = 0; i < MANY; i++)
		punish(v6(i), PENALTY_CRASH, 0);
	began = now_s();
	for (uint32_t i = 0; i < 10 * MANY; i++)
		hits += refused(v6((i * 40503U) % (2 * MANY)), 1) ? 1 : 0;
	began = (now_s() - began) / (10 * MANY) * 1e9;
	printf("penalty_refuses: %.0f ns with %d sources, half of them refused\n",
	       began, MANY);
	ck_assert_uint_gt(hits, 0);
	ck_assert_msg(began < 20000, "%.0f ns", began);
}
END_TEST

START_TEST(a_user_name_that_collects_failures_is_slowed_down_and_forgiven)
{
	for (unsigned i = 0; i < 4; i++)
		penalty_user_failed(&p, &set, "alice", 0);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "alice", 0), 0);
	penalty_user_failed(&p, &set, "alice", 0);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "alice", 0), 3);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "bob", 0), 0);
	for (unsigned i = 0; i < 100; i++)
		penalty_user_failed(&p, &set, "alice", 0);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "alice", 60 * S - 1), 3);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "alice", 60 * S), 0);
}
END_TEST

START_TEST(long_user_names_are_told_apart_and_names_are_bounded)
{
	char a[100], b[100], name[8];

	memset(a, 'x', sizeof a);
	memset(b, 'x', sizeof b);
	a[99] = b[99] = '\0';
	b[98] = 'y';
	for (unsigned i = 0; i < 5; i++)
		penalty_user_failed(&p, &set, a, 0);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, a, 0), 3);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, b, 0), 0);
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof name, "u%u", i);
		penalty_user_failed(&p, &set, name, 0);
	}
	ck_assert_uint_eq(p.users.n, 4);
	/* names that were made up do not push out one that is under attack */
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, a, 0), 3);
}
END_TEST

START_TEST(users_are_left_alone_where_it_is_off)
{
	set.per_user_penalties.on = 0;
	for (unsigned i = 0; i < 10; i++)
		penalty_user_failed(&p, &set, "alice", 0);
	ck_assert_uint_eq(penalty_user_delay_s(&p, &set, "alice", 0), 0);
	ck_assert_uint_eq(p.users.n, 0);
}
END_TEST

START_TEST(startups_are_counted_by_block)
{
	const struct net_block block = {24, 64};
	struct source one = v4(1), two = v4(2), far = v4(0x100), six = {.known = true};

	one = source_block(&one, &block);
	two = source_block(&two, &block);
	far = source_block(&far, &block);
	six.v6 = true;
	memcpy(six.bytes, one.bytes, SOURCE_BYTES);
	ck_assert_uint_eq(penalty_startups_of(&p, &one), 0);
	penalty_startup_add(&p, &one);
	penalty_startup_add(&p, &two);
	penalty_startup_add(&p, &far);
	ck_assert_uint_eq(penalty_startups_of(&p, &one), 2);
	ck_assert_uint_eq(penalty_startups_of(&p, &far), 1);
	ck_assert_uint_eq(penalty_startups_of(&p, &six), 0);
	penalty_startup_remove(&p, &two);
	penalty_startup_remove(&p, &one);
	penalty_startup_remove(&p, &one);
	ck_assert_uint_eq(penalty_startups_of(&p, &one), 0);
	ck_assert_uint_eq(p.startups.n, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_penalty");
	TCase *t = tcase_create("penalty");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_penalty_refuses_its_source_alone_until_it_is_served);
	tcase_add_test(t, small_penalties_add_up_and_refuse_above_min_only);
	tcase_add_test(t, what_was_served_does_not_count_any_more);
	tcase_add_test(t, penalties_end_at_max);
	tcase_add_test(t, each_password_of_a_connection_counts);
	tcase_add_test(t, addresses_of_a_block_are_one_source);
	tcase_add_test(t, the_exempt_list_and_no_refuse_nobody);
	tcase_add_test(t, no_source_is_never_refused);
	tcase_add_test(t, a_full_table_forgets_who_is_free_soonest);
	tcase_add_test(t, a_full_table_refuses_all_where_it_says_so);
	tcase_add_test(t, an_attacker_with_a_48_gets_no_more_than_the_table);
	tcase_add_test(t, asking_costs_little_with_a_full_table);
	tcase_add_test(t,
		       a_user_name_that_collects_failures_is_slowed_down_and_forgiven);
	tcase_add_test(t, long_user_names_are_told_apart_and_names_are_bounded);
	tcase_add_test(t, users_are_left_alone_where_it_is_off);
	tcase_add_test(t, startups_are_counted_by_block);
	suite_add_tcase(s, t);
	return s;
}
