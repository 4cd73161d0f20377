/* Private key files: every form taken, every form refused, and the way back. */
#include "monitor/keys/private.h"
#include "monitor/keys/store.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

static const char *const taken[] = {"openssh_ed25519",       "openssh_ecdsa256",
				    "openssh_ecdsa384",      "openssh_ecdsa521",
				    "openssh_rsa2048",       "pem_rsa_pkcs1",
				    "openssh_dsa1024",       "pem_dsa",
				    "pem_rsa_pkcs8",         "pem_ecdsa_sec1",
				    "pem_ecdsa_sec1_params", "pem_ecdsa_pkcs8",
				    "pem_ecdsa_compressed",  "pem_ed25519_pkcs8"};
enum { TAKEN = sizeof taken / sizeof taken[0] };

static struct keyfile_note note;

static enum err read_key(struct span content, const char *label, EVP_PKEY **out,
			 struct keyfile_note *why)
{
	const struct keyfile none = {0};
	const struct store_input in = {
	    .content = content, .label = label, .password = &none};
	struct key_material m = {0};
	enum err e = store_open(&in, STORE_AUTO, &m, why);

	if (e != OK)
		return e;
	if (m.pkey == NULL) {
		material_wipe(&m);
		return ERR_KEY;
	}
	*out = m.pkey;
	m.pkey = NULL; /* moved */
	material_wipe(&m);
	return OK;
}

static struct span blob_of(const EVP_PKEY *pkey)
{
	static uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	struct span blob = {0};

	ck_assert_int_eq(private_blob(pkey, &w), OK);
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	return blob;
}

START_TEST(private_reads_every_form)
{
	char name[64];
	EVP_PKEY *pkey = NULL;

	(void)snprintf(name, sizeof name, "%s.pub", taken[_i]);
	ck_assert_msg(read_key(keys_vector(taken[_i]), "file", &pkey, &note) == OK,
		      "%s", note.text);
	ck_assert(span_equal(blob_of(pkey), keys_blob(name)));
	EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(private_writes_what_it_reads)
{
	static uint8_t store[LIMIT_KEY_FILE_BYTES];
	EVP_PKEY *first = NULL, *second = NULL;
	struct wr w = WR(store);
	struct span text = {0};

	ck_assert_int_eq(read_key(keys_vector(taken[_i]), "file", &first, &note), OK);
	ck_assert_int_eq(private_write(first, "a comment", &w), OK);
	ck_assert_int_eq(wr_end(&w, &text), OK);
	ck_assert_msg(read_key(text, "file", &second, &note) == OK, "%s", note.text);
	ck_assert_int_eq(EVP_PKEY_eq(first, second), 1);
	EVP_PKEY_free(first);
	EVP_PKEY_free(second);
}
END_TEST

START_TEST(private_names_the_remedy_for_encrypted_keys)
{
	static const char *const names[] = {"encrypted_openssh", "encrypted_pkcs1",
					    "encrypted_pkcs8"};
	EVP_PKEY *pkey = NULL;

	ck_assert_int_eq(read_key(keys_vector(names[_i]), "/k", &pkey, &note), ERR_KEY);
	ck_assert_ptr_nonnull(strstr(note.text, "ssh-keygen -p -N '' -f /k"));
	ck_assert_ptr_null(pkey);
}
END_TEST

START_TEST(private_refuses_every_truncation)
{
	struct span whole = keys_vector("openssh_ed25519");
	EVP_PKEY *pkey = NULL;

	for (size_t n = 0; n + 1 < whole.n; n++)
		ck_assert_int_eq(
		    read_key((struct span){whole.p, n}, "file", &pkey, &note), ERR_KEY);
	ck_assert_ptr_null(pkey);
}
END_TEST

START_TEST(private_refuses_a_changed_key)
{
	struct span whole = keys_vector("openssh_ed25519");
	uint8_t *copy = malloc(whole.n);
	size_t taken_changes = 0;

	/* Not all of a file is the key: its comment may be anything. */
	for (size_t i = 0; i < whole.n; i++) {
		EVP_PKEY *pkey = NULL;

		memcpy(copy, whole.p, whole.n);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (read_key((struct span){copy, whole.n}, "f", &pkey, &note) == OK)
			taken_changes++;
		EVP_PKEY_free(pkey);
	}
	ck_assert_uint_lt(taken_changes, 20);
	free(copy);
}
END_TEST

START_TEST(private_blob_refuses_other_kinds)
{
	static const char *const names[] = {"refused_ed448", "refused_x25519",
					    "refused_secp256k1"};
	uint8_t store[256];
	struct wr w = WR(store);
	EVP_PKEY *pkey = NULL;

	ck_assert_int_eq(read_key(keys_vector(names[_i]), "file", &pkey, &note), OK);
	ck_assert_int_eq(private_blob(pkey, &w), ERR_UNKNOWN);
	ck_assert_int_eq(private_write(pkey, "", &w), ERR_UNKNOWN);
	EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(private_refuses_text_that_is_no_key)
{
	EVP_PKEY *pkey = NULL;

	ck_assert_int_eq(read_key(SPAN_LIT("hello"), "f", &pkey, &note), ERR_KEY);
	ck_assert_int_eq(read_key(SPAN_LIT(""), "f", &pkey, &note), ERR_KEY);
	ck_assert_int_eq(
	    read_key(keys_vector("openssh_ed25519.pub"), "f", &pkey, &note), ERR_KEY);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_private");
	TCase *t = tcase_create("private");

	tcase_add_loop_test(t, private_reads_every_form, 0, TAKEN);
	tcase_add_loop_test(t, private_writes_what_it_reads, 0, TAKEN);
	tcase_add_loop_test(t, private_names_the_remedy_for_encrypted_keys, 0, 3);
	tcase_add_test(t, private_refuses_every_truncation);
	tcase_add_test(t, private_refuses_a_changed_key);
	tcase_add_loop_test(t, private_blob_refuses_other_kinds, 0, 3);
	tcase_add_test(t, private_refuses_text_that_is_no_key);
	suite_add_tcase(s, t);
	return s;
}
