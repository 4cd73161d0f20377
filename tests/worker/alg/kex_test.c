/* Key exchange, row by row with itself: both sides agree, and bad values end it. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/dh.h"
#include "worker/alg/kex.h"

static const struct dh_group *asked(void)
{
	const struct dh_wish wish = {2048, 2048, 8192};
	const struct dh_group *group = NULL;

	ck_assert_int_eq(
	    dh_group_choose(kex_find(SPAN_LIT("diffie-hellman-group-exchange-sha256")),
			    &wish, &group),
	    OK);
	return group;
}

/* Content of what goes out in wire form. */
static struct span content(const struct kex_value *v)
{
	return (struct span){v->bytes + 4, v->n - 4};
}

START_TEST(both_sides_agree_on_a_fresh_secret)
{
	static struct kex_value q_client, secret, before;
	static struct kex_reply reply;
	const struct kex_alg *row = &kex_algs[_i];

	for (int i = 0; i < 2; i++) {
		struct kex_client client = {0};

		ck_assert_int_eq(
		    kex_initiate(row, asked(), (struct span){0}, &client, &q_client),
		    OK);
		ck_assert_int_eq(kex_respond(row, asked(), content(&q_client), &reply),
				 OK);
		ck_assert_int_eq(kex_finish(&client, content(&reply.q_server), &secret),
				 OK);
		ck_assert(
		    span_equal(kex_value_span(&secret), kex_value_span(&reply.secret)));
		ck_assert(
		    !span_equal(kex_value_span(&secret), kex_value_span(&before)));
		before = secret;
		kex_client_wipe(&client);
		kex_reply_wipe(&reply);
	}
}
END_TEST

START_TEST(values_of_wrong_length_or_all_zero_are_refused)
{
	static const uint8_t zeros[LIMIT_KEX_VALUE_BYTES];
	static struct kex_value q_client, secret;
	static struct kex_reply reply;
	const struct kex_alg *row = &kex_algs[_i];
	struct kex_client client = {0};

	ck_assert_int_eq(
	    kex_initiate(row, asked(), (struct span){0}, &client, &q_client), OK);
	for (size_t n = 0; n <= sizeof zeros; n++) {
		const struct span bad = {zeros, n};

		if (n == content(&q_client).n)
			continue;
		ck_assert_int_eq(kex_respond(row, asked(), bad, &reply), ERR_KEX_VALUE);
		ck_assert_int_eq(kex_finish(&client, bad, &secret), ERR_KEX_VALUE);
	}
	ck_assert_int_eq(kex_respond(row, asked(),
				     (struct span){zeros, content(&q_client).n},
				     &reply),
			 ERR_KEX_VALUE);
	ck_assert_uint_eq(reply.secret.n, 0);
	ck_assert_uint_eq(secret.n, 0);
	kex_client_wipe(&client);
}
END_TEST

START_TEST(the_client_value_enters_the_hash_as_it_was_sent)
{
	static struct kex_value q_client;
	const struct kex_alg *row = &kex_algs[_i];
	struct kex_client client = {0};
	uint8_t bytes[LIMIT_KEX_VALUE_BYTES];
	struct wr w = WR(bytes);
	struct span wire;

	ck_assert_int_eq(
	    kex_initiate(row, asked(), (struct span){0}, &client, &q_client), OK);
	kex_wire_client(row, content(&q_client), &w);
	ck_assert_int_eq(wr_end(&w, &wire), OK);
	ck_assert(span_equal(wire, kex_value_span(&q_client)));
	kex_client_wipe(&client);
}
END_TEST

START_TEST(kex_value_set_writes_strings_and_mpints)
{
	static const uint8_t high[] = {0, 0x80}, as_string[] = {0, 0, 0, 2, 0, 0x80};
	struct kex_value v = {0};

	ck_assert_int_eq(kex_value_set(&v, false, SPAN_OF(high)), OK);
	ck_assert(span_equal(kex_value_span(&v), SPAN_OF(as_string)));
	ck_assert_int_eq(kex_value_set(&v, true, (struct span){high + 1, 1}), OK);
	ck_assert(span_equal(kex_value_span(&v), SPAN_OF(as_string)));
	ck_assert_int_eq(
	    kex_value_set(&v, false, (struct span){v.bytes, sizeof v.bytes - 3}),
	    ERR_NO_SPACE);
}
END_TEST

START_TEST(kex_client_wipe_takes_the_zero_state)
{
	struct kex_client client = {0};

	kex_client_wipe(&client);
	ck_assert_ptr_null(client.row);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_kex");
	TCase *t = tcase_create("kex");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, both_sides_agree_on_a_fresh_secret, 0, (int)kex_algs_n);
	tcase_add_loop_test(t, values_of_wrong_length_or_all_zero_are_refused, 0,
			    (int)kex_algs_n);
	tcase_add_loop_test(t, the_client_value_enters_the_hash_as_it_was_sent, 0,
			    (int)kex_algs_n);
	tcase_add_test(t, kex_value_set_writes_strings_and_mpints);
	tcase_add_test(t, kex_client_wipe_takes_the_zero_state);
	suite_add_tcase(s, t);
	return s;
}
