/* Certificates: what ssh-keygen signed, and every way to cheat. */
#include "common/cert.h"
#include "common/limits.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

static struct span ed_blob(void)
{
	return pk_vector("ssh-ed25519-cert-v01@openssh.com", "blob");
}

START_TEST(cert_parse_finds_every_field)
{
	struct span blob = ed_blob(), name = {0}, data = {0}, value = {0};
	struct cert c = {0};

	ck_assert_int_eq(cert_parse(blob, &c), OK);
	ck_assert_str_eq(c.alg->key_type, "ssh-ed25519-cert-v01@openssh.com");
	ck_assert_uint_eq(c.serial, 7);
	ck_assert_uint_eq(c.kind, CERT_USER);
	ck_assert(span_is(c.key_id, "user ed25519"));
	ck_assert(cert_principal_next(&c.principals, &name) && span_is(name, "alice"));
	ck_assert(cert_principal_next(&c.principals, &name) && span_is(name, "bob"));
	ck_assert(!cert_principal_next(&c.principals, &name));
	ck_assert(cert_option_next(&c.critical, &name, &data));
	ck_assert(span_is(name, "force-command"));
	ck_assert_int_eq(cert_option_string(data, &value), OK);
	ck_assert(span_is(value, "/bin/date"));
	ck_assert(cert_option_next(&c.critical, &name, &data));
	ck_assert(span_is(name, "source-address"));
	ck_assert(!cert_option_next(&c.critical, &name, &data));
	ck_assert(cert_option_next(&c.extensions, &name, &data));
	ck_assert(span_is(name, "permit-X11-forwarding"));
	ck_assert_uint_eq(data.n, 0);
	ck_assert_uint_eq(c.body.n + 4 + c.signature.n, blob.n);
}
END_TEST

START_TEST(cert_verify_takes_what_the_ca_signed)
{
	for (size_t i = 0; i < PK_ALG_COUNT; i++) {
		struct cert c = {0};

		if (!pk_alg_is_cert(&pk_algs[i]))
			continue;
		ck_assert_int_eq(cert_parse(pk_vector(pk_algs[i].name, "blob"), &c),
				 OK);
		ck_assert_int_eq(cert_verify(&c), OK);
	}
}
END_TEST

START_TEST(cert_verify_refuses_any_byte_changed)
{
	struct span blob = ed_blob();
	uint8_t *copy = pk_vector_copy(blob);

	for (size_t i = 0; i < blob.n; i++) {
		struct cert c = {0};

		copy[i] ^= 1;
		if (cert_parse((struct span){copy, blob.n}, &c) == OK)
			ck_assert_msg(cert_verify(&c) != OK, "byte %zu is not signed",
				      i);
		copy[i] ^= 1;
	}
	free(copy);
}
END_TEST

START_TEST(cert_parse_refuses_every_truncation_and_a_tail)
{
	struct span blob = ed_blob();
	uint8_t *copy = pk_vector_copy(blob);
	struct cert c = {0};

	copy[blob.n] = 0;
	for (size_t n = 0; n <= blob.n + 1; n++)
		ck_assert((cert_parse((struct span){copy, n}, &c) == OK) ==
			  (n == blob.n));
	free(copy);
}
END_TEST

START_TEST(cert_parse_refuses_a_plain_key)
{
	struct cert c = {0};

	ck_assert_int_eq(cert_parse(pk_vector("ssh-ed25519", "blob"), &c), ERR_UNKNOWN);
}
END_TEST

/* A certificate of our own making, to bend one field at a time. */
struct bent {
	const char *critical_1, *critical_2, *principal;
	size_t principals;
	uint32_t kind;
	const char *ca_type;
};

static enum err parse_bent(const struct bent *b)
{
	static uint8_t store[8192];
	struct wr w = WR(store);
	struct span blob;
	struct cert c;
	size_t list;

	wr_str(&w, "ssh-ed25519-cert-v01@openssh.com");
	wr_str(&w, "nonce");
	wr_str(&w, "0123456789abcdef0123456789abcdef");
	wr_u64(&w, 1);
	wr_u32(&w, b->kind);
	wr_str(&w, "id");
	list = wr_open(&w);
	for (size_t i = 0; i < b->principals; i++)
		wr_str(&w, b->principal);
	wr_close(&w, list);
	wr_u64(&w, 0);
	wr_u64(&w, UINT64_MAX);
	list = wr_open(&w);
	wr_str(&w, b->critical_1);
	wr_str(&w, "");
	wr_str(&w, b->critical_2);
	wr_str(&w, "");
	wr_close(&w, list);
	wr_str(&w, "");
	wr_str(&w, "");
	list = wr_open(&w);
	wr_str(&w, b->ca_type);
	wr_close(&w, list);
	wr_str(&w, "signature");
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	return cert_parse(blob, &c);
}

