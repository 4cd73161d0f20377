/* Public keys: every row against what OpenSSH made, and every way to cheat. */
#include "common/pk.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

struct known {
	const struct pk_alg *alg;
	struct span blob, data, signature;
};

static struct known known_of(const struct pk_alg *alg)
{
	struct known k = {.alg = alg};

	k.blob = pk_vector(k.alg->name, "blob");
	k.data = pk_vector(k.alg->name, "data");
	k.signature = pk_vector(k.alg->name, "signature");
	return k;
}

static struct known known_named(const char *name)
{
	return known_of(pk_alg_find(span_str(name)));
}

START_TEST(pk_every_row_verifies_what_openssh_signed)
{
	struct known k = known_of(&pk_algs[_i]);

	ck_assert_int_eq(pk_verify(k.alg, k.blob, k.signature, k.data), OK);
}
END_TEST

START_TEST(pk_every_row_refuses_other_data)
{
	struct known k = known_of(&pk_algs[_i]);

	k.data.n--;
	ck_assert_int_eq(pk_verify(k.alg, k.blob, k.signature, k.data), ERR_SIGNATURE);
}
END_TEST

START_TEST(pk_every_row_refuses_a_signature_with_any_byte_changed)
{
	struct known k = known_of(&pk_algs[_i]);
	uint8_t *copy = pk_vector_copy(k.signature);
	size_t step = k.signature.n > 100 ? 7 : 1;

	for (size_t i = 0; i < k.signature.n; i += step) {
		copy[i] ^= 0x21;
		ck_assert_int_eq(pk_verify(k.alg, k.blob,
					   (struct span){copy, k.signature.n}, k.data),
				 ERR_SIGNATURE);
		copy[i] ^= 0x21;
	}
	free(copy);
}
END_TEST

START_TEST(pk_every_row_refuses_a_signature_cut_or_lengthened)
{
	struct known k = known_of(&pk_algs[_i]);
	uint8_t *longer = pk_vector_copy((struct span){k.signature.p, k.signature.n});

	longer[k.signature.n] = 0;
	ck_assert_int_eq(
	    pk_verify(k.alg, k.blob, (struct span){longer, k.signature.n + 1}, k.data),
	    ERR_SIGNATURE);
	for (size_t cut = 0; cut < k.signature.n; cut++)
		ck_assert_int_eq(
		    pk_verify(k.alg, k.blob, (struct span){longer, cut}, k.data),
		    ERR_SIGNATURE);
	free(longer);
}
END_TEST

START_TEST(pk_every_row_refuses_a_blob_cut_or_lengthened)
{
	struct known k = known_of(&pk_algs[_i]);
	uint8_t *longer = pk_vector_copy(k.blob);
	struct pk_key key = {0};

	longer[k.blob.n] = 0;
	ck_assert_int_ne(pk_parse((struct span){longer, k.blob.n + 1}, &key), OK);
	for (size_t cut = 0; cut < k.blob.n; cut++)
		ck_assert_int_ne(pk_parse((struct span){longer, cut}, &key), OK);
	ck_assert_ptr_null(key.pkey);
	free(longer);
}
END_TEST

START_TEST(pk_every_row_verifies_by_its_own_key_type_only)
{
	struct known k = known_of(&pk_algs[_i]);

	for (size_t i = 0; i < PK_ALG_COUNT; i++) {
		struct known other = known_of(&pk_algs[i]);

		if (strcmp(other.alg->key_type, k.alg->key_type) != 0)
			ck_assert_int_eq(
			    pk_verify(k.alg, other.blob, k.signature, k.data), ERR_KEY);
		if (pk_alg_plain(other.alg) != pk_alg_plain(k.alg))
			ck_assert_int_ne(
			    pk_verify(k.alg, k.blob, other.signature, k.data), OK);
	}
}
END_TEST

START_TEST(pk_table_is_consistent)
{
	const struct pk_alg *alg = &pk_algs[_i];
	const struct pk_alg *plain = pk_alg_plain(alg);

	ck_assert_ptr_eq(pk_alg_find(span_str(alg->name)), alg);
	ck_assert_ptr_nonnull(plain);
	ck_assert(!pk_alg_is_cert(plain));
	ck_assert_ptr_eq(plain->family, alg->family);
	ck_assert_int_eq(plain->digest, alg->digest);
	ck_assert_str_eq(pk_type_find(span_str(alg->key_type))->key_type,
			 alg->key_type);
	ck_assert_uint_gt(strlen(alg->source), 0);
	ck_assert_uint_ne(alg->use, 0);
	ck_assert((alg->curve != NULL) == (strstr(alg->name, "nistp") != NULL));
}
END_TEST

START_TEST(pk_unknown_names_are_not_found)
{
	ck_assert_ptr_null(pk_alg_find(SPAN_LIT("ssh-dsa")));
	ck_assert_ptr_null(pk_alg_find((struct span){0}));
	ck_assert_ptr_null(pk_type_find(SPAN_LIT("rsa-sha2-512")));
}
END_TEST

