/* RevokedKeys: both kinds of files, and what is found in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base64.h"
#include "monitor/auth/revoked.h"
#include "tests/common/pk_vectors.h"
#include "tests/monitor/auth/krl_kit.h"
#include "tests/unit.h"

static uint8_t store[65536];
static struct wr w;
static struct revoked r;
static struct keyfile_note note;

static void setup(void)
{
	w = WR(store);
	r = (struct revoked){0};
}

static void teardown(void)
{
	revoked_wipe(&r);
}

static enum err parse(void)
{
	struct span all;

	revoked_wipe(&r);
	ck_assert_int_eq(wr_end(&w, &all), OK);
	return revoked_parse(all, "file", &r, &note);
}

static void put_line(const char *type, struct span blob, const char *behind)
{
	wr_raw(&w, span_str(type));
	wr_u8(&w, ' ');
	base64_encode(&w, blob, true);
	wr_raw(&w, span_str(behind));
	wr_u8(&w, '\n');
}

/* A certificate of the vectors, and its plain key. */
static struct cert cert_of(const char *name, struct wr *plain)
{
	struct cert c = {0};

	ck_assert_int_eq(cert_parse(pk_vector(name, "blob"), &c), OK);
	ck_assert_int_eq(cert_plain_blob(&c, plain), OK);
	return c;
}

#define ED_CERT "ssh-ed25519-cert-v01@openssh.com"

START_TEST(revoked_a_plain_list_has_keys_and_what_is_certified)
{
	uint8_t plain_store[512];
	struct wr plain = WR(plain_store);
	struct cert c = cert_of(ED_CERT, &plain);
	struct span key = {plain.p, plain.n};
	struct span other = pk_vector("ecdsa-sha2-nistp256", "blob");

	wr_raw(&w, SPAN_LIT("# comment\n\n \t\n"));
	put_line(ED_CERT, pk_vector(ED_CERT, "blob"),
		 " a certificate takes its key along");
	put_line("future-key", SPAN_LIT("\0\0\0\12future-keyxyz"), "");
	ck_assert_msg(parse() == OK, "%s", note.text);
	ck_assert_str_eq(revoked_why(&r, key, NULL), "key is revoked");
	ck_assert_str_eq(revoked_why(&r, key, &c), "key is revoked");
	ck_assert_ptr_null(revoked_why(&r, other, NULL));
}
END_TEST

START_TEST(revoked_an_authority_takes_its_certificates_along)
{
	uint8_t plain_store[512];
	struct wr plain = WR(plain_store);
	struct cert c = cert_of(ED_CERT, &plain);
	struct span key = {plain.p, plain.n}, type;

	ck_assert_int_eq(pk_blob_type(c.ca, &type), OK);
	ck_assert(span_is(type, "ssh-ed25519"));
	put_line("ssh-ed25519", c.ca, "");
	ck_assert_int_eq(parse(), OK);
	ck_assert_ptr_null(revoked_why(&r, key, NULL));
	ck_assert_str_eq(revoked_why(&r, key, &c), "certificate authority is revoked");
}
END_TEST

START_TEST(revoked_a_bad_line_refuses_the_file_by_its_number)
{
	static const char *const lines[] = {"ssh-ed25519", "ssh-ed25519 !", "AAAA",
					    "ssh-ed25519 AAAA",
					    "no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5"};

	put_line("ssh-ed25519", pk_vector("ssh-ed25519", "blob"), "");
	wr_raw(&w, span_str(lines[_i]));
	ck_assert_int_eq(parse(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(note.text, "file:2: "));
}
END_TEST

START_TEST(revoked_an_empty_list_revokes_nothing)
{
	ck_assert_int_eq(parse(), OK);
	ck_assert_ptr_null(revoked_why(&r, pk_vector("ssh-ed25519", "blob"), NULL));
}
END_TEST

START_TEST(revoked_fingerprints_of_both_kinds)
{
	static const enum digest digests[] = {DIGEST_SHA1, DIGEST_SHA256};
	struct span key = pk_vector("ssh-ed25519", "blob");
	struct exhash_value hash;
	size_t mark;

	krl_head(&w);
	mark = krl_open(&w, _i == 0 ? 3 : 5);
	ck_assert_int_eq(digest_spans(digests[_i], &key, 1, &hash), OK);
	wr_bytes(&w, (struct span){hash.bytes, hash.n});
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), OK);
	ck_assert_str_eq(revoked_why(&r, key, NULL), "key is revoked");
	ck_assert_ptr_null(revoked_why(&r, SPAN_LIT("another"), NULL));
}
END_TEST

/* of: 0 the certificate's authority, 1 another, 2 every one */
static const char *by_serial(uint64_t serial, int of)
{
	struct cert c = {
	    .serial = serial, .key_id = SPAN_LIT("id"), .ca = SPAN_LIT("ca")};
	size_t mark;

	w = WR(store);
	krl_head(&w);
	mark = krl_open_ca(&w, of == 0   ? SPAN_LIT("ca")
			       : of == 1 ? SPAN_LIT("other")
					 : (struct span){0});
	krl_serials(&w, 5, 5);
	krl_serials(&w, 0, 1);
	krl_serials(&w, UINT64_MAX - 1, UINT64_MAX);
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), OK);
	return revoked_why(&r, SPAN_LIT("key"), &c);
}

