/* Host keys: loading, finding, signing; what may not be loaded. */
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "monitor/keys/hostkey.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

static struct keyfile_note note;

/* Remembers the notes of hostkeys_load. */
struct notes {
	size_t n;
	char last[LIMIT_LOG_BYTES];
};

static void remember(void *ctx, const char *text)
{
	struct notes *notes = ctx;

	notes->n++;
	(void)snprintf(notes->last, sizeof notes->last, "%s", text);
}

static void load_all(struct hostkeys *keys, struct notes *notes)
{
	const struct store_source paths[] = {{.name = keys_copy("openssh_rsa2048")},
					     {.name = keys_copy("openssh_ed25519")},
					     {.name = keys_copy("openssh_ecdsa384")}};
	const char *certificates[] = {keys_copy("openssh_ed25519-cert.pub"),
				      keys_copy("openssh_rsa2048-cert.pub")};
	const struct hostkeys_sources all = {.keys = paths,
					     .n_keys = 3,
					     .certificates = certificates,
					     .n_certificates = 2};

	ck_assert_int_eq(hostkeys_load(&all, keys, remember, notes), OK);
}

START_TEST(hostkey_signs_for_each_of_its_algorithms)
{
	static const char *const names[] = {"openssh_ed25519",  "openssh_ecdsa256",
					    "openssh_ecdsa384", "openssh_ecdsa521",
					    "openssh_rsa2048",  "pem_rsa_pkcs1",
					    "pem_ecdsa_sec1",   "pem_ed25519_pkcs8",
					    "openssh_dsa1024",  "pem_dsa"};
	struct hostkey key = {0};
	size_t signatures = 0;

	ck_assert_msg(keys_load(keys_copy(names[_i]), &key, &note) == OK, "%s",
		      note.text);
	for (size_t i = 0; i < PK_ALG_COUNT; i++) {
		uint8_t store[LIMIT_SIGNATURE_BYTES];
		struct wr w = WR(store);
		struct span data = SPAN_LIT("data"), signature = {0};

		if (hostkey_sign(&key, &pk_algs[i], data, &w) != OK)
			continue;
		ck_assert_int_eq(wr_end(&w, &signature), OK);
		ck_assert_int_eq(
		    pk_verify(&pk_algs[i], hostkey_blob(&key), signature, data), OK);
		signatures++;
	}
	ck_assert_uint_eq(signatures, strstr(names[_i], "rsa") != NULL ? 3 : 1);
	hostkey_wipe(&key);
	ck_assert_ptr_null(key.pkey);
}
END_TEST

START_TEST(hostkey_sign_refuses_a_foreign_algorithm_and_a_full_store)
{
	struct hostkey key = {0};
	uint8_t store[60];
	struct wr w = WR(store);

	ck_assert_int_eq(keys_load(keys_copy("openssh_ed25519"), &key, &note), OK);
	ck_assert_int_eq(hostkey_sign(&key, pk_alg_find(SPAN_LIT("rsa-sha2-512")),
				      SPAN_LIT("x"), &w),
			 ERR_KEY);
	ck_assert_int_eq(
	    hostkey_sign(&key, pk_alg_find(SPAN_LIT("ssh-ed25519")), SPAN_LIT("x"), &w),
	    ERR_NO_SPACE);
	hostkey_wipe(&key);
}
END_TEST

START_TEST(hostkey_load_refuses_weak_and_strange_keys)
{
	static const char *const names[] = {"refused_rsa1024",   "refused_ed448",
					    "refused_x25519",    "refused_secp256k1",
					    "encrypted_openssh", "encrypted_pkcs8"};
	struct hostkey key = {0};
	enum err e = keys_load(keys_copy(names[_i]), &key, &note);

	ck_assert(e == ERR_KEY || e == ERR_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(note.text, names[_i]));
	ck_assert_ptr_null(key.pkey);
}
END_TEST

