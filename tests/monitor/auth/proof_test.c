/* Proofs: what a client signed counts for this session, user, service and host only. */
#include "common/sshnum.h"
#include "monitor/auth/proof.h"
#include "tests/unit.h"

static const struct pk_alg *alg;
static EVP_PKEY *pkey;
static uint8_t blob_store[256], signature_store[256];
static struct span blob, signature;
static struct pk_touch touch;

static void setup(void)
{
	uint8_t public[32];
	size_t n = sizeof public;
	struct wr w = WR(blob_store);

	alg = pk_alg_find(SPAN_LIT("ssh-ed25519"));
	pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, public, &n), 1);
	wr_str(&w, "ssh-ed25519");
	wr_bytes(&w, SPAN_OF(public));
	ck_assert_int_eq(wr_end(&w, &blob), OK);
}

static void teardown(void)
{
	EVP_PKEY_free(pkey);
}

/* Signs as RFC 4252 7 says a client does; hostkey empty: plain publickey. */
static void client_signs(const char *session, const char *user, const char *service,
			 const char *hostkey)
{
	uint8_t store[1024], raw[64];
	struct wr w = WR(store), s = WR(signature_store);
	size_t n = sizeof raw;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	wr_str(&w, session);
	wr_u8(&w, SSH_MSG_USERAUTH_REQUEST);
	wr_str(&w, user);
	wr_str(&w, service);
	wr_str(&w,
	       *hostkey != '\0' ? "publickey-hostbound-v00@openssh.com" : "publickey");
	wr_u8(&w, 1);
	wr_str(&w, "ssh-ed25519");
	wr_bytes(&w, blob);
	if (*hostkey != '\0')
		wr_str(&w, hostkey);
	ck_assert_int_eq(w.err, OK);
	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, raw, &n, w.p, w.n), 1);
	EVP_MD_CTX_free(ctx);
	wr_str(&s, "ssh-ed25519");
	wr_bytes(&s, SPAN_OF(raw));
	ck_assert_int_eq(wr_end(&s, &signature), OK);
}

static struct proof proof_of(bool hostbound)
{
	return (struct proof){.session_id = SPAN_LIT("session"),
			      .user = SPAN_LIT("alice"),
			      .service = SPAN_LIT("ssh-connection"),
			      .alg = alg,
			      .key = blob,
			      .hostbound = hostbound,
			      .hostkey = SPAN_LIT("host key"),
			      .signature = signature};
}

START_TEST(proof_of_publickey_is_taken)
{
	struct proof p;

	client_signs("session", "alice", "ssh-connection", "");
	p = proof_of(false);
	ck_assert_int_eq(proof_publickey(&p, &touch), OK);
	ck_assert(touch.present);
}
END_TEST

START_TEST(proof_hostbound_is_taken_for_this_host_only)
{
	struct proof p;

	client_signs("session", "alice", "ssh-connection", "host key");
	p = proof_of(true);
	ck_assert_int_eq(proof_publickey(&p, &touch), OK);
	p.hostkey = SPAN_LIT("other key");
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_SIGNATURE);
	p = proof_of(false);
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_SIGNATURE);
}
END_TEST

START_TEST(proof_for_anything_else_is_refused)
{
	static const char *const said[][3] = {
	    {"other",   "alice", "ssh-connection"},
	    {"session", "bob",   "ssh-connection"},
	    {"session", "alice", "ssh-userauth"  }
        };
	struct proof p;

	client_signs(said[_i][0], said[_i][1], said[_i][2], "");
	p = proof_of(false);
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_SIGNATURE);
}
END_TEST

START_TEST(proof_with_another_key_type_is_refused)
{
	struct proof p;

	client_signs("session", "alice", "ssh-connection", "");
	p = proof_of(false);
	p.alg = pk_alg_find(SPAN_LIT("rsa-sha2-512"));
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_KEY);
	p = proof_of(false);
	p.key.n--;
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_KEY);
}
END_TEST

START_TEST(proof_takes_the_longest_fields)
{
	static uint8_t user[255], key[8192];
	struct proof p;

	client_signs("session", "alice", "ssh-connection", "");
	p = proof_of(true);
	p.user = SPAN_OF(user);
	p.hostkey = SPAN_OF(key);
	ck_assert_int_eq(proof_publickey(&p, &touch), ERR_SIGNATURE);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_proof");
	TCase *t = tcase_create("proof");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, proof_of_publickey_is_taken);
	tcase_add_test(t, proof_hostbound_is_taken_for_this_host_only);
	tcase_add_loop_test(t, proof_for_anything_else_is_refused, 0, 3);
	tcase_add_test(t, proof_with_another_key_type_is_refused);
	tcase_add_test(t, proof_takes_the_longest_fields);
	suite_add_tcase(s, t);
	return s;
}
