/* The settings: kept from a copy, host keys split, nothing malformed taken. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit.h"
#include "worker/worker.h"

static uint8_t wire[LIMIT_MSG_BYTES], keys[65536];

/* Encodes settings with n host keys; cut takes bytes off the list of keys. */
static struct span encoded(size_t n, size_t cut)
{
	uint8_t blob[64], raw[32] = {5};
	struct wr b = WR(blob), k = WR(keys), w = WR(wire);
	struct msg m =
	    MSG_OF(fork_settings, .versions = SPAN_LIT("SSH-*"),
		   .ident = SPAN_LIT("SSH-2.0-x"), .kex = SPAN_LIT("curve25519-sha256"),
		   .hostkey = SPAN_LIT("ssh-ed25519"), .cipher = SPAN_LIT("aes128-ctr"),
		   .mac = SPAN_LIT("hmac-sha2-256"), .comp = SPAN_LIT("none"));

	wr_str(&b, "ssh-ed25519");
	wr_bytes(&b, SPAN_OF(raw));
	for (size_t i = 0; i < n; i++)
		wr_bytes(&k, (struct span){blob, b.n});
	m.u.fork_settings.hostkeys = (struct span){keys, k.n - cut};
	msg_encode(&w, &m);
	ck_assert_int_eq(w.err, OK);
	return (struct span){wire, w.n};
}

START_TEST(settings_outlive_the_message_they_came_in)
{
	struct worker_settings s;

	ck_assert_int_eq(worker_settings_read(encoded(2, 0), &s), OK);
	memset(wire, 0xff, sizeof wire);
	ck_assert_uint_eq(s.n_hostkeys, 2);
	ck_assert_uint_eq(s.hostkeys[1].n, 51);
	ck_assert(span_is(s.m.ident, "SSH-2.0-x"));
	ck_assert(span_is(s.offer.again.list[LIST_KEX], "curve25519-sha256"));
	worker_settings_wipe(&s);
	worker_settings_wipe(&s);
}
END_TEST

START_TEST(malformed_settings_are_refused)
{
	struct worker_settings s;

	ck_assert_int_eq(worker_settings_read(encoded(1, 1), &s), ERR_TRUNCATED);
	ck_assert_int_eq(worker_settings_read(encoded(0, 0), &s), ERR_KEX_NONE);
	ck_assert_int_eq(worker_settings_read(encoded(LIMIT_HOSTKEYS, 0), &s), OK);
	worker_settings_wipe(&s);
	ck_assert_int_eq(worker_settings_read(encoded(LIMIT_HOSTKEYS + 1, 0), &s),
			 ERR_RANGE);
}
END_TEST

START_TEST(another_message_is_no_settings)
{
	struct worker_settings s;
	struct wr w = WR(wire);

	msg_encode(&w, &MSG_OF(fork_child, .child = 1));
	ck_assert_int_eq(worker_settings_read((struct span){wire, w.n}, &s), ERR_BUG);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_settings");
	TCase *t = tcase_create("settings");

	tcase_add_test(t, settings_outlive_the_message_they_came_in);
	tcase_add_test(t, malformed_settings_are_refused);
	tcase_add_test(t, another_message_is_no_settings);
	suite_add_tcase(s, t);
	return s;
}
