/* Hybrids: each half is checked, and an altered half gives another secret. */
#include <string.h>

#include "tests/unit.h"
#include "worker/alg/ecdh.h"
#include "worker/alg/hybrid.h"

static const char *const names[] = {"mlkem768x25519-sha256", "sntrup761x25519-sha512"};

struct sides {
	const struct kex_alg *row;
	struct kex_client client;
	struct kex_value q_client, secret;
	struct kex_reply reply;
};

static struct sides begin(int i)
{
	struct sides s = {.row = kex_find(span_str(names[i]))};

	ck_assert_int_eq(
	    kex_initiate(s.row, NULL, (struct span){0}, &s.client, &s.q_client), OK);
	return s;
}

static struct span content(const struct kex_value *v)
{
	return (struct span){v->bytes + 4, v->n - 4};
}

START_TEST(a_point_of_low_order_in_the_second_half_is_refused)
{
	struct sides s = begin(_i);

	memset(s.q_client.bytes + s.q_client.n - X25519_BYTES, 0, X25519_BYTES);
	ck_assert_int_eq(kex_respond(s.row, NULL, content(&s.q_client), &s.reply),
			 ERR_KEX_VALUE);
	kex_client_wipe(&s.client);
}
END_TEST

START_TEST(a_server_point_of_low_order_is_refused)
{
	struct sides s = begin(_i);

	ck_assert_int_eq(kex_respond(s.row, NULL, content(&s.q_client), &s.reply), OK);
	memset(s.reply.q_server.bytes + s.reply.q_server.n - X25519_BYTES, 0,
	       X25519_BYTES);
	ck_assert_int_eq(kex_finish(&s.client, content(&s.reply.q_server), &s.secret),
			 ERR_KEX_VALUE);
	kex_client_wipe(&s.client);
}
END_TEST

START_TEST(an_altered_ciphertext_gives_another_secret)
{
	struct sides s = begin(_i);

	ck_assert_int_eq(kex_respond(s.row, NULL, content(&s.q_client), &s.reply), OK);
	s.reply.q_server.bytes[100] ^= 1;
	ck_assert_int_eq(kex_finish(&s.client, content(&s.reply.q_server), &s.secret),
			 OK);
	ck_assert_uint_eq(s.secret.n, s.reply.secret.n);
	ck_assert(
	    !span_equal(kex_value_span(&s.secret), kex_value_span(&s.reply.secret)));
	kex_client_wipe(&s.client);
}
END_TEST

START_TEST(an_mlkem_key_beyond_the_modulus_is_refused)
{
	struct sides s = begin(0);

	memset(s.q_client.bytes + 4, 0xff, 3);
	ck_assert_int_eq(kex_respond(s.row, NULL, content(&s.q_client), &s.reply),
			 ERR_KEX_VALUE);
	kex_client_wipe(&s.client);
}
END_TEST

START_TEST(the_secret_is_a_string_of_the_digest)
{
	struct sides s = begin(_i);

	ck_assert_int_eq(kex_respond(s.row, NULL, content(&s.q_client), &s.reply), OK);
	ck_assert_uint_eq(s.reply.secret.n, 4 + digest_bytes(s.row->digest));
	ck_assert_uint_eq(s.reply.secret.bytes[3], digest_bytes(s.row->digest));
	kex_client_wipe(&s.client);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_alg_hybrid");
	TCase *t = tcase_create("hybrid");

	tcase_add_loop_test(t, a_point_of_low_order_in_the_second_half_is_refused, 0,
			    2);
	tcase_add_loop_test(t, a_server_point_of_low_order_is_refused, 0, 2);
	tcase_add_loop_test(t, an_altered_ciphertext_gives_another_secret, 0, 2);
	tcase_add_test(t, an_mlkem_key_beyond_the_modulus_is_refused);
	tcase_add_loop_test(t, the_secret_is_a_string_of_the_digest, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
