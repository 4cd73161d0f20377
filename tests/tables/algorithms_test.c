/*
 * The algorithm tables, row by row: each has its known answers in tests/vectors/NAME.txt, and
 * gives them. A row without a file, or a file without a record, fails.
 */
#include <string.h>

#include "common/algs.h"
#include "common/limits.h"
#include "common/rd.h"
#include "tests/legacy.h"
#include "tests/unit.h"
#include "tests/vectors.h"
#include "worker/alg/cipher.h"
#include "worker/alg/comp.h"
#include "worker/alg/dh.h"
#include "worker/alg/kex.h"
#include "worker/alg/mac.h"

static void same(struct span got, struct span want, const char *name)
{
	ck_assert_msg(span_equal(got, want), "%s: %zu bytes, not the %zu known", name,
		      got.n, want.n);
}

static FILE *open_of(const char *algorithm)
{
	char name[LIMIT_NAME_BYTES + sizeof ".txt"];

	ck_assert_int_lt(snprintf(name, sizeof name, "%s.txt", algorithm),
			 (int)sizeof name);
	return vector_open(name);
}

/* The field key followed by digit i. */
static struct span at(const struct vector *v, const char *key, unsigned i)
{
	char name[sizeof v->field->name];

	ck_assert_int_lt(snprintf(name, sizeof name, "%s%u", key, i), (int)sizeof name);
	return vector_get(v, name);
}

static uint32_t number(struct span s)
{
	struct rd r = RD(s);
	const uint32_t n = rd_u32(&r);

	ck_assert_int_eq(rd_end(&r), OK);
	return n;
}

/* ---- key exchange ---- */

static void kex_answer(const struct kex_alg *row, const struct vector *v)
{
	static struct kex_value q_client, secret;
	struct kex_client client = {0};
	struct dh_group *asked = NULL;

	if (row->group_exchange)
		ck_assert_int_eq(
		    dh_group_new(row, vector_get(v, "p"), vector_get(v, "g"), &asked),
		    OK);
	ck_assert_int_eq(kex_initiate(row, asked, vector_get(v, "client_secret"),
				      &client, &q_client),
			 OK);
	same(kex_value_span(&q_client), vector_get(v, "q_client"), row->name);
	ck_assert_int_eq(kex_finish(&client, vector_get(v, "q_server"), &secret), OK);
	same(kex_value_span(&secret), vector_get(v, "k"), row->name);
	kex_client_wipe(&client);
	dh_group_free(asked);
}

