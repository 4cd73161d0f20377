/* What is counted under which label. */
#include "monitor/metrics.h"
#include "tests/unit.h"

static struct monitor m;
static struct settings set;

static void setup(void)
{
	m = (struct monitor){.set = &set};
	set = (struct settings){.max_connections = 17};
}

static uint64_t refused(size_t label)
{
	return m.metrics.slot[METRIC_AT(connections_refused_total, label, 0)];
}

START_TEST(refusals_are_counted_by_their_reason)
{
	metrics_refused(&m, "MaxStartups");
	metrics_refused(&m, "MaxConnections");
	metrics_refused(&m, "AllowedClients");
	metrics_refused(&m, "PerSourceMaxStartups");
	metrics_refused(&m, "script");
	metrics_refused(&m, "penalty until 2001-01-01T00:00:00Z: a login failed");
	for (size_t i = 0; i < METRIC_REFUSED_COUNT; i++)
		ck_assert_uint_eq(refused(i), 1);
}
END_TEST

static const struct {
	bool ended, work, stopping;
	enum err e;
	size_t label;
} ends[] = {
    {false, false, false, OK,             METRIC_END_CLIENT  },
    {false, true,  false, OK,             METRIC_END_GATEWAY },
    {true,  true,  false, OK,             METRIC_END_CLIENT  },
    {true,  true,  false, ERR_CLOSED,     METRIC_END_CLIENT  },
    {true,  true,  true,  ERR_CLOSED,     METRIC_END_GATEWAY },
    {true,  true,  false, ERR_LOST,       METRIC_END_LOST    },
    {true,  true,  false, ERR_DENIED,     METRIC_END_REFUSED },
    {true,  true,  false, ERR_AUTH_TRIES, METRIC_END_AUTH    },
    {true,  true,  false, ERR_GRACE,      METRIC_END_TIME    },
    {true,  true,  false, ERR_IDLE,       METRIC_END_TIME    },
    {true,  true,  false, ERR_NO_REPLY,   METRIC_END_TIME    },
    {true,  true,  false, ERR_KEX_NONE,   METRIC_END_PROTOCOL},
    {true,  true,  false, ERR_MEMORY,     METRIC_END_GATEWAY },
};

START_TEST(ends_are_counted_by_their_reason)
{
	struct conn_work work;
	struct conn c = {.m = &m,
			 .ended = ends[_i].ended,
			 .end_err = ends[_i].e,
			 .work = ends[_i].work ? &work : NULL};

	m.stopping = ends[_i].stopping;
	metrics_ended(&c);
	ck_assert_uint_eq(
	    m.metrics.slot[METRIC_AT(connections_ended_total, ends[_i].label, 0)], 1);
}
END_TEST

START_TEST(channels_are_counted_by_type_and_result)
{
	metrics_channel(&m, MSG_open_session);
	metrics_channel(&m, MSG_open_tcp);
	metrics_channel(&m, MSG_open_unix);
	metrics_channel(&m, MSG_open_other);
	metrics_channel(&m, MSG_incoming);
	for (size_t i = 0; i < METRIC_CHANNEL_COUNT; i++)
		ck_assert_uint_eq(m.metrics.slot[METRIC_AT(channels_total, i, 0)], 1);
	for (int f = SSH_OPEN_OK; f <= SSH_OPEN_RESOURCE_SHORTAGE; f++)
		metrics_opened(&m, (enum ssh_open_failure)f);
	for (size_t i = 0; i < METRIC_OPEN_COUNT; i++)
		ck_assert_uint_eq(m.metrics.slot[METRIC_AT(channel_opens_total, i, 0)],
				  1);
}
END_TEST

START_TEST(decisions_are_counted_and_what_only_keeps_a_pace_is_not)
{
	const struct metrics *k = &m.metrics;
	size_t asked = METRIC_AT(policy_decisions_total, METRIC_EVENT_user_auth_request,
				 METRIC_VERDICT_PARTIAL);
	uint64_t n = 0;

	metrics_decided(&m, POLICY_ON_user_auth_request, POLICY_PARTIAL, clock_us());
	metrics_decided(&m, POLICY_ON_channel_data_in, POLICY_NONE, clock_us());
	ck_assert_uint_eq(k->slot[asked], 1);
	for (size_t i = METRIC_policy_decisions_total;
	     i <= METRIC_policy_decisions_total_LAST; i++)
		n += k->slot[i];
	ck_assert_uint_eq(n, 1);
	for (size_t i = 0; i <= METRIC_TIME_ENDLESS; i++)
		n += k->slot[METRIC_policy_decision_seconds + i];
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(what_is_there_is_looked_at_when_asked)
{
	struct metrics now;

	metrics_begin(&m);
	m.n_conns = 5;
	m.n_startups = 3;
	m.penalties.added[PENALTY_NOAUTH] = 9;
	METRIC_MORE(&m, channels);
	METRIC_MORE(&m, channels);
	METRIC_LESS(&m, channels);
	metrics_collect(&m, &now);
	ck_assert_uint_eq(now.slot[METRIC_connections], 5);
	ck_assert_uint_eq(now.slot[METRIC_connections_unauthenticated], 3);
	ck_assert_uint_eq(now.slot[METRIC_connections_max], 17);
	ck_assert_uint_eq(now.slot[METRIC_channels], 1);
	ck_assert_uint_eq(
	    now.slot[METRIC_AT(penalties_total, METRIC_PENALTY_NOAUTH, 0)], 9);
	ck_assert_uint_eq(now.slot[METRIC_build_info], 1);
	ck_assert_uint_gt(now.slot[METRIC_start_time_seconds], 1000000ULL * 1000000);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, refusals_are_counted_by_their_reason);
	tcase_add_loop_test(t, ends_are_counted_by_their_reason, 0,
			    sizeof ends / sizeof ends[0]);
	tcase_add_test(t, channels_are_counted_by_type_and_result);
	tcase_add_test(t, decisions_are_counted_and_what_only_keeps_a_pace_is_not);
	tcase_add_test(t, what_is_there_is_looked_at_when_asked);
	suite_add_tcase(s, t);
	return s;
}