static const struct bent straight = {"a", "b", "alice", 2, CERT_HOST, "ssh-ed25519"};

START_TEST(cert_parse_refuses_options_out_of_order_or_twice)
{
	struct bent b = straight;

	ck_assert_int_eq(parse_bent(&b), OK);
	b.critical_2 = "a";
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
	b.critical_1 = "c";
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
	b.critical_1 = "";
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
}
END_TEST

START_TEST(cert_parse_refuses_a_kind_that_is_neither_user_nor_host)
{
	struct bent b = straight;

	b.kind = 0;
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
	b.kind = 3;
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
	b.kind = CERT_USER;
	ck_assert_int_eq(parse_bent(&b), OK);
}
END_TEST

START_TEST(cert_parse_refuses_too_many_principals)
{
	struct bent b = straight;

	b.principals = LIMIT_CERT_PRINCIPALS;
	ck_assert_int_eq(parse_bent(&b), OK);
	b.principals++;
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
}
END_TEST

START_TEST(cert_parse_refuses_a_ca_that_is_a_certificate_or_unknown)
{
	struct bent b = straight;

	b.ca_type = "ssh-ed25519-cert-v01@openssh.com";
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
	b.ca_type = "ssh-dsa";
	ck_assert_int_eq(parse_bent(&b), ERR_KEY);
}
END_TEST

START_TEST(cert_is_valid_from_after_until_before)
{
	struct cert c = {.valid_after = 10, .valid_before = 20};

	ck_assert(!cert_valid_at(&c, 9));
	ck_assert(cert_valid_at(&c, 10));
	ck_assert(cert_valid_at(&c, 19));
	ck_assert(!cert_valid_at(&c, 20));
}
END_TEST

START_TEST(cert_plain_blob_is_the_key_that_was_certified)
{
	uint8_t store[256];
	struct wr w = WR(store);
	struct span got = {0};
	struct cert c = {0};

	ck_assert_int_eq(cert_parse(ed_blob(), &c), OK);
	ck_assert_int_eq(cert_plain_blob(&c, &w), OK);
	ck_assert_int_eq(wr_end(&w, &got), OK);
	ck_assert(span_equal(got, pk_vector("ssh-ed25519", "blob")));
}
END_TEST

START_TEST(cert_option_string_takes_exactly_one_string)
{
	static const uint8_t one[] = {0, 0, 0, 1, 'x'}, two[] = {0, 0, 0, 1, 'x', 0};
	struct span s = {0};

	ck_assert_int_eq(cert_option_string(SPAN_OF(one), &s), OK);
	ck_assert(span_is(s, "x"));
	ck_assert_int_eq(cert_option_string(SPAN_OF(two), &s), ERR_KEY);
	ck_assert_int_eq(cert_option_string((struct span){0}, &s), ERR_KEY);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_cert");
	TCase *t = tcase_create("cert");

	tcase_add_test(t, cert_parse_finds_every_field);
	tcase_add_test(t, cert_verify_takes_what_the_ca_signed);
	tcase_add_test(t, cert_verify_refuses_any_byte_changed);
	tcase_add_test(t, cert_parse_refuses_every_truncation_and_a_tail);
	tcase_add_test(t, cert_parse_refuses_a_plain_key);
	tcase_add_test(t, cert_parse_refuses_options_out_of_order_or_twice);
	tcase_add_test(t, cert_parse_refuses_a_kind_that_is_neither_user_nor_host);
	tcase_add_test(t, cert_parse_refuses_too_many_principals);
	tcase_add_test(t, cert_parse_refuses_a_ca_that_is_a_certificate_or_unknown);
	tcase_add_test(t, cert_is_valid_from_after_until_before);
	tcase_add_test(t, cert_plain_blob_is_the_key_that_was_certified);
	tcase_add_test(t, cert_option_string_takes_exactly_one_string);
	suite_add_tcase(s, t);
	return s;
}