START_TEST(hostkey_load_refuses_an_unprotected_file)
{
	const char *path = keys_write("k", keys_vector("openssh_ed25519"), 0640);
	struct hostkey key = {0};

	ck_assert_int_eq(keys_load(path, &key, &note), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, "UNPROTECTED"));
}
END_TEST

START_TEST(hostkeys_certificates_stand_behind_and_share_the_key)
{
	struct hostkeys keys = {0};
	struct notes notes = {0};
	const struct pk_alg *cert =
	    pk_alg_find(SPAN_LIT("ssh-ed25519-cert-v01@openssh.com"));
	size_t index = 99;
	uint8_t store[LIMIT_SIGNATURE_BYTES];
	struct wr w = WR(store);
	struct span s = {0}, data = SPAN_LIT("data");

	load_all(&keys, &notes);
	ck_assert_uint_eq(notes.n, 0);
	ck_assert_uint_eq(keys.n, 5);
	ck_assert_ptr_eq(hostkeys_find(&keys, cert, &index), &keys.key[3]);
	ck_assert_uint_eq(index, 3);
	ck_assert_ptr_eq(keys.key[3].pkey, keys.key[1].pkey);
	ck_assert(span_equal(hostkey_blob(&keys.key[3]),
			     keys_blob("openssh_ed25519-cert.pub")));
	ck_assert_int_eq(hostkey_sign(&keys.key[3], cert, data, &w), OK);
	ck_assert_int_eq(wr_end(&w, &s), OK);
	ck_assert_int_eq(pk_verify(cert, hostkey_blob(&keys.key[3]), s, data), OK);
	hostkeys_wipe(&keys);
	ck_assert_uint_eq(keys.n, 0);
}
END_TEST

START_TEST(hostkeys_algorithms_keeps_the_configured_order)
{
	struct hostkeys keys = {0};
	struct notes notes = {0};
	uint8_t store[1024];
	struct wr w = WR(store), small = {.p = store, .cap = 10};
	struct span list = {0};

	load_all(&keys, &notes);
	ck_assert_int_eq(hostkeys_algorithms(
			     &keys,
			     SPAN_LIT("ecdsa-sha2-nistp256,rsa-sha2-256,nonsense,"
				      "ssh-ed25519,rsa-sha2-512-cert-v01@openssh.com,"
				      "ecdsa-sha2-nistp384-cert-v01@openssh.com"),
			     &w),
			 OK);
	ck_assert_int_eq(wr_end(&w, &list), OK);
	ck_assert(span_is(
	    list, "rsa-sha2-256,ssh-ed25519,rsa-sha2-512-cert-v01@openssh.com"));
	ck_assert_int_eq(hostkeys_algorithms(&keys, SPAN_LIT("ssh-ed25519"), &small),
			 ERR_NO_SPACE);
	w = WR(store);
	ck_assert_int_eq(
	    hostkeys_algorithms(&keys, SPAN_LIT("ecdsa-sha2-nistp256"), &w),
	    ERR_KEX_NONE);
	hostkeys_wipe(&keys);
}
END_TEST

START_TEST(hostkeys_load_leaves_out_what_it_cannot_use_and_says_so)
{
	const struct store_source paths[] = {{.name = keys_path("missing")},
					     {.name = keys_copy("openssh_ed25519")},
					     {.name = keys_copy("refused_ed448")},
					     {.name = keys_copy("openssh_ed25519")}};
	const char *certificates[] = {keys_copy("openssh_rsa2048-cert.pub"),
				      keys_copy("openssh_ecdsa256-cert.pub"),
				      keys_copy("openssh_ed25519.pub")};
	const struct hostkeys_sources all = {.keys = paths,
					     .n_keys = 4,
					     .certificates = certificates,
					     .n_certificates = 3};
	struct hostkeys keys = {0};
	struct notes notes = {0};

	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), OK);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_uint_eq(notes.n, 6);
	hostkeys_wipe(&keys);
}
END_TEST

