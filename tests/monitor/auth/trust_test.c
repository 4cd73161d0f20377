/* Files about keys, kept by their paths. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base64.h"
#include "monitor/auth/trust.h"
#include "tests/common/pk_vectors.h"
#include "tests/unit.h"

static char path[64];
static struct trust t;
static struct keyfile_note note;

static void setup(void)
{
	int fd;

	snprintf(path, sizeof path, "/tmp/trust-test-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	t = (struct trust){0};
}

static void teardown(void)
{
	trust_wipe(&t);
	unlink(path);
}

static void put(const char *before, const char *type, const char *after)
{
	uint8_t store[4096];
	struct wr w = WR(store);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	base64_encode(&w, pk_vector(type, "blob"), true);
	fprintf(f, "%s%s %.*s%s", before, type, (int)w.n, (const char *)store, after);
	ck_assert_int_eq(fclose(f), 0);
}

START_TEST(trust_authorities_are_those_of_the_file)
{
	struct span ed = pk_vector("ssh-ed25519", "blob");

	put("# ours\n\n", "ssh-ed25519", " the office\n");
	ck_assert_msg(trust_add_cas(&t, path, &note) == OK, "%s", note.text);
	ck_assert(trust_has_ca(&t, path, ed));
	ck_assert(!trust_has_ca(&t, path, pk_vector("ecdsa-sha2-nistp256", "blob")));
	ck_assert(!trust_has_ca(&t, path, (struct span){0}));
	ck_assert(!trust_has_ca(&t, "/other", ed));
	put("", "ecdsa-sha2-nistp256", "\n");
	ck_assert_int_eq(trust_add_cas(&t, path, &note), OK); /* once is enough */
	ck_assert(trust_has_ca(&t, path, ed));
}
END_TEST

START_TEST(trust_lines_that_are_no_authority_refuse_the_file)
{
	put("# one\nno-pty ", "ssh-ed25519", "\n");
	ck_assert_int_eq(trust_add_cas(&t, path, &note), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(note.text, ":2: "));
	put("", "ssh-ed25519-cert-v01@openssh.com", "\n");
	ck_assert_int_eq(trust_add_cas(&t, path, &note), ERR_CONFIG);
	put("nonsense\n", "ssh-ed25519", "\n");
	ck_assert_int_eq(trust_add_cas(&t, path, &note), ERR_CONFIG);
	unlink(path);
	ck_assert_int_eq(trust_add_cas(&t, path, &note), ERR_FILE);
	ck_assert_ptr_null(t.cas);
}
END_TEST

/* The files are tests/vectors/keys', as their tools made them. */
START_TEST(trust_authorities_may_stand_in_other_forms)
{
	static const char *const files[] = {"tests/vectors/keys/x509_rsa2048",
					    "tests/vectors/keys/p7b_two",
					    "tests/vectors/keys/rfc4716_rsa2048",
					    "tests/vectors/keys/xml_rsa2048_public"};

	ck_assert_msg(trust_add_cas(&t, files[_i], &note) == OK, "%s", note.text);
	ck_assert_ptr_nonnull(t.cas);
	ck_assert_uint_gt(t.cas->keys.n, 256);
}
END_TEST

START_TEST(trust_revoked_is_by_path)
{
	struct span ed = pk_vector("ssh-ed25519", "blob");

	ck_assert_ptr_null(trust_revoked(&t, path));
	put("", "ssh-ed25519", "\n");
	ck_assert_int_eq(trust_add_revoked(&t, path, &note), OK);
	ck_assert_int_eq(trust_add_revoked(&t, path, &note), OK);
	ck_assert_ptr_nonnull(revoked_why(trust_revoked(&t, path), ed, NULL));
	ck_assert_ptr_null(trust_revoked(&t, "/other"));
	ck_assert_int_eq(trust_add_revoked(&t, "/nonexistent", &note), ERR_FILE);
	ck_assert_ptr_null(trust_revoked(&t, "/nonexistent"));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_trust");
	TCase *tc = tcase_create("trust");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, trust_authorities_are_those_of_the_file);
	tcase_add_test(tc, trust_lines_that_are_no_authority_refuse_the_file);
	tcase_add_loop_test(tc, trust_authorities_may_stand_in_other_forms, 0, 4);
	tcase_add_test(tc, trust_revoked_is_by_path);
	suite_add_tcase(s, tc);
	return s;
}
