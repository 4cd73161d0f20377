/* The table of metrics is whole, and its text is what Prometheus reads. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "common/metrics.h"
#include "tests/unit.h"

static uint8_t store[LIMIT_METRICS_TEXT_BYTES];

static const char *text_of(const struct metrics *k)
{
	struct wr w = WR(store);
	struct span all = {0};

	metrics_text(k, &w);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_end(&w, &all), OK);
	return (const char *)all.p;
}

static void has(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	ck_assert_msg(at != NULL && (at == text || at[-1] == '\n') &&
			  at[strlen(line)] == '\n',
		      "no line %s in:\n%s", line, text);
}

START_TEST(a_sample_is_told_with_help_and_type_before_the_first_of_its_family)
{
	struct metrics k = {0};
	const char *text;

	k.slot[METRIC_AT(logins_total, METRIC_METHOD_PASSWORD, METRIC_LOGIN_FAILED)] =
	    7;
	text = text_of(&k);
	has(text, "# TYPE sallyport_logins_total counter");
	has(text, "sallyport_logins_total{method=\"password\",result=\"failed\"} 7");
	has(text, "sallyport_logins_total{method=\"password\",result=\"accepted\"} 0");
	has(text, "sallyport_connections 0");
	ck_assert_ptr_eq(strstr(strstr(text, "# TYPE sallyport_logins_total") + 1,
				"# TYPE sallyport_logins_total"),
			 NULL);
}
END_TEST

START_TEST(microseconds_are_told_in_seconds)
{
	struct metrics k = {0};

	k.slot[METRIC_policy_cpu_seconds_total] = 12000034;
	has(text_of(&k), "sallyport_policy_cpu_seconds_total 12.000034");
}
END_TEST

START_TEST(buckets_hold_those_below_them_too)
{
	struct metrics k = {0};
	const char *text;

	metric_time(&k, METRIC_policy_decision_seconds, 100);
	metric_time(&k, METRIC_policy_decision_seconds, 101);
	metric_time(&k, METRIC_policy_decision_seconds, 3000000);
	metric_time(&k, METRIC_policy_decision_seconds, 3000001);
	text = text_of(&k);
	has(text, "# TYPE sallyport_policy_decision_seconds histogram");
	has(text, "sallyport_policy_decision_seconds_bucket{le=\"0.0001\"} 1");
	has(text, "sallyport_policy_decision_seconds_bucket{le=\"0.0003\"} 2");
	has(text, "sallyport_policy_decision_seconds_bucket{le=\"1\"} 2");
	has(text, "sallyport_policy_decision_seconds_bucket{le=\"3\"} 3");
	has(text, "sallyport_policy_decision_seconds_bucket{le=\"+Inf\"} 4");
	has(text, "sallyport_policy_decision_seconds_count 4");
	has(text, "sallyport_policy_decision_seconds_sum 6.000202");
}
END_TEST

/* The bounds as numbers are those that the labels say. */
START_TEST(each_bound_is_the_one_of_its_label)
{
	static const char head[] = "sallyport_policy_decision_seconds_bucket{le=\"";
	const char *at = text_of(&(struct metrics){0});
	double bound;

	while ((at = strstr(at, head)) != NULL) {
		struct metrics k = {0};
		char line[LIMIT_TEXT_BYTES];
		size_t n = strcspn(at, "\n");

		at += strlen(head);
		if (*at == '+')
			break;
		bound = strtod(at, NULL);
		ck_assert(n < sizeof line);
		(void)snprintf(line, sizeof line, "%.*s 1",
			       (int)(strcspn(at - strlen(head), " ")),
			       at - strlen(head));
		metric_time(&k, METRIC_policy_decision_seconds,
			    (uint64_t)(bound * 1e6 + 0.5));
		has(text_of(&k), line);
		k = (struct metrics){0};
		metric_time(&k, METRIC_policy_decision_seconds,
			    (uint64_t)(bound * 1e6 + 0.5) + 1);
		line[strlen(line) - 1] = '0';
		has(text_of(&k), line);
	}
	ck_assert_ptr_ne(at, NULL);
}
END_TEST

/* What metrics_each calls for each line: names, labels and values are of the format's characters. */
static void check_sample(void *ctx, const struct metric_sample *s)
{
	size_t *n = ctx;
	char *end;

	(*n)++;
	ck_assert_int_eq(strncmp(s->name, s->family, strlen(s->family)), 0);
	ck_assert_int_eq(strncmp(s->family, "sallyport_", strlen("sallyport_")), 0);
	for (const char *p = s->name; *p != '\0'; p++)
		ck_assert(islower((unsigned char)*p) || isdigit((unsigned char)*p) ||
			  *p == '_');
	ck_assert(strpbrk(s->help, "\\\n") == NULL);
	ck_assert_int_eq(s->help[strlen(s->help) - 1], '.');
	ck_assert(strpbrk(s->labels, "\\\n{}") == NULL);
	(void)strtod(s->value, &end);
	ck_assert_int_eq(*end, '\0');
	/* counters end in _total, and only they do */
	ck_assert_int_eq(
	    strcmp(s->type, "counter") == 0,
	    strlen(s->name) > strlen("_total") &&
		strcmp(s->name + strlen(s->name) - strlen("_total"), "_total") == 0);
}

START_TEST(each_line_has_the_characters_of_the_format)
{
	struct metrics k = {0};
	size_t n = 0;

	metrics_each(&k, check_sample, &n);
	ck_assert_uint_gt(n, METRIC_SLOTS / 2);
}
END_TEST

START_TEST(the_text_fits_whatever_the_values_are)
{
	struct metrics k;

	memset(&k, 0xff, sizeof k);
	ck_assert_uint_lt(strlen(text_of(&k)), LIMIT_METRICS_TEXT_BYTES);
}
END_TEST

START_TEST(values_are_the_same_after_a_message)
{
	uint8_t wire[LIMIT_METRICS_BYTES];
	struct wr w = WR(wire);
	struct metrics k, back;
	struct span all = {0};

	for (size_t i = 0; i < METRIC_SLOTS; i++)
		k.slot[i] = i * 0x0101010101010101ULL;
	metrics_encode(&k, &w);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	ck_assert_int_eq(metrics_decode(all, &back), OK);
	ck_assert_mem_eq(&k, &back, sizeof k);
	all.n--;
	ck_assert_int_eq(metrics_decode(all, &back), ERR_TRUNCATED);
	all.n += 2;
	ck_assert_int_eq(metrics_decode(all, &back), ERR_TRAILING);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_metrics");
	TCase *t = tcase_create("metrics");

	tcase_add_test(
	    t, a_sample_is_told_with_help_and_type_before_the_first_of_its_family);
	tcase_add_test(t, microseconds_are_told_in_seconds);
	tcase_add_test(t, buckets_hold_those_below_them_too);
	tcase_add_test(t, each_bound_is_the_one_of_its_label);
	tcase_add_test(t, each_line_has_the_characters_of_the_format);
	tcase_add_test(t, the_text_fits_whatever_the_values_are);
	tcase_add_test(t, values_are_the_same_after_a_message);
	suite_add_tcase(s, t);
	return s;
}