START_TEST(each_kex_row_gives_its_known_answers)
{
	const struct kex_alg *row = &kex_algs[_i];
	struct vector v = {0};
	FILE *f = open_of(row->name);
	unsigned n = 0;

	for (; vector_next(f, &v); n++)
		kex_answer(row, &v);
	ck_assert_uint_gt(n, 0);
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

/* ---- ciphers ---- */

static void cipher_packet(struct cipher *c, const struct vector *v, unsigned i,
			  bool seal)
{
	static uint8_t buf[LIMIT_CHAN_PACKET_BYTES];
	const struct cipher_alg *row = c->row;
	const uint32_t seq = number(at(v, "seq", i));
	const struct span plain = at(v, "plain", i);
	const struct span sealed = at(v, "sealed", i);
	const struct span from = seal ? plain : sealed, to = seal ? sealed : plain;
	uint32_t length = 0;

	ck_assert_uint_eq(sealed.n, plain.n + row->tag_bytes);
	ck_assert_int_eq(bytes_copy(buf, sizeof buf, from), OK);
	if (row->tag_bytes == 0) {
		ck_assert_int_eq(row->crypt(c, buf, plain.n), OK);
	} else if (seal) {
		ck_assert_int_eq(row->seal(c, seq, buf, plain.n), OK);
	} else {
		ck_assert_int_eq(row->length(c, seq, buf, &length), OK);
		ck_assert_uint_eq(length, plain.n - CIPHER_LENGTH_BYTES);
		ck_assert_int_eq(row->open(c, seq, buf, plain.n), OK);
		/* the length stays as it came */
		memcpy(buf, plain.p, CIPHER_LENGTH_BYTES);
	}
	same((struct span){buf, to.n}, to, row->name);
}

static void cipher_answer(const struct cipher_alg *row, const struct vector *v,
			  bool seal)
{
	struct cipher c = {0};

	ck_assert_int_eq(
	    cipher_start(row, vector_get(v, "key"), vector_get(v, "iv"), seal, &c), OK);
	for (unsigned i = 0; at(v, "plain", i).n != 0; i++)
		cipher_packet(&c, v, i, seal);
	cipher_wipe(&c);
}

START_TEST(each_cipher_row_gives_its_known_answers)
{
	const struct cipher_alg *row = &cipher_algs[_i];
	struct vector v = {0};
	FILE *f = open_of(row->name);
	unsigned n = 0;

	for (; vector_next(f, &v); n++) {
		cipher_answer(row, &v, true);
		cipher_answer(row, &v, false);
	}
	ck_assert_uint_gt(n, 0);
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

/* ---- MACs ---- */

START_TEST(each_mac_row_gives_its_known_answers)
{
	const struct mac_alg *row = &mac_algs[_i];
	struct vector v = {0};
	FILE *f = open_of(row->name);
	uint8_t tag[MAC_TAG_BYTES];
	unsigned n = 0;

	for (; vector_next(f, &v); n++) {
		struct mac m = {0};

		ck_assert_int_eq(mac_start(row, vector_get(&v, "key"), &m), OK);
		/* twice: a tag leaves nothing behind */
		for (int i = 0; i < 2; i++) {
			ck_assert_int_eq(mac_tag(&m, number(vector_get(&v, "seq")),
						 vector_get(&v, "data"), tag),
					 OK);
			same((struct span){tag, row->tag_bytes}, vector_get(&v, "tag"),
			     row->name);
		}
		mac_wipe(&m);
	}
	ck_assert_uint_gt(n, 0);
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

/* ---- compression ---- */

static void comp_answer(const struct comp_alg *row, const struct vector *v)
{
	static uint8_t plain[LIMIT_PAYLOAD_BYTES], packed[LIMIT_PAYLOAD_BYTES];
	struct comp known = {0}, in = {0}, out = {0};

	ck_assert_int_eq(comp_start(row, false, &known), OK);
	ck_assert_int_eq(comp_start(row, false, &in), OK);
	ck_assert_int_eq(comp_start(row, true, &out), OK);
	ck_assert(comp_active(&in) == row->compresses);
	for (unsigned i = 0; row->compresses && at(v, "payload", i).n != 0; i++) {
		const struct span want = at(v, "payload", i);
		struct wr w = WR(plain), p = WR(packed);

		ck_assert_int_eq(comp_inflate(&known, at(v, "packed", i), &w), OK);
		same((struct span){w.p, w.n}, want, row->name);
		/* ours differs in bytes, which zlib is free to choose, but means the same */
		ck_assert_int_eq(comp_deflate(&out, want, &p), OK);
		w = WR(plain);
		ck_assert_int_eq(comp_inflate(&in, (struct span){p.p, p.n}, &w), OK);
		same((struct span){w.p, w.n}, want, row->name);
	}
	comp_wipe(&known);
	comp_wipe(&in);
	comp_wipe(&out);
}

START_TEST(each_comp_row_gives_its_known_answers)
{
	const struct comp_alg *row = &comp_algs[_i];
	struct vector v = {0};
	FILE *f = open_of(row->name);
	unsigned n = 0;

	for (; vector_next(f, &v); n++)
		comp_answer(row, &v);
	ck_assert_uint_gt(n, 0);
	vector_wipe(&v);
	(void)fclose(f);
}
END_TEST

/* ---- the tables themselves ---- */

static const struct alg_name *listed(enum alg_kind kind, const char *name)
{
	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind == kind && strcmp(algs[i].name, name) == 0)
			return &algs[i];
	ck_abort_msg("%s is not in algs.def", name);
	return NULL;
}

/* Checks a row; its place in algs.def is behind the one before. */
static void check_listed(enum alg_kind kind, const char *name, bool on_request,
			 const struct alg_name **before)
{
	const struct alg_name *row = listed(kind, name);

	ck_assert_msg(row->on == !on_request, "%s", name);
	ck_assert_msg(*before == NULL || *before < row, "%s is out of order", name);
	*before = row;
}

START_TEST(rows_stand_in_the_list_of_names_in_the_same_order)
{
	const struct alg_name *before = NULL;
	size_t n = kex_algs_n + cipher_algs_n + mac_algs_n + comp_algs_n;

	for (size_t i = 0; i < kex_algs_n; i++)
		check_listed(ALG_KEX, kex_algs[i].name, kex_algs[i].on_request,
			     &before);
	for (size_t i = 0; i < cipher_algs_n; i++)
		check_listed(ALG_CIPHER, cipher_algs[i].name, cipher_algs[i].on_request,
			     &before);
	for (size_t i = 0; i < mac_algs_n; i++)
		check_listed(ALG_MAC, mac_algs[i].name, mac_algs[i].on_request,
			     &before);
	for (size_t i = 0; i < comp_algs_n; i++)
		check_listed(ALG_COMP, comp_algs[i].name, comp_algs[i].on_request,
			     &before);
	for (size_t i = 0; i < n_algs; i++)
		if (algs[i].kind <= ALG_COMP)
			n--;
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* Nothing speaks against these; but few ask for them, and X.509 wants an operator who knows why. */
static bool off_for_other_reasons(const char *name)
{
	return strcmp(name, "umac-128@openssh.com") == 0 ||
	       strcmp(name, "x509v3-rsa2048-sha256") == 0 ||
	       strncmp(name, "x509v3-ecdsa-", strlen("x509v3-ecdsa-")) == 0;
}

START_TEST(all_that_is_off_by_default_has_a_reason)
{
	for (size_t i = 0; i < n_algs; i++) {
		const bool weak =
		    alg_weak(algs[i].kind, span_str(algs[i].name)) != NULL;

		ck_assert_msg(algs[i].on ? !weak
					 : weak != off_for_other_reasons(algs[i].name),
			      "%s", algs[i].name);
	}
}
END_TEST

START_TEST(names_are_unique_and_fit_and_have_a_source)
{
	for (size_t i = 0; i < kex_algs_n; i++) {
		ck_assert_ptr_eq(kex_find(span_str(kex_algs[i].name)), &kex_algs[i]);
		ck_assert_uint_le(strlen(kex_algs[i].name), LIMIT_NAME_BYTES);
		ck_assert_ptr_nonnull(kex_algs[i].source);
	}
	for (size_t i = 0; i < cipher_algs_n; i++) {
		ck_assert_ptr_eq(cipher_find(span_str(cipher_algs[i].name)),
				 &cipher_algs[i]);
		ck_assert_ptr_nonnull(cipher_algs[i].source);
	}
	for (size_t i = 0; i < mac_algs_n; i++) {
		ck_assert_ptr_eq(mac_find(span_str(mac_algs[i].name)), &mac_algs[i]);
		ck_assert_ptr_nonnull(mac_algs[i].source);
	}
	for (size_t i = 0; i < comp_algs_n; i++) {
		ck_assert_ptr_eq(comp_find(span_str(comp_algs[i].name)), &comp_algs[i]);
		ck_assert_ptr_nonnull(comp_algs[i].source);
	}
	ck_assert_ptr_null(kex_find(SPAN_LIT("no-such")));
	ck_assert_ptr_null(cipher_find(SPAN_LIT("no-such")));
	ck_assert_ptr_null(mac_find(SPAN_LIT("no-such")));
	ck_assert_ptr_null(comp_find(SPAN_LIT("no-such")));
}
END_TEST

START_TEST(sizes_fit_what_holds_them)
{
	for (size_t i = 0; i < cipher_algs_n; i++) {
		ck_assert_uint_le(cipher_algs[i].key_bytes, CIPHER_KEY_BYTES);
		ck_assert_uint_le(cipher_algs[i].iv_bytes, CIPHER_IV_BYTES);
		ck_assert_uint_le(cipher_algs[i].block_bytes, CIPHER_IV_BYTES);
		ck_assert_uint_le(cipher_algs[i].tag_bytes, CIPHER_TAG_BYTES);
		ck_assert_uint_gt(cipher_algs[i].rekey_bytes, 0);
	}
	for (size_t i = 0; i < mac_algs_n; i++) {
		ck_assert_uint_le(mac_algs[i].key_bytes, MAC_KEY_BYTES);
		ck_assert_uint_le(mac_algs[i].tag_bytes, MAC_TAG_BYTES);
	}
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("tables_algorithms");
	TCase *t = tcase_create("algorithms");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, legacy_too, NULL);
	tcase_add_loop_test(t, each_kex_row_gives_its_known_answers, 0,
			    (int)kex_algs_n);
	tcase_add_loop_test(t, each_cipher_row_gives_its_known_answers, 0,
			    (int)cipher_algs_n);
	tcase_add_loop_test(t, each_mac_row_gives_its_known_answers, 0,
			    (int)mac_algs_n);
	tcase_add_loop_test(t, each_comp_row_gives_its_known_answers, 0,
			    (int)comp_algs_n);
	tcase_add_test(t, names_are_unique_and_fit_and_have_a_source);
	tcase_add_test(t, sizes_fit_what_holds_them);
	tcase_add_test(t, rows_stand_in_the_list_of_names_in_the_same_order);
	tcase_add_test(t, all_that_is_off_by_default_has_a_reason);
	suite_add_tcase(s, t);
	return s;
}
