/* X.509 certificates of host keys: how they lie in a blob. */
#include "common/x509.h"
#include "monitor/keys/private.h"
#include "monitor/keys/x509host.h"
#include "tests/monitor/keys/keys.h"
#include "tests/unit.h"

static struct keyfile_note note;

static enum err blob_for(const char *name, const struct hostkey *key, struct wr *w)
{
	return x509host_blob(pk_alg_find(span_str(name)), hostkey_blob(key),
			     key->certificates, w);
}

START_TEST(a_blob_is_for_its_own_kind_of_key)
{
	static uint8_t store[LIMIT_PK_BLOB_BYTES];
	struct wr w = WR(store);
	const struct store_source source = {.name = keys_copy("x509_chain")};
	struct hostkey key = {0};
	struct span blob;
	struct x509 cert;

	ck_assert_int_eq(hostkey_load(&source, NULL, &key, &note), OK);
	ck_assert_int_eq(sk_X509_num(key.certificates), 2);
	ck_assert_int_eq(blob_for("x509v3-ssh-rsa", &key, &w), ERR_UNKNOWN);
	ck_assert_int_eq(blob_for("ecdsa-sha2-nistp256", &key, &w), ERR_UNKNOWN);
	ck_assert_int_eq(blob_for("x509v3-ecdsa-sha2-nistp384", &key, &w), ERR_UNKNOWN);
	ck_assert_uint_eq(w.n, 0);
	ck_assert_int_eq(blob_for("x509v3-ecdsa-sha2-nistp256", &key, &w), OK);
	ck_assert_int_eq(wr_end(&w, &blob), OK);
	/* the key's own goes first, wherever it stood */
	ck_assert_int_eq(x509_of_blob(blob, &cert), OK);
	ck_assert(x509_common_name_is(&cert, SPAN_LIT("host")));
	hostkey_wipe(&key);
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_keys_x509host");
	TCase *t = tcase_create("x509host");

	tcase_add_checked_fixture(t, keys_setup, keys_teardown);
	tcase_add_test(t, a_blob_is_for_its_own_kind_of_key);
	suite_add_tcase(s, t);
	return s;
}