START_TEST(hostkeys_load_fails_without_any_key)
{
	const struct store_source paths[] = {{.name = keys_path("missing")}};
	const struct hostkeys_sources all = {
	    .keys = paths, .n_keys = 1, .certificates = NULL, .n_certificates = 0};
	struct hostkeys keys = {0};
	struct notes notes = {0};

	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(notes.last, "missing"));
	hostkeys_wipe(&keys);
}
END_TEST

START_TEST(hostkeys_load_refuses_a_certificate_with_a_broken_signature)
{
	struct span text = keys_vector("openssh_ed25519-cert.pub");
	uint8_t *copy = malloc(text.n);
	const struct store_source paths[] = {{.name = keys_copy("openssh_ed25519")}};
	const char *certificates[1];
	const struct hostkeys_sources all = {.keys = paths,
					     .n_keys = 1,
					     .certificates = certificates,
					     .n_certificates = 1};
	struct hostkeys keys = {0};
	struct notes notes = {0};
	uint8_t *blank;

	memcpy(copy, text.p, text.n);
	blank = memrchr(copy, ' ', text.n); /* in front of the comment */
	while (*--blank == '=')
		;
	blank[-9] ^= 1; /* among the signature's bytes */
	certificates[0] = keys_write("bad-cert.pub", (struct span){copy, text.n}, 0644);
	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), OK);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_uint_eq(notes.n, 1);
	hostkeys_wipe(&keys);
	free(copy);
}
END_TEST

START_TEST(hostkey_private_numbers_lie_in_the_locked_heap)
{
	static const char *const names[] = {"openssh_ed25519", "openssh_ecdsa256",
					    "pem_ed25519_pkcs8", "pem_ecdsa_sec1"};
	struct keymem_state state = {0};
	struct hostkey key = {0};
	unsigned char random[1];
	size_t before;

	ck_assert_int_eq(keymem_init(&state), OK);
	/* The generators of random numbers keep their state there too. */
	ck_assert_int_eq(RAND_bytes(random, sizeof random), 1);
	ck_assert_int_eq(RAND_priv_bytes(random, sizeof random), 1);
	before = CRYPTO_secure_used();
	ck_assert_int_eq(keys_load(keys_copy(names[_i]), &key, &note), OK);
	ck_assert_uint_ge(CRYPTO_secure_used(), before + 32);
	hostkey_wipe(&key);
	ck_assert_uint_eq(CRYPTO_secure_used(), before);
}
END_TEST

START_TEST(hostkey_load_says_what_to_do_about_public_keys)
{
	struct hostkey key = {0};

	ck_assert_int_eq(keys_load(keys_copy("p7b_two"), &key, &note), ERR_KEY);
	ck_assert_ptr_nonnull(strstr(note.text, "certificate="));
	ck_assert_int_eq(keys_load(keys_copy("openssh_ed25519.pub"), &key, &note),
			 ERR_KEY);
	ck_assert_ptr_nonnull(strstr(note.text, "name the file of the private key"));
	ck_assert_ptr_null(key.path);
}
END_TEST

static enum err token_of(void *ctx, const struct store_source *s, struct token **out,
			 struct span *blob, struct keyfile_note *why)
{
	if (strstr(s->name, "gone") != NULL) {
		keyfile_note_set(why, "%s: it is not there", s->name);
		return ERR_UNKNOWN;
	}
	*out = ctx;
	*blob = keys_blob("openssh_ecdsa256.pub");
	return OK;
}

