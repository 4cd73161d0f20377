/* What a token is given to sign, and what is made of its answer; the library here is a fake. */
#include <string.h>

#include <openssl/ec.h>

#include "monitor/token/token.h"
#include "tests/unit.h"

static struct {
	CK_MECHANISM_TYPE mechanism;
	uint8_t text[512];
	CK_ULONG n;
	CK_RV rv;
	const char *answer;
	CK_ULONG answer_n;
	unsigned logins;
} fake;

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		       CK_OBJECT_HANDLE key)
{
	(void)session;
	(void)key;
	fake.mechanism = mechanism->mechanism;
	return CKR_OK;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
		   CK_ULONG n)
{
	(void)session;
	ck_assert_uint_eq(user, CKU_CONTEXT_SPECIFIC);
	ck_assert_int_eq(memcmp(pin, "1234", n), 0);
	fake.logins++;
	return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE_PTR text, CK_ULONG n,
		  CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	(void)session;
	ck_assert_uint_le(n, sizeof fake.text);
	memcpy(fake.text, text, n);
	fake.n = n;
	memcpy(out, fake.answer, fake.answer_n);
	*out_n = fake.answer_n;
	return fake.rv;
}

static CK_FUNCTION_LIST functions = {
    .C_SignInit = sign_init, .C_Sign = sign, .C_Login = login};

static struct token_key key_of(const char *type)
{
	fake.rv = CKR_OK;
	fake.logins = 0;
	fake.answer = "signature";
	fake.answer_n = 9;
	return (struct token_key){.f = &functions, .alg = pk_type_find(span_str(type))};
}

static enum err ask(struct token_key *k, const char *alg, struct wr *w,
		    struct token_note *note)
{
	return token_sign(k, pk_alg_find(span_str(alg)), SPAN_LIT("data"), w, note);
}

START_TEST(token_sign_gives_rsa_the_digest_with_its_name)
{
	struct token_key k = key_of("ssh-rsa");
	struct token_note note = {0};
	uint8_t store[64];
	struct wr w = WR(store);

	ck_assert_int_eq(ask(&k, "rsa-sha2-256", &w, &note), OK);
	ck_assert_uint_eq(fake.mechanism, CKM_RSA_PKCS);
	ck_assert_uint_eq(fake.n, 19 + 32);
	ck_assert_int_eq(fake.text[1], 0x31);
	ck_assert_int_eq(ask(&k, "rsa-sha2-512", &w, &note), OK);
	ck_assert_uint_eq(fake.n, 19 + 64);
	ck_assert_int_eq(fake.text[1], 0x51);
	ck_assert(span_is((struct span){w.p, w.n}, "signaturesignature"));
}
END_TEST

START_TEST(token_sign_makes_der_of_two_numbers)
{
	struct token_key k = key_of("ecdsa-sha2-nistp256");
	struct token_note note = {0};
	uint8_t store[64];
	struct wr w = WR(store);

	fake.answer = "\x81\x02\x03\x04";
	fake.answer_n = 4;
	ck_assert_int_eq(ask(&k, "ecdsa-sha2-nistp256", &w, &note), OK);
	ck_assert_uint_eq(fake.mechanism, CKM_ECDSA);
	ck_assert_uint_eq(fake.n, 32);
	/* SEQUENCE of two INTEGERs, the first with a zero before its sign bit */
	ck_assert(span_equal((struct span){w.p, w.n},
			     SPAN_LIT("\x30\x09\x02\x03\x00\x81\x02\x02\x02\x03\x04")));
	fake.answer_n = 3;
	ck_assert_int_eq(ask(&k, "ecdsa-sha2-nistp256", &w, &note), ERR_CRYPTO);
}
END_TEST

START_TEST(token_sign_gives_ed25519_the_text_itself)
{
	struct token_key k = key_of("ssh-ed25519");
	struct token_note note = {0};
	uint8_t store[64];
	struct wr w = WR(store);

	k.asks_each_time = true;
	memcpy(k.pin, "1234", 4);
	k.pin_n = 4;
	ck_assert_int_eq(ask(&k, "ssh-ed25519", &w, &note), OK);
	ck_assert_uint_eq(fake.mechanism, CKM_EDDSA);
	ck_assert(span_is((struct span){fake.text, fake.n}, "data"));
	ck_assert_uint_eq(fake.logins, 1);
}
END_TEST

START_TEST(token_sign_refuses_other_keys_and_says_what_the_token_said)
{
	struct token_key k = key_of("ssh-ed25519");
	struct token_note note = {0};
	uint8_t store[64];
	struct wr w = WR(store);

	ck_assert_int_eq(ask(&k, "rsa-sha2-256", &w, &note), ERR_KEY);
	fake.rv = CKR_DEVICE_REMOVED;
	ck_assert_int_eq(ask(&k, "ssh-ed25519", &w, &note), ERR_CRYPTO);
	ck_assert_ptr_nonnull(strstr(note.text, "it was taken out"));
	fake.rv = 0x12345;
	ck_assert_int_eq(ask(&k, "ssh-ed25519", &w, &note), ERR_CRYPTO);
	ck_assert_ptr_nonnull(strstr(note.text, "0x12345"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_token_sign");
	TCase *t = tcase_create("sign");

	tcase_add_test(t, token_sign_gives_rsa_the_digest_with_its_name);
	tcase_add_test(t, token_sign_makes_der_of_two_numbers);
	tcase_add_test(t, token_sign_gives_ed25519_the_text_itself);
	tcase_add_test(t, token_sign_refuses_other_keys_and_says_what_the_token_said);
	suite_add_tcase(s, t);
	return s;
}