START_TEST(revoked_serial_numbers_are_their_authoritys)
{
	ck_assert_str_eq(by_serial(5, 0),
			 "certificate is revoked by its serial number");
	ck_assert_ptr_nonnull(by_serial(5, 2));
	ck_assert_ptr_nonnull(by_serial(UINT64_MAX, 0));
	ck_assert_ptr_nonnull(by_serial(1, 0));
	ck_assert_ptr_null(by_serial(5, 1));
	ck_assert_ptr_null(by_serial(6, 0));
	ck_assert_ptr_null(by_serial(0, 0)); /* no number at all */
}
END_TEST

START_TEST(revoked_key_ids)
{
	struct cert c = {.key_id = SPAN_LIT("b"), .ca = SPAN_LIT("ca")};
	size_t ca, ids;

	krl_head(&w);
	ca = krl_open_ca(&w, SPAN_LIT("ca"));
	ids = krl_open(&w, 0x23);
	wr_str(&w, "c");
	wr_str(&w, "a");
	wr_str(&w, "bb");
	if (_i == 1)
		wr_str(&w, "b");
	wr_close(&w, ids);
	wr_close(&w, ca);
	ck_assert_int_eq(parse(), OK);
	if (_i == 1)
		ck_assert_str_eq(revoked_why(&r, SPAN_LIT("key"), &c),
				 "certificate is revoked by its key ID");
	else
		ck_assert_ptr_null(revoked_why(&r, SPAN_LIT("key"), &c));
}
END_TEST

/* The search must give what a plain reading of all entries gives, also where they overlap. */
static bool plainly(uint64_t serial)
{
	return serial == 3 || (serial >= 10 && serial <= 60) || serial == 20 ||
	       (serial >= 30 && serial <= 31) || serial == 100 || serial == 102 ||
	       serial == 115 || (serial >= 101 && serial <= 101) || serial == 200;
}

START_TEST(revoked_has_serial_finds_exactly_what_is_there)
{
	size_t mark;

	krl_head(&w);
	mark = krl_open_ca(&w, (struct span){0});
	krl_bitmap(&w, 100, SPAN_LIT("\x80\x05")); /* 100, 102, 115 */
	krl_serials(&w, 20, 20);
	krl_serials(&w, 10, 60);
	krl_serials(&w, 30, 31);
	krl_serials(&w, 3, 3);
	krl_serials(&w, 101, 101);
	krl_serials(&w, 200, 200);
	krl_bitmap(&w, 150, (struct span){0}); /* no bit at all */
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), OK);
	for (uint64_t serial = 0; serial < 300; serial++)
		ck_assert_msg(revoked_has_serial(&r.ca[0], serial) == plainly(serial),
			      "serial %llu", (unsigned long long)serial);
}
END_TEST

START_TEST(revoked_a_bitmap_may_reach_beyond_the_last_number)
{
	size_t mark;

	krl_head(&w);
	mark = krl_open_ca(&w, (struct span){0});
	krl_bitmap(&w, UINT64_MAX - 1, SPAN_LIT("\x82"));
	wr_close(&w, mark);
	ck_assert_int_eq(parse(), OK);
	ck_assert(revoked_has_serial(&r.ca[0], UINT64_MAX));
	ck_assert(!revoked_has_serial(&r.ca[0], UINT64_MAX - 1));
}
END_TEST

START_TEST(revoked_load_names_a_file_that_cannot_be_read)
{
	char path[] = "/tmp/revoked-test-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "no key\n", 7), 7);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(revoked_load(path, &r, &note), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(note.text, path));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(revoked_load(path, &r, &note), ERR_FILE);
	ck_assert_ptr_nonnull(strstr(note.text, path));
}
END_TEST

Suite *unit_suite(void)
{
	Suite *s = suite_create("monitor_auth_revoked");
	TCase *t = tcase_create("revoked");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, revoked_a_plain_list_has_keys_and_what_is_certified);
	tcase_add_test(t, revoked_an_authority_takes_its_certificates_along);
	tcase_add_loop_test(t, revoked_a_bad_line_refuses_the_file_by_its_number, 0, 5);
	tcase_add_test(t, revoked_an_empty_list_revokes_nothing);
	tcase_add_loop_test(t, revoked_fingerprints_of_both_kinds, 0, 2);
	tcase_add_test(t, revoked_serial_numbers_are_their_authoritys);
	tcase_add_loop_test(t, revoked_key_ids, 0, 2);
	tcase_add_test(t, revoked_has_serial_finds_exactly_what_is_there);
	tcase_add_test(t, revoked_a_bitmap_may_reach_beyond_the_last_number);
	tcase_add_test(t, revoked_load_names_a_file_that_cannot_be_read);
	suite_add_tcase(s, t);
	return s;
}
