/* X.509 certificates: those of another implementation, and every way to bend them. */
#include "common/limits.h"
#include "tests/common/pk_vectors.h"
#include "tests/common/x509_vectors.h"
#include "tests/unit.h"

#define ALL                                                                            \
	"ssh-rsa,rsa-sha2-256,rsa-sha2-512,ssh-dss,ecdsa-sha2-nistp256,ecdsa-sha2-"    \
	"nistp384,ssh-ed25519"

/* Calls check for each known certificate. */
static void each(void (*check)(const struct vector *v, const struct x509 *c))
{
	FILE *f = vector_open("x509/certs.txt");
	struct vector v = {0};
	struct x509 c;
	int n = 0;

	for (; vector_next(f, &v); n++) {
		ck_assert_int_eq(x509_parse(vector_get(&v, "cert"), &c), OK);
		check(&v, &c);
	}
	ck_assert_int_eq(n, 21);
	vector_wipe(&v);
	(void)fclose(f);
}

static void check_authority(const struct vector *v, const struct x509 *c)
{
	struct span authority = vector_get(v, "authority");
	struct x509 bent = *c;

	ck_assert_int_eq(x509_verify(c, authority, SPAN_LIT(ALL)), OK);
	ck_assert_int_eq(x509_verify(c, authority, SPAN_LIT("none,such")), ERR_DENIED);
	bent.body.n--;
	ck_assert_int_eq(x509_verify(&bent, authority, SPAN_LIT(ALL)), ERR_SIGNATURE);
	ck_assert_int_eq(x509_verify(c, pk_vector("ssh-rsa", "blob"), SPAN_LIT(ALL)),
			 ERR_SIGNATURE);
	ck_assert_int_eq(x509_verify(c, SPAN_LIT("x"), SPAN_LIT(ALL)), ERR_KEY);
}

START_TEST(x509_verify_takes_what_the_authority_signed)
{
	each(check_authority);
}
END_TEST

static void check_algorithm(const struct vector *v, const struct x509 *c)
{
	struct span authority = vector_get(v, "authority");

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->field[i].name, "algorithm") == 0)
			ck_assert_int_eq(
			    x509_verify(c, authority, span_str(v->field[i].text)), OK);
}

START_TEST(x509_verify_names_the_algorithm_as_ssh_does)
{
	each(check_algorithm);
}
END_TEST

static void check_changed(const struct vector *v, const struct x509 *c)
{
	struct span der = c->whole;
	uint8_t *copy = pk_vector_copy(der);

	for (size_t i = 0; i < der.n; i += 3) {
		struct x509 bent;

		copy[i] ^= 0x11;
		if (x509_parse((struct span){copy, der.n}, &bent) == OK)
			ck_assert_int_ne(x509_verify(&bent, vector_get(v, "authority"),
						     SPAN_LIT(ALL)),
					 OK);
		copy[i] ^= 0x11;
	}
	free(copy);
}

START_TEST(no_changed_byte_verifies)
{
	each(check_changed);
}
END_TEST

static void check_cut(const struct vector *v, const struct x509 *c)
{
	uint8_t *longer = pk_vector_copy(c->whole);
	struct x509 out;

	(void)v;
	longer[c->whole.n] = 0;
	ck_assert_int_eq(x509_parse((struct span){longer, c->whole.n + 1}, &out),
			 ERR_KEY);
	for (size_t n = 0; n < c->whole.n; n++)
		ck_assert_int_eq(x509_parse((struct span){longer, n}, &out), ERR_KEY);
	free(longer);
}

START_TEST(x509_parse_refuses_what_is_cut_or_lengthened)
{
	each(check_cut);
}
END_TEST

START_TEST(dates_are_in_seconds)
{
	/* 2020-01-01, 2060-01-01 (the second form of a date), 2021-01-01 02:03:04, 2055-05-06 07:08:09 */
	ck_assert_uint_eq(x509_known("usage").valid_after, 1577836800);
	ck_assert_uint_eq(x509_known("usage").valid_before, 2840140800);
	ck_assert_uint_eq(x509_known("past").valid_before, 1609466584);
	ck_assert_uint_eq(x509_known("future").valid_after, 2693200089);
}
END_TEST

START_TEST(usage_and_critical_extensions_are_seen)
{
	ck_assert(x509_known("rsa-sha256").for_logins);
	ck_assert(x509_known("usage").for_logins);
	ck_assert(!x509_known("no-usage").for_logins);
	ck_assert(x509_known("client").for_logins);
	ck_assert(x509_known("ssh-client").for_logins);
	ck_assert(!x509_known("server-only").for_logins);
	ck_assert(!x509_known("constraints").unknown_critical);
	ck_assert(x509_known("unknown-critical").unknown_critical);
	ck_assert(!x509_known("unknown-plain").unknown_critical);
}
END_TEST

START_TEST(x509_of_blob_reads_both_forms)
{
	struct x509 c;

	ck_assert_int_eq(x509_of_blob(pk_vector("x509v3-ssh-rsa", "blob"), &c), OK);
	ck_assert(x509_common_name_is(&c, SPAN_LIT("alice")));
	ck_assert_int_eq(x509_of_blob(pk_vector("x509v3-sign-rsa", "blob"), &c), OK);
	ck_assert(x509_common_name_is(&c, SPAN_LIT("alice")));
	ck_assert_int_eq(x509_of_blob(pk_vector("ssh-rsa", "blob"), &c), ERR_UNKNOWN);
	ck_assert_int_eq(x509_of_blob((struct span){0}, &c), ERR_UNKNOWN);
}
END_TEST

START_TEST(a_chain_is_read_to_its_end)
{
	static uint8_t store[2 * LIMIT_PK_BLOB_BYTES];
	struct span leaf = x509_vector("usage", "cert");
	struct x509 c;

	for (uint32_t claimed = 0; claimed < 4; claimed++) {
		struct wr w = WR(store);
		struct span blob;
		struct rd r;

		wr_u32(&w, claimed);
		wr_bytes(&w, leaf);
		wr_str(&w, "anything above it");
		wr_u32(&w, 1);
		wr_str(&w, "an OCSP response");
		ck_assert_int_eq(wr_end(&w, &blob), OK);
		r = RD(blob);
		ck_assert_int_eq(x509_leaf(X509_CHAIN, &r, &c),
				 claimed == 2 ? OK : ERR_KEY);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_x509");
	TCase *t = tcase_create("x509");

	tcase_set_timeout(t, 30);
	tcase_add_test(t, x509_verify_takes_what_the_authority_signed);
	tcase_add_test(t, x509_verify_names_the_algorithm_as_ssh_does);
	tcase_add_test(t, no_changed_byte_verifies);
	tcase_add_test(t, x509_parse_refuses_what_is_cut_or_lengthened);
	tcase_add_test(t, dates_are_in_seconds);
	tcase_add_test(t, usage_and_critical_extensions_are_seen);
	tcase_add_test(t, x509_of_blob_reads_both_forms);
	tcase_add_test(t, a_chain_is_read_to_its_end);
	suite_add_tcase(s, t);
	return s;
}
