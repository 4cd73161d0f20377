/*
 * Host keys are announced and proved: those that are ours, and as often as the monitor
 * allows.
 */
#include "tests/unit.h"
#include "tests/worker/chan/fake.h"

static uint8_t ed25519[51], rsa[64], cert[64], dss[64], x509[64];

static struct span blob(uint8_t *p, size_t cap, const char *type)
{
	struct wr w = {.p = p, .cap = cap};

	wr_str(&w, type);
	return (struct span){p, cap};
}

static void have_keys(void)
{
	struct worker_settings *s = &fake.settings;

	s->hostkeys[0] = blob(ed25519, sizeof ed25519, "ssh-ed25519");
	s->hostkeys[1] = blob(cert, sizeof cert, "ssh-ed25519-cert-v01@openssh.com");
	s->hostkeys[2] = blob(rsa, sizeof rsa, "ssh-rsa");
	s->hostkeys[3] = blob(dss, sizeof dss, "ssh-dss");
	s->hostkeys[4] = blob(x509, sizeof x509, "x509v3-ssh-rsa");
	s->n_hostkeys = 5;
	/* a key without an algorithm is nobody's concern */
	s->offer.again.list[LIST_HOSTKEY] = SPAN_LIT(
	    "ssh-ed25519-cert-v01@openssh.com,ssh-ed25519,rsa-sha2-512,ssh-rsa,"
	    "x509v3-ssh-rsa");
}

static void prove_request(void)
{
	draft = WR(draft_bytes);
	wr_str(&draft, "hostkeys-prove-00@openssh.com");
	wr_bool(&draft, true);
}

static enum err proved(const char *signature)
{
	struct msg_hostkey_proved m = {.signature = span_str(signature)};
	struct ipc_fds fds = {0};

	return on_hostkey_proved(&fake.w, &m, &fds);
}

START_TEST(plain_keys_are_announced_without_wanting_an_answer)
{
	struct rd r;

	have_keys();
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	r = next_out(SSH_MSG_GLOBAL_REQUEST);
	ck_assert(span_is(rd_bytes(&r, 64), "hostkeys-00@openssh.com"));
	ck_assert(!rd_bool(&r));
	ck_assert(span_equal(rd_bytes(&r, 64), SPAN_OF(ed25519)));
	ck_assert(span_equal(rd_bytes(&r, 64), SPAN_OF(rsa)));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(clients_that_cannot_bear_it_are_not_told)
{
	have_keys();
	memcpy(fake.w.kex.v_client, "SSH-2.0-TTSSH/2.72 Win32",
	       sizeof "SSH-2.0-TTSSH/2.72 Win32");
	ck_assert_int_eq(chans_begin(&fake.w), OK);
	expect_nothing();
}
END_TEST

START_TEST(proofs_are_answered_together_in_the_order_of_the_keys)
{
	struct msg_hostkey_prove m;
	struct rd r;

	have_keys();
	prove_request();
	wr_bytes(&draft, SPAN_OF(rsa));
	wr_bytes(&draft, SPAN_OF(ed25519));
	ck_assert_int_eq(give(recv_global_request), OK);
	m = next_asked(MSG_hostkey_prove).u.hostkey_prove;
	ck_assert_uint_eq(m.hostkey, 2);
	ck_assert(span_is(m.algorithm, "rsa-sha2-512"));
	m = next_asked(MSG_hostkey_prove).u.hostkey_prove;
	ck_assert_uint_eq(m.hostkey, 0);
	ck_assert(span_is(m.algorithm, "ssh-ed25519"));
	ck_assert_int_eq(proved("first"), OK);
	expect_nothing();
	ck_assert_int_eq(proved("second"), OK);
	r = next_out(SSH_MSG_REQUEST_SUCCESS);
	ck_assert(span_is(rd_bytes(&r, 64), "first"));
	ck_assert(span_is(rd_bytes(&r, 64), "second"));
	ck_assert_int_eq(rd_end(&r), OK);
}
END_TEST

START_TEST(proofs_of_keys_that_we_have_not_fail)
{
	have_keys();
	prove_request();
	wr_bytes(&draft, SPAN_OF(ed25519));
	wr_str(&draft, "unknown");
	ck_assert_int_eq(give(recv_global_request), OK);
	prove_request();
	wr_bytes(&draft, SPAN_OF(cert));
	ck_assert_int_eq(give(recv_global_request), OK);
	prove_request();
	ck_assert_int_eq(give(recv_global_request), OK);
	for (size_t i = 0; i < 3; i++)
		next_out(SSH_MSG_REQUEST_FAILURE);
	expect_nothing_asked();
}
END_TEST

START_TEST(proof_that_the_monitor_refuses_fails_the_request)
{
	have_keys();
	prove_request();
	wr_bytes(&draft, SPAN_OF(rsa));
	wr_bytes(&draft, SPAN_OF(ed25519));
	ck_assert_int_eq(give(recv_global_request), OK);
	ck_assert_int_eq(proved(""), OK);
	ck_assert_int_eq(proved("second"), OK);
	next_out(SSH_MSG_REQUEST_FAILURE);
	expect_nothing();
}
END_TEST

START_TEST(proofs_are_bounded_by_the_monitors_budget)
{
	uint32_t budget = msg_rules[MSG_hostkey_prove].budget;

	have_keys();
	for (uint32_t i = 0; i < budget; i++) {
		prove_request();
		wr_bytes(&draft, SPAN_OF(ed25519));
		ck_assert_int_eq(give(recv_global_request), OK);
		next_asked(MSG_hostkey_prove);
		ck_assert_int_eq(proved("x"), OK);
		next_out(SSH_MSG_REQUEST_SUCCESS);
	}
	ck_assert_int_eq(give(recv_global_request), OK);
	next_out(SSH_MSG_REQUEST_FAILURE);
	expect_nothing_asked();
	prove_request();
	for (size_t i = 0; i <= LIMIT_HOSTKEYS; i++)
		wr_bytes(&draft, SPAN_OF(ed25519));
	ck_assert_int_eq(give(recv_global_request), OK);
	next_out(SSH_MSG_REQUEST_FAILURE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("worker_chan_hostkeys");
	TCase *t = tcase_create("hostkeys");

	tcase_add_checked_fixture(t, fake_begin, fake_end);
	tcase_add_test(t, plain_keys_are_announced_without_wanting_an_answer);
	tcase_add_test(t, clients_that_cannot_bear_it_are_not_told);
	tcase_add_test(t, proofs_are_answered_together_in_the_order_of_the_keys);
	tcase_add_test(t, proofs_of_keys_that_we_have_not_fail);
	tcase_add_test(t, proof_that_the_monitor_refuses_fails_the_request);
	tcase_add_test(t, proofs_are_bounded_by_the_monitors_budget);
	suite_add_tcase(s, t);
	return s;
}