START_TEST(pk_parse_tells_unknown_from_malformed)
{
	static const uint8_t none[] = {0, 0, 0, 7, 's', 's', 'h', '-', 'x', 's', 's'};
	struct pk_key key = {0};

	ck_assert_int_eq(pk_parse(SPAN_OF(none), &key), ERR_UNKNOWN);
	ck_assert_int_eq(pk_parse((struct span){none, 5}, &key), ERR_KEY);
	ck_assert_int_eq(pk_parse((struct span){0}, &key), ERR_KEY);
	pk_wipe(&key);
}
END_TEST

START_TEST(pk_fingerprint_is_as_openssh_writes_it)
{
	struct known k = known_of(&pk_algs[_i]);
	char got[PK_FINGERPRINT_BYTES];

	ck_assert_int_eq(pk_fingerprint(k.blob, got), OK);
	ck_assert(pk_vector_is(k.alg->name, "fingerprint", got));
}
END_TEST

START_TEST(pk_rsa_refuses_the_other_digest)
{
	struct known k = known_named("rsa-sha2-512"), l = known_named("rsa-sha2-256");
	struct known old = known_named("ssh-rsa");

	ck_assert_int_eq(pk_verify(k.alg, k.blob, old.signature, old.data),
			 ERR_SIGNATURE);
	ck_assert_int_eq(pk_verify(old.alg, k.blob, k.signature, k.data),
			 ERR_SIGNATURE);

	ck_assert_int_eq(pk_verify(k.alg, k.blob, l.signature, l.data), ERR_SIGNATURE);
	ck_assert_int_eq(pk_verify(l.alg, k.blob, l.signature, l.data), OK);
}
END_TEST

/* Gives a security key's answer to the vector's line of that name. */
static enum err touch_of(const char *alg, const char *line, struct pk_touch *touch)
{
	struct known k = known_named(alg);

	return pk_verify_touch(k.alg, k.blob, pk_vector(k.alg->name, line), k.data,
			       touch);
}

START_TEST(pk_security_keys_tell_touch_and_verification)
{
	static const char *const names[] = {"sk-ssh-ed25519@openssh.com",
					    "sk-ecdsa-sha2-nistp256@openssh.com"};
	struct pk_touch touch = {0};

	ck_assert_int_eq(touch_of(names[_i], "signature", &touch), OK);
	ck_assert(touch.present && !touch.verified);
	ck_assert_uint_eq(touch.counter, 0x01020304);
	ck_assert_int_eq(touch_of(names[_i], "verified", &touch), OK);
	ck_assert(touch.present && touch.verified);
	ck_assert_int_eq(touch_of(names[_i], "untouched", &touch), OK);
	ck_assert(!touch.present && !touch.verified);
	ck_assert_uint_eq(touch.counter, 9);
}
END_TEST

START_TEST(pk_verify_demands_touch)
{
	struct known k = known_named("sk-ssh-ed25519@openssh.com");

	ck_assert_int_eq(
	    pk_verify(k.alg, k.blob, pk_vector(k.alg->name, "untouched"), k.data),
	    ERR_SIGNATURE);
}
END_TEST

START_TEST(pk_other_keys_need_no_touch)
{
	struct pk_touch touch = {0};

	ck_assert_int_eq(touch_of("ssh-ed25519", "signature", &touch), OK);
	ck_assert(touch.present && touch.verified);
}
END_TEST

START_TEST(pk_wipe_takes_the_zero_state)
{
	struct pk_key key = {0};

	pk_wipe(&key);
	pk_warm();
	pk_wipe(&key);
	ck_assert_ptr_null(key.pkey);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("common_pk");
	TCase *t = tcase_create("pk");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, pk_every_row_verifies_what_openssh_signed, 0,
			    PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_every_row_refuses_other_data, 0, PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_every_row_refuses_a_signature_with_any_byte_changed,
			    0, PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_every_row_refuses_a_signature_cut_or_lengthened, 0,
			    PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_every_row_refuses_a_blob_cut_or_lengthened, 0,
			    PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_every_row_verifies_by_its_own_key_type_only, 0,
			    PK_ALG_COUNT);
	tcase_add_loop_test(t, pk_table_is_consistent, 0, PK_ALG_COUNT);
	tcase_add_test(t, pk_unknown_names_are_not_found);
	tcase_add_test(t, pk_parse_tells_unknown_from_malformed);
	tcase_add_loop_test(t, pk_fingerprint_is_as_openssh_writes_it, 0, PK_ALG_COUNT);
	tcase_add_test(t, pk_rsa_refuses_the_other_digest);
	tcase_add_loop_test(t, pk_security_keys_tell_touch_and_verification, 0, 2);
	tcase_add_test(t, pk_verify_demands_touch);
	tcase_add_test(t, pk_other_keys_need_no_touch);
	tcase_add_test(t, pk_wipe_takes_the_zero_state);
	suite_add_tcase(s, t);
	return s;
}