/* A key in a token is named and shown, but not signed with here. */
START_TEST(hostkeys_load_takes_tokens)
{
	int token; /* only its address counts */
	const struct store_source paths[] = {{.name = "pkcs11:token=gone"},
					     {.name = "pkcs11:token=t"},
					     {.name = keys_copy("ppk2_ed25519")}};
	const struct hostkeys_sources all = {
	    .keys = paths, .n_keys = 3, .token = token_of, .token_ctx = &token};
	struct hostkeys keys = {0};
	struct notes notes = {0};
	struct hostkey_shown shown = {0};
	uint8_t store[256];
	struct wr w = WR(store);

	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), OK);
	ck_assert_uint_eq(notes.n, 1);
	ck_assert_ptr_nonnull(strstr(notes.last, "it is not there"));
	ck_assert_uint_eq(keys.n, 2);
	ck_assert_ptr_eq(keys.key[0].token, (struct token *)(void *)&token);
	ck_assert_int_eq(hostkey_sign(&keys.key[0], keys.key[0].alg, SPAN_LIT("x"), &w),
			 ERR_UNKNOWN);
	ck_assert_int_eq(hostkey_show(&keys.key[0], &shown), OK);
	ck_assert(shown.token && !shown.certificate && shown.bits == 256);
	ck_assert_str_eq(shown.store, "pkcs11");
	ck_assert_str_eq(shown.path, "pkcs11:token=t");
	ck_assert_int_eq(hostkey_show(&keys.key[1], &shown), OK);
	ck_assert_str_eq(shown.store, "ppk");
	ck_assert_str_eq(shown.type, "ssh-ed25519");
	ck_assert_ptr_eq(strstr(shown.fingerprint, "SHA256:"), shown.fingerprint);
	hostkeys_wipe(&keys);
}
END_TEST

START_TEST(x509_certificates_get_entries_for_what_is_configured)
{
	const struct store_source paths[] = {{.name = keys_copy("x509_chain")}};
	struct hostkeys_sources all = {.keys = paths, .n_keys = 1};
	struct hostkeys keys = {0};
	struct notes notes = {0};
	struct hostkey_shown shown = {0};
	size_t index = 0;

	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), OK);
	ck_assert_uint_eq(keys.n, 1);
	hostkeys_wipe(&keys);
	all.algorithms =
	    SPAN_LIT("ecdsa-sha2-nistp256,x509v3-ssh-rsa,x509v3-ecdsa-sha2-nistp256");
	ck_assert_int_eq(hostkeys_load(&all, &keys, remember, &notes), OK);
	ck_assert_uint_eq(keys.n, 2);
	ck_assert_ptr_nonnull(hostkeys_find(
	    &keys, pk_alg_find(SPAN_LIT("x509v3-ecdsa-sha2-nistp256")), &index));
	ck_assert_uint_eq(index, 1);
	ck_assert_int_eq(hostkey_show(&keys.key[1], &shown), OK);
	ck_assert(shown.certificate && shown.bits == 256);
	ck_assert_uint_eq(notes.n, 0);
	hostkeys_wipe(&keys);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_hostkey");
	TCase *t = tcase_create("hostkey");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_loop_test(t, hostkey_signs_for_each_of_its_algorithms, 0, 10);
	tcase_add_test(t, hostkey_sign_refuses_a_foreign_algorithm_and_a_full_store);
	tcase_add_loop_test(t, hostkey_load_refuses_weak_and_strange_keys, 0, 6);
	tcase_add_test(t, hostkey_load_refuses_an_unprotected_file);
	tcase_add_test(t, hostkeys_certificates_stand_behind_and_share_the_key);
	tcase_add_test(t, hostkeys_algorithms_keeps_the_configured_order);
	tcase_add_test(t, hostkeys_load_leaves_out_what_it_cannot_use_and_says_so);
	tcase_add_test(t, hostkey_load_says_what_to_do_about_public_keys);
	tcase_add_test(t, hostkeys_load_takes_tokens);
	tcase_add_test(t, hostkeys_load_fails_without_any_key);
	tcase_add_test(t, hostkeys_load_refuses_a_certificate_with_a_broken_signature);
	tcase_add_loop_test(t, hostkey_private_numbers_lie_in_the_locked_heap, 0, 4);
	tcase_add_test(t, x509_certificates_get_entries_for_what_is_configured);
	suite_add_tcase(s, t);
	return s;
}
