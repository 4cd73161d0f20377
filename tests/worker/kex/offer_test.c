/* What the server offers: only what it can do. */
#include <stdlib.h>
#include <string.h>

#include "common/wr.h"
#include "tests/unit.h"
#include "worker/kex/offer.h"

static uint8_t blobs[2][128];
static struct span keys[2];

static void setup(void)
{
	uint8_t raw[32] = {1};
	static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256"};

	for (size_t i = 0; i < 2; i++) {
		struct wr w = WR(blobs[i]);

		wr_str(&w, types[i]);
		wr_bytes(&w, SPAN_OF(raw));
		keys[i] = (struct span){blobs[i], w.n};
	}
}

static struct msg_fork_settings settings(void)
{
	return (struct msg_fork_settings){
	    .kex = SPAN_LIT("no-such-method,curve25519-sha256"),
	    .hostkey = SPAN_LIT("rsa-sha2-512,ecdsa-sha2-nistp256,ssh-ed25519"),
	    .cipher = SPAN_LIT("aes256-gcm@openssh.com,des"),
	    .mac = SPAN_LIT("hmac-sha2-512"),
	    .comp = SPAN_LIT("none")};
}

START_TEST(offer_make_leaves_out_what_is_unknown_or_has_no_key)
{
	struct msg_fork_settings m = settings();
	struct offer o;

	ck_assert_int_eq(offer_make(&m, keys, 2, &o), OK);
	ck_assert(span_is(o.again.list[LIST_KEX], "curve25519-sha256"));
	ck_assert(span_is(o.first.list[LIST_KEX],
			  "curve25519-sha256,ext-info-s,kex-strict-s-v00@openssh.com"));
	ck_assert(
	    span_is(o.again.list[LIST_HOSTKEY], "ecdsa-sha2-nistp256,ssh-ed25519"));
	ck_assert(span_is(o.first.list[LIST_CIPHER_IN], "aes256-gcm@openssh.com"));
	ck_assert(span_is(o.first.list[LIST_CIPHER_OUT], "aes256-gcm@openssh.com"));
	ck_assert_uint_eq(o.first.list[LIST_LANG_IN].n, 0);
	offer_wipe(&o);
	offer_wipe(&o);
}
END_TEST

START_TEST(offer_make_refuses_a_list_in_which_nothing_is_left)
{
	struct msg_fork_settings m = settings();
	struct offer o;

	ck_assert_int_eq(offer_make(&m, keys, 0, &o), ERR_KEX_NONE);
	m.cipher = SPAN_LIT("des");
	ck_assert_int_eq(offer_make(&m, keys, 2, &o), ERR_KEX_NONE);
}
END_TEST

START_TEST(offer_hostkey_gives_the_first_key_of_the_type)
{
	uint8_t index = 9;

	ck_assert_int_eq(
	    offer_hostkey(SPAN_LIT("ecdsa-sha2-nistp256"), keys, 2, &index), OK);
	ck_assert_uint_eq(index, 1);
	ck_assert_int_eq(offer_hostkey(SPAN_LIT("rsa-sha2-256"), keys, 2, &index),
			 ERR_UNKNOWN);
	ck_assert_int_eq(
	    offer_hostkey(SPAN_LIT("sk-ssh-ed25519@openssh.com"), keys, 2, &index),
	    ERR_UNKNOWN);
	ck_assert_int_eq(offer_hostkey(SPAN_LIT("no-such"), keys, 2, &index),
			 ERR_UNKNOWN);
	ck_assert_uint_eq(index, 1);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_kex_offer");
	TCase *t = tcase_create("offer");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, offer_make_leaves_out_what_is_unknown_or_has_no_key);
	tcase_add_test(t, offer_make_refuses_a_list_in_which_nothing_is_left);
	tcase_add_test(t, offer_hostkey_gives_the_first_key_of_the_type);
	suite_add_tcase(s, t);
	return s;
}
